from __future__ import annotations

from django import forms

from liancha.accounts.models import Department

from .queries import KINDS

BASES = [
    ("12", "第十二条 年度计划"),
    ("16", "第十六条 录入与公布"),
    ("19", "第十九条 抽取与派发"),
    ("21", "第二十一条 实地核查"),
    ("22", "第二十二条 结果公示与后续处置"),
]


class OverdueQuery(forms.Form):
    kind = forms.ChoiceField(label="种类", required=False)
    department = forms.ModelChoiceField(
        Department.objects.active(), label="部门", required=False, empty_label="全部部门"
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", "全部种类"), *KINDS.items()]


class Remind(forms.Form):
    to = forms.ModelChoiceField(Department.objects.active(), label="督办对象")
    subject = forms.CharField(label="事由", max_length=200, widget=forms.Textarea)
    basis = forms.ChoiceField(label="依据", choices=BASES)
    due_on = forms.DateField(label="回复期限", widget=forms.DateInput(attrs={"type": "date"}))
    link = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)


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
