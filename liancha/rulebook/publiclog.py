"""log.json: what the public log says of one draw (liancha-draw/1, §§6 and 7).

    {
     "entries": [{"checkpoint": 0, "index": 17, "leaf": "…", "path": ["…"]}, …],
     "checkpoints": [{"size": 20, "root": "…", "text": "…", "signatures": ["…"],
                      "consistency": ["…"]}, …]
    }

entries      one each of freeze, rule, close and draw, by index; `commit` and `void` may stand with
             them, and a void draw may lack close and draw. index counts from 0 in the tree; leaf is
             the leaf data, 32 hex digits TAB the entry as RFC 8785 JSON; path is the RFC 9162
             inclusion proof, hex, leaf to root, in the tree of the checkpoint with that place in
             the list below. An entry carries at least
                 freeze  frame       {"root", "sha256", "size"}; for inspectors H(salt LF eligible
                                     LF needs LF roster LF)
                 rule    rule_digest
                 close   missing     names of the parties that did not reveal
                 draw    transcript  the transcript digest
             and `draw` (the number) and `kind` always
checkpoints  by growing size; text is the C2SP checkpoint: origin LF size LF base64 root LF, further
             lines possible; signatures are the signature lines of the signed note, the log's own
             and the witnesses', `— name base64`; consistency is the RFC 9162 proof from this
             checkpoint to the last one, empty in the last
The rule is proven against a checkpoint that does not hold the close yet, the close against one
that does not hold the draw yet.

Hashes and proofs are checked here. Signatures are not: the standard library has no Ed25519.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from . import tree
from .chain import leaf as leaf_data
from .form import (
    Reader,
    Refused,
    canonical,
    decimal,
    is_hex,
    load_json,
    parse_json,
    shown,
    text_problem,
)
from .transcript import json_file

FILE: Final = "log.json"
KINDS: Final = ("freeze", "rule", "close", "draw")
ALSO: Final = ("commit", "void")

_SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_COSIGNATURE_BYTES: Final = 4 + 8 + 64  # key id, time, Ed25519: tlog-cosignature


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry with its proof; checkpoint is a place in the log file's list, from 0."""

    index: int
    leaf: str
    path: tuple[str, ...]
    checkpoint: int

    @property
    def words(self) -> Mapping[str, object]:
        """The entry itself. Only for a leaf whose form was checked."""
        words = parse_json(self.leaf.partition("\t")[2], FILE, is_signed=True)
        return words if isinstance(words, dict) else {}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    size: int
    root: str
    text: str
    signatures: tuple[str, ...]
    consistency: tuple[str, ...]

    @property
    def origin(self) -> str:
        return self.text.partition("\n")[0]

    def cosigned_at(self) -> list[datetime]:
        """When the witnesses say they cosigned. Claims only: no signature is checked here."""
        times = []
        for line in self.signatures:
            found = _SIGNATURE.fullmatch(line)
            blob = base64.b64decode(found[2]) if found else b""
            if len(blob) == _COSIGNATURE_BYTES:
                seconds = min(int.from_bytes(blob[4:12]), 2**33)
                times.append(datetime.fromtimestamp(seconds, UTC))
        return times


