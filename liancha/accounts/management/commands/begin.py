"""`liancha begin`: what a city of one's own needs before anybody can log in.

The departments shipped with the program and one account for each of the three administrators, who
then open and grant every other account on the site. Does nothing twice; grants no role of business.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from liancha.accounts import actions
from liancha.accounts.models import Grant, User
from liancha.accounts.permissions import ROLES, Role

BY = "liancha begin"
FIRST = (
    (Role.SYSTEM_ADMIN, "sysadmin"),
    (Role.SECURITY_ADMIN, "secadmin"),
    (Role.AUDIT_ADMIN, "auditadmin"),
)


class Command(BaseCommand):
    help = "新建一个城市：开设部门，给系统、安全、审计管理员各开一个账号，打出初始密码"

    def handle(self, **options: Any) -> None:
        """Open what is missing; a role somebody in use already holds gets no second account."""
        at = timezone.now()
        lines: list[str] = []
        with transaction.atomic():
            departments = actions.load_departments(by=BY, at=at)
            for role, name in FIRST:
                label = ROLES[role].label
                held = Grant.objects.filter(role=role, user__is_active=True).first()
                if held is not None:
                    lines.append(f"{label}已有账号 {held.user.username}，没有另开")
                    continue
                person, password = actions.open_account(
                    username=_free(name), full_name=label, department=None, by=BY, at=at
                )
                actions.set_roles(user=person, roles={role}, by=BY, at=at)
                lines.append(f"{label}  账号 {person.username}  初始密码 {password}")
        self.stdout.write(f"市级部门 {len(departments)} 个，各县区的部门随之开设")
        for line in lines:
            self.stdout.write(line)
        self.stdout.write(
            "初始密码只显示这一次，首次登录时更换。其他账号由系统管理员开设，角色由安全管理员授予。"
        )


def _free(name: str) -> str:
    """The name, with the first number that makes it nobody's."""
    taken = set(User.objects.filter(username__startswith=name).values_list("username", flat=True))
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}{number}"
    return free
