"""Shapes of what is typed on the pages of 合并检查."""

from __future__ import annotations

from datetime import date

from django import forms

from liancha.accounts.models import Department

from .models import MergeSide


class MergeQuery(forms.Form):
    q = forms.CharField(label="检查对象", required=False, max_length=60)
    kind = forms.ChoiceField(
        label="检查类型", required=False, choices=[("", "全部类型"), *MergeSide.Kind.choices]
    )
    department = forms.ModelChoiceField(
        Department.objects.active(), label="部门", required=False, empty_label="全部部门"
    )
    since = forms.DateField(
        label="上门自", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label="至", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )


class Agree(forms.Form):
    appointed_on = forms.DateField(label="上门日期", widget=forms.DateInput(attrs={"type": "date"}))
    slot = forms.TimeField(
        label="开始时间",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        input_formats=["%H:%M", "%H:%M:%S"],
    )

    @property
    def day(self) -> date:
        found: date = self.cleaned_data["appointed_on"]
        return found

    @property
    def clock(self) -> str:
        """09:00."""
        return f"{self.cleaned_data['slot']:%H:%M}"


class Decline(forms.Form):
    reason = forms.CharField(
        label="不合并的理由",
        max_length=200,
        widget=forms.Textarea,
        error_messages={"required": "请写明为什么要分两次上门。"},
    )
