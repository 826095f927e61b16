"""How long a search takes in a registry of a million, by what is searched for.

    python benchmarks/search.py                        SQLite, a file of its own
    DATABASE_URL=postgres://… python benchmarks/search.py
    python benchmarks/search.py --size 100000 --rounds 3

Makes a registry in an empty database, the same at every run; fills the search table as the job
after an import does; then asks mixed questions, alone: by search function, by the box of the top
bar and by the list page, all through Django. Prints P50, P95 and the longest for each kind.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
PIECE = 20_000


def registry(size: int) -> Iterator[tuple[str, str, str, str]]:
    """(code, name, address, region) of a made-up city."""
    from liancha.site.demo.metropolis import ADDRESS, CODE, COUNTIES, NAME, Metropolis

    city = Metropolis(Random(2026))
    for serial in range(1, size + 1):
        row = city.target(serial)
        region = next((code for code, name, _ in COUNTIES if name in row[ADDRESS]), "410305")
        yield row[CODE], row[NAME], row[ADDRESS], region


def load(size: int) -> None:
    """So many targets, without an import: only what is searched matters here."""
    from django.db import transaction
    from django.utils import timezone

    from liancha.registry import bulk
    from liancha.registry.models import Target

    names = bulk.columns_of(Target)
    fixed = {
        field.attname: field.get_default()
        for field in Target._meta.concrete_fields
        if not field.primary_key
    }
    fixed |= {"code_kind": "uscc", "kind": "01", "updated_at": timezone.now()}
    fixed["scope"] = "日用百货销售；餐饮服务；住宿服务；会议及展览服务；停车场服务。"
    piece: list[list[Any]] = []
    with transaction.atomic():
        for code, name, address, region in registry(size):
            row = fixed | {"code": code, "name": name, "address": address, "region_id": region}
            piece.append([row[column] for column in names])
            if len(piece) == PIECE:
                bulk.insert(Target, names, piece)
                piece = []
        bulk.insert(Target, names, piece)


def questions(rounds: int) -> dict[str, list[str]]:
    """Texts to search for, by kind; taken from the registry, the same at every run."""
    from liancha.registry.models import SearchRow

    random = Random(2026)
    last = SearchRow.objects.order_by("-pk").values_list("pk", flat=True)[0]
    wanted = [random.randrange(1, last + 1) for _ in range(rounds)]
    rows = list(SearchRow.objects.filter(pk__in=wanted))
    asked: dict[str, list[str]] = {}

    def some(kind: str, make: Callable[[Any], str]) -> None:
        asked[kind] = [text for row in rows if len(text := make(row)) > 1]

    some("whole name", lambda row: row.name)
    some("part, 4 characters", lambda row: row.name[3:7])
    some("part, 3 characters", lambda row: row.name[4:7])
    some("part, 2 characters", lambda row: row.name[4:6])
    some("initials, 4 letters", lambda row: row.initials[2:6])
    some("initials, all", lambda row: row.initials[:12])
    some("whole code", lambda row: row.code)
    some("code, first 12", lambda row: row.code[:12])
    some("code, last 6", lambda row: row.code[-6:])
    some("part of the address", lambda row: row.address[5:12])
    some("address, 2 characters", lambda row: row.address[8:10])
    asked["nothing like it"] = ["嫦娥玉兔", "qqxxzz", "91419999999", "龘靐"] * (rounds // 4)
    asked["nearly everything"] = ["公司", "有限公司", "洛阳", "yxgs", "河南省"] * (rounds // 5)
    return asked


def measure(asked: dict[str, list[str]], ask: Callable[[str], object]) -> None:
    everything: list[float] = []
    for kind, texts in asked.items():
        times = []
        for text in texts:
            start = time.perf_counter()
            ask(text)
            times.append((time.perf_counter() - start) * 1000)
        everything += times
        show(kind, times)
    show("all", everything)


def show(kind: str, times: list[float]) -> None:
    ranked = sorted(times)
    middle, high = ranked[len(ranked) // 2], ranked[int(len(ranked) * 0.95)]
    print(
        f"  {kind:24} {len(times):5} P50 {middle:7.1f}  P95 {high:7.1f}  max {ranked[-1]:7.1f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=40)
    asked_for = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="liancha-search-") as folder:
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/search.sqlite3")
        os.environ.setdefault("LIANCHA_HOME", folder)
        os.environ.setdefault("LIANCHA_DEMO", "1")
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liancha.site.settings")
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection
        from django.test import Client
        from django.urls import get_resolver

        from liancha.registry import search
        from liancha.registry.models import Target
        from tests.people import make_cast

        get_resolver().url_patterns  # noqa: B018 - loads every page before the long part
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        cast = make_cast()
        start = time.perf_counter()
        load(asked_for.size)
        took = time.perf_counter() - start
        print(f"{connection.vendor}: {asked_for.size:,} targets in {took:.0f} s", flush=True)
        start, cpu = time.perf_counter(), time.process_time()
        search.fill(
            Target.objects.order_by("pk")
            .values_list(*search.FIELDS)
            .iterator(chunk_size=search.PIECE)
        )
        print(
            f"search table filled in {time.perf_counter() - start:.0f} s, "
            f"{time.process_time() - cpu:.0f} s of our own CPU"
        )
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        asked = questions(asked_for.rounds)
        search.keys("宾馆")
        print("keys(), at most 2,000:")
        measure(asked, search.keys)
        client = Client(HTTP_HOST="localhost")
        client.force_login(cast.zhou, backend="liancha.accounts.backends.WithDepartment")
        for page, name in (("/search/", "search box"), ("/targets/", "list page")):
            client.get(page, {"q": "宾馆"})
            print(f"{name}, whole page:")
            measure(asked, lambda text, page=page: client.get(page, {"q": text}))


if __name__ == "__main__":
    main()
