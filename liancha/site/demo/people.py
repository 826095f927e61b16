"""The people of the demo city: officials of 31 departments, 300 inspectors, witnesses.

Accounts are opened in bulk and cannot log in by password: a visitor steps in from the log-in page.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

from django.contrib.auth.hashers import make_password

from liancha.accounts import actions as accounts
from liancha.accounts.models import Department, Grant, User
from liancha.ledger import actions as ledger
from liancha.roster import actions as roster
from liancha.roster.models import Inspector

SURNAMES = "沈程陆顾林秦周向裴薄许霍宋祝温简尹乔池纪骆宁施喻柏闻邵梅庄阮"
GIVEN = (  # two characters each
    "砚秋以宁时雨怀舟知遥牧之若禾晚晴远山听澜星野越溪然之知秋云舒望舒景行思齐予安清和"
    "嘉木云帆鹿鸣初霁南乔维桢子衿书昀长风见微明远疏桐静姝文珺亦凡守拙希言若谷行简致远"
    "含章修远慕白念慈怀瑾一苇采薇棠梨青禾松年"
)
SKILLS = {
    "SCJG": ("食品", "特种设备", "计量", "价格", "广告"),
    "GA": ("治安", "危爆物品", "特种行业"),
    "WJ": ("公共场所卫生", "医疗机构", "学校卫生"),
    "XF": ("消防安全",),
    "YJ": ("危险化学品", "烟花爆竹"),
    "STHJ": ("机动车排放", "水污染"),
}
HEADINGS = (
    *("姓名", "部门", "执法证号", "有效期自", "有效期至"),
    *("业务专长", "岗位", "承担上限", "可任组长"),
)
POSTS = ("执法科", "监管科", "综合执法大队", "法规科")
CAST = (  # account, name, department, roles; the same people as in accounts.queries.STORY
    ("xieban", "周若禾", "SCJG", ("coordinator",)),
    ("gongan", "沈砚秋", "GA", ("planner", "handler")),
    ("gongan.head", "程以宁", "GA", ("head",)),
    ("gongan.jb", "秦越溪", "GA", ("handler",)),
    ("weijian", "陆时雨", "WJ", ("planner", "handler")),
    ("weijian.head", "顾怀舟", "WJ", ("head",)),
    ("shijian", "向晚晴", "SCJG", ("planner", "handler")),
    ("xiaofang", "裴远山", "XF", ("planner", "handler")),
    ("jianzheng", "秦牧之", None, ("witness",)),
    ("jiandu", "许听澜", "SF", ("supervisor",)),
    ("sysadmin", "闻见微", None, ("system_admin",)),
    ("secadmin", "简守拙", None, ("security_admin",)),
    ("auditadmin", "尹明远", None, ("audit_admin",)),
)
INSPECTORS = 300
COUNTY_NAMES = {"410311": "洛听澜", "410324": "栾清越"}  # who plans in a county
OFFICERS = {"zhifa": ("GA", "林知遥"), "zhifa2": ("GA", "陶然之")}


@dataclass(frozen=True, slots=True)
class People:
    """Who acts for whom: by department code, and the cast by account."""

    planner: dict[str, User]
    handler: dict[str, User]
    head: dict[str, User]
    cast: dict[str, User]


def settle(seed: int, *, folder: Path, at: datetime) -> People:
    """Open departments and accounts and bring in the roster; everybody has a role."""
    chance = Random(seed)
    departments = {d.code: d for d in accounts.load_departments(by="system", at=at)}
    wanted: list[tuple[str, str, Department | None, tuple[str, ...]]] = [
        (username, name, departments[code] if code else None, roles)
        for username, name, code, roles in CAST
    ]
    staffed = {(code, role) for _, _, code, roles in CAST for role in roles}
    for code, department in departments.items():
        if (code, "handler") not in staffed:
            wanted.append((code.lower(), _name(chance), department, ("planner", "handler")))
        if (code, "head") not in staffed:
            wanted.append((f"{code.lower()}.head", _name(chance), department, ("head",)))
    users = _open(wanted, at=at)
    _bring_in_roster(chance, departments, folder=folder, at=at)
    _open_officers(at=at)
    return gather(users)


def gather(users: list[User] | None = None) -> People:
    """The same from what is stored already."""
    people = users or list(User.objects.select_related("department"))
    planner: dict[str, User] = {}
    handler: dict[str, User] = {}
    head: dict[str, User] = {}
    for user in people:
        code = user.department.code if user.department else ""
        if "planner" in user.roles:
            planner.setdefault(code, user)
        if "handler" in user.roles:
            handler.setdefault(code, user)
        if "head" in user.roles:
            head.setdefault(code, user)
    return People(planner, handler, head, {user.username: user for user in people})


def open_county(region: str, *, at: datetime) -> User:
    """Somebody who makes the plan of a county, in its office for joint checks."""
    office = Department.objects.get(region=region, is_coordinator=True)
    wanted = [(f"xq{region}", COUNTY_NAMES[region], office, ("coordinator", "planner"))]
    return _open(list(wanted), at=at)[0]


def _open(
    wanted: list[tuple[str, str, Department | None, tuple[str, ...]]], *, at: datetime
) -> list[User]:
    nobody = make_password(None)
    users = User.objects.bulk_create(
        User(
            username=username,
            full_name=name,
            department=department,
            body="洛阳市公证处" if username == "jianzheng" else "",
            must_change_password=False,
            password_changed_at=at,
            password=nobody,
        )
        for username, name, department, _ in wanted
    )
    Grant.objects.bulk_create(
        Grant(user=user, role=role, granted_at=at, granted_by="system")
        for user, (_, _, _, roles) in zip(users, wanted, strict=True)
        for role in roles
    )
    ledger.append(
        "accounts.open_demo", by="system", at=at, accounts=[user.username for user in users]
    )
    return users


def _bring_in_roster(
    chance: Random, departments: dict[str, Department], *, folder: Path, at: datetime
) -> None:
    """300 people by a file, as departments hand it in; a few certificates have run out."""
    first = date(at.year - 2, 1, 1)
    path = folder / "执法检查人员.csv"
    share = dict.fromkeys(departments, 8) | {"SCJG": 24, "GA": 20, "WJ": 18, "XF": 14}
    order = list(share)
    while sum(share.values()) < INSPECTORS:
        share[chance.choice(order[4:])] += 1
    serial = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(
            [
                "姓名",
                "部门",
                "执法证号",
                "有效期自",
                "有效期至",
                "业务专长",
                "岗位",
                "承担上限",
                "可任组长",
            ]
        )
        for code, department in departments.items():
            named = [name for _, (owner, name) in OFFICERS.items() if owner == code]
            for n in range(share[code]):
                serial += 1
                is_out = n >= 6 and chance.random() < 0.04
                ends = date(at.year + 2, 12, 31) if not is_out else first + timedelta(days=500)
                skills = SKILLS.get(code, ("综合执法",))
                table.writerow(
                    [
                        named[n] if n < len(named) else _name(chance),
                        department.name,
                        f"1603{serial:07d}",
                        first,
                        ends,
                        "、".join(chance.sample(skills, min(2, len(skills)))),
                        chance.choice(POSTS),
                        20,
                        "是" if n < 6 else "否",
                    ]
                )
    roster.import_inspectors(path=path, file_name=path.name, by=None, at=at)


def _open_officers(*, at: datetime) -> None:
    """An account for everybody on the roster, so that each checks in by themselves."""
    nobody = make_password(None)
    people = list(Inspector.objects.select_related("department").order_by("pk"))
    special = {(code, name): username for username, (code, name) in OFFICERS.items()}
    users = User.objects.bulk_create(
        User(
            username=special.get((i.department.code, i.name), f"zf.{i.number.lower()}"),
            full_name=i.name,
            department=i.department,
            must_change_password=False,
            password_changed_at=at,
            password=nobody,
        )
        for i in people
    )
    Grant.objects.bulk_create(
        Grant(user=user, role="officer", granted_at=at, granted_by="system") for user in users
    )
    for inspector, user in zip(people, users, strict=True):
        inspector.user = user
    Inspector.objects.bulk_update(people, ["user"], batch_size=200)
    ledger.append("accounts.open_demo", by="system", at=at, officers=len(users))


def _name(chance: Random) -> str:
    given = 2 * chance.randrange(len(GIVEN) // 2)
    return chance.choice(SURNAMES) + GIVEN[given : given + 2]
