"""Forms beside a plan's lines: terms of a line, filings, campaigns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from django import forms

from liancha.accounts.models import Department
from liancha.lists.models import JointField
from liancha.registry.models import KeyFlag, Tag, Target
from liancha.rulebook import industries
from liancha.rulebook.regions import REGIONS, is_county

from . import bases, columns
from .models import Filing, PlanLine
from .readings import read_rate

CREDIT_CHOICES = [(name, name) for name in bases.CREDIT_STRATA]
REGION_CHOICES = [(code, name) for code, name in REGIONS.items() if is_county(code)]


def _tags() -> list[tuple[str, str]]:
    return [(name, name) for name in Tag.objects.values_list("name", flat=True)]


class TermsForm(forms.Form):
    """The terms of a line (art. 15, paragraph 2). `rules` is what its filter says."""

    kinds = forms.MultipleChoiceField(
        label="对象类型",
        choices=Target.Kind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    regions = forms.MultipleChoiceField(
        label="县区",
        choices=REGION_CHOICES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    classes = forms.MultipleChoiceField(
        label="信用风险分类",
        choices=CREDIT_CHOICES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    sections = forms.MultipleChoiceField(
        label="行业门类",
        choices=industries.SECTIONS.items(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    divisions = forms.CharField(
        label="行业大类",
        max_length=300,
        required=False,
        help_text="GB/T 4754 的两位代码或名称，用分号隔开，如 61；餐饮业。与勾选的门类合并计算。",
    )
    tags = forms.MultipleChoiceField(
        label="另有标签",
        choices=_tags,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    flags = forms.MultipleChoiceField(
        label="重点标记",
        choices=KeyFlag.Kind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="本行开始那天有效的标记才算。",
    )
    filter_name = forms.CharField(
        label="把这个范围存为",
        max_length=60,
        required=False,
        help_text="填了名称，本部门以后可以直接套用。",
    )
    cap_per_year = forms.IntegerField(
        label="每户每部门每年上限（次）",
        required=False,
        min_value=1,
        max_value=12,
        help_text="建库时已到上限的不入库；联合检查算一次。留空不设上限。",
    )
    cap_reason = forms.CharField(label="频次说明", max_length=200, required=False)
    cooldown_months = forms.IntegerField(
        label="A 类冷却期（月）",
        min_value=0,
        max_value=36,
        required=False,
        help_text="A 类在这些月内查过的不入库，并写入实施方案。0 为不冷却。",
    )

    key_ratio = forms.CharField(
        label="重点对象比例（%）",
        max_length=20,
        required=False,
        help_text="有重点标记的检查对象单独成层、按这个比例抽。填 20 是 20%，也可填 1/3；"
        "留空不单列。本层比例已经不低于它的，重点对象留在本层。",
    )
    key_source = forms.CharField(
        label="重点对象依据",
        max_length=200,
        required=False,
        help_text="名单来源和有效期，如：12345 投诉举报台账（2026年上半年）。",
    )
    ratio_reason = forms.CharField(
        label="比例说明",
        max_length=200,
        required=False,
        help_text="改了重点对象比例，一般事项合计超过 10%（本地做法）时填写。"
        "留空的，本行原来的说明不变。",
    )

    def clean_key_ratio(self) -> str:
        """As "p/q"; "" for none."""
        text = self.cleaned_data["key_ratio"].strip()
        if not text:
            return ""
        try:
            ratio, fixed = read_rate(text)
        except ValueError:
            ratio, fixed = "", None
        if fixed is not None or not ratio:
            raise forms.ValidationError("请填百分比或分数，如 20、1/3。")
        return ratio

    def clean_divisions(self) -> list[str]:
        """Numbers of divisions; a name may hold 、 itself, so a part is tried whole first."""
        found: list[str] = []
        for part in re.split(r"[;；\n]+", self.cleaned_data["divisions"]):
            whole = industries.division(part)
            for each in [part] if whole else re.split(r"[、，,\s]+", part):
                code = industries.division(each)
                if each.strip() and not code:
                    raise forms.ValidationError(
                        f"“{each.strip()}”不是 GB/T 4754 的行业大类。"
                        "请填两位代码（01 至 97）或大类名称，用分号隔开。"
                    )
                if code and code not in found:
                    found.append(code)
        return found

    @property
    def rules(self) -> dict[str, list[str]]:
        said = self.cleaned_data
        both = [*said.get("sections", ()), *said.get("divisions", ())]
        found = {name: both if name == "industries" else said.get(name) for name in bases.RULES}
        return {name: list(values) for name, values in found.items() if values}

    @staticmethod
    def range_of(rules: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """What the fields of the range say for these rules."""
        wanted = rules.get("industries", ())
        return {
            **{name: rules.get(name, []) for name in bases.RULES if name != "industries"},
            "sections": [each for each in wanted if each in industries.SECTIONS],
            "divisions": "；".join(each for each in wanted if each in industries.DIVISIONS),
        }

    @staticmethod
    def first(line: PlanLine) -> dict[str, Any]:
        """What the form says before anybody types."""
        return {
            **TermsForm.range_of(line.target_filter),
            "cap_per_year": line.cap_per_year,
            "cap_reason": line.cap_reason,
            "cooldown_months": line.cooldown_months,
            "key_ratio": columns.percent_text(Fraction(line.key_ratio)).removesuffix("%")
            if line.key_ratio
            else "",
            "key_source": line.key_source,
        }


class ReportForm(forms.Form):
    """That last year's figures were handed in."""

    to = forms.CharField(label="接收单位", max_length=80)
    number = forms.CharField(label="文号或回执号", max_length=60, required=False)
    on = forms.DateField(label="报送日期")


class FilingForm(ReportForm):
    """The same of a plan."""

    kind = forms.ChoiceField(label="事项", choices=Filing.Kind.choices)


class CampaignForm(forms.Form):
    title = forms.CharField(label="名称", max_length=120)
    basis = forms.CharField(label="来源文件", max_length=160)
    approved_by_body = forms.CharField(
        label="批准机关", max_length=80, help_text="县级以上政府或垂直管理的上级部门。"
    )
    approval = forms.CharField(label="批准文号", max_length=60)
    starts_on = forms.DateField(label="开始")
    ends_on = forms.DateField(label="结束")
    fields_touched = forms.ModelMultipleChoiceField(
        JointField.objects.none(),
        label="涉及联合抽查清单的领域",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    is_joint = forms.BooleanField(label="以联合抽查方式开展", required=False, initial=True)
    solo_reason = forms.CharField(
        label="单独开展的原因",
        max_length=200,
        required=False,
        help_text="涉及清单领域而不联合的填写（第十三条）。",
    )

    def __init__(self, *args: Any, joint_fields: Any, own: Department | None, **kw: Any) -> None:
        super().__init__(*args, **kw)
        touched = self.fields["fields_touched"]
        assert isinstance(touched, forms.ModelMultipleChoiceField)
        touched.queryset = joint_fields
        self.own = own
