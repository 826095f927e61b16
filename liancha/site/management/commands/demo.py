"""`liancha demo`: build the demo city in an empty database.

`liancha demo file OUT.xlsx` only writes a made-up register, to try an import with.
`liancha demo catch --size N` counts what the import of such a register made of its dirt.
"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from liancha.registry.models import Import
from liancha.site.cli import padded
from liancha.site.demo import build, catch, city, dirt

STEPS = 4  # one more where the register has labels to be counted by
LEAST = 2_000
WORDS = {catch.GOOD: "无（干净）"}
MOST = 1_048_575  # rows of a worksheet below the heading


class Command(BaseCommand):
    help = "装入示范城市：虚构的名录、部门、人员和一年的任务（liancha demo）"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "what",
            nargs="?",
            choices=("file", "catch"),
            metavar="file|catch",
            help="file 只写出一份虚构的名录文件；catch 按标签清点最近一次导入：脏数据如何处理",
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
        if what == "catch":
            self._count(size or city.FULL, seed)
            return
        if targets is not None and not targets.is_file():
            raise CommandError(f"找不到文件 {targets}。请核对路径。")
        if size is not None and size < LEAST:
            raise CommandError(f"示范城市至少要 {LEAST} 户，各领域才都有检查对象。")
        has_labels = size is not None and targets is None
        with tqdm(total=STEPS + has_labels, unit="步", disable=None, leave=False) as bar:

            def tell(words: str) -> None:
                bar.set_description(words)
                bar.update()

            try:
                weighed = build.build(seed=seed, size=size, register=targets, tell_progress=tell)
            except build.NotEmpty as error:
                raise CommandError(
                    "库中已有部门，示范城市只能装入空库。请换一个 LIANCHA_HOME 或空的数据库。"
                ) from error
        if weighed is not None:
            self._tell(weighed.caught)
            self.stdout.write(f"名录摘要 SHA-256：{weighed.digest}（同数同城，应当相同）")
        self.stdout.write("示范城市已装好。登录页可以换身份走一遍。")

    def _write(self, out: Path | None, size: int, seed: int) -> None:
        if out is None or out.suffix.lower() not in (".xlsx", ".csv"):
            raise CommandError("请写出文件名，以 .xlsx 或 .csv 结尾：liancha demo file 名录.xlsx")
        if not 1 <= size <= MOST:
            raise CommandError(f"一份表格可以有 1 到 {MOST} 户。")
        labels = dirt.write(out, seed, size)
        self.stdout.write(f"{out}：{size} 户。哪些行脏、导入时应当怎样，见 {labels.name}。")

    def _count(self, size: int, seed: int) -> None:
        """Of the last import of so many rows; `size` and `seed` are those of `demo file`."""
        batch = Import.objects.filter(rows=size, undone_at=None, written_at__isnull=False).first()
        if batch is None:
            raise CommandError(
                f"没有找到写入过 {size} 行的导入。请用 --size 写出那份名录的户数，"
                "种子不是默认值的再加 --seed。"
            )
        self.stdout.write(f"{batch.file_name}，{size} 行")
        self._tell(catch.count(dirt.rows(seed, size), batch))

    def _tell(self, caught: list[catch.Caught]) -> None:
        """The table: every kind, how many rows, how many as they had to be."""
        self.stdout.write(_row("脏数据", "应当", "标注", "做到", "没做到"))
        for one in caught:
            missed = f"{one.rows - one.right}"
            if one.wrong:
                missed += f"（第 {'、'.join(map(str, one.wrong))} 行…）"
            self.stdout.write(
                _row(
                    WORDS.get(one.label, one.label),
                    str(one.fate),
                    f"{one.rows}",
                    f"{one.right}",
                    missed,
                )
            )
        *dirty, good = caught
        rows, right = sum(one.rows for one in dirty), sum(one.right for one in dirty)
        self.stdout.write(
            f"脏数据 {rows} 行，按应当处理 {right} 行；"
            f"干净的 {good.rows} 行，丢失或走样 {good.rows - good.right} 行。"
        )


def _row(label: str, fate: str, rows: str, right: str, missed: str) -> str:
    return f"  {padded(label, 16)}{padded(fate, 16)}{padded(rows, 9)}{padded(right, 9)}{missed}"
