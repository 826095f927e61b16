"""The same few departments and people everywhere.

沈砚秋 plans for the police and 程以宁 heads it; 陆时雨 handles for the health commission and 顾怀舟
heads it; 周若禾 runs the coordinating office; 林知遥 inspects for market regulation; 秦牧之 is a
witness. The fire brigade is there too, and 霍星野 of the tax office must see nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from liancha.accounts.models import Department, Grant, Region, User

LUOYANG = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=LUOYANG)
# The last day of certificates that are simply good, also on pages that know what day it is.
GOOD_UNTIL = date(2099, 12, 31)

DEPARTMENTS = (
    ("SCJG", "洛阳市市场监督管理局", "市监"),
    ("GA", "洛阳市公安局", "公安"),
    ("WJ", "洛阳市卫生健康委员会", "卫健"),
    ("XF", "洛阳市消防救援支队", "消防"),
    ("SF", "洛阳市司法局", "司法"),
    ("SWJ", "国家税务总局洛阳市税务局", "税务"),
)
PEOPLE = (  # account, name, department, roles
    ("zhou", "周若禾", "SCJG", ("coordinator",)),
    ("shen", "沈砚秋", "GA", ("planner", "handler")),
    ("cheng", "程以宁", "GA", ("head",)),
    ("lu", "陆时雨", "WJ", ("handler",)),
    ("gu", "顾怀舟", "WJ", ("head",)),
    ("xiang", "向晚晴", "SCJG", ("handler",)),
    ("pei", "裴远山", "XF", ("handler",)),
    ("lin", "林知遥", "SCJG", ("officer",)),
    ("qin", "秦牧之", None, ("witness",)),
    ("xu", "许听澜", "SF", ("supervisor",)),
    ("huo", "霍星野", "SWJ", ("planner", "handler", "head")),
    ("sys", "系统管理员", None, ("system_admin",)),
    ("sec", "安全管理员", None, ("security_admin",)),
    ("aud", "审计管理员", None, ("audit_admin",)),
)
PASSWORD = "Zhang-gong-2026"


@dataclass
class Cast:
    """People and departments by short name: cast.shen, cast.department["GA"]."""

    department: dict[str, Department] = field(default_factory=dict)
    user: dict[str, User] = field(default_factory=dict)

    def __getattr__(self, name: str) -> User:
        try:
            return self.__dict__["user"][name]
        except KeyError as error:
            raise AttributeError(name) from error


def make_cast() -> Cast:
    """Write them all; regions are there from the migrations."""
    cast = Cast()
    city = Region.objects.get(pk="410300")
    for code, name, short in DEPARTMENTS:
        cast.department[code] = Department.objects.create(
            code=code, name=name, short=short, region=city, is_coordinator=code == "SCJG"
        )
    for username, full_name, code, roles in PEOPLE:
        person = User(
            username=username,
            full_name=full_name,
            department=cast.department[code] if code else None,
            body="" if code else "洛阳市公证处" if username == "qin" else "",
            must_change_password=False,
            password_changed_at=timezone.now(),  # or it runs out 90 days after that noon
        )
        person.set_password(PASSWORD)
        person.save()
        for role in roles:
            Grant.objects.create(user=person, role=role, granted_at=NOON, granted_by="sec")
        cast.user[username] = person
    return cast
