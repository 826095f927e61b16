"""How long others wait while a whole register changes: imported again, taken back, tagged again.

    .venv/bin/python benchmarks/waiting.py --size 1000000                SQLite
    DATABASE_URL=postgres://… .venv/bin/python benchmarks/waiting.py …   PostgreSQL, an empty one

A made-up register comes in, nine of ten rows; then the whole file, in which three of four known
rows say something new; that is taken back; then every target is tagged anew by other words. Beside
it another process asks for its turn to write twenty times a second and writes down how long it
waited: on SQLite for the one writer there is, on PostgreSQL for the ledger, which every action
needs, and for a target that is being changed. Nothing that it does stays.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from time import perf_counter, process_time, sleep
from typing import Any

SEED = 20260
ASK = """
import sys, time
kind, url, file = sys.argv[1:]
out = open(file, "w", buffering=1)
if kind == "writer":
    import sqlite3
    opened = sqlite3.connect(url, timeout=3600, isolation_level=None)
    def ask():
        opened.execute("BEGIN IMMEDIATE")
        opened.execute("ROLLBACK")
else:
    import psycopg
    opened = psycopg.connect(url)
    key = "(SELECT min(id) + 7 FROM registry_target)"
    sql = {
        "ledger": "SELECT pg_advisory_xact_lock(0x6C69616E)",
        "target": f"SELECT 1 FROM registry_target WHERE id = {key} FOR UPDATE",
    }[kind]
    def ask():
        opened.execute(sql)
        opened.rollback()
while True:
    begun = time.perf_counter()
    ask()
    print(time.perf_counter() - begun, file=out)
    time.sleep(0.05)
"""


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--size", type=int, default=100_000)
    size = asked.parse_args().size
    with tempfile.TemporaryDirectory(prefix="liancha-waiting-") as name:
        folder = Path(name)
        _begin(folder)
        from liancha.site.demo import dirt

        dirt.write(folder / "all.csv", SEED, size)
        _split(folder)
        load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
        print(f"{platform.machine()}, {os.cpu_count()} cores, load {load}")
        _measure(folder)


def _begin(folder: Path) -> None:
    os.environ["LIANCHA_HOME"] = str(folder)
    os.environ["DATABASE_POOL"] = "0"
    os.environ["DJANGO_SETTINGS_MODULE"] = "liancha.site.settings"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)


def _split(folder: Path) -> None:
    """first.csv: nine of ten rows; second.csv: all, and three of four known ones say new things."""
    chance = Random(SEED)
    with (
        (folder / "all.csv").open(encoding="utf-8-sig", newline="") as whole,
        (folder / "first.csv").open("w", encoding="utf-8-sig", newline="") as first,
        (folder / "second.csv").open("w", encoding="utf-8-sig", newline="") as second,
    ):
        rows, one, two = csv.reader(whole), csv.writer(first), csv.writer(second)
        head = next(rows)
        one.writerow(head)
        two.writerow(head)
        place = {title: n for n, title in enumerate(head)}
        for n, row in enumerate(rows):
            if n % 10:
                one.writerow(row)
                if len(row) == len(head):
                    _change(row, place, chance)
            two.writerow(row)


def _change(row: list[str], place: dict[str, int], chance: Random) -> None:
    what = chance.random()
    if what < 0.35:
        row[place["注册资本"]] = f"{chance.randrange(10, 999)}(万元)"
    if 0.2 < what < 0.55:
        row[place["经营范围"]] += chance.choice(["；烟花爆竹零售", "；住宿服务", "；文具用品"])
    if 0.5 < what < 0.7:
        row[place["住所"]] += f"附{chance.randrange(1, 90)}号"
    if 0.65 < what < 0.75:
        row[place["登记状态"]] = chance.choice(["存续", "注销", "吊销"])
    if 0.72 < what < 0.8:
        row[place["企业名称"]] += chance.choice(["一部", "宾馆"])


def _measure(folder: Path) -> None:
    from django.utils import timezone

    from liancha.accounts.models import User
    from liancha.registry import actions
    from liancha.registry.models import Import, Tag, TagKeyword

    clerk = User.objects.create(username="clerk")
    now = timezone.now()

    def bring(name: str, at: datetime) -> str:
        path = folder / name
        batch = actions.import_targets(path=path, file_name=name, by=None, at=at)
        return f"{batch.added} new, {batch.changed} changed"

    def undo() -> str:
        batch = Import.objects.get(file_name="second.csv")
        actions.undo_import(batch=batch, by=clerk, at=now + timedelta(minutes=2))
        return ""

    def retag() -> str:
        for tag, word in zip(Tag.objects.order_by("pk"), ("零售", "服务", "公司"), strict=False):
            TagKeyword.objects.create(tag=tag, word=word)
        given, taken = actions.retag(by=clerk, at=now + timedelta(minutes=3))
        return f"{given} given, {taken} taken away"

    _timed("first", folder, lambda: bring("first.csv", now))
    for batch in Import.objects.all():
        actions.fill_search(batch=batch, at=now)
    _timed("again", folder, lambda: bring("second.csv", now + timedelta(minutes=1)))
    _timed("taken back", folder, undo)
    _timed("tagged again", folder, retag)


def _timed(name: str, folder: Path, work: Callable[[], str]) -> None:
    asking = {kind: _ask(kind, folder / kind) for kind in _kinds()}
    sleep(1)
    begun, cpu = perf_counter(), process_time()
    try:
        said = work()
        wall, used = perf_counter() - begun, process_time() - cpu
        sleep(1)
    finally:
        for process in asking.values():
            process.kill()
            process.wait()
    longest = ", ".join(
        f"{kind} {max(map(float, (folder / kind).read_text().split())):.2f} s" for kind in asking
    )
    print(f"{name:13} {wall:7.1f} s   processor {used:6.1f} s   longest wait: {longest}   {said}")


def _kinds() -> tuple[str, ...]:
    from django.db import connection

    return ("writer",) if connection.vendor == "sqlite" else ("ledger", "target")


def _ask(kind: str, file: Path) -> subprocess.Popen[Any]:
    from django.db import connection

    url = os.environ.get("DATABASE_URL") or str(connection.settings_dict["NAME"])
    return subprocess.Popen([sys.executable, "-c", ASK, kind, url, str(file)])


if __name__ == "__main__":
    main()
