"""Word to the firm: one notice for all departments, or a clue that allows none (art. 21)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from liancha.accounts.models import User
from liancha.ledger import actions as ledger
from liancha.rulebook import presence
from liancha.rulebook.deadlines import is_notice_early_enough
from liancha.rulebook.lifecycles import VisitState
from liancha.rulebook.verdicts import Blocked
from liancha.workdays import queries as workdays

from ..models import FailedContact, Notice, Visit
from ._holding import hold, refresh_team


@transaction.atomic
def notify(
    *,
    visit: Visit,
    items: str,
    when: str,
    papers: str,
    channel: str,
    contact: str,
    contact_phone: str = "",
    number: str = "",
    by: User,
    at: datetime,
) -> tuple[str, ...]:
    """Tell the firm once, for all departments, what, when and which papers. Returns remarks.

    A second notice before the visit has started takes the place of the first: after a change of
    schedule the firm is told again, and the ledger keeps both.

    Raises Blocked (art. 21): something missing, no day planned, a visit under way.

    Source: clause 21.3.
    """
    visit = hold(visit)
    _check_still_to_tell(visit, by)
    presence.check_notice(presence.Notice(items, when, papers, channel, contact))
    if visit.planned_on is None:
        raise Blocked(
            "还没有安排检查日期，告知不了检查时间。请先排日程。", article="21", paragraph=1
        )
    remarks = [
        *presence.notice_remarks("\n".join((items, when, papers))),
        *_too_late(timezone.localdate(at), visit.planned_on),
    ]
    Notice.objects.update_or_create(
        visit=visit,
        defaults={
            "number": number.strip() or f"{visit.number}告",
            "items": items.strip(),
            "when": when.strip(),
            "papers": papers.strip(),
            "channel": channel,
            "contact": contact.strip(),
            "contact_phone": contact_phone.strip(),
            "sent_at": at,
            "sent_by": by,
            "is_surprise": False,
            "clue_source": "",
            "clue_number": "",
            "approved_by": "",
        },
    )
    refresh_team(visit, at)
    if visit.state == VisitState.PENDING:
        visit.advance(VisitState.NOTIFIED)
    ledger.append(
        "inspection.notify",
        by=by,
        at=at,
        about=("visit", visit.pk),
        visit=visit.number,
        channel=channel,
        when=when.strip(),
        remarks=remarks,
    )
    return tuple(remarks)


def _too_late(told_on: date, planned_on: date) -> tuple[str, ...]:
    """A remark where no working day lies between; a local practice, so nothing is refused."""
    if is_notice_early_enough(told_on, planned_on, workdays.calendar()):
        return ()
    return (
        f"告知与检查（{planned_on}）之间不足 1 个工作日。"
        "《办法》只要求提前，1 个工作日是本地做法。",
    )


@transaction.atomic
def notify_many(
    *, notices: Sequence[tuple[Visit, Mapping[str, str]]], by: User, at: datetime
) -> tuple[str, ...]:
    """Several notices at once, each with the words of `notify`: all are written, or none.

    Returns the remarks of all, each with the firm it is about.
    """
    if not notices:
        raise Blocked(
            "没有可以告知的检查。请先排日程，再勾选待告知的检查。", article="21", paragraph=1
        )
    return tuple(
        f"{visit}：{remark}"
        for visit, words in notices
        for remark in notify(visit=visit, by=by, at=at, **words)
    )


@transaction.atomic
def notify_surprise(
    *,
    visit: Visit,
    clue_source: str,
    clue_number: str,
    approver: str = "",
    by: User,
    at: datetime,
) -> Notice:
    """Go without notice, because the department holds a clue. The clue stays confidential.

    approver  name of the head who agreed
    The ledger says that there is a clue, not which.

    Raises Blocked (art. 21): no source, no number, no approver, a firm that was told already.

    Source: clause 21.2.
    """
    visit = hold(visit)
    _check_still_to_tell(visit, by)
    presence.check_surprise(presence.Surprise(clue_source, clue_number, approver))
    if hasattr(visit, "notice") and not visit.notice.is_surprise:
        raise Blocked(
            f"{visit}已于 {timezone.localtime(visit.notice.sent_at):%m-%d %H:%M} 告知，"
            "不能再办突击检查。",
            article="21",
            paragraph=1,
        )
    notice, _ = Notice.objects.update_or_create(
        visit=visit,
        defaults={
            "is_surprise": True,
            "clue_source": clue_source.strip(),
            "clue_number": clue_number.strip(),
            "approved_by": approver.strip(),
            "sent_at": at,
            "sent_by": by,
        },
    )
    refresh_team(visit, at)
    if visit.state == VisitState.PENDING:
        visit.advance(VisitState.NOTIFIED)
    ledger.append(
        "inspection.notify_surprise",
        by=by,
        at=at,
        about=("visit", visit.pk),
        visit=visit.number,
        approver=approver.strip(),
    )
    return notice


@transaction.atomic
def log_failed_contact(
    *, visit: Visit, channel: str, note: str, by: User, at: datetime
) -> FailedContact:
    """Write down a try that did not reach the firm. After three the visit may go (A11)."""
    visit = hold(visit)
    _check_still_to_tell(visit, by)
    if not note.strip():
        raise Blocked("请写明联系的经过，例如拨打的号码和结果。", article="21", paragraph=1)
    attempt = FailedContact.objects.create(
        visit=visit, channel=channel, note=note.strip(), at=at, by=by
    )
    ledger.append(
        "inspection.log_failed_contact",
        by=by,
        at=at,
        about=("visit", visit.pk),
        visit=visit.number,
        channel=channel,
        tries=visit.failed_contacts.count(),
    )
    return attempt


def _check_still_to_tell(visit: Visit, by: User) -> None:
    if visit.started_at or visit.is_over:
        raise Blocked(f"{visit}已经开始检查，不再办理告知。", article="21", paragraph=1)
    takes_part = visit.team.task.participations.filter(department=by.department_id).exists()
    inspector = getattr(by, "inspector", None)
    if not takes_part and (inspector is None or inspector.pk != visit.team.leader_id):
        raise Blocked(
            "告知由参与部门办理，一户一次，包括所有部门的事项。", article="21", paragraph=1
        )
