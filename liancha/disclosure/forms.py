from __future__ import annotations

from collections.abc import Iterable

from django import forms

from liancha.accounts.models import Department
from liancha.inspection.models import ItemAnswer, Measure
from liancha.rulebook import lifecycles
from liancha.rulebook.lifecycles import FollowUpState, ResultState

from .models import FollowUp, ResultCode

CODES = [("", "请选择"), *((code.value, f"{code.value} {code.label}") for code in ResultCode)]


class ResultQuery(forms.Form):
    q = forms.CharField(label="检查对象", required=False, max_length=60)
    state = forms.ChoiceField(
        label="状态",
        required=False,
        choices=[("", "全部状态"), *lifecycles.choices(ResultState)],
    )
    task = forms.CharField(label="任务名称", required=False, max_length=60)
    code = forms.ChoiceField(label="结果", required=False, choices=[("", "全部结果"), *CODES[1:]])


class FollowUpQuery(forms.Form):
    q = forms.CharField(label="检查对象", required=False, max_length=60)
    state = forms.ChoiceField(
        label="状态",
        required=False,
        choices=[("", "全部"), *lifecycles.choices(FollowUpState)],
    )
    kind = forms.ChoiceField(
        label="措施", required=False, choices=[("", "全部措施"), *FollowUp.Kind.choices]
    )


class EnterItem(forms.Form):
    """One item of a result: the code and what was found. Filled in from the record form."""

    code = forms.ChoiceField(label="抽查结果", choices=CODES)
    text = forms.CharField(
        label="检查情况", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


class EnterText(forms.Form):
    text = forms.CharField(
        label="公示说明",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="写给公众看的补充，可以不填。电话、证件号、车牌会自动遮住。",
    )


def item_forms(
    answers: Iterable[ItemAnswer], data: object = None, *, stored: dict[int, tuple[str, str]]
) -> list[tuple[ItemAnswer, EnterItem]]:
    """A small form for each answer, with what is stored or what the record form suggests."""
    made = []
    for answer in answers:
        code, text = stored.get(answer.item_id) or suggested(answer)
        form = EnterItem(
            data, prefix=f"item-{answer.item_id}", initial={"code": code, "text": text}
        )
        made.append((answer, form))
    return made


def suggested(answer: ItemAnswer) -> tuple[str, str]:
    """Code and words that follow from the form: an order gives 05, another finding 08."""
    if answer.finding == ItemAnswer.Finding.FINE:
        return ResultCode.FINE, answer.situation
    if answer.finding == ItemAnswer.Finding.NONE:
        return ResultCode.NO_ACTIVITY, answer.situation
    kinds = {measure.kind for measure in answer.measures.all()}
    ordered = kinds & {Measure.Kind.RECTIFY, Measure.Kind.CEASE}
    return (ResultCode.ORDERED if ordered else ResultCode.TO_FOLLOW), answer.situation


class SendBack(forms.Form):
    note = forms.CharField(label="退回意见", max_length=300, widget=forms.Textarea)


class CloseFollowUp(forms.Form):
    note = forms.CharField(label="处理情况", max_length=300, widget=forms.Textarea)


class OpenFollowUp(forms.Form):
    kind = forms.ChoiceField(label="措施", choices=FollowUp.Kind.choices)
    department = forms.ModelChoiceField(
        Department.objects.active().city(), label="负责部门", empty_label="请选择"
    )
    due_on = forms.DateField(
        label="期限", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    note = forms.CharField(label="说明", required=False, max_length=300)
