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
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from liancha.ledger import logkeys, publishing
from liancha.queue.timetable import every, nightly
from liancha.rulebook.form import Refused

CHECKPOINT_MINUTES = 10  # local practice; draws ask for theirs at once
MATCH_AT = (2, 30)  # local practice: when inspections of one firm are looked for


class Command(BaseCommand):
    help = "准备运行：建表、核对数据库锁、整理静态文件，加 --demo 时装入示范城市"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="库中还没有部门时，装入示范城市")

    def handle(self, *, demo: bool, **options: Any) -> None:
        """Do each step only when it is needed; a second run takes a second or two.

        Stops with an error, before anything is served, when a lock is missing.
        """
        unfinished = settings.HOME / "demo-unfinished"
        if demo and unfinished.exists():
            self._start_over(unfinished)
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("更新表结构…")
            call_command("migrate", verbosity=0, interactive=False)
        self.check(databases=["default"])
        self._collect_static_files()
        if demo and not apps.get_model("accounts", "Department").objects.exists():
            self.stdout.write("装入示范城市…")
            unfinished.write_text(self._which_database(), encoding="utf-8")
            call_command("demo")
            unfinished.unlink()
        nightly(*MATCH_AT, "oversight.match", now=timezone.now())
        self._open_the_log()

    def _open_the_log(self) -> None:
        """A key for the public log where there never was one, a checkpoint now and every so often.

        Without its key the site still serves; the log then has no new checkpoints, and it says so.
        """
        every(CHECKPOINT_MINUTES, "openlog.checkpoint")
        try:
            if not logkeys.path().exists() and logkeys.current() is None:
                signer = publishing.new_key()
                self.stdout.write(f"建立存证日志的密钥 {logkeys.path()}，公钥 {signer.key}")
            publishing.make_checkpoint(at=timezone.now())
        except (logkeys.KeyAway, publishing.Rewritten, Refused) as problem:
            self.stderr.write(f"存证日志没有新的检查点：{problem}")

    def _start_over(self, unfinished: Path) -> None:
        """Throw away a demo city whose building was interrupted: a half year is a wrong year.

        The mark is only ever set on a database without departments, so nothing else is lost.
        """
        if unfinished.read_text(encoding="utf-8") != self._which_database():
            return
        name = Path(str(connection.settings_dict["NAME"]))
        if connection.vendor != "sqlite" or name.parent != settings.HOME:
            raise CommandError(
                "上次装入示范城市时中断，库中只有一部分。请删除并重建这个数据库，"
                f"再删除 {unfinished}，然后重试。"
            )
        self.stdout.write("上次装入示范城市时中断，重新开始")
        connection.close()
        for path in settings.HOME.glob(f"{name.name}*"):
            path.unlink()
        unfinished.unlink()

    def _which_database(self) -> str:
        config = connection.settings_dict
        return f"{connection.vendor} {config['HOST']} {config['PORT']} {config['NAME']}"

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
