"""谁管辖、谁负责: what a finding leads to, until it is done (art. 22, paragraph 2)."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from liancha.accounts.models import Department, User
from liancha.ledger import actions as ledger
from liancha.rulebook.lifecycles import FollowUpState, ResultState
from liancha.rulebook.verdicts import Blocked, NeedsReason

from ..models import FollowUp, Result
from ._own import held


@transaction.atomic
def open_follow_up(
    *,
    result: Result,
    kind: str,
    department: Department,
    due_on: date | None = None,
    note: str = "",
    by: User,
    at: datetime,
) -> FollowUp:
    """Open what has to be done, with the department that has jurisdiction.

    无需后续处置 is written down too, with its reason, and closed at once.

    Raises Blocked before the result is entered, NeedsReason for 无需 or 其他 without words.
    Source: art. 22, paragraph 2. Clause 22.4.
    """
    result = held(result, by)
    if result.state in (ResultState.TO_ENTER, ResultState.RETURNED):
        raise Blocked("结果还没有录入。请先录入结果，再建后续处置。", article="22", paragraph=2)
    is_none = kind == FollowUp.Kind.NONE
    if kind in (FollowUp.Kind.NONE, FollowUp.Kind.OTHER) and not note.strip():
        word = FollowUp.Kind(kind).label
        raise NeedsReason(f"选择“{word}”要写明理由。", article="22", paragraph=2)
    follow_up = FollowUp.objects.create(
        result=result,
        kind=kind,
        department=department,
        due_on=None if is_none else due_on,
        note=note.strip()[:300],
        opened_by=by,
        opened_at=at,
    )
    if is_none:
        _close(follow_up, note, by, at)
    ledger.append(
        "disclosure.open_follow_up",
        by=by,
        at=at,
        about=("result", result.pk),
        follow_up=follow_up.pk,
        kind=str(kind),
        department=department.code,
    )
    return follow_up


@transaction.atomic
def close_follow_up(*, follow_up: FollowUp, note: str, by: User, at: datetime) -> FollowUp:
    """Say how it ended. Only the department that has it may. Clause 22.4."""
    follow_up = (
        FollowUp.objects.select_for_update(of=("self",))
        .select_related("department")
        .get(pk=follow_up.pk)
    )
    if follow_up.department_id != by.department_id:
        raise Blocked(
            f"这件后续处置由{follow_up.department}负责，请由该部门办结。",
            article="22",
            paragraph=2,
        )
    if not note.strip():
        raise NeedsReason("办结要写明处理情况。", article="22", paragraph=2)
    _close(follow_up, note, by, at)
    ledger.append(
        "disclosure.close_follow_up",
        by=by,
        at=at,
        about=("result", follow_up.result_id),
        follow_up=follow_up.pk,
        note=follow_up.closing_note,
    )
    return follow_up


def _close(follow_up: FollowUp, note: str, by: User, at: datetime) -> None:
    follow_up.advance(FollowUpState.CLOSED)
    follow_up.closing_note, follow_up.closed_by, follow_up.closed_at = note.strip()[:300], by, at
    follow_up.save(update_fields=["closing_note", "closed_by", "closed_at"])
