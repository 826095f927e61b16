"""Who may do what. One table of roles; `requires` is the only door.

A permission says which kind of act; whose record it is is said by the rooms' QuerySet scopes.
`python -m liancha check` and a test refuse a view that names neither a permission nor `public`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from .models import User

View = Callable[..., HttpResponse]


class Permission(StrEnum):
    """Named `<room>.<verb>`, alphabetical."""

    ACCOUNTS_AUDIT = "accounts.audit"
    ACCOUNTS_GRANT = "accounts.grant"
    ACCOUNTS_MANAGE = "accounts.manage"
    DISCLOSURE_AUDIT = "disclosure.audit"
    DISCLOSURE_ENTER = "disclosure.enter"
    DISCLOSURE_FOLLOW_UP = "disclosure.follow_up"
    DISCLOSURE_PUBLISH = "disclosure.publish"
    DISCLOSURE_VIEW = "disclosure.view"
    DRAW_ACKNOWLEDGE = "draw.acknowledge"
    DRAW_APPROVE_REPLACEMENT = "draw.approve_replacement"
    DRAW_INSPECTORS = "draw.inspectors"
    DRAW_JOIN = "draw.join"
    DRAW_RUN = "draw.run"
    DRAW_VOID = "draw.void"
    DRAW_WATCH = "draw.watch"
    INSPECTION_CHECK = "inspection.check"
    INSPECTION_MERGE = "inspection.merge"
    INSPECTION_NOTIFY = "inspection.notify"
    INSPECTION_TEAM = "inspection.team"
    INSPECTION_VIEW = "inspection.view"
    LEDGER_VIEW = "ledger.view"
    LISTS_COSIGN = "lists.cosign"
    LISTS_EDIT = "lists.edit"
    LISTS_PUBLISH = "lists.publish"
    LISTS_VIEW = "lists.view"
    OVERSIGHT_REMIND = "oversight.remind"
    OVERSIGHT_REPLY = "oversight.reply"
    OVERSIGHT_VIEW = "oversight.view"
    PLAN_APPROVE = "plan.approve"
    PLAN_EDIT = "plan.edit"
    PLAN_PUBLISH = "plan.publish"
    PLAN_VIEW = "plan.view"
    REGISTRY_EDIT = "registry.edit"
    REGISTRY_IMPORT = "registry.import"
    REGISTRY_VIEW = "registry.view"
    ROSTER_EDIT = "roster.edit"
    ROSTER_VIEW = "roster.view"
    SITE_WORKBENCH = "site.workbench"
    TASK_APPROVE = "task.approve"
    TASK_CONFIRM = "task.confirm"
    TASK_EDIT = "task.edit"
    TASK_VIEW = "task.view"
    WORKDAYS_EDIT = "workdays.edit"
    WORKDAYS_QUIET = "workdays.quiet"
    WORKDAYS_VIEW = "workdays.view"


class Role(StrEnum):
    """Who people are (domain §0.2). One may hold several; the three administrators only one."""

    COORDINATOR = "coordinator"
    PLANNER = "planner"
    HANDLER = "handler"
    HEAD = "head"
    OFFICER = "officer"
    LEGAL = "legal"
    EXPERT = "expert"
    WITNESS = "witness"
    SUPERVISOR = "supervisor"
    ENTERPRISE = "enterprise"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"


THREE_ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})

P = Permission
_READ = frozenset(
    {
        P.SITE_WORKBENCH,
        P.LISTS_VIEW,
        P.REGISTRY_VIEW,
        P.ROSTER_VIEW,
        P.PLAN_VIEW,
        P.TASK_VIEW,
        P.DRAW_WATCH,
        P.INSPECTION_VIEW,
        P.DISCLOSURE_VIEW,
        P.WORKDAYS_VIEW,
    }
)


@dataclass(frozen=True, slots=True)
class Powers:
    """One line of the role table: the Chinese name, one sentence, the permissions."""

    label: str
    sentence: str
    permissions: frozenset[Permission]


ROLES: dict[Role, Powers] = {
    Role.COORDINATOR: Powers(
        "联席会议办公室",
        "维护联合抽查清单，汇总并公布年度计划，监督各部门，不代各部门摇号、录入或公示。",
        _READ
        | {
            P.LISTS_EDIT,
            P.LISTS_PUBLISH,
            P.PLAN_EDIT,
            P.PLAN_APPROVE,
            P.PLAN_PUBLISH,
            P.REGISTRY_EDIT,
            P.REGISTRY_IMPORT,
            P.OVERSIGHT_VIEW,
            P.OVERSIGHT_REMIND,
            P.LEDGER_VIEW,
            P.WORKDAYS_QUIET,
        },
    ),
    Role.PLANNER: Powers(
        "计划员",
        "为本部门编计划行、建任务、拟方案、建库、主持检查对象的抽取、组织检查组和告知，商定合并检查。",
        _READ
        | {
            P.LISTS_COSIGN,
            P.LISTS_EDIT,
            P.REGISTRY_EDIT,
            P.REGISTRY_IMPORT,
            P.PLAN_EDIT,
            P.TASK_EDIT,
            P.DRAW_RUN,
            P.DRAW_JOIN,
            P.INSPECTION_MERGE,
            P.INSPECTION_TEAM,
            P.INSPECTION_NOTIFY,
            P.LEDGER_VIEW,
            P.OVERSIGHT_VIEW,
        },
    ),
    Role.HANDLER: Powers(
        "经办人",
        "确认本部门参与，参加摇号，抽取本部门人员，录入并公示本部门结果，跟踪后续处置。",
        _READ
        | {
            P.LISTS_COSIGN,
            P.REGISTRY_EDIT,
            P.REGISTRY_IMPORT,
            P.ROSTER_EDIT,
            P.TASK_CONFIRM,
            P.DRAW_JOIN,
            P.DRAW_ACKNOWLEDGE,
            P.DRAW_INSPECTORS,
            P.INSPECTION_NOTIFY,
            P.DISCLOSURE_ENTER,
            P.DISCLOSURE_PUBLISH,
            P.DISCLOSURE_FOLLOW_UP,
            P.OVERSIGHT_VIEW,
            P.OVERSIGHT_REPLY,
        },
    ),
    Role.HEAD: Powers(
        "部门负责人",
        "批准本部门的计划、方案、作废和人员更换，商定合并检查，审核结果；不批准自己提出的事项。",
        _READ
        | {
            P.LISTS_COSIGN,
            P.PLAN_APPROVE,
            P.TASK_APPROVE,
            P.DRAW_VOID,
            P.DRAW_APPROVE_REPLACEMENT,
            P.INSPECTION_MERGE,
            P.DISCLOSURE_AUDIT,
            P.OVERSIGHT_VIEW,
            P.OVERSIGHT_REPLY,
            P.LEDGER_VIEW,
        },
    ),
    Role.OFFICER: Powers(
        "执法检查人员",
        "看派给自己的检查，到场签到，填写记录表，取得签字或记录拒签。",
        frozenset({P.SITE_WORKBENCH, P.INSPECTION_VIEW, P.INSPECTION_CHECK, P.WORKDAYS_VIEW}),
    ),
    Role.LEGAL: Powers(
        "法制审核",
        "公示前审核本部门的结果和文书，不录入、不公示。",
        frozenset(
            {
                P.SITE_WORKBENCH,
                P.TASK_VIEW,
                P.INSPECTION_VIEW,
                P.DISCLOSURE_VIEW,
                P.DISCLOSURE_AUDIT,
                P.WORKDAYS_VIEW,
            }
        ),
    ),
    Role.EXPERT: Powers(
        "专家",
        "看受邀任务的检查对象资料，只提意见，不计入执法人数，不作结论。",
        frozenset({P.SITE_WORKBENCH, P.INSPECTION_VIEW}),
    ),
    Role.WITNESS: Powers(
        "见证人",
        "观看摇号，作为一方提交承诺和随机数，不办理其他业务。",
        frozenset({P.SITE_WORKBENCH, P.DRAW_WATCH, P.DRAW_JOIN}),
    ),
    Role.SUPERVISOR: Powers(
        "执法监督",
        "司法行政、纪检监察查看全部业务和存证日志，提出监督意见，不办理业务。",
        _READ | {P.OVERSIGHT_VIEW, P.OVERSIGHT_REMIND, P.LEDGER_VIEW},
    ),
    Role.ENTERPRISE: Powers(
        "检查对象",
        "看给自己的告知、记录和结果，验证自己是否被抽中。",
        frozenset({P.SITE_WORKBENCH}),
    ),
    Role.SYSTEM_ADMIN: Powers(
        "系统管理员",
        "管理部门、人员账号和工作日历，不授予角色，不办理业务。",
        frozenset({P.SITE_WORKBENCH, P.ACCOUNTS_MANAGE, P.WORKDAYS_VIEW, P.WORKDAYS_EDIT}),
    ),
    Role.SECURITY_ADMIN: Powers(
        "安全管理员",
        "授予和收回角色，不建账号，不办理业务。",
        frozenset({P.SITE_WORKBENCH, P.ACCOUNTS_GRANT}),
    ),
    Role.AUDIT_ADMIN: Powers(
        "审计管理员",
        "查看账号变动和存证日志，不改动任何内容，不办理业务。",
        frozenset({P.SITE_WORKBENCH, P.ACCOUNTS_AUDIT, P.LEDGER_VIEW}),
    ),
}

ROLE_CHOICES = [(role.value, powers.label) for role, powers in ROLES.items()]


def permissions_of(roles: Iterable[str]) -> frozenset[Permission]:
    """All that holders of these roles may do."""
    return frozenset().union(*(ROLES[Role(role)].permissions for role in roles))


def may(user: User | AnonymousUser, permission: Permission) -> bool:
    """True if one of this person's roles carries the permission."""
    return permission in getattr(user, "permissions", ())


def requires(permission: Permission, *more: Permission) -> Callable[[View], View]:
    """Opens a view to people with at least one of these permissions; others get 403."""
    wanted = (permission, *more)

    def door(view: View) -> View:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not any(may(request.user, each) for each in wanted):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.permission = wanted  # type: ignore[attr-defined]
        return guarded

    return door


def signed_in(view: View) -> View:
    """Opens a view to everybody with an account: password, log-out, own profile."""
    guarded = login_required(view)
    guarded.permission = ()  # type: ignore[attr-defined]
    return guarded


def public(view: View) -> View:
    """Marks a view anybody may see. Said aloud, so that silence is never a decision."""
    view.permission = None  # type: ignore[attr-defined]
    return view
