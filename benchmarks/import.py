"""A register comes in, how fast: liancha beside django-import-export, on one database in one run.

    .venv/bin/python benchmarks/import.py                           SQLite, 20,000 rows
    DATABASE_URL=postgres://… .venv/bin/python benchmarks/import.py PostgreSQL, an empty database
    .venv/bin/python benchmarks/import.py --only --size 1000000 --xlsx   liancha by itself

All get the same made-up register, the same columns and the same checks of codes, days, states and
classes. django-import-export works in bulk, without diffs, in one transaction; once as it comes
(each row is looked up, so that one may be changed twice) and once with its CachedInstanceLoader,
which reads all rows of the table first and gives up at the first code that is none. For that the
register is a clean one here; alone, liancha gets the dirty one (`liancha demo file`). What
django-import-export does not do stays undone: counties, tags, notes of what changed, a cure for
every fault. liancha does all of that in its time.

Times are of processor and wall from the file on disk to the committed rows.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

WANTED = {"sqlite": 8, "postgresql": 15}  # times as fast as django-import-export in bulk
PEERS = {
    "django-import-export": "ModelInstanceLoader",
    "with cached loader": "CachedInstanceLoader",
}
SEED = 20260


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--size", type=int, default=20_000)
    asked.add_argument("--xlsx", action="store_true", help="an .xlsx instead of a .csv")
    asked.add_argument("--only", action="store_true", help="liancha alone")
    asked.add_argument("--file", type=Path, help="a file that is there, with the same headings")
    chosen = asked.parse_args()
    if chosen.xlsx and not chosen.only:
        asked.error("--xlsx goes with --only: both read the same .csv")
    with tempfile.TemporaryDirectory(prefix="liancha-import-") as name:
        folder = Path(name)
        _begin(folder)
        path = chosen.file or folder / ("register.xlsx" if chosen.xlsx else "register.csv")
        if chosen.file is None:
            from liancha.site.demo import dirt

            if chosen.only:
                dirt.write(path, SEED, chosen.size)
            else:
                _write_clean(path, chosen.size)
        _measure(path, is_alone=chosen.only)


def _begin(folder: Path) -> None:
    """An installation of its own: tables, place names and tag words."""
    os.environ["LIANCHA_HOME"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "liancha.site.settings"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)


def _write_clean(path: Path, size: int) -> None:
    import csv
    from random import Random

    from liancha.site.demo.metropolis import HEADINGS, Metropolis

    city = Metropolis(Random(SEED))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(HEADINGS)
        table.writerows(city.target(serial) for serial in range(1, size + 1))


def _measure(path: Path, *, is_alone: bool) -> None:
    from django.db import connection

    vendor = connection.vendor
    # What is loaded once for a whole day of imports is not part of one.
    from import_export import resources
    from tablib import Dataset

    from liancha.registry import actions

    for loaded in (resources, Dataset, actions):
        assert loaded
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {load}; {vendor}; {path.name}")
    ours = _timed("liancha", lambda: _liancha(path))
    if is_alone:
        return
    theirs = []
    for name, loader in PEERS.items():
        _empty()
        theirs.append(_timed(name, partial(_import_export, path, loader)))
    for name, peer in zip(PEERS, theirs, strict=True):
        wall, cpu = (peer[n] / ours[n] for n in (0, 1))
        print(f"{wall:.1f} times as fast as {name} by the clock, {cpu:.1f} by processor time")
    wanted, reached = WANTED[vendor], theirs[0][0] / ours[0]
    print(f"wanted: {wanted} times; {'reached' if reached >= wanted else 'not reached'}")
    if reached < wanted:
        sys.exit(1)


def _timed(name: str, work: Callable[[], str]) -> tuple[float, float]:
    cpu, begun = _cpu(), perf_counter()
    said = work()
    wall, used = perf_counter() - begun, _cpu() - cpu
    most = max(resource.getrusage(who).ru_maxrss for who in _BOTH) // 1024
    print(f"{name:22} {wall:7.2f} s   processor {used:7.2f} s   largest process {most} MB   {said}")
    return wall, used


_BOTH = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def _cpu() -> float:
    """Of this process and those it started, and of a PostgreSQL server on this machine."""
    used = [resource.getrusage(who) for who in _BOTH]
    return sum(each.ru_utime + each.ru_stime for each in used) + _cpu_of_server()


def _cpu_of_server() -> float:
    """All of its processes; nothing for SQLite and for a server elsewhere."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return 0.0
    connection.ensure_connection()
    own = _stat(connection.connection.info.backend_pid)
    if own is None or own[0] != "postgres":
        return 0.0
    server = own[1]
    ticks = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (found := _stat(int(entry.name))):
            _, parent, used, ended = found
            ticks += used + ended if int(entry.name) == server else used * (parent == server)
    return ticks / os.sysconf("SC_CLK_TCK")


