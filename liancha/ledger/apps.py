"""Where the locks are put in place and looked for: around every migrate, and in `check`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import post_migrate, pre_migrate


class LedgerConfig(AppConfig):
    name = "liancha.ledger"

    def ready(self) -> None:
        pre_migrate.connect(_make_way, sender=self)
        post_migrate.connect(_put_locks_back, sender=self)
        checks.register(_locks_in_place, checks.Tags.database)
        checks.register(_witnesses_readable)


def _make_way(*, using: str, plan: list[Any], **_: Any) -> None:
    """Triggers that read another table keep SQLite from rebuilding it."""
    from django.db import connections

    from . import locks

    if plan:
        locks.make_way(connections[using])


def _put_locks_back(*, using: str, **_: Any) -> None:
    """A rebuilt table has lost its triggers: put them back, then look that each is there."""
    from django.db import connections

    from . import locks

    locks.install(connections[using])
    if absent := locks.missing(connections[using]):
        raise RuntimeError(f"locks missing after migrate: {', '.join(absent)}")


def _locks_in_place(
    *, databases: Sequence[str] | None = None, **_: Any
) -> list[checks.CheckMessage]:
    from django.db import connections

    from . import locks

    return [
        checks.Error(
            f"数据库锁“{name}”不在或已被改动，名单和日志不再受保护。",
            hint="运行 liancha migrate 重新建立，并用 liancha ledger verify 核对。",
            id="ledger.E001",
        )
        for alias in databases or []
        for name in locks.missing(connections[alias])
    ]


def _witnesses_readable(**_: Any) -> list[checks.CheckMessage]:
    """A witness whose key was mistyped would be waited for in vain."""
    from . import logkeys

    return [
        checks.Error(
            f"LIANCHA_LOG_WITNESSES 有一项读不出来：{problem}。",
            hint="每项是“公钥”或“公钥 网址”，用逗号分开；公钥由见证方运行 liancha witness 时显示。",
            id="ledger.E002",
        )
        for problem in logkeys.witness_problems()
    ]
