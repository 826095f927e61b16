"""Claims about the tools that stand around the code: locks, settings, databases, the port."""

from __future__ import annotations

import re
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from liancha.accounts.models import Department, Region

ROOT = Path(__file__).resolve().parents[2]


class TestLocks:
    @pytest.mark.parametrize("lock", sorted(ROOT.glob("requirements*.lock")), ids=lambda p: p.name)
    def test_every_package_is_pinned_by_hash_and_no_address_is_named(self, lock: Path) -> None:
        text = lock.read_text(encoding="utf-8")
        pins = re.split(r"^(?=[a-z0-9][a-z0-9._-]*==)", text, flags=re.MULTILINE)[1:]
        assert len(pins) == text.count("==") - sum(pin.count("== '") for pin in pins)
        assert all("--hash=sha256:" in pin for pin in pins)
        assert not re.search(r"://|--index|--find-links|^/", text, flags=re.MULTILINE)

    @pytest.mark.parametrize("folder", ["frontend", "tests/browser"])
    def test_every_npm_package_has_its_integrity_and_no_address(self, folder: str) -> None:
        text = (ROOT / folder / "package-lock.json").read_text(encoding="utf-8")
        assert text.count('"integrity": "sha512-') == text.count('"node_modules/')
        assert '"resolved"' not in text


class TestPort:
    def test_a_taken_port_is_said_at_once_with_a_way_out(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            answer = subprocess.run(
                [sys.executable, ROOT / "dev.py", "run", "--port", str(port)],
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
        assert answer.returncode == 1
        assert f"端口 {port} 不能使用" in answer.stderr
        assert f"--port {port + 1}" in answer.stderr
        assert "Traceback" not in answer.stderr


class TestCommittedDatabase:
    def make(self, name: str) -> None:
        region = Region.objects.first() or Region.objects.create(code="410300", name="洛阳市")
        Department.objects.create(code=name, name=name, short=name, region=region)

    def test_what_is_committed_is_seen_by_another_process(
        self,
        in_database: Callable[[], AbstractContextManager[None]],
        cli: Callable[..., subprocess.CompletedProcess[str]],
    ) -> None:
        with in_database():
            self.make("临时部门")
        count = (
            "from liancha.accounts.models import Department;"
            "print(Department.objects.filter(code='临时部门').count())"
        )
        answer = cli("shell", "-v", "0", "-c", count)
        assert (answer.stdout.strip(), answer.returncode) == ("1", 0), answer.stderr

    def test_the_next_test_finds_nothing_of_it(
        self, in_database: Callable[[], AbstractContextManager[None]]
    ) -> None:
        with in_database():
            assert not Department.objects.filter(code="临时部门").exists()

    @pytest.mark.django_db
    def test_nor_does_an_ordinary_test(self) -> None:
        assert not Department.objects.filter(code="临时部门").exists()


class TestFlushing:
    ASKING = """
import pytest
from django.test import TransactionTestCase

def test_one(live_server): pass
def test_two(transactional_db): pass

@pytest.mark.django_db(transaction=True)
def test_three(): pass

class TestFour(TransactionTestCase):
    def test_it(self): pass

@pytest.mark.django_db
def test_an_ordinary_one(): pass
"""

    def test_is_refused_before_any_test_runs(self, tmp_path: Path) -> None:
        # Outside the tree, where others list the files meanwhile; the real conftest.py refuses.
        path = tmp_path / "asking.py"
        path.write_text(self.ASKING, encoding="utf-8")
        real = ("-p", "tests.conftest", "-c", "pyproject.toml", "--rootdir", str(ROOT))
        answer = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *real, str(path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert answer.returncode == pytest.ExitCode.USAGE_ERROR
        refused = re.findall(r"::(\w+): .*committed_database", answer.stderr)
        assert refused == ["test_one", "test_two", "test_three", "test_it"]


class TestSettings:
    def test_the_key_is_made_once_and_only_its_owner_may_read_it(
        self, cli: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
    ) -> None:
        show = "from django.conf import settings; print(settings.SECRET_KEY)"
        first, second = (
            cli("shell", "-v", "0", "-c", show, env={"LIANCHA_SECRET_KEY": ""}).stdout
            for _ in range(2)
        )
        assert len(first.strip()) >= 64
        assert first == second
        kept = tmp_path / "home" / "secret_key"
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600

    @pytest.mark.django_db
    def test_no_page_may_run_inline_code_or_be_framed(self, client: Client) -> None:
        policy: Any = client.get("/")["Content-Security-Policy"]
        directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
        assert directives["default-src"] == "'self'"
        assert directives["script-src"] == "'self'"
        assert directives["style-src"] == "'self'"
        assert directives["frame-ancestors"] == "'none'"

    def test_there_is_no_admin_site(self) -> None:
        from django.apps import apps

        assert not apps.is_installed("django.contrib.admin")

    def test_help_is_in_chinese_and_names_our_commands(
        self, cli: Callable[..., subprocess.CompletedProcess[str]]
    ) -> None:
        answer = cli("--help")
        assert answer.returncode == 0
        assert "用法" in answer.stdout
        assert re.search(r"^  ledger +\S", answer.stdout, flags=re.MULTILINE)
