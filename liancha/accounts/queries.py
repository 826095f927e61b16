"""Page-shaped reads of this room: who signed the log, and the cast of the demo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from liancha.ledger.models import Entry

from .models import User
from .permissions import ROLES, Role


def people_of(entries: Iterable[Entry]) -> dict[str, User]:
    """Who signed these entries, by account."""
    names = {entry.by.partition("@")[0] for entry in entries}
    users = User.objects.filter(username__in=names).select_related("department")
    return {user.username: user for user in users}


def person(signature: str, people: Mapping[str, User]) -> str:
    """沈砚秋（公安） of shen@GA."""
    user = people.get(signature.partition("@")[0])
    if user is None:
        return signature
    return f"{user}（{user.department.short}）" if user.department else str(user)


@dataclass(frozen=True, slots=True)
class Member:
    """One person of the demo, and what they do in the story."""

    user: User
    roles: str
    does: str


@dataclass(frozen=True, slots=True)
class Act:
    """One part of the story with the people who play it."""

    title: str
    members: tuple[Member, ...]


# (title, [(username, what they do)]): the order in which a newcomer walks the story.
STORY: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "清单、两库与计划",
        (
            ("xieban", "公布清单和年度计划，看督办"),
            ("gongan", "编计划行、建任务、拟方案、主持摇号"),
            ("gongan.head", "批准方案，批准人员更换"),
        ),
    ),
    (
        "参与、摇号与派发",
        (
            ("weijian", "确认参与，参加摇号，抽取本部门人员，录入结果"),
            ("shijian", "确认参与，抽取本部门人员，录入结果"),
            ("xiaofang", "签收派发，抽取本部门人员"),
            ("jianzheng", "作为见证人提交承诺和随机数"),
        ),
    ),
    (
        "检查、录入与公示",
        (
            ("zhifa", "到现场，用手机签到、记录、取得签字"),
            ("zhifa2", "同去的另一名执法人员"),
            ("gongan.jb", "录入并公示公安的结果"),
            ("weijian.head", "审核卫健的结果，批准人员更换"),
        ),
    ),
    (
        "监督与管理",
        (
            ("jiandu", "司法行政执法监督，查看全部"),
            ("sysadmin", "管理部门和账号，不办理业务"),
            ("secadmin", "授予和收回角色"),
            ("auditadmin", "查看存证日志"),
        ),
    ),
)


def demo_cast() -> list[Act]:
    """The people a newcomer may step in as, act by act; empty without a demo city."""
    names = [name for _, people in STORY for name, _ in people]
    there = {
        user.username: user
        for user in User.objects.filter(username__in=names)
        .select_related("department")
        .prefetch_related("grants")
    }
    acts = []
    for title, people in STORY:
        members = tuple(
            Member(there[name], _labels(there[name]), does)
            for name, does in people
            if name in there
        )
        if members:
            acts.append(Act(title, members))
    return acts


def _labels(user: User) -> str:
    order = list(ROLES)
    held = sorted((Role(grant.role) for grant in user.grants.all()), key=order.index)
    return "、".join(ROLES[role].label for role in held)
