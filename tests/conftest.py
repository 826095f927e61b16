"""Databases, servers and browsers for the tests.

Tables hold triggers that refuse UPDATE, DELETE and TRUNCATE, and there is no switch for them.
So nothing may empty a table between tests:

- an ordinary test runs in a transaction that is rolled back (`db`, `django_db`);
- a test that needs real commits, or several processes, takes `committed_database`: a fresh copy
  of the migrated database, thrown away as a whole;
- pytest-django's transactional tests and live server would flush, and are refused.

DATABASE_URL chooses the kind of database; `dev.py test` runs both.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import hypothesis
import pytest
import pytest_django.fixtures
from django.core.cache import cache
from django.db import connection, connections

from tests.browser import chromium
from tests.servers import Server, environment, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[1]

# How quick the machine is just now is no property of what is tested. The same examples each time,
# so that a change is not stopped by a fault it did not make; LIANCHA_ALL=1 looks for others.
hypothesis.settings.register_profile(
    "liancha",
    deadline=None,
    derandomize=os.environ.get("LIANCHA_ALL") != "1",
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("liancha")

# pytest-django makes no database when no test is marked for one. A test that only copies it
# (`committed_database`) has no mark, for that would open a transaction nobody needs.
pytest_django.fixtures._get_databases_for_setup = lambda items: ({"default"}, set())


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """No test is given what another one left in this process's cache, under a key used again."""
    cache.clear()


# ── What would flush is refused ───────────────────────────────────────────────────────────

FLUSHING = {
    "transactional_db",
    "live_server",
    "django_db_reset_sequences",
    "django_db_serialized_rollback",
}
REFUSAL = (
    "would empty the tables, and locked tables refuse that. "
    "Use `db` for a test that may be rolled back, and `committed_database` (with `site`) for "
    "real commits or other processes."
)


