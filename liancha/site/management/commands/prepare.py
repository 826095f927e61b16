"""Bring an installation up to date before it serves: tables, locks, static files, demo city."""

from __future__ import annotations

import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


class Command(BaseCommand):
    help = "准备运行：建表、核对数据库锁、整理静态文件，加 --demo 时装入示范城市"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="库中还没有部门时，装入示范城市")

    def handle(self, *, demo: bool, **options: Any) -> None:
        """Do each step only when it is needed; a second run takes a second or two.

        Stops with an error, before anything is served, when a lock is missing.
        """
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("更新表结构…")
            call_command("migrate", verbosity=0, interactive=False)
        self.check(databases=["default"])
        self._collect_static_files()
        if demo and not apps.get_model("accounts", "Department").objects.exists():
            self.stdout.write("装入示范城市…")
            call_command("demo")

    def _collect_static_files(self) -> None:
        """Collect when a file came, went or changed since the last time."""
        if not settings.MANIFEST:
            return
        digest = hashlib.sha256()
        for finder in get_finders():
            for name, storage in finder.list([".*", "*~"]):
                about = Path(storage.path(name)).stat()
                digest.update(f"{name}\0{about.st_size}\0{about.st_mtime_ns}\n".encode())
        stamp = Path(settings.STATIC_ROOT) / ".sources.sha256"
        if stamp.is_file() and stamp.read_text(encoding="ascii") == digest.hexdigest():
            return
        self.stdout.write("整理静态文件…")
        call_command("collectstatic", interactive=False, verbosity=0, clear=True)
        stamp.write_text(digest.hexdigest(), encoding="ascii")
