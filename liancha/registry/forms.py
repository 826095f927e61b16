"""What people may type in this room."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import F, OrderBy, Q, QuerySet

from liancha.accounts.models import Region
from liancha.papers.kinds import LIMITS
from liancha.rulebook.listing import SoloReason

from . import search, sections
from .columns import FIRST_DAY
from .models import CaseCheck, KeyFlag, Licence, PlaceName, Tag, Target, TargetQuerySet
from .queries import SOON_DAYS

NOT_TOO_EARLY = MinValueValidator(FIRST_DAY, "太早，请核对年份。")
NOT_TOO_LATE = MaxValueValidator(date(2100, 1, 1), "太晚，请核对年份。标记要有期限。")
NARROWING = ("tag", "status", "credit", "kind", "industry", "pending", "flag", "licence")
PENDING = (("", "不限"), ("yes", "待核"), ("no", "已核定"))
FLAGS = (
    *(("", "不限"), ("any", "有标记"), ("soon", f"{SOON_DAYS} 天内到期")),
    *KeyFlag.Kind.choices,
)
LICENCES = (
    *(("", "不限"), ("soon", f"{SOON_DAYS} 天内到期"), ("over", "已过期")),
    ("any", "有许可证"),
)
SORTS: dict[str, tuple[str | OrderBy, ...]] = {
    "name": ("name", "pk"),
    "-name": ("-name", "-pk"),
    "code": ("code",),
    "-code": ("-code",),
    "region": ("region", "pk"),
    "-region": ("-region", "-pk"),
    "inspected": (F("last_inspected_on").asc(nulls_first=True), "pk"),
    "-inspected": (F("last_inspected_on").desc(nulls_last=True), "-pk"),
    "updated": ("updated_at", "pk"),
    "-updated": ("-updated_at", "-pk"),
}


def counties() -> Any:
    """Everything but the city as a whole."""
    return Region.objects.exclude(kind=Region.Kind.CITY)


class Query(forms.Form):
    """The query row above the list of targets."""

    q = forms.CharField(label="名称、代码、地址、拼音首字母", required=False, max_length=100)
    region = forms.ModelChoiceField(
        Region.objects.none(), label="县区", required=False, empty_label="不限"
    )
    tag = forms.ModelChoiceField(
        Tag.objects.all(), label="标签", required=False, empty_label="不限", to_field_name="code"
    )
    status = forms.ChoiceField(
        label="登记状态", required=False, choices=[("", "不限"), *Target.Status.choices]
    )
    credit = forms.ChoiceField(
        label="信用分类",
        required=False,
        choices=[("", "不限"), *(c for c in Target.CreditClass.choices if c[0]), ("-", "未分类")],
    )
    kind = forms.ChoiceField(
        label="对象类型", required=False, choices=[("", "不限"), *Target.Kind.choices]
    )
    industry = forms.ChoiceField(
        label="行业门类", required=False, choices=[("", "不限"), *sections.CHOICES]
    )
    pending = forms.ChoiceField(label="县区核定", required=False, choices=PENDING)
    flag = forms.ChoiceField(label="重点标记", required=False, choices=FLAGS)
    licence = forms.ChoiceField(label="许可证", required=False, choices=LICENCES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_cut = False
        self.fields["region"].queryset = counties()  # type: ignore[attr-defined]

    def search(
        self, targets: TargetQuerySet, sort: str = "", *, today: date, within: str = ""
    ) -> TargetQuerySet:
        """Those of `targets` that are asked for, in the order asked for.

        today   marks that hold and licences that run out do so by this day
        within  the county whose targets alone are wanted anyway; looks at no others

        is_cut then says whether a word was so common that only `search.MOST` were looked at.
        """
        asked = self.cleaned_data if self.is_valid() else {}
        targets = targets.standing()
        if asked.get("q"):
            where = asked["region"].pk if asked.get("region") else within
            keys = search.keys(asked["q"], region=where)
            self.is_cut = len(keys) >= search.MOST
            if self.is_cut and any(asked.get(name) for name in NARROWING):
                # So common a word is met at once in the wide table; the other conditions count.
                self.is_cut = False
                there = Q(name__contains=asked["q"]) | Q(address__contains=asked["q"])
                targets = targets.filter(there)
            else:
                targets = targets.filter(pk__in=keys)
        if asked.get("region"):
            targets = targets.filter(region=asked["region"])
        if asked.get("tag"):
            targets = targets.tagged(asked["tag"])
        if asked.get("status"):
            targets = targets.filter(status=asked["status"])
        if asked.get("credit"):
            targets = targets.filter(credit_class=asked["credit"].replace("-", ""))
        if asked.get("kind"):
            targets = targets.filter(kind=asked["kind"])
        if asked.get("industry"):
            targets = targets.filter(sections.holding([asked["industry"]]))
        if asked.get("pending"):
            targets = targets.filter(is_pending=asked["pending"] == "yes")
        if asked.get("flag"):
            targets = targets.filter(pk__in=_marks(asked["flag"], today).values("target"))
        if asked.get("licence"):
            targets = targets.filter(pk__in=_licences(asked["licence"], today).values("target"))
        return targets.order_by(*SORTS.get(sort, ("-pk",)))


def _marks(asked: str, today: date) -> QuerySet[KeyFlag]:
    """Marks of one kind that hold today, or all of them, or those that soon end."""
    if asked == "soon":
        return KeyFlag.objects.ending(today, today + timedelta(days=SOON_DAYS))
    holding = KeyFlag.objects.holding(today, today)
    return holding if asked == "any" else holding.filter(kind=asked)


def _licences(asked: str, today: date) -> QuerySet[Licence]:
    if asked == "soon":
        return Licence.objects.ending(today, today + timedelta(days=SOON_DAYS))
    return Licence.objects.over(today) if asked == "over" else Licence.objects.all()


class TargetForm(forms.ModelForm):
    """One target by hand. The code is typed once and never changed."""

    code = forms.CharField(
        label="统一社会信用代码",
        required=False,
        max_length=30,
        help_text="18 位；旧户填 15 位注册号。场所、工程等没有代码的留空，由本库编号。",
    )

    class Meta:
        model = Target
        fields = (
            *("name", "code", "kind", "legal_form", "address", "status", "registered_on"),
            *("scope", "industry", "capital", "authority", "phone"),
            *("representative", "contact", "registered_address"),
            *("credit_class", "credit_on", "credit_source"),
        )
        widgets = {"scope": forms.Textarea(attrs={"rows": 4})}
        help_texts = {
            "address": "检查时到这里；写到区县和乡镇街道，系统据此认县区",
            "scope": "系统据此加标签",
            "industry": sections.EXPECTED,
            "phone": "页面上默认遮住中间四位，查看留痕",
            "registered_address": "营业执照上的住所，与上面的地址不是一处时填写",
            "representative": "个体户填经营者。不对外公布",
            "contact": "不对外公布",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["code"]

    def validate_unique(self) -> None:
        """Whether a code is known is said by the action, which names whose it is."""


class RegionForm(forms.Form):
    region = forms.ModelChoiceField(
        Region.objects.none(), label="核定到", required=False, empty_label="请选择"
    )
    reason = forms.CharField(label="依据", max_length=80, required=False)
    is_outside = forms.BooleanField(label="不在本市", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].queryset = counties()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("region") and not data.get("is_outside"):
            self.add_error("region", "请选择县区，或勾选“不在本市”。")
        return data


class TagChoice(forms.Form):
    tag = forms.ModelChoiceField(Tag.objects.all(), label="标签", empty_label="请选择")


class ReleaseForm(forms.Form):
    reason = forms.CharField(
        label="不涉及的理由",
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="例如：没有电梯等特种设备。抽到这一户时，本部门不检查。",
    )


class UploadForm(forms.Form):
    file = forms.FileField(
        label="名录文件",
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.csv,.gz,.txt"}),
        error_messages={"empty": "文件是空的。请选择有内容的表格。"},
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LIMITS.file:
            raise forms.ValidationError(
                f"文件有 {file.size // 2**20} MB，超过 {LIMITS.file // 2**20} MB。请分成几个导入。"
            )
        return file


class TableForm(UploadForm):
    """A table of licences or of marks."""

    file = forms.FileField(
        label="表格",
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.csv,.gz,.txt"}),
        error_messages={"required": "请选择文件。", "empty": "文件是空的。请选择有内容的表格。"},
    )


class Words(forms.CharField):
    """Several words in a text area, divided by 、 , or line breaks."""

    widget = forms.Textarea(attrs={"rows": 3})

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        for mark in "，,；;\r\n\t":
            text = text.replace(mark, "、")
        return list(dict.fromkeys(word.strip() for word in text.split("、") if word.strip()))

    def prepare_value(self, value: Any) -> Any:
        return "、".join(value) if isinstance(value, list) else value

    def validate(self, value: Any) -> None:
        super().validate(value)
        if long := [word for word in value if len(word) > 40]:
            raise forms.ValidationError(f"“{long[0][:20]}”太长，一个词最多 40 字。")

    def run_validators(self, value: Any) -> None:
        """The length limits are those of single words."""


class TagForm(forms.Form):
    code = forms.SlugField(
        label="代码", max_length=40, help_text="小写英文，例如 hotel；联合抽查清单用它指明检查对象"
    )
    name = forms.CharField(label="标签", max_length=40)
    words = Words(
        label="名称或经营范围中的词",
        required=False,
        help_text="出现任何一个就加标签。用顿号、逗号或换行分开。",
    )
    name_words = Words(label="只在名称中看的词", required=False)
    exclusions = Words(
        label="排除词",
        required=False,
        help_text="更长的词，里面的词不算：写“酒店用品”，它里面的“酒店”就不算。",
    )
    kinds = forms.MultipleChoiceField(
        label="按类型全部加",
        choices=Target.Kind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, tag: Tag | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if tag:
            del self.fields["code"]


class PlaceForm(forms.Form):
    name = forms.CharField(label="地名", max_length=40, min_length=2)
    region = forms.ModelChoiceField(Region.objects.none(), label="属于", empty_label="请选择")
    kind = forms.ChoiceField(label="类别", choices=PlaceName.Kind.choices)
    is_old = forms.BooleanField(label="旧名", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].queryset = counties()  # type: ignore[attr-defined]


class DecisionForm(forms.Form):
    """What becomes of two records that may be one target; the page offers the fields."""

    verb = forms.ChoiceField(
        choices=(("merge", "合并"), ("both", "都保留"), ("settle", "确定名称"))
    )
    keep = forms.ChoiceField(
        choices=(("left", "左"), ("right", "右")), required=False, initial="left"
    )
    reason = forms.CharField(
        label="理由", max_length=300, required=False, help_text="会记入存证日志"
    )


class DayInput(forms.DateInput):
    input_type = "date"


class SoloForm(forms.Form):
    """A daily inspection by one department alone."""

    item = forms.CharField(label="检查事项", max_length=200)
    planned_on = forms.DateField(label="拟检查日期", widget=DayInput)
    code = forms.ChoiceField(
        label="单独检查的原因",
        required=False,
        choices=[("", "请选择"), *SoloReason.choices()],
        help_text="属于联合抽查领域的必选（第八条第一款）",
    )
    reason = forms.CharField(
        label="说明", max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class DecideSoloForm(forms.Form):
    opinion = forms.CharField(label="审批意见", max_length=300, required=False)


class CaseForm(forms.Form):
    """A complaint or a clue about one target."""

    origin = forms.ChoiceField(label="线索来源", choices=CaseCheck.Origin.choices)
    reference = forms.CharField(label="线索编号", max_length=60, required=False)
    received_on = forms.DateField(label="收到日期", widget=DayInput)
    clue = forms.CharField(
        label="线索内容", max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


class CloseCaseForm(forms.Form):
    checked_on = forms.DateField(label="检查日期", widget=DayInput)
    outcome = forms.CharField(label="检查结果", max_length=120)


class LicenceForm(forms.Form):
    name = forms.CharField(label="许可证名称", max_length=80)
    number = forms.CharField(label="编号", max_length=60)
    issuer = forms.CharField(label="发证机关", max_length=80, required=False)
    issued_on = forms.DateField(
        label="批准日期", required=False, widget=DayInput, validators=[NOT_TOO_EARLY]
    )
    valid_to = forms.DateField(
        label="有效期至", required=False, widget=DayInput, help_text="长期有效的留空"
    )


class KeyFlagForm(forms.Form):
    kind = forms.ChoiceField(label="标记", choices=KeyFlag.Kind.choices)
    source = forms.CharField(label="来源", max_length=120, help_text="文件号或名录")
    since = forms.DateField(label="自", widget=DayInput, validators=[NOT_TOO_EARLY])
    until = forms.DateField(label="至", widget=DayInput, validators=[NOT_TOO_LATE])


class WeighForm(forms.Form):
    """A mark until a day, or no mark and why."""

    decision = forms.ChoiceField(choices=[("mark", "设重点标记"), ("none", "不设")])
    until = forms.DateField(label="标记至", required=False)
    reason = forms.CharField(label="理由", max_length=200, required=False)

    def clean(self) -> None:
        wants = self.cleaned_data.pop("decision", "")
        if wants == "mark" and not self.cleaned_data.get("until"):
            self.add_error("until", "请填截止日期。")
        if wants == "none":
            self.cleaned_data["until"] = None


def suffix_of(name: str) -> str:
    """The end of a file's name, for the stored copy; never its path."""
    return "".join(Path(name).suffixes[-2:])[:12]
