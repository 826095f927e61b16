from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from liancha.accounts.models import Department

from .queries import KINDS

BASES = [
    ("5", "第五条 监管平台"),
    ("8", "第八条 单独检查"),
    ("12", "第十二条 年度计划"),
    ("16", "第十六条 录入与公布"),
    ("17", "第十七条 任务实施"),
    ("19", "第十九条 抽取与派发"),
    ("21", "第二十一条 实地核查"),
    ("22", "第二十二条 结果公示与后续处置"),
]


class OverdueQuery(forms.Form):
    kind = forms.ChoiceField(
        label="种类", required=False, choices=[("", "全部种类"), *KINDS.items()]
    )
    department = forms.ModelChoiceField(
        Department.objects.active(), label="部门", required=False, empty_label="全部部门"
    )


class Remind(forms.Form):
    to = forms.ModelChoiceField(
        Department.objects.active(), label="督办对象", empty_label="请选择部门"
    )
    subject = forms.CharField(label="事由", max_length=200, widget=forms.Textarea)
    basis = forms.ChoiceField(label="依据", choices=BASES)
    due_on = forms.DateField(label="回复期限", widget=forms.DateInput(attrs={"type": "date"}))
    link = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)

    def __init__(self, *args: Any, own: Department, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        same = Department.objects.active().filter(level=own.level, region=own.region)
        to = self.fields["to"]
        assert isinstance(to, forms.ModelChoiceField)
        to.queryset = same.exclude(pk=own.pk)

    def clean_due_on(self) -> date:
        due_on: date = self.cleaned_data["due_on"]
        if due_on < self.today:
            raise forms.ValidationError("已经过去，请选今天或以后的日期。")
        return due_on


class Reply(forms.Form):
    text = forms.CharField(label="办理情况", max_length=2000, widget=forms.Textarea)


class LogQuery(forms.Form):
    q = forms.CharField(label="人员、事项", required=False, max_length=60)
    draw = forms.CharField(label="抽取编号", required=False, max_length=60)
    first = forms.DateField(
        label="自", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    last = forms.DateField(
        label="至", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
