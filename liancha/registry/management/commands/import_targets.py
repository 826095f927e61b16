"""Import a register of targets from a file."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from liancha.accounts.models import User
from liancha.papers.faults import Unreadable
from liancha.papers.writers import write_workbook
from liancha.registry import actions, sheets
from liancha.registry.models import Import

SHOWN = 20


class Command(BaseCommand):
    help = "导入检查对象名录：CSV（可为 .csv.gz）、XLSX、XLS"
    requires_system_checks: list[str] = []  # pages are of no concern here, and take a second

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="文件", help="表格文件")
        parser.add_argument("--by", metavar="账号", help="以谁的名义导入；省略时记为系统")
        parser.add_argument(
            "--errors", metavar="文件", help="把有误的行另存为 .xlsx，带“怎么改”一列"
        )
        parser.add_argument("--all", action="store_true", help="在屏幕上列出全部有误和留意的行")

    def handle(self, *, file: str, by: str | None, errors: str | None, **options: Any) -> None:
        """Import, report row by row, and leave good rows in place whatever the bad ones are."""
        path = Path(file)
        if not path.is_file():
            raise CommandError(f"没有找到文件 {file}。请检查路径。")
        user = User.objects.filter(username=by).first() if by else None
        if by and user is None:
            raise CommandError(f"没有账号 {by}。")
        began = time.monotonic()
        with tqdm(
            total=0, unit="行", desc="导入", file=sys.stderr, leave=False, disable=None, ascii=" ━"
        ) as bar:

            def progress(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            try:
                batch = actions.import_targets(
                    path=path, file_name=path.name, by=user, at=timezone.now(), progress=progress
                )
            except Unreadable as fault:
                raise CommandError(str(fault)) from fault
        self._report(batch, time.monotonic() - began, every=options["all"])
        if errors:
            with open(errors, "wb") as target:
                write_workbook(target, sheets.faults(batch))
            self.stdout.write(f"错误表：{errors}")

    def _report(self, batch: Import, seconds: float, *, every: bool) -> None:
        for is_remark in (False, True):
            notes = batch.faults.filter(is_remark=is_remark)
            for note in notes if every else notes[:SHOWN]:
                self.stdout.write(
                    f"第 {note.row} 行 {note.name or '（空）'}｜{note.column}｜"
                    f"{note.value or '空'}｜{note.fault}。{note.cure}"
                )
            if not every and (more := notes.count() - SHOWN) > 0:
                what = "处留意" if is_remark else "处有误"
                self.stdout.write(f"另有 {more} {what}，加 --all 全部列出，加 --errors 存成表格")
        if mended := "，".join(f"{what} {n} 处" for what, n in batch.mended.items()):
            self.stdout.write(f"已自动整理：{mended}")
        self.stdout.write(batch.recognised)
        self.stdout.write(
            f"共 {batch.rows} 行：新增 {batch.added}，变更 {batch.changed}，"
            f"未变 {batch.unchanged}，有误 {batch.faulty}；其中待核 {batch.pending}。"
            f"用时 {seconds:.1f} 秒。"
        )
