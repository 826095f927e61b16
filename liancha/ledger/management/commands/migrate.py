"""Django's migrate, which must also run while locks are missing: it is what puts them back."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate


class Command(migrate.Command):
    help = "建表或更新表结构，并把数据库锁放回原处"

    def check(self, *args: Any, **kwargs: Any) -> None:
        """All checks but those of the database: the locks are looked at after the migration."""
        super().check(*args, **(kwargs | {"databases": None}))
