from __future__ import annotations

from datetime import date, timedelta
from typing import Any, ClassVar

from django import forms

from liancha.accounts.models import Department, Region, User
from liancha.registry.models import Target

from . import columns, queries
from .models import Inspector, InspectorQuerySet, Recusal

LONGEST_WINDOW = 730  # days
DRAWABLE = (("", "全部"), ("yes", "可抽"), ("no", "不可抽"))


class Query(forms.Form):
    """What the list asks for; skills and posts are those of the people one may see."""

    q = forms.CharField(label="姓名、编号、证号", required=False, max_length=60)
    department = forms.ModelChoiceField(
        Department.objects.none(), label="部门", required=False, empty_label="全部"
    )
    skill = forms.ChoiceField(label="业务专长", required=False)
    certificate = forms.ChoiceField(
        label="证件",
        required=False,
        choices=[("", "全部"), *queries.CertificateState.choices()],
    )
    drawable = forms.ChoiceField(label="能否抽取", required=False, choices=DRAWABLE)
    post = forms.ChoiceField(label="岗位", required=False)
    status = forms.ChoiceField(
        label="在岗", required=False, choices=[("", "全部"), *Inspector.Status.choices]
    )

    def __init__(self, *args: Any, people: InspectorQuerySet, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, words in (
            ("skill", queries.skills_of(people)),
            ("post", queries.posts_of(people)),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", "全部"), *((word, word) for word in words)]
        if user.sees_all_departments:
            departments = self.fields["department"]
            assert isinstance(departments, forms.ModelChoiceField)
            departments.queryset = Department.objects.filter(
                pk__in=people.order_by().values("department")
            )
        else:
            del self.fields["department"]


class InspectorForm(forms.ModelForm):
    """A person as the department keeps them."""

    skills = forms.CharField(
        label="业务专长",
        required=False,
        max_length=300,
        help_text="多项用顿号分开，如：食品、特种设备。抽取时与抽查事项需要的专长对照。",
    )

    class Meta:
        model = Inspector
        fields: ClassVar = [
            "name",
            "post",
            "skills",
            "qualification",
            "region",
            "status",
            "capacity",
            "user",
            "may_lead",
            "is_expert",
        ]
        help_texts: ClassVar = {
            "capacity": "一次抽取最多派给此人的检查对象数。",
            "qualification": "岗位资格，如：药品检查员、特种设备安全监察员。",
            "user": "有账号的人员可以用手机签到和填写记录表。",
            "is_expert": "专家只提意见，不计入每部门两人，也不参加抽取（第二十条）。",
        }

    def __init__(self, *args: Any, department: Department, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["skills"] = "、".join(self.instance.skills or [])
        mine = User.objects.filter(department=department, is_active=True)
        free = mine.filter(inspector=None)
        if self.instance.user_id:
            free |= mine.filter(pk=self.instance.user_id)
        account = self.fields["user"]
        assert isinstance(account, forms.ModelChoiceField)
        account.queryset, account.empty_label = free.order_by("full_name"), "没有账号"
        region = self.fields["region"]
        assert isinstance(region, forms.ModelChoiceField)
        region.queryset, region.empty_label = Region.objects.all(), "不分区域"
        capacity = self.fields["capacity"]
        assert isinstance(capacity, forms.IntegerField)
        capacity.min_value, capacity.max_value = columns.LEAST_CAPACITY, columns.MOST_CAPACITY

    def clean_skills(self) -> list[str]:
        try:
            return list(columns.read_skills(self.cleaned_data["skills"]))
        except ValueError:
            raise forms.ValidationError("有一项太长。请用顿号分开，每项不超过 20 字。") from None

    def clean_capacity(self) -> int:
        try:
            return columns.read_capacity(str(self.cleaned_data["capacity"]))
        except ValueError:
            raise forms.ValidationError("请填 1 到 999 的整数。") from None


class CertificateForm(forms.Form):
    number = forms.CharField(label="证号", max_length=30)
    kind = forms.CharField(label="证件类别", max_length=40, initial="行政执法证")
    valid_from = forms.DateField(label="有效期自")
    valid_to = forms.DateField(label="有效期至")

    def clean_number(self) -> str:
        return "".join(self.cleaned_data["number"].split())

    def clean(self) -> None:
        first, last = self.cleaned_data.get("valid_from"), self.cleaned_data.get("valid_to")
        if first and last and last < first:
            self.add_error("valid_to", f"早于有效期自 {first}。请对照证件改正。")


class LeaveForm(forms.Form):
    first_on = forms.DateField(label="自")
    last_on = forms.DateField(label="至")
    note = forms.CharField(label="事由", max_length=100, required=False)

    def clean(self) -> None:
        first, last = self.cleaned_data.get("first_on"), self.cleaned_data.get("last_on")
        if first and last and last < first:
            self.add_error("last_on", f"早于开始日期 {first}。请改正。")


class RecusalForm(forms.Form):
    """A pair of person and target; the target is named by its code, or by its full name."""

    target = forms.CharField(
        label="检查对象",
        max_length=200,
        help_text="填统一社会信用代码，或名录库中的完整名称。",
    )
    relation = forms.ChoiceField(label="关系", choices=Recusal.Relation.choices)
    ended_on = forms.DateField(
        label="离任日期",
        required=False,
        help_text="曾任职的填写；离任满三年不再回避（本地做法）。",
    )
    note = forms.CharField(label="说明", max_length=100, required=False)

    def clean_target(self) -> Target:
        said = self.cleaned_data["target"].strip()
        found = Target.objects.select_related("merged_into").filter(code=said.upper()).first()
        if found is not None:
            return found.merged_into or found
        named = list(Target.objects.standing().filter(name=said)[:2])
        if len(named) == 1:
            return named[0]
        if named:
            raise forms.ValidationError("有多户同名，请改填统一社会信用代码。")
        raise forms.ValidationError("名录库中没有这一户。请核对代码或完整名称。")


class Upload(forms.Form):
    file = forms.FileField(
        label="人员名录",
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
        help_text="标题认得“姓名、执法证号、有效期自、有效期至、业务专长、岗位”等，顺序不限。",
        error_messages={"required": "请选择文件。", "empty": "文件是空的。请选择有内容的表格。"},
    )


class Window(forms.Form):
    """Days for which somebody's standing is asked."""

    first = forms.DateField(label="任务期自", required=False)
    last = forms.DateField(label="任务期至", required=False)

    def days(self, today: date) -> tuple[date, date]:
        """What was asked; the next thirty days when nothing, or nonsense, was."""
        if self.is_valid():
            first, last = self.cleaned_data["first"], self.cleaned_data["last"]
            if first and last and 0 <= (last - first).days <= LONGEST_WINDOW:
                return first, last
        return today, today + timedelta(days=30)
