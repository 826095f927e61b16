"""Visits that are over, so that there are results to enter: for the tests of disclosure, of
oversight and of the pages that count them. The people and the task are those of visit_world.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from liancha.accounts.models import Grant, User
from liancha.disclosure import actions
from liancha.disclosure.models import Publication, Result
from liancha.inspection import actions as inspection
from liancha.inspection.models import Visit
from liancha.roster.models import Inspector
from tests.people import LUOYANG, NOON
from tests.rooms.draw_world import World, dispatched, draw_inspectors, make_world
from tests.rooms.visit_world import (
    MORNING,
    VisitWorld,
    answer_all,
    arrive,
    drawn_signature,
    sign,
    tell,
    told,
)

__all__ = [
    "EVENING",
    "NEXT_DAY",
    "check",
    "end_visit",
    "enter",
    "finish",
    "make_drawn_world",
    "make_head",
    "publish",
    "result_of",
]

EVENING = MORNING + timedelta(hours=9)
NEXT_DAY = MORNING + timedelta(days=3)  # 周一, 2026-11-30


def make_head(world: VisitWorld, code: str, username: str) -> User:
    """A head for a department of the cast that has none."""
    person = User.objects.create(
        username=username,
        full_name=username,
        department=world.cast.department[code],
        must_change_password=False,
        password_changed_at=datetime.now(tz=LUOYANG),
    )
    Grant.objects.create(user=person, role="head", granted_at=NOON, granted_by="sec")
    return person


def make_drawn_world(**options: object) -> World:
    """A task drawn by the whole protocol, targets and inspectors: teams are formed, firms told.

    options  of draw_world.make_world, e.g. confidential=False
    """
    world = make_world(**{"classes": "A" * 6 + "B" * 6 + "C" * 6, "people": 3} | options)
    for part in world.task.participations.all():
        part.items.set(world.task.field.items.filter(department=part.department))
    for inspector in Inspector.objects.all():
        inspector.user = account_of(inspector)
        inspector.save(update_fields=["user"])
    dispatched(world)
    for code in ("GA", "WJ", "SCJG", "XF"):
        draw_inspectors(world, code)
    world.task.refresh_from_db()
    inspection.form_teams(task=world.task, by=world.cast.shen, at=NOON)
    visits = list(Visit.objects.all())
    inspection.plan_visits(
        visits=visits, planned_on=MORNING.date(), slot="09:00", by=world.cast.shen, at=NOON
    )
    for visit in visits:
        tell(world, visit)
    return world


def check(visit: Visit) -> Visit:
    """Such a visit from arrival to signature, by the people of its own team."""
    members = list(visit.team.members.select_related("user", "department"))
    for each in members:
        inspection.check_in(visit=visit, inspector=each, by=each.user, at=MORNING)
    leader = visit.team.leader.user
    inspection.start(visit=visit, by=leader, at=MORNING)
    visit = Visit.objects.get(pk=visit.pk)
    for part in visit.parts.all():
        officer = next(each for each in members if each.department_id == part.department_id)
        for row in part.rows.filter(is_expected=True):
            inspection.answer(
                visit=visit,
                item=row.item,
                finding="fine",
                situation="未发现问题。",
                by=officer.user,
                at=MORNING,
            )
    inspection.sign(
        visit=visit,
        signer="前厅部经理",
        signer_post="前厅部经理",
        signature_png_base64=drawn_signature(),
        by=leader,
        at=MORNING + timedelta(hours=1),
    )
    return Visit.objects.get(pk=visit.pk)


def account_of(inspector: Inspector) -> User:
    """An officer's own log-in."""
    person = User.objects.create(
        username=inspector.number.lower(),
        full_name=inspector.name,
        department=inspector.department,
        must_change_password=False,
        password_changed_at=datetime.now(tz=LUOYANG),
    )
    Grant.objects.create(user=person, role="officer", granted_at=NOON, granted_by="sec")
    return person


def end_visit(
    world: VisitWorld, visit: Visit, *, at: datetime = MORNING, found: tuple[str, ...] = ()
) -> Visit:
    """Officers arrive, every row is answered, the firm signs. found: items with a problem."""
    if not hasattr(visit, "notice"):
        tell(world, visit)
    arrive(world, visit, at=at)
    inspection.start(visit=visit, by=world.officers["GA"][0].user, at=at)
    visit = Visit.objects.get(pk=visit.pk)
    answer_all(world, visit, but=found)
    for part in visit.parts.all():
        for row in part.rows.filter(item__name__in=found, is_expected=True):
            officer = world.officers[part.department.code][0]
            answer = inspection.answer(
                visit=visit,
                item=row.item,
                finding="found",
                situation="价目牌未标明退订费，联系人薄云舒 13800002617 称马上改。",
                by=officer.user,
                at=at,
            )
            inspection.take_measure(
                answer=answer,
                kind="rectify",
                channel="written",
                detail="限期改正",
                basis="价格法第十三条",
                deadline_on=date(2026, 12, 4),
                document_number="洛市监责改〔2026〕118号",
                by=officer.user,
                at=at,
            )
    sign(world, visit, at=at + timedelta(minutes=90))
    return Visit.objects.get(pk=visit.pk)


def finish(world: VisitWorld, count: int | None = None, found: tuple[str, ...] = ()) -> list[Visit]:
    """The first `count` visits of the task are over, all of them by default."""
    visits = told(world)
    return [end_visit(world, visit, found=found) for visit in visits[:count]]


def result_of(visit: Visit, code: str) -> Result:
    actions.collect(by="system", at=EVENING)
    return Result.objects.get(part__visit=visit, part__department__code=code)


def enter(result: Result, by: User, **more) -> Result:
    """What the record form suggests."""
    from liancha.disclosure.answers import suggested

    items = {each.item_id: suggested(each) for each in actions.checked_items(result)}
    return actions.enter(**{"result": result, "items": items, "by": by, "at": EVENING} | more)


def publish(result: Result, handler: User, head: User) -> Publication:
    """From the form to the public in one go."""
    enter(result, handler)
    actions.audit(result=result, by=head, at=EVENING)
    [publication] = actions.publish(results=[result], by=handler, at=NEXT_DAY)
    return publication