@dataclass(frozen=True, slots=True)
class Log:
    entries: tuple[LogEntry, ...]
    checkpoints: tuple[Checkpoint, ...]

    def entry(self, kind: str) -> LogEntry | None:
        return next((entry for entry in self.entries if entry.words.get("kind") == kind), None)

    def checkpoint_of(self, kind: str) -> Checkpoint | None:
        entry = self.entry(kind)
        return self.checkpoints[entry.checkpoint] if entry else None

    def file(self) -> bytes:
        return json_file(
            {
                "entries": [
                    {
                        "checkpoint": entry.checkpoint,
                        "index": entry.index,
                        "leaf": entry.leaf,
                        "path": list(entry.path),
                    }
                    for entry in self.entries
                ],
                "checkpoints": [
                    {
                        "size": checkpoint.size,
                        "root": checkpoint.root,
                        "text": checkpoint.text,
                        "signatures": list(checkpoint.signatures),
                        "consistency": list(checkpoint.consistency),
                    }
                    for checkpoint in self.checkpoints
                ],
            }
        )


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """The text of a C2SP checkpoint, which is what gets signed."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


# Reading


def read_log(data: bytes, part: str = FILE) -> Log:
    """Read log.json. Raises Refused with every part that is not of the form above."""
    reader = Reader()
    fields = reader.fields(load_json(data, part), part, "entries", "checkpoints")
    checkpoints = [
        _checkpoint(reader, item, f"{part} checkpoints[{at}]")
        for at, item in enumerate(reader.items(fields["checkpoints"], f"{part} checkpoints"))
    ]
    entries = [
        _entry(reader, item, f"{part} entries[{at}]", len(checkpoints))
        for at, item in enumerate(reader.items(fields["entries"], f"{part} entries"))
    ]
    indices = [entry.index for entry in entries]
    if indices != sorted(set(indices)):
        reader.note(f"{part} entries", "应按序号排列，不重复")
    sizes = [checkpoint.size for checkpoint in checkpoints]
    if sizes != sorted(set(sizes)):
        reader.note(f"{part} checkpoints", "应按大小排列，不重复")
    reader.finish()
    return Log(tuple(entries), tuple(checkpoints))


def _checkpoint(reader: Reader, value: object, part: str) -> Checkpoint:
    found = reader.fields(value, part, "size", "root", "text", "signatures", "consistency")
    text = reader.raw(found["text"], f"{part}.text")
    signatures = []
    for at, line in enumerate(reader.items(found["signatures"], f"{part}.signatures")):
        line = reader.text(line, f"{part}.signatures[{at}]")
        if not _is_signature(line):
            reader.note(f"{part}.signatures[{at}]", "应为 — 名称 Base64 的署名行")
        signatures.append(line)
    checkpoint = Checkpoint(
        size=reader.number(found["size"], f"{part}.size"),
        root=reader.hex(found["root"], f"{part}.root"),
        text=text,
        signatures=tuple(signatures),
        consistency=_path(reader, found["consistency"], f"{part}.consistency"),
    )
    if not isinstance(found["text"], str):
        return checkpoint
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or any(map(text_problem, lines[:-1])):
        reader.note(f"{part}.text", "应为 来源、大小、Base64 根 三行，每行以换行符结束")
    elif decimal(lines[1]) != checkpoint.size:
        reader.note(f"{part}.text", "大小与 size 不符")
    elif lines[2] != base64.b64encode(bytes.fromhex(checkpoint.root)).decode():
        reader.note(f"{part}.text", "根与 root 不符")
    return checkpoint


def _entry(reader: Reader, value: object, part: str, checkpoints: int) -> LogEntry:
    found = reader.fields(value, part, "checkpoint", "index", "leaf", "path")
    leaf = reader.raw(found["leaf"], f"{part}.leaf")
    if isinstance(found["leaf"], str) and (problem := _leaf_problem(leaf)):
        reader.note(f"{part}.leaf", problem)
    at = reader.number(found["checkpoint"], f"{part}.checkpoint")
    if at >= checkpoints:
        reader.note(f"{part}.checkpoint", f"只有 {checkpoints} 个检查点，从 0 数起")
    return LogEntry(
        index=reader.number(found["index"], f"{part}.index"),
        leaf=leaf,
        path=_path(reader, found["path"], f"{part}.path"),
        checkpoint=at,
    )


def _path(reader: Reader, value: object, part: str) -> tuple[str, ...]:
    return tuple(
        reader.hex(node, f"{part}[{at}]") for at, node in enumerate(reader.items(value, part))
    )


def _is_signature(line: str) -> bool:
    found = _SIGNATURE.fullmatch(line)
    try:
        return found is not None and len(base64.b64decode(found[2], validate=True)) > 4
    except binascii.Error:
        return False


def _leaf_problem(leaf: str) -> str | None:
    salt, tab, body = leaf.partition("\t")
    if not tab or not is_hex(salt, 32):
        return "应为 32 位小写十六进制数、制表符、条目正文"
    try:
        leaf_data(salt, body)
        words = parse_json(body, "正文", is_signed=True)
    except Refused as problem:
        return problem.message
    if not isinstance(words, dict):
        return "正文应为对象"
    return None


# Checking


def tree_problems(log: Log, part: str = FILE) -> list[Refused]:
    """Entries that are not in the tree of their checkpoint, checkpoints that do not grow."""
    problems = []
    if not log.checkpoints:
        problems.append(Refused(f"{part} checkpoints", "至少要有一个检查点"))
    last = log.checkpoints[-1] if log.checkpoints else None
    for at, one in enumerate(log.checkpoints):
        assert last is not None
        if one.origin != last.origin:
            problems.append(Refused(f"{part} checkpoints[{at}].text", "来源与最后一个检查点不同"))
        if not tree.extends(
            one.size, _raw(one.root), last.size, _raw(last.root), _raws(one.consistency)
        ):
            where = f"{part} checkpoints[{at}]"
            problems.append(Refused(where, "不能证明它是最后一个检查点的前身"))
    for at, entry in enumerate(log.entries):
        checkpoint = log.checkpoints[entry.checkpoint]
        leaf = tree.leaf_hash(entry.leaf.encode())
        root, path = _raw(checkpoint.root), _raws(entry.path)
        if not tree.includes(root, checkpoint.size, entry.index, leaf, path):
            where = f"{part} entries[{at}]"
            problems.append(Refused(where, f"不能证明它在检查点 {entry.checkpoint} 的树中"))
    return problems


def entry_problems(
    log: Log, number: str, expected: Mapping[str, tuple[str, object]], part: str = FILE
) -> list[Refused]:
    """Entries that lack, stand twice or in the wrong order, or say something else.

    number    the draw's
    expected  kind → (key, value that follows from the transcript)
    """
    problems = []
    words = [entry.words for entry in log.entries]
    kinds = [said.get("kind") for said in words]
    order = [kind for kind in kinds if kind in KINDS]
    is_void = "void" in kinds
    for kind in KINDS:
        if kinds.count(kind) > 1:
            problems.append(Refused(f"{part} entries", f"{kind} 有 {kinds.count(kind)} 条"))
        elif kind not in kinds and not (is_void and kind in ("close", "draw")):
            problems.append(Refused(f"{part} entries", f"缺少 {kind} 条目"))
    if order != sorted(order, key=KINDS.index):
        problems.append(Refused(f"{part} entries", f"次序应为 {'、'.join(KINDS)}"))
    for at, said in enumerate(words):
        where = f"{part} entries[{at}].leaf"
        what = said.get("kind")
        if said.get("draw") != number:
            problems.append(Refused(where, f"属于另一次抽取 {shown(str(said.get('draw')))}"))
        if isinstance(what, str) and what in expected:
            key, value = expected[what]
            if key not in said or canonical(said[key]) != canonical(value):
                problems.append(Refused(where, f"{what} 的 {key} 与抽取记录算出的不符"))
        elif what not in ALSO:
            problems.append(Refused(where, f"不该有 {shown(str(what))} 条目"))
    for kind, then, word in (("rule", "close", "规则"), ("close", "draw", "揭示截止")):
        checkpoint, following = log.checkpoint_of(kind), log.entry(then)
        if checkpoint and following and checkpoint.size > following.index:
            message = f"{word}要用 {then} 之前的检查点证明，这个检查点已含 {then}"
            problems.append(Refused(f"{part} {kind}", message))
    return problems


def late_cosigning(log: Log, due: datetime, part: str = FILE) -> list[Refused]:
    """The close must be cosigned before the beacon is due; here by the witnesses' own claims."""
    checkpoint = log.checkpoint_of("close")
    times = checkpoint.cosigned_at() if checkpoint else []
    if not times or min(times) < due:
        return []
    return [Refused(f"{part} close", f"联签自称于 {min(times).isoformat()}，不早于开奖时间")]


def _raw(digest: str) -> bytes:
    return bytes.fromhex(digest)


def _raws(digests: Sequence[str]) -> list[bytes]:
    return [bytes.fromhex(digest) for digest in digests]
