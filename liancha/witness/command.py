"""`liancha witness`: run by a body outside the operator, on a machine of its own.

    liancha witness --name 某公证处 --folder D           make the key, show the public half
    liancha witness --folder D --trust 公钥             register a log, after checking by telephone
    liancha witness --folder D --listen 0.0.0.0:8700    sites send their checkpoints here
    liancha witness --folder D --follow http://…        or fetch them, where nothing may come in

Ends with 0 when all is well (--once, --trust, --name alone), 1 when a log was refused, 2 for a
wrong argument or key, 3 when a site did not answer (--once).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

from liancha.rulebook import notes
from liancha.rulebook.form import Refused
from liancha.rulebook.signing import Signer

from . import following, serving
from .fetching import Answered, Site, Unreachable
from .judging import Inconsistent
from .store import Store

OK, REFUSED, WRONG, AWAY = 0, 1, 2, 3


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="liancha witness",
        description="见证存证日志：只有接得上先前所见的检查点才联签。由本站以外的单位在自己的机器上运行。",
        epilog="退出码：0 正常；1 拒绝了前后不一的日志；2 参数或密钥有误；3 站点没有回答。",
    )
    made.add_argument(
        "--folder",
        type=Path,
        default=Path("witness"),
        metavar="文件夹",
        help="密钥、见过的检查点和拒绝的证据都在这里，默认 witness",
    )
    made.add_argument("--name", default="", metavar="名称", help="见证单位，第一次运行时写进密钥")
    made.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="公钥",
        help="登记一个日志的公钥（先用电话等别的途径核对）",
    )
    made.add_argument(
        "--replace", metavar="公钥", help="旧密钥丢失、没有更替声明时，改用这把公钥（先核实）"
    )
    made.add_argument(
        "--follow", action="append", default=[], metavar="网址", help="定时去取检查点，联签后交回"
    )
    made.add_argument("--every", type=int, default=20, metavar="秒", help="隔多久取一次，默认 20")
    made.add_argument("--once", action="store_true", help="与 --follow 同用：只取一次就结束")
    made.add_argument(
        "--listen", metavar="地址:端口", help="接收站点送来的检查点，例如 0.0.0.0:8700"
    )
    made.add_argument("--show", action="store_true", help="只显示公钥和见过的检查点")
    return made


def main(arguments: Sequence[str]) -> int:
    """Run the command; the exit status."""
    asked = parser().parse_args(arguments)
    store = Store(asked.folder)
    try:
        signer = store.signer(asked.name)
        for text in asked.trust:
            store.trust(notes.read_key(text))
        if asked.replace:
            store.replace(notes.read_key(asked.replace))
        sites = [Site(address) for address in asked.follow]
        _show(store, signer)
        server = _server(store, signer, asked.listen)
    except (Refused, Unreachable, OSError) as problem:
        print(problem, file=sys.stderr)
        return WRONG
    if server is not None:
        print(f"在 {asked.listen} 接收检查点，Ctrl-C 停止。", flush=True)
        if not sites:
            server.serve_forever()
        Thread(target=server.serve_forever, daemon=True).start()
    if not sites:
        return OK
    while True:
        statuses = [_looked(store, signer, site) for site in sites]
        if asked.once:  # one log refused outweighs another that did not answer
            return REFUSED if REFUSED in statuses else max(statuses)
        time.sleep(max(asked.every, 1))


def _server(store: Store, signer: Signer, listen: str | None) -> serving.ThreadingHTTPServer | None:
    if listen is None:
        return None
    host, _, port = listen.rpartition(":")
    if not port.isascii() or not port.isdigit():
        raise Refused("--listen", "应为 地址:端口，例如 0.0.0.0:8700")
    return serving.server(store, signer, host.strip("[]") or "127.0.0.1", int(port))


def _show(store: Store, signer: Signer) -> None:
    print(f"见证公钥：{signer.key}")
    for origin, known in store.logs().items():
        at = f"大小 {known.size}，根 {known.root}" if known.size else "还没有检查点"
        print(f"登记的日志：{origin}，{at}", flush=True)


def _looked(store: Store, signer: Signer, site: Site) -> int:
    now = int(time.time())
    status, said = OK, ""
    try:
        said = following.look(store, signer, site, seconds=now)
    except Inconsistent as problem:
        status, said = REFUSED, f"拒绝联签。{problem}。证据：{problem.evidence}"
    except Refused as problem:
        status, said = REFUSED, f"没有联签。{problem}"
    except (Unreachable, Answered) as problem:
        status, said = AWAY, f"没有联签。{problem}"
    moment = datetime.fromtimestamp(now, UTC).astimezone()
    print(f"{moment:%F %T} {site.base} {said}", flush=True)
    return status