def _stat(process: int) -> tuple[str, int, int, int] | None:
    """Name, parent, ticks of its own, ticks of its ended children."""
    try:
        head, _, rest = Path(f"/proc/{process}/stat").read_text().rpartition(")")
    except OSError:
        return None
    fields = rest.split()
    own, ended = (int(fields[n]) + int(fields[n + 1]) for n in (11, 13))
    return head.partition("(")[2], int(fields[1]), own, ended


def _liancha(path: Path) -> str:
    from django.utils import timezone

    from liancha.registry import actions

    batch = actions.import_targets(path=path, file_name=path.name, by=None, at=timezone.now())
    return f"{batch.added} new, {batch.faulty} refused, {batch.pending} waiting for their county"


def _empty() -> None:
    from liancha.registry.models import SearchRow, Tagging, Target

    for model in (Tagging, SearchRow, Target):
        rows = model._default_manager.all()
        rows._raw_delete(rows.db)


def _import_export(path: Path, loader: str) -> str:
    import tablib

    resource_ = _resource(loader)
    with path.open(encoding="utf-8-sig", newline="") as file:
        table = tablib.Dataset().load(file, format="csv")
    result = resource_.import_data(table, dry_run=False, raise_errors=False)
    failed = len(result.row_errors()) + len(result.invalid_rows)
    return f"{result.totals['new']} new, {failed} refused"


def _resource(loader: str) -> Any:
    """The same columns and checks as fields and widgets of django-import-export."""
    from django.utils import timezone
    from import_export import fields, instance_loaders, resources, widgets

    from liancha.registry import codes, columns
    from liancha.registry.models import Target

    today, now = timezone.localdate(), timezone.now()

    class Text(widgets.CharWidget):
        def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
            return columns.value_of(str(value or "").strip())

    class Name(Text):
        def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
            text = super().clean(value)
            if not text or text[0] in columns.FORMULA:
                raise ValueError("no name")
            return text

    class Code(widgets.CharWidget):
        def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
            found = codes.read(str(value or ""))
            if isinstance(found, codes.Fault):
                raise ValueError(found.fault)
            return found.text

    class Word(widgets.CharWidget):
        def __init__(self, key: str, default: str) -> None:
            super().__init__()
            self.key, self.default = key, default

        def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
            if not columns.value_of(str(value or "")):
                return self.default
            found = columns.word_of(self.key, str(value))
            if found is None:
                raise ValueError("no such word")
            return str(found)

    class Day(widgets.Widget):
        def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
            day = columns.day_of(str(value))
            if isinstance(day, str) or day > today:
                raise ValueError("no such day")
            return day

    class Targets(resources.ModelResource):
        name = fields.Field("name", "企业名称", widget=Name())
        code = fields.Field("code", "统一社会信用代码", widget=Code())
        legal_form = fields.Field("legal_form", "类型", widget=Text())
        address = fields.Field("address", "住所", widget=Text())
        scope = fields.Field("scope", "经营范围", widget=Text())
        industry = fields.Field("industry", "行业", widget=Text())
        registered_on = fields.Field("registered_on", "成立日期", widget=Day())
        status = fields.Field("status", "登记状态", widget=Word("status", "active"))
        capital = fields.Field("capital", "注册资本", widget=Text())
        credit_class = fields.Field("credit_class", "信用风险分类", widget=Word("credit_class", ""))

        class Meta:
            model = Target
            import_id_fields = ("code",)
            instance_loader_class = getattr(instance_loaders, loader)
            use_bulk = True
            batch_size = 1_000
            skip_diff = True
            skip_html_diff = True
            use_transactions = True
            force_init_instance = False

        def __init__(self) -> None:
            super().__init__()
            self.seen: set[str] = set()

        def before_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
            if instance.code in self.seen:
                raise ValueError("twice in the file")
            self.seen.add(instance.code)
            instance.is_pending, instance.updated_at = True, now
            instance.kind, instance.code_kind = "01", "uscc"

    return Targets()


if __name__ == "__main__":
    main()
