"""How long a draw of a million takes, through the pages: freeze, ceremony, draw, lock, dispatch.

    python benchmarks/ceremony.py                       SQLite, a file of its own
    DATABASE_URL=postgres://… python benchmarks/ceremony.py
    python benchmarks/ceremony.py --size 100000

Makes a registry in an empty database, the same at every run, starts the server and the worker as
`dev.py run` does, and goes the way of the people over HTTP. Prints for every step the machine time
(CPU of the server, the worker and a PostgreSQL on this machine, with all their children) and the
wall time; meanwhile one page is asked for again and again, and a writer of its own writes a row of
the database, and the longest of both is printed. Waiting for the public value is no machine time.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
TICK = os.sysconf("SC_CLK_TCK")
OUTSIDE = 25  # one in so many targets is closed and stays outside the pool
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
SCOPE = "住宿服务；餐饮服务；食品经营；会议及展览服务；停车场服务；日用百货销售；健身休闲活动。"


RATES = (("A", "1/200"), ("B", "1/100"), ("C", "1/50"), ("D", "1/20"))  # 1.2 % in all


def code(number: int) -> str:
    """A credit code with its check digit (GB 32100); neighbours are far apart in the order."""
    mixed = number * 2_654_435_761 % 31**8
    digits = ""
    for _ in range(8):
        mixed, digit = divmod(mixed, 31)
        digits += ALPHABET[digit]
    body = f"91410300M{digits}"
    total = sum(ALPHABET.index(c) * pow(3, place, 31) for place, c in enumerate(body))
    return body + ALPHABET[(31 - total % 31) % 31]


def fill(size: int) -> tuple[int, Any]:
    """A task ready for its pool, with so many candidates and some outside."""
    from django.db import connection, transaction

    from liancha.draw import frozen
    from liancha.registry.models import Tagging, Target
    from tests.people import NOON
    from tests.rooms import draw_world

    with transaction.atomic():
        world = draw_world.make_world(classes="", rates=RATES, confidential=False)
        fixed = {
            field.name: field.get_default()
            for field in Target._meta.concrete_fields
            if not field.primary_key
        }
        fixed |= {
            "code_kind": "uscc",
            "kind": "01",
            "scope": SCOPE,
            "industry": "旅游饭店",
            "legal_form": "有限责任公司（自然人投资或控股）",
            "authority": "洛阳市市场监督管理局",
            "updated_at": NOON.isoformat(sep=" "),
        }
        changing = ("code", "name", "address", "region", "status", "credit_class")
        names = [*changing, *(name for name in fixed if name not in changing)]
        constant = tuple(fixed[name] for name in names[len(changing) :])
        total = size + size // OUTSIDE

        def rows() -> Iterator[tuple[Any, ...]]:
            for n in range(total):
                yield (
                    code(n),
                    f"洛阳市第{n}号宾馆有限公司",
                    f"河南省洛阳市中州东路 {n % 997} 号 {n % 31} 层",
                    draw_world.REGIONS[n % len(draw_world.REGIONS)],
                    "active" if n % (OUTSIDE + 1) else "cancelled",
                    "AAAAAABBBBBBBBCCCD"[n % 18],
                    *constant,
                )

        frozen.load(Target, names, rows())
        # Read before the COPY begins: one connection does not do both.
        keys = list(Target.objects.order_by().values_list("pk", flat=True))
        frozen.load(
            Tagging, ("target", "tag", "is_by_hand"), ((k, world.tag.pk, False) for k in keys)
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return world.task.pk, world


def again() -> tuple[int, Any] | None:
    """The task of an earlier run that was cut short before its freeze."""
    from liancha.accounts.models import Department, User
    from liancha.draw.models import Draw
    from liancha.registry.models import Tag
    from liancha.task.models import Task
    from tests.people import Cast
    from tests.rooms import draw_world

    task = Task.objects.first()
    if task is None:
        return None
    if Draw.objects.exists():
        raise SystemExit("this home has been drawn from already; give an empty one")
    cast = Cast(
        department={each.code: each for each in Department.objects.all()},
        user={each.username: each for each in User.objects.all()},
    )
    return task.pk, draw_world.World(cast, task, Tag.objects.get(code=task.field.tag))


# ── The machine ───────────────────────────────────────────────────────────────────────────────


class Meter:
    """CPU seconds of some processes and all their descendants, those that ended included."""

    def __init__(self, roots: list[int]) -> None:
        self.roots = roots

    def cpu(self) -> float:
        """What has been used so far, as long as the roots live."""
        own: dict[int, tuple[int, float]] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    cells = (entry / "stat").read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                own[int(entry.name)] = (int(cells[1]), sum(map(int, cells[11:15])) / TICK)
        total, waiting = 0.0, list(self.roots)
        while waiting:
            pid = waiting.pop()
            if pid in own:
                total += own[pid][1]
            waiting += [child for child, (parent, _) in own.items() if parent == pid]
        return total


class Watch(threading.Thread):
    """Does something again and again, and remembers the longest it took."""

    def __init__(self, act: Callable[[], object], every: float) -> None:
        super().__init__(daemon=True)
        self.act, self.every, self.longest, self.over = act, every, 0.0, threading.Event()

    def run(self) -> None:
        while not self.over.wait(self.every):
            began = time.monotonic()
            self.act()
            self.longest = max(self.longest, time.monotonic() - began)

    def read(self) -> float:
        found, self.longest = self.longest, 0.0
        return found


def writer(url: str) -> Callable[[], object]:
    """Another writer, on a connection of its own: one row of a table nobody else has."""
    if url.startswith("postgres"):
        import psycopg

        connection: Any = psycopg.connect(url, autocommit=True)
    else:
        import sqlite3

        connection = sqlite3.connect(
            url.removeprefix("sqlite:///"),
            timeout=60,
            isolation_level=None,
            check_same_thread=False,
        )
    connection.execute("CREATE TABLE bench_wait (n integer)")
    return lambda: connection.execute("INSERT INTO bench_wait VALUES (1)")


# ── The people ────────────────────────────────────────────────────────────────────────────────


class Person:
    """Somebody at a browser, signed in."""

    def __init__(self, port: int, username: str) -> None:
        from django.test import Client

        from liancha.accounts.models import User

        client = Client()
        user = User.objects.get(username=username)
        client.force_login(user, backend="liancha.accounts.backends.WithDepartment")
        self.port, self.token = port, secrets.token_hex(16)
        kept = {name: morsel.value for name, morsel in client.cookies.items()}
        kept["liancha_csrf"] = self.token
        self.cookies = "; ".join(f"{name}={value}" for name, value in kept.items())

    def ask(self, path: str, data: list[tuple[str, str]] | None = None, **headers: str) -> str:
        """The page at a path after all redirects; RuntimeError for anything but a page."""
        for _ in range(4):
            line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
            sent = {"Cookie": self.cookies, **headers}
            if data is None:
                line.request("GET", path, headers=sent)
            else:
                body = urlencode([*data, ("csrfmiddlewaretoken", self.token)])
                sent["Content-Type"] = "application/x-www-form-urlencoded"
                line.request("POST", path, body, sent)
            answer = line.getresponse()
            text = answer.read().decode()
            line.close()
            if answer.status in (301, 302, 303):
                path, data = answer.headers["Location"], None
                continue
            if answer.status not in (200, 204):
                words = " ".join(re.sub(r"<[^>]+>", " ", text).split())
                raise RuntimeError(f"{path}: {answer.status} {words[:600]}")
            return text
        raise RuntimeError(f"{path}: leads on and on")


def finish(person: Person, page: str) -> None:
    """Wait for the bar of a page to come to its end."""
    found = re.search(r'data-work="([^"]+)"', page)
    if found is None:
        raise RuntimeError("there is no bar on the page")
    while True:
        told = json.loads(person.ask(found[1]))
        if told["state"] not in ("waiting", "running"):
            break
        time.sleep(1)
    if told["state"] != "done":
        raise RuntimeError(f"{told['state']}: {told['message']}")


# ── The way ───────────────────────────────────────────────────────────────────────────────────


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@contextmanager
def serving(port: int, home: Path) -> Iterator[list[int]]:
    """The server and the worker, as `dev.py run` starts them."""
    server = [
        *("-m", "granian", "--interface", "wsgi", "--no-ws", "--log-level", "error"),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
        *("--blocking-threads", "8", "liancha.site.wsgi:application"),
    ]
    log = (home / "log").open("wb")
    started = [
        subprocess.Popen([sys.executable, *each], cwd=ROOT, stdout=log, stderr=log)
        for each in (server, ["-m", "liancha", "qcluster"])
    ]
    try:
        for _ in range(300):
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        time.sleep(2)
        yield [each.pid for each in started]
    finally:
        for each in started:
            each.send_signal(signal.SIGTERM)
        for each in started:
            try:
                each.wait(20)
            except subprocess.TimeoutExpired:
                each.kill()


def postgres_of(url: str) -> list[int]:
    """The PostgreSQL behind an address, if it runs on this machine."""
    if not url.startswith("postgres"):
        return []
    import psycopg

    with psycopg.connect(url) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    lock = Path(row[0]) / "postmaster.pid"
    return [int(lock.read_text().split()[0])] if lock.exists() else []


def walk(task: int, world: Any, port: int, pids: list[int], url: str) -> None:
    from django.utils import timezone

    from liancha.draw.models import Draw
    from tests.rooms import draw_world

    shen, lu = Person(port, "shen"), Person(port, "lu")
    people = {"shen": shen, "lu": lu, "qin": Person(port, "qin")}
    meter = Meter(pids)
    waits, pages = Watch(writer(url), 0.1), Watch(lambda: lu.ask("/draws/"), 1)
    waits.start()
    pages.start()
    table: list[tuple[str, float, float, float, float]] = []

    @contextmanager
    def step(name: str) -> Iterator[None]:
        waits.read(), pages.read()
        cpu, wall = meter.cpu(), time.monotonic()
        yield
        wall = time.monotonic() - wall
        row = (name, meter.cpu() - cpu, wall, pages.read(), waits.read())
        table.append(row)
        print(f"{row[0]:<28}{row[1]:>8.2f}{row[2]:>8.2f}{row[3]:>12.2f}{row[4]:>14.2f}", flush=True)

    print(f"{'step':<28}{'CPU s':>8}{'wall s':>8}{'page s':>12}{'writer s':>14}")
    pool = f"/tasks/{task}/pool/"
    with step("pool page, first paint"):
        shen.ask(pool)
    with step("pool page, counts"):
        shen.ask(pool, **{"HX-Request": "true"})
    with step("freeze"):
        shen.ask(f"{pool}freeze/", [("reason", "")])
        finish(shen, shen.ask(pool, **{"HX-Request": "true"}))
    draw = Draw.objects.get()
    here = f"/draws/{draw.pk}/"
    with step("frozen pool page"):
        shen.ask(pool)
    with step("frozen pool, a search"):
        shen.ask(pool + "?q=%E7%AC%AC777777%E5%8F%B7")
    due = timezone.localtime() + timedelta(seconds=30)
    with step("rule, commits, reveals"):
        parties = [("departments", str(world.department("WJ").pk)), ("beacon", "other")]
        parties += [
            ("witnesses", str(world.cast.qin.pk)),
            ("source", "压力测试用数"),
            ("guests", "0"),
        ]
        parties += [("spelling", "0000 0000"), ("due", f"{due:%Y-%m-%d %H:%M:%S}")]
        shen.ask(f"{here}rule/", parties)
        for party in draw.parties.order_by("position"):
            nonce = draw_world.nonce(party)
            commitment = draw_world.actions.commitment_of(draw, party, nonce)
            who = draw_world.speaker(world, party).username
            people[who].ask(f"/parties/{party.pk}/commit/", [("commitment", commitment)])
        for party in draw.parties.order_by("position"):
            who = draw_world.speaker(world, party).username
            people[who].ask(f"/parties/{party.pk}/reveal/", [("nonce", draw_world.nonce(party))])
    while timezone.localtime() <= due + timedelta(seconds=1):
        time.sleep(0.5)
    with step("public value, draw shown"):
        shen.ask(f"{here}beacon/", [("value", "2026 1125"), ("evidence", "压力测试")])
        while "正在算" in (page := shen.ask(here)):
            time.sleep(0.3)
        if "锁定名单" not in page:
            raise RuntimeError("the draw is not there to lock")
    with step("hall page"):
        shen.ask(f"{here}hall/")
    with step("lock"):
        finish(shen, shen.ask(f"{here}lock/", []))
    with step("dispatch"):
        shen.ask(f"{here}dispatch/", [("reason", "")])
    for watch in (waits, pages):
        watch.over.set()
        watch.join()
    draw.refresh_from_db()
    print("-" * 70)
    total = sum(row[1] for row in table)
    print(
        f"{'all':<28}{total:>8.2f}{sum(row[2] for row in table):>8.2f}"
        f"{max(row[3] for row in table):>12.2f}{max(row[4] for row in table):>14.2f}"
    )
    print(
        f"\n{draw.number}: {draw.frame_size:,} frozen, {draw.drawn.count():,} drawn, {draw.state}"
    )
    load = " ".join(Path("/proc/loadavg").read_text().split()[:3])
    print(f"load average {load} on {os.cpu_count()} cores; page: GET /draws/, asked every second")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, help="home to fill, or to use again where it is full")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="liancha-bench-") as folder:
        home = options.keep or Path(folder)
        home.mkdir(parents=True, exist_ok=True)
        url = os.environ.setdefault("DATABASE_URL", f"sqlite:///{home / 'liancha.sqlite3'}")
        os.environ |= {
            "LIANCHA_HOME": str(home),
            "LIANCHA_HTTPS": "0",
            "DJANGO_SETTINGS_MODULE": "liancha.site.settings",
        }
        subprocess.run([sys.executable, "-m", "liancha", "prepare"], cwd=ROOT, check=True)
        import django

        django.setup()
        began = time.monotonic()
        task, world = again() or fill(options.size)
        print(f"a registry of {options.size:,} and some is there, {time.monotonic() - began:.0f} s")
        port = free_port()
        with serving(port, home) as pids:
            walk(task, world, port, [*pids, *postgres_of(url)], url)
    return 0


if __name__ == "__main__":
    sys.exit(main())