# What a test asks for when a database is behind it, whatever else it asks for.
DATABASE = {"db", "django_db_setup", "pristine_database"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse what would flush, mark what drives a browser, and on PostgreSQL leave out what
    `is_the_same`; LIANCHA_ALL=1 runs single pages in the browser there too."""
    refused = []
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if asked := would_flush(item, fixtures):
            refused.append(f"{item.nodeid}: {', '.join(sorted(asked))} {REFUSAL}")
        if {"desktop", "phone", "new_page", "browser"} & fixtures:
            item.add_marker("browser")
    if refused:
        raise pytest.UsageError("\n".join(refused))
    if os.environ.get("DATABASE_URL", "").startswith("postgres"):
        config.hook.pytest_deselected(items=[each for each in items if is_the_same(each)])
        items[:] = [each for each in items if not is_the_same(each)]


def is_the_same(item: pytest.Item) -> bool:
    """True if a second database tells nothing new, or (single pages) too little for its time."""
    is_of_a_page = item.get_closest_marker("browser") and "journeys" not in item.path.parts
    is_too_long = bool(is_of_a_page) and os.environ.get("LIANCHA_ALL") != "1"
    return is_too_long or not has_database(item)


def has_database(item: pytest.Item) -> bool:
    """True if the test reads or writes one, by its mark or by what its fixtures stand on."""
    asked = set(getattr(item, "fixturenames", ()))
    return bool(DATABASE & asked) or item.get_closest_marker("django_db") is not None


def would_flush(item: pytest.Item, fixtures: set[str]) -> set[str]:
    """What this test asks for that empties tables; nothing, for a test that may run."""
    asked = FLUSHING & fixtures
    for mark in item.iter_markers("django_db"):
        given = dict(zip(("transaction", "reset_sequences"), mark.args, strict=False))
        options = given | dict(mark.kwargs)
        asked |= {
            name
            for name in ("transaction", "reset_sequences", "serialized_rollback")
            if options.get(name)
        }
    if is_transaction_test_case(getattr(item, "cls", None)):
        asked.add("TransactionTestCase")
    return asked


def is_transaction_test_case(cls: type | None) -> bool:
    from django.test import TestCase, TransactionTestCase

    return (
        cls is not None and issubclass(cls, TransactionTestCase) and not issubclass(cls, TestCase)
    )


@pytest.fixture
def transactional_db() -> None:
    pytest.fail(f"transactional_db {REFUSAL}")


@pytest.fixture(scope="session")
def live_server() -> None:
    pytest.fail(f"live_server {REFUSAL}")


# ── A database that may be committed to ───────────────────────────────────────────────────


@pytest.fixture(scope="session")
def pristine_database(
    django_db_setup: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[], contextlib.AbstractContextManager[str]]]:
    """Makes copies of the migrated, empty database; each is a context manager over its URL."""
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite":
            folder = tmp_path_factory.mktemp("pristine")
            original = folder / "pristine.sqlite3"
            connection.ensure_connection()
            with contextlib.closing(sqlite3.connect(original)) as target:
                connection.connection.backup(target)
            yield lambda: sqlite_copy(original, folder)
            return

        # A database can be a template only while nobody is connected to it. So this one is
        # made once, from the test database at a moment when our connection is closed.
        settings = connection.settings_dict
        template = f"{settings['NAME']}_pristine"
        connections.close_all()
        in_maintenance(f'DROP DATABASE IF EXISTS "{template}" WITH (FORCE)')
        in_maintenance(f'CREATE DATABASE "{template}" TEMPLATE "{settings["NAME"]}"')
    try:
        yield lambda: postgres_copy(template)
    finally:
        with django_db_blocker.unblock():
            in_maintenance(f'DROP DATABASE IF EXISTS "{template}" WITH (FORCE)')


@contextlib.contextmanager
def sqlite_copy(original: Path, folder: Path) -> Iterator[str]:
    path = folder / f"{uuid.uuid4().hex}.sqlite3"
    path.write_bytes(original.read_bytes())
    try:
        yield f"sqlite:///{path}"
    finally:
        for leftover in folder.glob(f"{path.name}*"):
            leftover.unlink()


@contextlib.contextmanager
def postgres_copy(template: str) -> Iterator[str]:
    name = f"{template}_{uuid.uuid4().hex[:8]}"
    in_maintenance(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        parts = urlsplit(os.environ["DATABASE_URL"])
        yield urlunsplit(parts._replace(path=f"/{name}"))
    finally:
        in_maintenance(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def in_maintenance(statement: str) -> None:
    """One statement outside every transaction, in the server's own `postgres` database."""
    import psycopg

    parts = urlsplit(os.environ["DATABASE_URL"])
    address = urlunsplit(parts._replace(scheme="postgresql", path="/postgres"))
    with psycopg.connect(address, autocommit=True) as maintenance:
        maintenance.execute(statement)  # type: ignore[arg-type]


@pytest.fixture
def committed_database(
    pristine_database: Callable[[], contextlib.AbstractContextManager[str]],
) -> Iterator[str]:
    """DATABASE_URL of a fresh, migrated, empty database for other processes; dropped after."""
    with pristine_database() as url:
        yield url


@pytest.fixture
def in_database(
    committed_database: str, django_db_blocker: Any
) -> Callable[[], contextlib.AbstractContextManager[None]]:
    """`with in_database(): …` points this process's ORM at `committed_database` for a while.

    What is written inside is committed for real, and seen by the processes of `site` and `cli`.
    """
    import environ

    @contextlib.contextmanager
    def pointed() -> Iterator[None]:
        config = environ.Env.db_url_config(committed_database)
        before = connections["default"]
        settings = {
            **before.settings_dict,
            "NAME": config["NAME"],
            "TEST": before.settings_dict["TEST"],
        }
        other = type(before)(settings, alias="default")
        connections["default"] = other
        try:
            with django_db_blocker.unblock():
                yield
        finally:
            other.close()
            connections["default"] = before

    return pointed


# ── Other processes on it ─────────────────────────────────────────────────────────────────


@pytest.fixture
def cli(committed_database: str, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `liancha …` as a process on `committed_database`; status and output are yours to judge.

    cli("import", "targets", path)    cli("demo", env={"LIANCHA_DEMO": "1"})
    """

    def run(
        *arguments: object, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "liancha", *map(str, arguments)],
            cwd=ROOT,
            env=environment(committed_database, tmp_path / "home", **(env or {})),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )

    return run


@pytest.fixture
def start_site(committed_database: str, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start a real server on `committed_database`: `start_site(LIANCHA_DEMO="1")`."""
    with contextlib.ExitStack() as stack:
        yield lambda **env: stack.enter_context(serving(committed_database, tmp_path, env))


@pytest.fixture
def site(start_site: Callable[..., Server]) -> Server:
    """A real server in demo mode on `committed_database`; `site.url` is where."""
    return start_site(LIANCHA_DEMO="1")


# ── Browsers ──────────────────────────────────────────────────────────────────────────────

# Milliseconds that a page may take where several processes share few cores: a limit for what hangs,
# not a claim about how quick it is.
PATIENCE = 45_000
DESKTOP = {"viewport": {"width": 1440, "height": 900}}
PHONE = {
    "viewport": {"width": 360, "height": 780},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the session. Skips where there is none, but fails in CI."""
    found = chromium.find()
    if found is None:
        reason = "no Chromium: run `dev.py setup`, or name one by LIANCHA_CHROMIUM"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)

    # Playwright's sync interface runs a loop in this thread, which Django takes for async code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=found.path,
            args=list(chromium.ARGUMENTS),
            env={**os.environ, **found.environment},
        )
        yield running
        running.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page in a browser profile of its own: `new_page(PHONE)`, or `new_page()`.

    When the test is over, a page that wrote an error to its console (a breach of the content
    security policy among them) fails it.
    """
    with contextlib.ExitStack() as stack:
        errors: list[str] = []

        def open_page(options: dict[str, Any] = DESKTOP, **more: Any) -> Page:
            context = browser.new_context(
                locale="zh-CN", timezone_id="Asia/Shanghai", **options, **more
            )
            stack.callback(context.close)
            context.set_default_timeout(PATIENCE)
            page = context.new_page()
            page.on("console", lambda message: errors.append(console_line(message)))
            page.on("pageerror", lambda error: errors.append(f"{page.url}: {error}"))
            return page

        yield open_page
    if wrong := [line for line in errors if line]:
        pytest.fail("the browser's console:\n" + "\n".join(wrong))


def console_line(message: Any) -> str:
    """An error of the page as a line; empty for anything else.

    A status of 4xx is an answer of ours that a test looks at itself, not a fault of the page.
    """
    if message.type != "error" or "the server responded with a status of 4" in message.text:
        return ""
    return f"{message.location.get('url', '')}: {message.text}"


@pytest.fixture
def desktop(new_page: Callable[..., Page]) -> Page:
    """A page of 1440 × 900."""
    return new_page(DESKTOP)


@pytest.fixture
def phone(new_page: Callable[..., Page]) -> Page:
    """A page of 360 × 780, with touch."""
    return new_page(PHONE)
