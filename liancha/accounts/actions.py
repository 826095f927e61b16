"""What can happen in this room. Every function here changes something."""

from __future__ import annotations

import csv
import secrets
from collections.abc import Collection
from datetime import date, datetime
from importlib import resources

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.timezone import localdate

from liancha.ledger import actions as ledger
from liancha.rulebook import regions
from liancha.rulebook.verdicts import Blocked

from .models import Department, Grant, PastPassword, Region, User
from .permissions import ROLES, THREE_ADMINISTRATORS, Role

# The three administrators and the coordinating office stand outside any department's business.
REMEMBERED_PASSWORDS = 5


@transaction.atomic
def save_department(
    *,
    code: str,
    name: str,
    short: str,
    region: str,
    level: str = Department.Level.CITY,
    kind: str = Department.Kind.OWN,
    system: Department | None = None,
    is_qualified: bool = True,
    is_coordinator: bool = False,
    department: Department | None = None,
    by: User | str,
    at: datetime,
) -> Department:
    """Open a department, or change one.

    region  six-character code; Blocked by art. 2 when it is not a place of this city
    """
    regions.check_region(region)
    department = department or Department()
    department.code, department.name, department.short = code, name, short
    department.region = Region.objects.get(pk=region)
    department.level, department.kind, department.system = level, kind, system
    department.is_qualified, department.is_coordinator = is_qualified, is_coordinator
    department.full_clean()
    department.save()
    ledger.append(
        "accounts.save_department",
        by=by,
        at=at,
        about=("department", department.pk),
        department=code,
        name=name,
        region=region,
        is_qualified=is_qualified,
    )
    return department


@transaction.atomic
def close_department(
    *,
    department: Department,
    closed_on: date,
    reason: str,
    successor: Department | None = None,
    by: User,
    at: datetime,
) -> Department:
    """Enter that a department was dissolved: it takes part in nothing new, and keeps its past.

    reason     the document that dissolved it, such as 洛编〔2026〕3号
    successor  the department of the same place that took its duties over, if one did

    Blocked when it is closed already, on a day to come, while it has accounts in use, while it is
    the coordinating office, or when the successor is itself closed or another region's.
    Source: art. 2, paragraph 2.
    """
    department = Department.objects.select_for_update(of=("self",)).get(pk=department.pk)
    if department.closed_on:
        raise _refused(f"{department}已于 {department.closed_on} 撤销，不用再登记。")
    if closed_on > localdate(at):
        raise _refused(f"撤销日期 {closed_on} 还没有到。请到当天再登记，或改正日期。")
    if not reason.strip():
        raise _refused("请写明撤销依据，例如机构改革文件的文号。")
    if department.is_coordinator:
        raise _refused(f"{department}是联席会议办公室，不能登记撤销。只是更名的，请改部门名称。")
    if successor and (
        successor.closed_on
        or successor == department
        or successor.region_id != department.region_id
    ):
        raise _refused(f"{successor}不能承接：要选同一区域、没有撤销的另一个部门。")
    working = list(User.objects.filter(department=department, is_active=True)[:4])
    if working:
        names = "、".join(f"{each}（{each.username}）" for each in working[:3])
        more = "等" if len(working) > 3 else ""
        raise _refused(f"{department}还有启用的账号：{names}{more}。请先停用这些账号，再登记撤销。")
    department.closed_on, department.successor = closed_on, successor
    department.save(update_fields=["closed_on", "successor"])
    ledger.append(
        "accounts.close_department",
        by=by,
        at=at,
        about=("department", department.pk),
        department=department.code,
        closed_on=closed_on.isoformat(),
        reason=reason.strip(),
        successor=successor.code if successor else "",
    )
    return department


@transaction.atomic
def reopen_department(*, department: Department, reason: str, by: User, at: datetime) -> Department:
    """Take an entry of closing back that was a mistake; both stay in the log.

    Source: art. 2, paragraph 2.
    """
    department = Department.objects.select_for_update(of=("self",)).get(pk=department.pk)
    if department.closed_on is None:
        raise _refused(f"{department}没有登记撤销，不用恢复。")
    if not reason.strip():
        raise _refused("请写明恢复的原因。")
    department.closed_on = department.successor = None
    department.save(update_fields=["closed_on", "successor"])
    ledger.append(
        "accounts.reopen_department",
        by=by,
        at=at,
        about=("department", department.pk),
        department=department.code,
        reason=reason.strip(),
    )
    return department


