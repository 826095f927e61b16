"""Forms of a department's own part of the plan book."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from liancha.rulebook import quotas
from liancha.rulebook.verdicts import Blocked

from . import readings
from .models import DepartmentLine


class NewPart(forms.Form):
    year = forms.IntegerField(label="年度", min_value=2020, max_value=2100)


class OwnLineForm(forms.Form):
    """A line of a department's own plan; its items are rows of the department's list."""

    name = forms.CharField(label="任务名称", max_length=120)
    items = forms.MultipleChoiceField(label="抽查事项", widget=forms.CheckboxSelectMultiple)
    targets = forms.CharField(label="检查对象", max_length=200)
    base = forms.IntegerField(label="抽查基数（户）", min_value=1, max_value=9_999_999)
    wording = forms.CharField(
        label="抽查比例",
        max_length=quotas.LONGEST,
        help_text="5%、1/20、9户、60–70家、5%且不少于2户、全覆盖。",
    )
    starts_on = forms.DateField(label="开始")
    ends_on = forms.DateField(label="结束")
    executor = forms.CharField(
        label="实施主体", max_length=100, required=False, help_text="留空为本部门。"
    )
    duties = forms.CharField(
        label="责任分工",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="留空按本部门拟写。",
    )
    reason = forms.CharField(
        label="说明",
        max_length=200,
        required=False,
        help_text="事项在联合清单里还要单独检查（第八条），或一般事项超过 10%（本地做法）时写明。"
        "随计划公布。",
    )

    def __init__(self, *args: Any, items: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["items"]
        assert isinstance(chosen, forms.MultipleChoiceField)
        words = {"key": "重点", "general": "一般"}
        chosen.choices = [(name, f"{name}（{words[kind]}）") for name, kind in items.items()]

    def clean_wording(self) -> str:
        """In words that have one reading."""
        try:
            return quotas.read(readings.own_words(self.cleaned_data["wording"])).text
        except Blocked as blocked:
            raise forms.ValidationError(str(blocked)) from None

    @staticmethod
    def first(line: DepartmentLine) -> dict[str, Any]:
        """What the form says of a line that is there."""
        return {name: getattr(line, name) for name in OwnLineForm.base_fields}
