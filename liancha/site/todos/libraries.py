"""The two libraries: doubles to look at, checks alone to decide, papers and marks that run out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from liancha.accounts.models import Department
from liancha.registry.models import Doubt, KeyFlag, Licence, SoloCheck
from liancha.registry.queries import SOON_DAYS
from liancha.roster.models import Inspector
from liancha.roster.queries import EXPIRING_DAYS

from ..desk import Desk
from ..workbench import MOST, Todo, page_at, place_of


def kept(desk: Desk) -> Iterator[Todo]:
    """Of the registry, a row each: doubles, results to say, licences and marks that run out
    (arts. 8, 11 and 15).

    A licence is minded by the department that entered it, a mark by the one that set it, unless
    a longer one stands beside it.
    """
    own, first, last = desk.user.department, desk.today, desk.today + timedelta(days=SOON_DAYS)
    if own is None:
        return
    longer = KeyFlag.objects.filter(
        target=OuterRef("target"), kind=OuterRef("kind"), until__gt=last, lifted_at=None
    )
    made = SoloCheck.objects.without_result().filter(department=own, planned_on__lt=desk.today)
    doubts, unsaid, licences, marks = Department.objects.values_list(
        _count(Doubt.objects.visible_to(desk.user).open()),
        _count(made),
        _count(Licence.objects.ending(first, last).filter(by__department=own)),
        _count(KeyFlag.objects.ending(first, last).filter(~Exists(longer), department=own)),
    ).get(pk=own.pk)
    if doubts:
        yield Todo(
            "名录",
            f"核对疑似重复和冲突 {doubts} 条",
            "导入后自动核查，不自动合并",
            page_at("registry:doubts"),
            "核对重复",
            None,
            own,
            word="待核对",
        )
    if unsaid:
        yield Todo(
            "结果",
            f"{unsaid} 次单独检查还没有填写结果",
            "填写后其他部门可以采用，不必再去一次",
            f"{page_at('registry:solo_checks')}?state=approved",
            "填写检查结果",
            None,
            own,
            word="待填写",
        )
    for count, what, note, verb, query in (
        (licences, "个许可证", "换证后登记新的有效期", "看到期许可证", "licence=soon"),
        (marks, "个重点标记", "到期自动失效，需要延续的请重新设", "看到期标记", "flag=soon"),
    ):
        if count:
            yield Todo(
                "名录",
                f"{count} {what} {SOON_DAYS} 天内到期",
                note,
                f"{page_at('registry:targets')}?{query}",
                verb,
                None,
                own,
                word="快到期",
            )


def _count(rows: QuerySet[Any]) -> Coalesce:
    """How many rows there are, as a part of another question."""
    one = rows.order_by().annotate(one=Value(1)).values("one")
    return Coalesce(Subquery(one.annotate(n=Count("pk")).values("n")), 0)


def solo_checks(desk: Desk) -> Iterator[Todo]:
    """Checks by one's department alone that wait for its head (art. 8)."""
    waiting = SoloCheck.objects.undecided().filter(department=desk.user.department_id)
    for one in waiting.exclude(by=desk.user).select_related("target", "department")[:MOST]:
        yield Todo(
            "审批",
            f"单独检查：{one.target}",
            one.item,
            place_of(one),
            "审批单独检查",
            None,
            one.department,
            one.planned_on,
            "待批准",
        )


def certificates(desk: Desk) -> Iterator[Todo]:
    """People who cannot be drawn soon, or already, the first of them with its day (art. 18).

    Who is over stays until the certificate is renewed or the person is off duty.
    """
    people = (
        Inspector.objects.filter(department=desk.user.department_id)
        .officers()
        .filter(status=Inspector.Status.ON_DUTY)
        .annotate(until=Max("certificates__valid_to"))
        .filter(until__lte=desk.today + timedelta(days=EXPIRING_DAYS))
        .order_by("until", "pk")
    )
    found = list(people.values_list("name", "until"))
    if not found or not desk.user.department:
        return
    names = "、".join(name for name, _ in found[:3])
    over = sum(until < desk.today for _, until in found)
    parts = [f"{over} 人的执法证件已过期"] if over else []
    if soon := len(found) - over:
        parts.append(f"{soon} 人{'' if over else '的执法证件'} {EXPIRING_DAYS} 天内到期")
    yield Todo(
        "证件",
        "，".join(parts),
        f"{names}{'等' if len(found) > 3 else ''}，到期后不能抽取",
        page_at("roster:inspectors"),
        "更新证件",
        None,
        desk.user.department,
        found[0][1],
        "已过期" if over else "快到期",
        "over" if over else "review",
    )
