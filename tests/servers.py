"""Real servers for the tests, each a process of its own on a database of its own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def environment(url: str, home: Path, **more: str) -> dict[str, str]:
    """What a process of the site needs to work on this database, and on nothing else of ours."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("LIANCHA_", "DATABASE_", "DJANGO_", "PYTEST_"))
    }
    return {
        **kept,
        "DATABASE_URL": url,
        "LIANCHA_HOME": str(home),
        "LIANCHA_SECRET_KEY": "only for tests",
        "LIANCHA_MANIFEST": "0",
        "LIANCHA_HTTPS": "0",
        "LIANCHA_QUEUE_SYNC": "1",
        **more,
    }


@dataclass
class Server:
    """A running server: its address without a slash at the end, and what it wrote so far."""

    url: str
    log: Path

    def __str__(self) -> str:
        return self.url

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


@contextlib.contextmanager
def serving(url: str, folder: Path, env: dict[str, str]) -> Iterator[Server]:
    with held_port() as port:
        log = folder / f"server-{port}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"),
                    *("--host", "127.0.0.1", "--port", str(port)),
                    *("--workers", "1", "--blocking-threads", "4", "--log-level", "warning"),
                    "liancha.site.wsgi:application",
                ],
                cwd=ROOT,
                env=environment(url, folder / "home", **env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        server = Server(f"http://127.0.0.1:{port}", log)
        try:
            wait_until_served(server, process)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until_served(
    server: Server, process: subprocess.Popen[bytes], seconds: float = 120
) -> None:
    """Return when it answers; how long that may take is no property of what is tested."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(server.url, timeout=seconds):
                return
        except urllib.error.HTTPError:
            return  # an answer, whatever it says
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the server did not start:\n{server.output()}")


@contextlib.contextmanager
def held_port() -> Iterator[int]:
    """A port for one server, which no other process is given meanwhile.

    The server binds it as well; ours never listens, and so takes no connection from it.
    """
    with socket.socket() as held:
        if hasattr(socket, "SO_REUSEPORT"):
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(("127.0.0.1", 0))
        port = int(held.getsockname()[1])
        if not hasattr(socket, "SO_REUSEPORT"):
            held.close()  # nothing to share it by: it may be taken, but hardly is
        yield port
