"""The witness as an HTTP server: POST /add-checkpoint (C2SP tlog-witness), POST /add-key.

POST /add-checkpoint   "old N", proof lines, a blank line, the checkpoint
    200 signature line   404 unknown log   403 not signed by it   400 not readable
    409 and the size the witness is at   422 the proof does not hold
POST /add-key          the handover from one key of a log to the next, signed with the old
GET /                  who this is, in two lines
"""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from liancha.rulebook import notes
from liancha.rulebook.form import Refused, decimal
from liancha.rulebook.signing import Signer

from . import judging
from .store import Store

LARGEST = 256 * 1024
SIZE = "text/x.tlog.size"
PLAIN = "text/plain; charset=utf-8"


def read_request(body: bytes) -> tuple[int, list[bytes], notes.Note]:
    """Old size, proof, checkpoint. Raises Refused."""
    try:
        head, blank, rest = body.decode().partition("\n\n")
    except UnicodeDecodeError as error:
        raise Refused("请求", "不是 UTF-8 文本") from error
    first, *lines = head.split("\n")
    old = decimal(first.removeprefix("old "))
    if not blank or not first.startswith("old ") or old is None:
        raise Refused("请求", "应为 old N、证明行、空行、检查点")
    return old, notes.read_proof(lines), notes.read_note(rest)


def answer(store: Store, signer: Signer, path: str, body: bytes) -> tuple[int, str, str]:
    """Status, content type and text for a POST."""
    try:
        if path == "/add-key":
            return 200, PLAIN, f"{judging.take_handover(store, notes.read_note(body))}\n"
        old, proof, note = read_request(body)
        made = judging.consider(store, signer, old, proof, note, seconds=int(time.time()))
        return 200, PLAIN, f"{made.line}\n"
    except judging.Behind as problem:
        return 409, SIZE, f"{problem.size}\n"
    except judging.Unknown as problem:
        status, text = 404, str(problem)
    except judging.Unsigned as problem:
        status, text = 403, str(problem)
    except judging.Forked as problem:
        status, text = 409, str(problem)
    except judging.Inconsistent as problem:
        status, text = 422, str(problem)
    except Refused as problem:
        status, text = 400, str(problem)
    return status, PLAIN, f"{text}\n"


def server(store: Store, signer: Signer, host: str, port: int) -> ThreadingHTTPServer:
    """Bound and ready for serve_forever()."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 30
        server_version = "liancha-witness/1"
        sys_version = ""

        def do_GET(self) -> None:
            self._say(200, PLAIN, f"{signer.key.name}\n{signer.key}\n")

        def do_POST(self) -> None:
            length = decimal(self.headers.get("Content-Length", ""))
            if length is None or length > LARGEST:
                self.close_connection = True
                return self._say(413, PLAIN, "请求太大，或没有 Content-Length\n")
            body = self.rfile.read(length)
            path = self.path.rstrip("/")
            if not path.endswith(("/add-checkpoint", "/add-key")):
                return self._say(404, PLAIN, "只接受 /add-checkpoint 和 /add-key\n")
            status, kind, text = answer(store, signer, "/" + path.rpartition("/")[2], body)
            if status != 200:
                self.log_message("%s", text.strip())
            return self._say(status, kind, text)

        def _say(self, status: int, kind: str, text: str) -> None:
            data = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *arguments: Any) -> None:
            moment = time.strftime("%F %T")
            print(f"{moment} {self.address_string()} {format % arguments}", flush=True)

    return ThreadingHTTPServer((host, port), Handler)
