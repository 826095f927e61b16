from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from django import forms

from liancha.accounts.models import Department
from liancha.inspection.models import ItemAnswer
from liancha.rulebook import lifecycles
from liancha.rulebook.lifecycles import FollowUpState, ResultState

from .actions.results import OF_THE_TARGET
from .answers import Entered, suggested
from .models import FollowUp, ResultCode
from .queries import BANDS

CODES = [("", "请选择"), *((code.value, f"{code.value} {code.label}") for code in ResultCode)]


class ResultQuery(forms.Form):
    """of="all" looks beyond one's own department, and stays while one asks."""

    of = forms.CharField(required=False, max_length=3, widget=forms.HiddenInput)
    q = forms.CharField(label="检查对象", required=False, max_length=60)
    used = forms.ChoiceField(
        label="公示期限",
        required=False,
        choices=[("", "全部期限"), *((key, label) for key, label, *_ in BANDS)],
    )
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

    code = forms.ChoiceField(label="抽查结果", choices=CODES, required=False)
    text = forms.CharField(
        label="检查情况", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
    order_number = forms.CharField(label="责令改正通知书文号", required=False, max_length=60)
    deadline_on = forms.DateField(
        label="改正期限", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    @property
    def entered(self) -> Entered:
        return Entered(**self.cleaned_data)


@dataclass(frozen=True, slots=True)
class ItemForm:
    """A row of the form: what the record says, and the form to enter it. number from 1."""

    number: int
    answer: ItemAnswer
    form: EnterItem

    @property
    def is_open(self) -> bool:
        """Worth looking at: a finding, or something to mend. The others are folded."""
        return self.answer.finding == ItemAnswer.Finding.FOUND or bool(self.form.errors)


def item_forms(
    answers: Iterable[ItemAnswer], data: object = None, *, stored: Mapping[int, Entered]
) -> list[ItemForm]:
    """A small form for each answer, with what is stored or what the record form suggests."""
    made = []
    for number, answer in enumerate(answers, start=1):
        initial = stored.get(answer.item_id) or suggested(answer)
        form = EnterItem(data, prefix=f"item-{answer.item_id}", initial=asdict(initial))
        made.append(ItemForm(number, answer, form))
    return made


def are_valid(rows: Iterable[ItemForm]) -> bool:
    """All rows, each with a code unless one of them speaks of the whole target."""
    rows = list(rows)
    checked = [row.form.is_valid() for row in rows]  # each of them, so that each shows its errors
    valid = all(checked)
    given = {row.form.cleaned_data.get("code", "") for row in rows}
    if given & OF_THE_TARGET:
        return valid
    for row in rows:
        if not row.form.cleaned_data.get("code"):
            row.form.add_error("code", "请选择抽查结果。")
            valid = False
    return valid


class AskCorrection(forms.Form):
    reason = forms.CharField(
        label="更正理由",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="与更正前后一起公开。电话、证件号、姓名会自动遮住。",
    )


class SendBack(forms.Form):
    note = forms.CharField(label="退回意见", max_length=300, widget=forms.Textarea)


class CloseFollowUp(forms.Form):
    note = forms.CharField(label="处理情况", max_length=300, widget=forms.Textarea)


class OpenFollowUp(forms.Form):
    kind = forms.ChoiceField(label="措施", choices=FollowUp.Kind.choices)
    department = forms.ModelChoiceField(
        Department.objects.active(), label="负责部门", empty_label="请选择"
    )
    due_on = forms.DateField(
        label="期限", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    note = forms.CharField(
        label="说明",
        required=False,
        max_length=300,
        help_text="选“无需后续处置”或“其他”的，要写明理由。",
    )

    def clean(self) -> dict[str, object]:
        given = super().clean() or {}
        wordless = {FollowUp.Kind.NONE, FollowUp.Kind.OTHER}
        if given.get("kind") in wordless and not given.get("note", "").strip():
            self.add_error("note", "请写明理由。")
        return given
