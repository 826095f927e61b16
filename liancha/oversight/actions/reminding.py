"""What can happen in this room: a department is reminded, and answers."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from liancha.accounts.models import Department, User
from liancha.draw.models import Dispatch
from liancha.ledger import actions as ledger
from liancha.rulebook import deadlines
from liancha.rulebook.verdicts import Blocked, NeedsReason
from liancha.workdays.queries import calendar

from ..models import Reminder


@transaction.atomic
def remind(
    *,
    to: Department,
    subject: str,
    basis: str,
    due_on: date,
    link: str = "",
    by: User,
    at: datetime,
) -> Reminder:
    """Issue a 督办单 to a department of one's own level and region.

    basis   number of the article the thing rests on
    due_on  by when the department answers
    link    address on this site of what it is about

    Raises Blocked for a department of another level or region, and for a day that is past.
    Source: art. 6, paragraph 1, 督促同级有关部门. Clause 6.1.
    """
    own = by.department
    if own is None or (own.level, own.region_id) != (to.level, to.region_id):
        raise Blocked(
            f"只能督办本级、本区域的部门，{to}不在其中。请由其同级的市场监管部门督办。",
            article="6",
            paragraph=1,
        )
    if due_on < timezone.localdate(at):
        raise Blocked(
            f"回复期限 {due_on} 已经过去。请选今天或以后的日期。", article="6", paragraph=1
        )
    if not subject.strip():
        raise Blocked("还没有写督办的事由。请写明是什么事、要办到什么程度。", article="6")
    ledger.take_turn()
    reminder = Reminder.objects.create(
        number=_next_number(timezone.localdate(at).year),
        to=to,
        subject=subject.strip()[:200],
        basis=basis,
        due_on=due_on,
        link=link if link.startswith("/") and not link.startswith("//") else "",
        issued_by=by,
        issued_at=at,
    )
    ledger.append(
        "oversight.remind",
        by=by,
        at=at,
        about=("reminder", reminder.pk),
        number=reminder.number,
        to=to.code,
        subject=reminder.subject,
        due_on=due_on.isoformat(),
    )
    return reminder


@transaction.atomic
def remind_of_receipt(*, dispatch: Dispatch, by: User | str, at: datetime) -> Reminder | None:
    """督办 by the system itself: a list was sent and not signed for in time. Once a dispatch.

    None where it is signed for, not yet due, or was reminded of before.
    Source: art. 19, paragraph 1, 分发至各参与部门; art. 6, paragraph 1, 督促; two working days are
    local practice.
    """
    dispatch = (
        Dispatch.objects.select_for_update(of=("self",))
        .select_related("draw__task", "department")
        .get(pk=dispatch.pk)
    )
    about = f"dispatch:{dispatch.pk}"
    today = timezone.localdate(at)
    is_over = dispatch.due_on is not None and dispatch.due_on < today
    if dispatch.acknowledged_at or not is_over or Reminder.objects.filter(about=about).exists():
        return None
    answer_by = deadlines.acknowledge_due(today, calendar()).due or today + timedelta(days=7)
    ledger.take_turn()
    reminder = Reminder.objects.create(
        number=_next_number(today.year),
        to=dispatch.department,
        subject=f"{dispatch.draw.number} 名单派发后，应在 {dispatch.due_on} 前签收，至今没有签收。",
        basis="19",
        due_on=answer_by,
        link=dispatch.draw.get_absolute_url(),
        issued_at=at,
        about=about,
    )
    ledger.append(
        "oversight.remind_of_receipt",
        by=by,
        at=at,
        about=("reminder", reminder.pk),
        number=reminder.number,
        to=dispatch.department.code,
        draws=dispatch.draw.number,
        due_on=answer_by.isoformat(),
    )
    return reminder


def _next_number(year: int) -> str:
    """The next 督办 number of a year; the ledger's turn is held by the caller."""
    return f"洛双随机督〔{year}〕{Reminder.objects.filter(issued_at__year=year).count() + 1}号"


@transaction.atomic
def reply(*, reminder: Reminder, text: str, by: User, at: datetime) -> Reminder:
    """Answer a 督办单 for one's own department, once."""
    reminder = Reminder.objects.select_for_update().get(pk=reminder.pk)
    if reminder.to_id != by.department_id:
        raise Blocked(f"这件督办发给{reminder.to}，请由该部门回复。", article="6", paragraph=1)
    if reminder.replied_at:
        raise Blocked("这件督办已经回复，不能再改。有新情况请另行报送。", article="6")
    if not text.strip():
        raise NeedsReason("回复要写明办理情况。", article="6")
    reminder.reply, reminder.replied_by, reminder.replied_at = text.strip(), by, at
    reminder.save(update_fields=["reply", "replied_by", "replied_at"])
    ledger.append(
        "oversight.reply",
        by=by,
        at=at,
        about=("reminder", reminder.pk),
        number=reminder.number,
        reply=reminder.reply[:500],
    )
    return reminder
