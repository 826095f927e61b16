"""`liancha ledger verify`: walk the chain and say whether anybody touched it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from tqdm import tqdm

from liancha.ledger import locks, queries
from liancha.ledger.models import Checkpoint, Entry


class Command(BaseCommand):
    help = "核对存证日志：有没有被改动、缺失或调换次序的记录（liancha ledger verify）"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("act", choices=["verify"], metavar="verify", help="核对整条日志")

    def handle(self, *, act: str, **options: Any) -> None:
        """Exit 1 and name each entry that is not as it was written, or each missing lock."""
        total = Entry.objects.count()
        with tqdm(total=total, unit="条", disable=None, desc="核对", leave=False) as bar:
            found = list(queries.flaws(lambda done: bar.update(done - bar.n)))
        found += queries.log_flaws()
        for flaw in found:
            self.stdout.write(f"✗ {flaw.message}")
        absent = locks.missing(connection)
        for name in absent:
            self.stdout.write(f"✗ 数据库锁 {name} 不在或被改动")
        if found or absent:
            raise CommandError(
                f"存证日志核对不通过：{len(found)} 处记录、{len(absent)} 处锁有问题。"
            )
        signed = Checkpoint.objects.count()
        self.stdout.write(
            f"✓ {total} 条记录首尾相接，内容与摘要一致，与 {signed} 个检查点相符；数据库锁都在。"
        )
