"""What a witness keeps: its key, the last checkpoint of each log, what it refused.

One folder: `witness_key` (0600), `witness.json`, `refused/`. The state is written to disk before a
cosignature leaves the house, so that a crash never makes the witness forget what it vouched for.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import RLock

from liancha.rulebook import notes, signing
from liancha.rulebook.form import Refused
from liancha.rulebook.notes import Key
from liancha.rulebook.signing import Signer

REMEMBERED = 4_000  # checkpoints of a log, to say between which two it was rewritten


@dataclass
class Known:
    """A log this witness follows. size 0 before its first checkpoint.

    key   its verifier key in force
    note  the last checkpoint cosigned, as it came
    seen  [size, root] of those cosigned, oldest first
    """

    key: str
    size: int = 0
    root: str = ""
    note: str = ""
    seen: list[tuple[int, str]] = field(default_factory=list)


class Store:
    """The folder of one witness. One process at a time, any number of threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._guard = RLock()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def signer(self, name: str = "") -> Signer:
        """The witness's key; made now if there is none and a name is given. Raises Refused."""
        path = self.folder / "witness_key"
        if not path.exists():
            if not name:
                raise Refused("见证密钥", "还没有。第一次运行请用 --name 给出见证单位的名称")
            signing.keep(path, signing.new_signer(name, notes.WITNESS))
        signer = signing.load(path, notes.WITNESS)
        if name and signer.key.name != name:
            raise Refused("见证密钥", f"这个文件夹里的密钥属于 {signer.key.name}，不是 {name}")
        return signer

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder; another process on it waits. Looking and writing are one step."""
        with self._guard, (self.folder / ".lock").open("w") as file:
            with suppress(ImportError):
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def logs(self) -> dict[str, Known]:
        """By origin. Raises Refused when the file is damaged: then nothing may be cosigned."""
        path = self.folder / "witness.json"
        if not path.exists():
            return {}
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return {
                origin: Known(**{**each, "seen": [(int(s), str(r)) for s, r in each["seen"]]})
                for origin, each in found["logs"].items()
            }
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Refused(
                str(path), "读不出来。请从备份恢复；不要删除，否则会忘记见证过什么"
            ) from error

    def write(self, logs: dict[str, Known]) -> None:
        """All or nothing, and on the disk when this returns."""
        path = self.folder / "witness.json"
        draft = path.with_suffix(".draft")
        with draft.open("w", encoding="utf-8") as file:
            json.dump({"logs": {k: asdict(v) for k, v in logs.items()}}, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        with suppress(OSError):
            handle = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def trust(self, key: Key) -> None:
        """Follow this log. Raises Refused when another key of the same name is followed."""
        if key.kind != notes.LOG:
            raise Refused("公钥", f"{key.name} 是见证方的公钥，这里要日志的公钥")
        with self.alone():
            logs = self.logs()
            there = logs.get(key.name)
            if there is not None and there.key != str(key):
                raise Refused(
                    "公钥",
                    f"{key.name} 已登记另一把公钥 {there.key}。日志换了密钥的，凭声明更替："
                    "--follow 会自动核对；旧密钥已丢失的，核实后用 --replace",
                )
            if there is None:
                logs[key.name] = Known(str(key))
                self.write(logs)

    def replace(self, key: Key) -> None:
        """Take another key for a log on a person's word; what was seen stays."""
        with self.alone():
            logs = self.logs()
            logs.setdefault(key.name, Known(str(key))).key = str(key)
            self.write(logs)

    def keep_evidence(self, origin: str, reason: str, offered: str, proof: list[bytes]) -> Path:
        """Write down what was refused and why. The same twice is one file."""
        there = self.logs().get(origin)
        text = (
            f"# 拒绝联签的证据\n\n来源：{origin}\n原因：{reason}\n\n"
            f"## 先前联签过的检查点\n\n{there.note if there and there.note else '无'}\n\n"
            f"## 这次送来的检查点\n\n{offered}\n\n"
            f"## 送来的一致性证明\n\n{notes.proof_lines(proof) or '无'}\n"
        )
        folder = self.folder / "refused"
        folder.mkdir(exist_ok=True)
        path = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.txt"
        path.write_text(text, encoding="utf-8")
        return path
