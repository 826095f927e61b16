"""`liancha demo`: build the demo city in an empty database.

`liancha demo file OUT.xlsx` only writes a made-up register, to try an import with.
"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from liancha.site.demo import build, city, dirt

STEPS = 4
LEAST = 2_000
MOST = 1_048_575  # rows of a worksheet below the heading


class Command(BaseCommand):
    help = "装入示范城市：虚构的名录、部门、人员和一年的任务（liancha demo）"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "what", nargs="?", choices=("file",), metavar="file", help="只写出一份虚构的名录文件"
        )
        parser.add_argument("out", nargs="?", type=Path, metavar="文件", help=".xlsx 或 .csv")
        parser.add_argument(
            "--targets", type=Path, metavar="文件", help="用这份名录代替虚构的检查对象"
        )
        parser.add_argument(
            "--size",
            type=int,
            metavar="户数",
            help="虚构多少户，按真实名录的比例，带脏数据；省略时是 20000 户整洁的小城",
        )
        parser.add_argument("--seed", type=int, default=build.SEED, metavar="数", help="同数同城")

    def handle(
        self,
        *,
        what: str | None,
        out: Path | None,
        targets: Path | None,
        size: int | None,
        seed: int,
        **options: Any,
    ) -> None:
        """Refuses a database that is not empty, and a register that is not there."""
        if what == "file":
            self._write(out, size or city.FULL, seed)
            return
        if targets is not None and not targets.is_file():
            raise CommandError(f"找不到文件 {targets}。请核对路径。")
        if size is not None and size < LEAST:
            raise CommandError(f"示范城市至少要 {LEAST} 户，各领域才都有检查对象。")
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

    def _write(self, out: Path | None, size: int, seed: int) -> None:
        if out is None or out.suffix.lower() not in (".xlsx", ".csv"):
            raise CommandError("请写出文件名，以 .xlsx 或 .csv 结尾：liancha demo file 名录.xlsx")
        if not 1 <= size <= MOST:
            raise CommandError(f"一份表格可以有 1 到 {MOST} 户。")
        labels = dirt.write(out, seed, size)
        self.stdout.write(f"{out}：{size} 户。哪些行脏、导入时应当怎样，见 {labels.name}。")
