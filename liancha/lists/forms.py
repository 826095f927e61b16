"""What people may type in this room."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from liancha.accounts.models import Department
from liancha.rulebook.eligibility import Duty

from .models import (
    LEVELS,
    CheckItem,
    ItemClass,
    JointField,
    LegalBasis,
    ListVersion,
    Mechanism,
    Method,
    UpperDecision,
    UpperList,
)
from .rows import CheckRow, FieldRow, ItemRow

MORE_ITEMS = 3  # empty lines offered below the items a field has


class StartForm(forms.Form):
    title = forms.CharField(label="标题", max_length=120)
    document_number = forms.CharField(
        label="文号", max_length=60, required=False, help_text="例如 洛双随机办〔2026〕1号"
    )
    basis = forms.CharField(
        label="修订依据和理由",
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="哪些法律法规立、改、废、释，或哪些实际工作需要（第八条第二款）",
    )


class FieldForm(forms.Form):
    """One field of the joint list; its items stand in the formset below it."""

    code = forms.CharField(label="代码", max_length=10, help_text="例如 JF41")
    name = forms.CharField(label="抽查领域", max_length=80)
    targets = forms.CharField(label="检查对象", max_length=200)
    tag = forms.SlugField(
        label="对象标签",
        max_length=40,
        help_text="名录库标签的代码，按它找检查对象，例如 hotel",
    )
    item_class = forms.ChoiceField(
        label="事项类别", choices=ItemClass.choices, widget=forms.RadioSelect
    )
    methods = forms.MultipleChoiceField(
        label="检查方式", choices=Method.choices, widget=forms.CheckboxSelectMultiple
    )
    level = forms.ChoiceField(label="层级", choices=LEVELS)
    ratio_note = forms.CharField(label="参考比例和频次", max_length=80, required=False)
    initiator = forms.ModelChoiceField(
        Department.objects.none(), label="发起部门", empty_label="请选择"
    )
    cooperators = forms.ModelMultipleChoiceField(
        Department.objects.none(), label="配合部门", widget=forms.CheckboxSelectMultiple
    )
    basis = forms.CharField(
        label="这次变动的依据", max_length=300, required=False, help_text="随变更记录公布"
    )

    def __init__(
        self,
        *args: Any,
        version: ListVersion,
        field: JointField | None = None,
        proposed: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        if field is not None:
            kwargs["initial"] = {
                "code": field.code,
                "name": field.name,
                "targets": field.targets,
                "tag": field.tag,
                "item_class": field.item_class,
                "methods": field.methods.split(),
                "level": field.level,
                "ratio_note": field.ratio_note,
                "initiator": field.initiator_id,
                "cooperators": [department.pk for department in field.cooperators.all()],
            }
        else:
            kwargs["initial"] = {
                "item_class": ItemClass.GENERAL,
                "level": "CX",
                **(proposed or {}),
            }
        super().__init__(*args, **kwargs)
        ours = _departments(version, _named_in(field))
        for name in ("initiator", "cooperators"):
            self.fields[name].queryset = ours  # type: ignore[attr-defined]
            self.fields[name].label_from_instance = _short  # type: ignore[attr-defined]
        if not version.asks_for_basis:
            del self.fields["basis"]

    def row(self, items: list[ItemRow], source: str = "") -> FieldRow:
        """The row as it was typed."""
        data = self.cleaned_data
        return FieldRow(
            code=data["code"],
            name=data["name"],
            targets=data["targets"],
            tag=data["tag"],
            item_class=data["item_class"],
            methods=" ".join(sorted(data["methods"])),
            level=data["level"],
            initiator=data["initiator"],
            cooperators=list(data["cooperators"]),
            items=items,
            ratio_note=data["ratio_note"],
            source=source,
        )


class ItemForm(forms.Form):
    """One item of a field; an empty line is no item."""

    name = forms.CharField(label="抽查事项", max_length=200, required=False)
    department = forms.ModelChoiceField(
        Department.objects.none(), label="检查部门", required=False, empty_label="请选择"
    )
    basis = forms.CharField(label="检查依据", max_length=200, required=False)
    needs_tag = forms.SlugField(label="需另有标签", max_length=40, required=False)

    def __init__(self, *args: Any, departments: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"].queryset = departments  # type: ignore[attr-defined]
        self.fields["department"].label_from_instance = _short  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("name") and not data.get("department"):
            self.add_error("department", "请选择由哪个部门检查。")
        return data


_ItemFormSet = forms.formset_factory(ItemForm, extra=MORE_ITEMS, max_num=40)


def item_forms(version: ListVersion, field: JointField | None, data: Any = None) -> Any:
    """The items of a field, with a few empty lines.

    Bound forms get no initial values: a line that was not changed would count as empty.
    """
    ours = _departments(version, _named_in(field))
    initial = (
        [
            {
                "name": item.name,
                "department": item.department_id,
                "basis": item.basis,
                "needs_tag": item.needs_tag,
            }
            for item in field.items.all()
        ]
        if field and data is None
        else []
    )
    return _ItemFormSet(data, initial=initial, prefix="items", form_kwargs={"departments": ours})


def items_of(formset: Any) -> list[ItemRow]:
    """The lines that are not empty, in their order."""
    return [
        ItemRow(data["name"], data["department"], data.get("basis", ""), data.get("needs_tag", ""))
        for data in formset.cleaned_data
        if data.get("name")
    ]


class CheckItemForm(forms.Form):
    """A row of the single-department list: the seven columns of art. 10."""

    category = forms.CharField(label="抽查类别", max_length=60)
    name = forms.CharField(label="抽查事项", max_length=200)
    targets = forms.CharField(label="检查对象", max_length=200)
    item_class = forms.ChoiceField(
        label="事项类别", choices=ItemClass.choices, widget=forms.RadioSelect
    )
    methods = forms.CharField(label="检查方式", max_length=60, help_text="例如 现场检查、网络监测")
    subject = forms.CharField(
        label="检查主体", max_length=100, help_text="例如 县级以上市场监督管理部门"
    )
    basis = forms.CharField(
        label="检查依据",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="法律名称和条款，例如 《食品安全法》第110条",
    )
    department = forms.ModelChoiceField(
        Department.objects.none(), label="部门", empty_label="请选择"
    )
    change_basis = forms.CharField(
        label="这次变动的依据", max_length=300, required=False, help_text="随变更记录公布"
    )

    def __init__(
        self, *args: Any, version: ListVersion, item: CheckItem | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        ours = _departments(version, {item.department_id} if item else ())
        self.fields["department"].queryset = ours  # type: ignore[attr-defined]
        if not version.asks_for_basis:
            del self.fields["change_basis"]

    def row(self) -> CheckRow:
        """The row as it was typed."""
        data = {k: v for k, v in self.cleaned_data.items() if k != "change_basis"}
        return CheckRow(**data)


class CosignForm(forms.Form):
    agrees = forms.ChoiceField(
        label="本部门意见",
        choices=(("yes", "同意"), ("no", "不同意")),
        initial="yes",
        widget=forms.RadioSelect,
    )
    opinion = forms.CharField(
        label="说明",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="不同意时必填",
    )


class NoteForm(forms.Form):
    note = forms.CharField(
        label="退回原因", max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )


class UploadForm(forms.Form):
    """A table of rows of a list, and whether it is the whole list."""

    SCOPES = (("whole", "整张清单"), ("part", "只有部分行"))

    scope = forms.ChoiceField(
        label="这张表是",
        choices=SCOPES,
        widget=forms.RadioSelect,
        initial="whole",
        required=False,
        help_text="整张清单：表里没有的行会删去。只有部分行：其余的行不动。",
    )
    file = forms.FileField(
        label="清单文件",
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
        error_messages={
            "required": "请选择文件。",
            "empty": "文件是空的。请选择有内容的表格。",
        },
    )

    def clean_scope(self) -> str:
        return self.cleaned_data["scope"] or "whole"


class BasisForm(forms.Form):
    """A law and whether it is in force."""

    title = forms.CharField(label="名称", max_length=120, help_text="不带书名号，例如 食品安全法")
    document_number = forms.CharField(label="文号", max_length=80, required=False)
    status = forms.ChoiceField(
        label="效力", choices=LegalBasis.Status.choices, widget=forms.RadioSelect
    )
    since = forms.DateField(
        label="修订或废止日期", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    note = forms.CharField(
        label="说明", max_length=300, required=False, help_text="例如被哪部法律替代"
    )


class DutyForm(forms.Form):
    """What duty a department holds in a field, and where it is laid down."""

    code = forms.CharField(label="领域代码", max_length=10, help_text="例如 JF05")
    name = forms.CharField(label="领域", max_length=80)
    department = forms.ModelChoiceField(
        Department.objects.none(), label="部门", empty_label="请选择"
    )
    duty = forms.ChoiceField(label="职责", choices=Duty.choices(), widget=forms.RadioSelect)
    basis = forms.CharField(
        label="职责依据", max_length=200, help_text="三定规定或法律条款，例如 《消防法》第四条"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"].queryset = Department.objects.qualified().city()  # type: ignore[attr-defined]
        self.fields["department"].label_from_instance = _short  # type: ignore[attr-defined]


class MechanismForm(forms.ModelForm):
    """A standing mechanism of joint work."""

    class Meta:
        model = Mechanism
        fields = ("name", "lead", "members", "subject", "is_convertible", "field_code", "note")
        labels = {"subject": "检查内容"}
        help_texts = {
            "members": "用顿号分开",
            "subject": "例如 烟花爆竹零售点的联合检查",
            "field_code": "已成为联合抽查领域的，填领域代码",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lead"].queryset = Department.objects.qualified()  # type: ignore[attr-defined]
        self.fields["lead"].empty_label = "请选择"  # type: ignore[attr-defined]


class UpperForm(UploadForm):
    """A list from above, as a file."""

    level = forms.ChoiceField(
        label="层级", choices=UpperList.Level.choices, widget=forms.RadioSelect, initial="P"
    )
    title = forms.CharField(label="清单名称", max_length=120)
    document_number = forms.CharField(label="文号", max_length=80, required=False)


class DecisionForm(forms.Form):
    """One row from above: adopted as one of our fields, or left out."""

    key = forms.CharField(widget=forms.HiddenInput)
    adopted_as = forms.ChoiceField(label="纳入为", required=False)
    cause = forms.ChoiceField(
        label="不纳入的原因", required=False, choices=[("", "—"), *UpperDecision.Cause.choices]
    )
    reason = forms.CharField(label="说明", max_length=300, required=False)

    def __init__(self, *args: Any, version: ListVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["adopted_as"].choices = [  # type: ignore[attr-defined]
            ("", "不纳入"),
            *(
                (code, f"{code} {name}")
                for code, name in version.fields.values_list("code", "name")
            ),
        ]


def _departments(version: ListVersion, standing: Collection[int]) -> QuerySet[Department]:
    """Who may be chosen: departments of the region, and those that stand in the row already.

    A county without a department of its own in a system keeps the city's.
    """
    ours = Q(region=version.region_id) | Q(pk__in=standing)
    return Department.objects.active().filter(ours)


def _named_in(field: JointField | None) -> set[int]:
    """Keys of the departments in a field as it stands."""
    if field is None:
        return set()
    cooperators = field.cooperators.values_list("pk", flat=True)
    items = field.items.values_list("department", flat=True)
    return {field.initiator_id, *cooperators, *items}


def _short(department: Department) -> str:
    return department.short
