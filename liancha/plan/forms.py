from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from liancha.accounts.models import Department
from liancha.lists.models import JointField, JointItem
from liancha.rulebook import quotas
from liancha.rulebook.verdicts import Blocked

from . import columns
from .actions import Rate, as_typed
from .models import Adjustment, CoverageException, Plan, PlanLine, PlanRate


class NewPlan(forms.Form):
    year = forms.IntegerField(label="年度", min_value=2020, max_value=2100)
    title = forms.CharField(
        label="标题",
        max_length=120,
        required=False,
        help_text="留空时为“某年市级联合抽查年度工作计划”。",
    )


class PublishForm(forms.Form):
    document_number = forms.CharField(
        label="文号", max_length=60, required=False, help_text="如：洛双随机办〔2026〕3号"
    )
    platform_number = forms.CharField(
        label="监管平台编号",
        max_length=40,
        required=False,
        help_text="录入监管平台后得到，可以以后补填。",
    )

    def clean_document_number(self) -> str:
        """Six-cornered brackets, as official documents have them."""
        text: str = self.cleaned_data["document_number"]
        return re.sub(r"[\[［(（](\d{4})[\]］)）]", r"〔\1〕", text)


class OpinionForm(forms.Form):
    opinion = forms.CharField(
        label="意见", max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class ExceptionForm(forms.Form):
    field = forms.ModelChoiceField(JointField.objects.none(), widget=forms.HiddenInput)
    reason = forms.ChoiceField(label="原因", choices=CoverageException.Reason.choices)
    note = forms.CharField(label="说明", max_length=200, required=False)

    def __init__(self, *args: Any, plan: Plan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["field"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = plan.list_version.fields.all()


class DepartmentsField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.short)


class ItemsField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name}（{obj.department.short}）"


class LineForm(forms.Form):
    """A plan line without its rates, which the Rates form holds.

    `listed` cooperators come first, those outside the list apart.
    """

    name = forms.CharField(label="任务名称", max_length=120)
    org_mode = forms.ChoiceField(label="组织方式", choices=PlanLine.OrgMode.choices)
    targets = forms.CharField(label="检查对象", max_length=200)
    executor = forms.CharField(label="实施主体", max_length=100)
    starts_on = forms.DateField(label="开始")
    ends_on = forms.DateField(label="结束")
    frequency = forms.IntegerField(
        label="频次", min_value=1, max_value=12, help_text="一年办几次，每次建一个任务。"
    )
    initiator = forms.ModelChoiceField(
        Department.objects.none(), label="发起部门", empty_label=None
    )
    listed = DepartmentsField(
        Department.objects.none(),
        label="配合部门（清单内）",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    outside = DepartmentsField(
        Department.objects.none(),
        label="增加清单外的部门",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    participants_reason = forms.CharField(
        label="清单内部门不参加的原因",
        max_length=200,
        required=False,
        help_text="清单内的部门今年不参加时填写，随计划公示（第十三条）。",
    )
    items = ItemsField(
        JointItem.objects.none(), label="抽查事项", widget=forms.CheckboxSelectMultiple
    )
    duties = forms.CharField(
        label="责任分工",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="留空时按部门和事项拟写。",
    )
    stratify = forms.ChoiceField(
        label="怎样分层", choices=PlanLine.Stratify.choices, widget=forms.RadioSelect
    )
    strata_tags = forms.CharField(
        label="按哪些标签",
        required=False,
        max_length=200,
        help_text="按标签分层时填写，按先后用顿号隔开，如：宾馆旅店、餐饮服务。"
        "一户有几个的归入写在前面的，都没有的归入“其他”。",
    )
    ratio_reason = forms.CharField(
        label="比例说明",
        max_length=200,
        required=False,
        help_text="风险高的比例反而低，或一般事项超过 10%（本地做法）时填写（第十五条）。",
    )
    is_reason_kept = forms.BooleanField(label="说明仍适用于现在的比例", required=False)
    asks_anew = False
    cap_reason = forms.CharField(
        label="频次说明",
        max_length=200,
        required=False,
        help_text="频次高于这一行每户每部门每年上限时，写明怎样不重复入户（第十五条）。",
    )

    def __init__(
        self,
        *args: Any,
        field: JointField,
        departments: Sequence[Department],
        initiators: Sequence[Department],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        on_list = {field.initiator_id, *(each.pk for each in field.cooperators.all())}
        listed = [d.pk for d in departments if {d.pk, d.system_id} & on_list]
        everybody = Department.objects.filter(pk__in=[each.pk for each in departments])
        self._choose("initiator", everybody.filter(pk__in=[each.pk for each in initiators]))
        self._choose("listed", everybody.filter(pk__in=listed))
        self._choose("outside", everybody.exclude(pk__in=listed))
        self._choose(
            "items",
            JointItem.objects.filter(version=field.version).select_related("department", "field"),
        )
        items = self.fields["items"]
        assert isinstance(items, forms.ModelMultipleChoiceField)
        # A posted item of another field is not hidden from the action: it refuses it (art. 4).
        own = field.items.select_related("department")
        items.choices = [(item.pk, f"{item.name}（{item.department.short}）") for item in own]

    def _choose(self, name: str, among: Any) -> None:
        chosen = self.fields[name]
        assert isinstance(chosen, forms.ModelChoiceField)
        chosen.queryset = among

    def clean_strata_tags(self) -> list[str]:
        return [
            each for each in re.split(r"[、，,;；\s]+", self.cleaned_data["strata_tags"]) if each
        ]

    @property
    def cooperators(self) -> list[Department]:
        """Everybody ticked but the initiator."""
        first = self.cleaned_data["initiator"]
        ticked = [*self.cleaned_data["listed"], *self.cleaned_data["outside"]]
        return [each for each in ticked if each != first]


def _asked(text: str, base: int) -> tuple[int, str] | None:
    """(count, explanation) of words that are more than a rate or a number."""
    try:
        wording = as_typed("", text).wording
    except Blocked:
        return None
    if not wording:
        return None
    quota = quotas.read(wording)
    return quota.count(base), quota.explain(base)


class RatesForm(forms.Form):
    """One input for each stratum, a percentage as people write it; `rates` are exact."""

    def __init__(
        self,
        *args: Any,
        found: Mapping[str, int],
        initial_rates: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.found = found
        for stratum in found:
            self.fields[f"rate_{stratum}"] = forms.CharField(
                label=f"{columns.stratum_word(stratum)} 的比例",
                max_length=quotas.LONGEST,
                required=stratum != PlanRate.REST,
                initial=(initial_rates or {}).get(stratum, ""),
                error_messages={"required": "请填比例。"},
            )

    def clean(self) -> None:
        self.rates: list[Rate] = []
        for stratum in self.found:
            name = f"rate_{stratum}"
            text = self.cleaned_data.get(name)
            if not text:
                continue
            try:
                rate = as_typed(stratum, text)
                rounds = quotas.read(rate.wording).rounds if rate.wording else None
            except Blocked as blocked:
                self.add_error(name, str(blocked))
                continue
            self.rates.append(rate)
            if rounds is not None:
                self.add_error(name, f"一年 {rounds} 次请填在“频次”，这里只写比例或户数。")

    def rows(self) -> list[tuple[str, str, int, Any, tuple[int, str] | None]]:
        """(stratum, its word, base, bound field, (count, why) of a plan's words) for the table."""
        return [
            (
                stratum,
                columns.stratum_word(stratum),
                base,
                self[f"rate_{stratum}"],
                _asked(self[f"rate_{stratum}"].value() or "", base),
            )
            for stratum, base in self.found.items()
        ]

    @property
    def total(self) -> int:
        return sum(self.found.values())


class AdjustForm(forms.Form):
    """A change of a published line; what else it needs depends on the kind."""

    kind = forms.ChoiceField(label="调整什么", choices=Adjustment.Kind.choices)
    starts_on = forms.DateField(label="新的开始", required=False)
    ends_on = forms.DateField(label="新的结束", required=False)
    frequency = forms.IntegerField(label="新的频次", required=False, min_value=1, max_value=12)
    cap_reason = forms.CharField(
        label="频次说明",
        max_length=200,
        required=False,
        help_text="高于每户每部门每年上限，或一般事项全年合计超过 10%（本地做法）时，"
        "写明怎样不重复入户。随调整一并公开。",
    )
    reason = forms.CharField(
        label="调整原因",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="随调整一并公开（第十六条）。",
    )

    def __init__(self, *args: Any, line: PlanLine, kinds: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)
        kind.choices = [
            (value, label) for value, label in Adjustment.Kind.choices if value in kinds
        ]
        self.initial.update(
            kind=kinds[0],
            starts_on=line.starts_on,
            ends_on=line.ends_on,
            frequency=line.frequency,
        )

    def clean(self) -> None:
        kind = self.cleaned_data.get("kind")
        wanted = {
            Adjustment.Kind.DELAY: ("starts_on", "ends_on"),
            Adjustment.Kind.FREQUENCY: ("frequency",),
        }.get(kind, ())
        for name in wanted:
            if self.cleaned_data.get(name) is None and name not in self.errors:
                self.add_error(name, "请填写。")


class UploadForm(forms.Form):
    """A table of plan lines."""

    file = forms.FileField(
        label="计划表",
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
        error_messages={
            "required": "请选择文件。",
            "empty": "文件是空的。请选择有内容的表格。",
        },
    )


class DeclineForm(forms.Form):
    note = forms.CharField(label="不同意的原因", max_length=200, required=False)


class PlatformForm(forms.Form):
    number = forms.CharField(label="监管平台编号", max_length=40)