@transaction.atomic
def load_departments(*, by: User | str, at: datetime) -> list[Department]:
    """Open the shipped departments of the city and of each district and county.

    Those already there stay as they are. Returns all of the city's.
    """
    text = resources.files("liancha.accounts").joinpath("data/departments.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    city = Region.objects.get(pk=regions.CITY)
    counties = Region.objects.filter(kind__in=(Region.Kind.DISTRICT, Region.Kind.COUNTY))
    opened: list[str] = []
    for row in rows:
        ours, is_new = Department.objects.get_or_create(
            code=row["code"],
            defaults={
                "name": row["name"],
                "short": row["short"],
                "kind": row["kind"],
                "region": city,
                "is_coordinator": row["code"] == "SCJG",
            },
        )
        opened += [row["code"]] if is_new else []
        if not row["county"]:
            continue
        for county in counties:
            code = f"{row['code']}-{county.code}"
            _, is_new = Department.objects.get_or_create(
                code=code,
                defaults={
                    "name": county.name + row["county"],
                    "short": row["short"],
                    "kind": row["kind"],
                    "level": Department.Level.COUNTY,
                    "region": county,
                    "system": ours,
                    "is_coordinator": row["code"] == "SCJG",
                },
            )
            opened += [code] if is_new else []
    if opened:
        ledger.append("accounts.load_departments", by=by, at=at, departments=opened)
    return list(Department.objects.city())


@transaction.atomic
def open_account(
    *,
    username: str,
    full_name: str,
    department: Department | None,
    body: str = "",
    password: str | None = None,
    by: User | str,
    at: datetime,
) -> tuple[User, str]:
    """Open a person's account; returns it and the first password, to be changed at log-in.

    password  given only by the demo; otherwise made here and shown once
    """
    first = password or _first_password()
    person = User(
        username=username,
        full_name=full_name,
        department=department,
        body=body,
        must_change_password=password is None,
        password_changed_at=None if password is None else at,
        password=make_password(first),
    )
    person.full_clean(exclude=["email", "last_login"])
    person.save()
    ledger.append(
        "accounts.open_account",
        by=by,
        at=at,
        about=("user", person.pk),
        username=username,
        department=department.code if department else "",
    )
    return person, first


@transaction.atomic
def reset_password(*, user: User, by: User, at: datetime) -> str:
    """Give a person a new first password; returns it, shown once. Ends their sessions."""
    first = _first_password()
    _remember(user, at)
    user.password = make_password(first)
    user.must_change_password = True
    user.save(update_fields=["password", "must_change_password"])
    ledger.append(
        "accounts.reset_password",
        by=by,
        at=at,
        about=("user", user.pk),
        username=user.username,
    )
    return first


@transaction.atomic
def change_password(*, user: User, password: str, by: User, at: datetime) -> None:
    """Set the person's own new password, checked by the form against the rules."""
    _remember(user, at)
    user.password = make_password(password)
    user.must_change_password = False
    user.password_changed_at = at
    user.save(update_fields=["password", "must_change_password", "password_changed_at"])
    ledger.append(
        "accounts.change_password", by=by, at=at, about=("user", user.pk), username=user.username
    )


@transaction.atomic
def set_active(*, user: User, is_active: bool, by: User, at: datetime) -> None:
    """Close an account, or open it again. Nobody closes their own."""
    if user == by:
        raise Blocked("不能停用自己的账号。请另一位系统管理员办理。", article="6")
    if is_active and user.department and user.department.is_closed:
        raise Blocked(
            f"{user.department}已于 {user.department.closed_on} 撤销，它的账号不能再启用。"
            "请给本人在承接部门另开账号。",
            article="2",
            paragraph=2,
        )
    user.is_active = is_active
    user.save(update_fields=["is_active"])
    ledger.append(
        "accounts.set_active",
        by=by,
        at=at,
        about=("user", user.pk),
        username=user.username,
        is_active=is_active,
    )


@transaction.atomic
def set_roles(*, user: User, roles: Collection[str], by: User | str, at: datetime) -> None:
    """Give a person exactly these roles.

    Raises Blocked when one of the three administrators is mixed with anything else, when
    somebody would give roles to themselves, and when a role of business has no department.
    """
    wanted = {Role(role) for role in roles}
    if not isinstance(by, str) and user == by:
        raise Blocked("不能给自己授予或收回角色。请另一位安全管理员办理。", article="6")
    if wanted & THREE_ADMINISTRATORS and len(wanted) > 1:
        raise Blocked(
            "系统、安全、审计三个管理员互相独立，也不办理业务，不能与其他角色同时授予。",
            article="6",
        )
    outside = THREE_ADMINISTRATORS | {Role.WITNESS, Role.EXPERT, Role.ENTERPRISE, Role.SUPERVISOR}
    if user.department is None and wanted - outside:
        names = "、".join(ROLES[role].label for role in sorted(wanted - outside))
        raise Blocked(f"“{names}”属于某个部门。请先为此人指定部门，再授予角色。", article="2")
    before = set(user.grants.values_list("role", flat=True))
    user.grants.exclude(role__in=wanted).delete()
    giver = by if isinstance(by, str) else by.username
    for role in wanted - before:
        Grant.objects.create(user=user, role=role, granted_at=at, granted_by=giver)
    user.__dict__.pop("roles", None)
    user.__dict__.pop("permissions", None)
    ledger.append(
        "accounts.set_roles",
        by=by,
        at=at,
        about=("user", user.pk),
        username=user.username,
        before=sorted(before),
        after=sorted(wanted),
    )


@transaction.atomic
def log_in_recorded(*, user: User, address: str, by: User, at: datetime) -> None:
    """Write a log-in to the ledger (domain SEC-07)."""
    ledger.append(
        "accounts.log_in",
        by=by,
        at=at,
        about=("user", user.pk),
        username=user.username,
        address=address,
    )


def _refused(why: str) -> Blocked:
    return Blocked(why, article="2", paragraph=2)


def _remember(user: User, at: datetime) -> None:
    """Keep the hash that goes, and forget those beyond the last five."""
    PastPassword.objects.create(user=user, hash=user.password, set_at=at)
    kept = user.past_passwords.values_list("pk", flat=True)[:REMEMBERED_PASSWORDS]
    user.past_passwords.exclude(pk__in=list(kept)).delete()


def _first_password() -> str:
    """Sixteen characters people can read out, of three kinds."""
    letters = "abcdefghjkmnpqrstuvwxyz"
    words = ["".join(secrets.choice(letters) for _ in range(4)) for _ in range(3)]
    return f"{words[0].capitalize()}-{words[1]}-{words[2]}-{secrets.randbelow(90) + 10}"
