"""`liancha demo`: build the demo city in an empty database."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from liancha.site.demo import build, city

STEPS = 4


class Command(BaseCommand):
    help = "装入示范城市：虚构的名录、部门、人员和一年的任务（liancha demo）"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--targets", type=Path, metavar="文件", help="用这份名录代替虚构的检查对象"
        )
        parser.add_argument(
            "--size", type=int, default=city.FULL, metavar="户数", help="虚构多少户，默认 20000"
        )
        parser.add_argument("--seed", type=int, default=build.SEED, metavar="数", help="同数同城")

    def handle(self, *, targets: Path | None, size: int, seed: int, **options: Any) -> None:
        """Refuses a database that is not empty, and a register that is not there."""
        if targets is not None and not targets.is_file():
            raise CommandError(f"找不到文件 {targets}。请核对路径。")
        if size < 2_000:
            raise CommandError("示范城市至少要 2000 户，各领域才都有检查对象。")
        with tqdm(total=STEPS, unit="步", disable=None, leave=False) as bar:

            def tell(words: str) -> None:
                bar.set_description(words)
                bar.update()

            try:
                build.build(seed=seed, size=size, register=targets, tell_progress=tell)
            except build.NotEmpty as error:
                raise CommandError(
                    "库中已有部门，示范城市只能装入空库。请换一个 LIANCHA_HOME 或空的数据库。"
                ) from error
        self.stdout.write("示范城市已装好。登录页可以换身份走一遍。")
