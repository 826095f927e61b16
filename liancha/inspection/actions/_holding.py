"""What several actions of this room begin with: the locked row, the officer who acts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.utils import timezone

from liancha.accounts.models import User
from liancha.roster.models import Certificate, Inspector
from liancha.rulebook.verdicts import Blocked
from liancha.task.models import Task

from .. import crew
from ..models import Visit


def hold(visit: Visit) -> Visit:
    """The visit's row, locked until the transaction ends: a second tap waits."""
    return (
        Visit.objects.select_for_update(of=("self",))
        .select_related(
            "team__task__initiator",
            "team__leader",
            "drawn_target__candidate",
            "drawn_target__target",
        )
        .get(pk=visit.pk)
    )


def refresh_team(visit: Visit, at: datetime) -> list[Inspector]:
    """Take over approved replacements (art. 19). A leader who left is followed by the next."""
    now = crew.members(visit)
    team = visit.team
    if {each.pk for each in now} != set(team.members.values_list("pk", flat=True)):
        team.members.set(now)
    if now and team.leader_id not in {each.pk for each in now}:
        team.leader = first_leader(team.task, now, timezone.localdate(at))
        team.save(update_fields=["leader"])
    return now


def first_leader(task: Task, people: Sequence[Inspector], day: date) -> Inspector:
    """Who leads until the initiator names somebody else: one of its own, 可任组长 and with a
    certificate of that day if there is such a one (art. 20, decision A20).
    """
    own = [each for each in people if each.department_id == task.initiator_id] or people
    return min(own, key=lambda each: (not crew.present(each).counts_on(day), not each.may_lead))


def acting_officer(visit: Visit, by: User) -> Inspector:
    """The inspector behind the account, if they go on this visit.

    Raises Blocked (art. 19): nobody steps in who was not drawn.
    """
    inspector = getattr(by, "inspector", None)
    if inspector is None or inspector.pk not in {each.pk for each in crew.members(visit)}:
        raise Blocked(
            "您不在这一组。检查人员由抽取产生，需要换人的请办理人员更换。",
            article="19",
            paragraph=3,
        )
    return inspector


def officer_on_the_spot(visit: Visit, by: User) -> Inspector:
    """The acting officer, checked in; off the spot being named is enough (A12).

    Raises Blocked (art. 21).
    """
    inspector = acting_officer(visit, by)
    if visit.is_onsite and not visit.checkins.filter(inspector=inspector).exists():
        raise Blocked("您还没有签到。请先在“到场”页签到。", article="21", paragraph=1)
    return inspector


def valid_certificate(
    inspector: Inspector, day: date, *, number: str = "", article: str = "21"
) -> Certificate:
    """The certificate that makes this person count on a day, the one of this number if given.

    Raises Blocked if there is none.
    """
    paragraph = 1 if article == "21" else 2
    if inspector.is_expert:
        raise Blocked(
            f"{inspector}是专家，不计入执法检查人员。", article=article, paragraph=paragraph
        )
    certificates = list(inspector.certificates.all())
    valid = [each for each in certificates if each.valid_from <= day <= each.valid_to]
    if found := [each for each in valid if number in ("", each.number)]:
        return found[0]
    if valid:
        said = "的证号与输入的不符。请对照证件核对"
    elif certificates:
        last = certificates[0]
        state = "还没有生效" if last.valid_from > day else "已过期"
        said = (
            f"的执法证 {last.number} {state}（有效期 {last.valid_from} 至 {last.valid_to}），"
            "不能计入到场人员。请换持有效证件的人员，或更新名录库"
        )
    else:
        said = "在名录库中没有执法证，不能计入到场人员。请更新名录库"
    raise Blocked(f"{inspector}{said}。", article=article, paragraph=paragraph)


def refuse_after_end(visit: Visit) -> None:
    """A form that was signed or annotated stays as it is. Raises Blocked (art. 21)."""
    if visit.is_over:
        raise Blocked(
            f"记录表{visit.get_state_display()}，不能再改。确有错误的，在录入结果时说明。",
            article="21",
            paragraph=4,
        )
