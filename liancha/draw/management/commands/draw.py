"""`liancha draw bundle NUMBER FOLDER`: the files of one draw, ready for the verifier."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from liancha.draw import actions, bundles, queries
from liancha.draw.models import Draw


class Command(BaseCommand):
    help = "写出一次抽取的全部文件，供核验（liancha draw bundle 编号 目录）"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("act", choices=["bundle"], metavar="bundle", help="写出抽取文件")
        parser.add_argument("number", metavar="编号", help="例如 洛公安抽〔2026〕7号-1")
        parser.add_argument("folder", metavar="目录", type=Path, help="写到这里，没有就新建")
        parser.add_argument(
            "--public", action="store_true", help="只写现在已经公开的；默认写出本机能读到的全部"
        )
        parser.add_argument("--firm", metavar="代码", help="另写这一户的 firm.json")

    def handle(
        self, *, number: str, folder: Path, public: bool, firm: str | None, **options: Any
    ) -> None:
        """Exit 1 when there is no such draw, or nothing of it to write."""
        draw = Draw.objects.select_related("task", "department").filter(number=number).first()
        if draw is None:
            raise CommandError(f"没有编号为 {number} 的抽取。编号用六角括号〔〕，末尾带 -1。")
        now = timezone.now()
        made = {
            name: build
            for name, build in bundles.builders(draw).items()
            if not public or queries.is_public(draw, name, now)
        }
        if not made:
            word = "现在还没有公开的文件" if public else "还没有锁定，没有文件可写"
            raise CommandError(f"{number}{word}。")
        folder.mkdir(parents=True, exist_ok=True)
        for name, build in made.items():
            (folder / name).write_bytes(build())
            if not queries.is_public(draw, name, now):
                actions.note_reading(draw=draw, name=name, by="liancha draw bundle", at=now)
        if firm:
            if public and not queries.openness(draw, now).firms:
                raise CommandError("企业自己的结果在检查结束后才公开。")
            try:
                (folder / bundles.FIRM).write_bytes(bundles.firm_file(draw, firm))
            except KeyError:
                raise CommandError(f"代码 {firm} 不在这次的待抽检库里。") from None
            made[bundles.FIRM] = lambda: b""
        self.stdout.write(f"已写出 {len(made)} 个文件到 {folder}：{'、'.join(made)}")
        self.stdout.write(f"核验：python -m liancha.rulebook.verify {folder}")
