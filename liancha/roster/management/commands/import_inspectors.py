"""Bring a roster in from the command line of the machine: `liancha import inspectors FILE`."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from liancha.accounts.models import User
from liancha.papers.faults import Unreadable
from liancha.papers.writers import write_workbook
from liancha.roster import actions, sheets

SHOWN = 20


class Command(BaseCommand):
    help = "导入执法检查人员名录（.xlsx、.xls、.csv），逐行报告问题"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="表格文件；每行须写明部门，除非给出 --by")
        parser.add_argument("--by", metavar="账号", help="以此人的名义导入，只收其所在部门的人员")
        parser.add_argument("--report", type=Path, metavar="文件", help="把问题写到这个 .xlsx")

    def handle(self, *, file: Path, by: str | None, report: Path | None, **options: Any) -> None:
        """Exit status 1 when a row was not taken; the good rows are in all the same."""
        if not file.is_file():
            raise CommandError(f"找不到文件 {file}。")
        person = User.objects.filter(username=by).first() if by else None
        if by and person is None:
            raise CommandError(f"没有账号 {by}。")
        try:
            batch = actions.import_inspectors(
                path=file, file_name=file.name, by=person, at=timezone.now()
            )
        except Unreadable as unreadable:
            raise CommandError(str(unreadable)) from unreadable
        self.stdout.write(
            f"{batch.recognised}\n共 {batch.rows} 行：新增 {batch.added}，变更 {batch.changed}，"
            f"未变 {batch.unchanged}，有误 {batch.faulty}。"
        )
        for fault in batch.faults[:SHOWN]:
            self.stdout.write(
                f"  第 {fault['row']} 行 {fault['name']}“{fault['column']}”{fault['value']}："
                f"{fault['fault']}。{fault['cure']}"
            )
        if len(batch.faults) > SHOWN:
            self.stdout.write(f"  还有 {len(batch.faults) - SHOWN} 处，用 --report 写出全部。")
        if report is not None:
            write_workbook(str(report), sheets.faults(batch))
            self.stdout.write(f"问题表已写到 {report}。")
        if batch.faulty:
            sys.exit(1)
