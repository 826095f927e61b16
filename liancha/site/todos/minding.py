"""Those who mind that others do their part: 督办, alerts, accounts, calendar (arts. 6 and 7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

from liancha.accounts.models import Department, User
from liancha.oversight import queries as oversight
from liancha.oversight.models import Reminder

from .. import words
from ..desk import Desk
from ..workbench import MOST, Todo, page_at, place_of

ANNOUNCED_BY = (11, 1)  # the State Council's notice for the next year comes in October or November


def reminders(desk: Desk) -> Iterator[Todo]:
    rows = Reminder.objects.open().filter(to=desk.user.department_id)
    for one in rows.select_related("to").order_by("due_on")[:MOST]:
        yield Todo(
            "督办",
            f"回复督办：{one.subject}",
            one.number,
            place_of(one),
            "回复督办",
            None,
            one.to,
            one.due_on,
            "待回复",
        )


def reminded(desk: Desk) -> Iterator[Todo]:
    """督办单 the department sent that nobody has answered."""
    rows = Reminder.objects.open().filter(issued_by__department=desk.user.department_id)
    for one in rows.select_related("to").order_by("due_on")[:MOST]:
        yield Todo(
            "督办",
            one.subject,
            one.number,
            place_of(one),
            "看督办",
            None,
            one.to,
            one.due_on,
            "待回复",
        )


def overdue(desk: Desk) -> Iterator[Todo]:
    """What is over in all departments, one row for each kind."""
    found = oversight.overdue(today=desk.today, user=desk.user, calendar=desk.calendar)
    for kind, label in oversight.KINDS.items():
        rows = [one for one in found if one.kind == kind]
        if not rows:
            continue
        by = Counter(words.department(one.department.name, one.department.short) for one in rows)
        shown = "、".join(f"{name} {n}" for name, n in by.most_common(3))
        url = page_at("oversight:overdue")
        yield Todo(
            "督办",
            f"{label} {len(rows)} 件",
            f"{shown}{'等' if len(by) > 3 else ''}",
            url and f"{url}?kind={kind}",
            "看超期清单",
            None,
            rows[0].department if len(by) == 1 else f"{len(by)} 个部门",
            rows[0].due_on,
            "超期",
            "over",
        )


def calendars_to_enter(desk: Desk) -> Iterator[Todo]:
    """The next year's working days, once the State Council has announced them (art. 22)."""
    today = desk.today
    year = today.year + 1
    known = desk.calendar.years
    if today.year not in known:
        year = today.year
    elif year in known or (today.month, today.day) < ANNOUNCED_BY:
        return
    yield Todo(
        "日历",
        f"录入 {year} 年工作日历",
        "国务院办公厅发布放假安排后录入；没有日历，跨年的期限算不出来",
        page_at("workdays:edit", year),
        "录入日历",
        None,
        desk.user,
        date(year - 1, 12, 31) if year > today.year else today,
        "待录入",
    )


def departments_without_people(desk: Desk) -> Iterator[Todo]:
    silent = (
        Department.objects.active()
        .city()
        .exclude(
            pk__in=User.objects.filter(is_active=True, department__isnull=False).values(
                "department"
            )
        )
    )
    names = list(silent.values_list("short", flat=True)[:4])
    if not names:
        return
    yield Todo(
        "账号",
        f"{silent.count()} 个部门还没有账号",
        "、".join(names[:3]) + ("等" if len(names) > 3 else ""),
        page_at("accounts:open_account"),
        "开设账号",
        None,
        desk.user,
        word="待开设",
    )


def people_without_roles(desk: Desk) -> Iterator[Todo]:
    idle = User.objects.filter(is_active=True, grants=None).select_related("department")
    for person in idle.order_by("pk")[:MOST]:
        yield Todo(
            "角色",
            f"授予角色：{person}",
            person.department.name if person.department else person.body,
            place_of(person, "accounts:user"),
            "授予角色",
            None,
            person,
            word="没有角色",
        )
