"""The texts a public log and its witnesses sign (draw protocol, §7).

Formats of C2SP, word for word: signed-note (a text, a blank line, lines `— name base64`),
tlog-checkpoint (origin, size, root), tlog-cosignature (`cosignature/v1`, a time, the checkpoint).
One text is our own, the handover from an old key of the log to a new one.

Standard library only; nothing is signed or checked here, that is `signing`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from .form import Refused, decimal

LOG, WITNESS = 1, 4  # C2SP signature types: Ed25519 over the text; tlog-cosignature/v1
PART: Final = "存证检查点"
LONGEST: Final = 1_000_000  # characters; C2SP asks for a bound
_HANDOVER: Final = "liancha-log-key/1"
_NAME = re.compile(r"[^\s+]+")
_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")


@dataclass(frozen=True, slots=True)
class Key:
    """A public key with the name it signs under; 32 bytes of Ed25519."""

    name: str
    kind: int
    raw: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that tell keys apart: SHA-256(name ‖ LF ‖ kind ‖ key), cut."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.raw).digest()[:4]

    def __str__(self) -> str:
        """name+id+base64, as signed-note writes verifier keys."""
        return f"{self.name}+{self.id.hex()}+{_b64(bytes([self.kind]) + self.raw)}"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: whose it says it is, the key's four bytes, the rest."""

    name: str
    key_id: bytes
    blob: bytes

    @property
    def line(self) -> str:
        return f"— {self.name} {_b64(self.key_id + self.blob)}"

    @property
    def seconds(self) -> int | None:
        """When a witness says it cosigned, POSIX seconds; None for a log's signature."""
        return int.from_bytes(self.blob[:8]) if len(self.blob) == 8 + 64 else None

    def claims(self, key: Key) -> bool:
        """Whether the line says it was made with this key."""
        return self.name == key.name and self.key_id == key.id


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in LF, and its signature lines."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(f"{each.line}\n" for each in self.signatures)


@dataclass(frozen=True, slots=True)
class Head:
    """What a checkpoint says: this log had so many entries, with this root (32 bytes)."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{_b64(self.root)}\n"

    def __str__(self) -> str:
        return f"大小 {self.size}，根 {self.root.hex()}"


@dataclass(frozen=True, slots=True)
class Handover:
    """From entry `size` on the log signs with `new`; this text is signed with `old`."""

    origin: str
    old: Key
    new: Key
    size: int

    @property
    def text(self) -> str:
        return f"{_HANDOVER}\n{self.origin}\n{self.old}\n{self.new}\n{self.size}\n"


def is_name(name: str) -> bool:
    """A name of a key: not empty, no blanks, no plus sign."""
    return _NAME.fullmatch(name) is not None and len(name) <= 200


def read_key(text: str) -> Key:
    """Read a verifier key. Raises Refused."""
    name, _, rest = text.strip().partition("+")
    shown_id, _, packed = rest.partition("+")
    data = _unpacked(packed)
    if not is_name(name) or data is None or len(data) != 33 or data[0] not in (LOG, WITNESS):
        raise Refused("公钥", "应为 名称+编号+Base64 一行，请整行复制，不要断开")
    key = Key(name, data[0], data[1:])
    if key.id.hex() != shown_id:
        raise Refused("公钥", f"编号 {shown_id[:8]} 与名称和公钥算出的 {key.id.hex()} 不符")
    return key


def read_note(data: bytes | str) -> Note:
    """Read a signed note. Raises Refused. No signature is checked."""
    try:
        whole = data.decode() if isinstance(data, bytes) else data
    except UnicodeDecodeError as error:
        raise Refused(PART, "不是 UTF-8 文本") from error
    if len(whole) > LONGEST:
        raise Refused(PART, "太长")
    if any(ord(letter) < 32 and letter != "\n" for letter in whole):
        raise Refused(PART, "含有控制字符")
    head, blank, tail = whole.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise Refused(PART, "应为正文、空行、署名行，每行以换行符结束")
    return Note(head + "\n", read_signatures(tail))


def read_signatures(text: str) -> tuple[Signature, ...]:
    """Read signature lines, one at least. Raises Refused."""
    signatures = []
    for line in text.removesuffix("\n").split("\n"):
        found = _LINE.fullmatch(line)
        blob = _unpacked(found[2]) if found else None
        if found is None or blob is None or len(blob) < 5:
            raise Refused(PART, "署名行应为 — 名称 Base64")
        signatures.append(Signature(found[1], blob[:4], blob[4:]))
    return tuple(signatures)


def read_head(text: str) -> Head:
    """Read the text of a checkpoint; lines after the third are let be. Raises Refused."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
        raise Refused(PART, "应为 来源、大小、Base64 根 三行，每行以换行符结束")
    size, root = decimal(lines[1]), _unpacked(lines[2])
    if size is None or size >= 2**63:
        raise Refused(PART, "大小应为不带前导零的十进制数")
    if root is None or len(root) != 32:
        raise Refused(PART, "根应为 32 字节的 Base64")
    return Head(lines[0], size, root)


def read_handover(text: str) -> Handover:
    """Read the text by which a log changes its key. Raises Refused."""
    lines = text.split("\n")
    size = decimal(lines[4]) if len(lines) == 6 else None
    if size is None or lines[0] != _HANDOVER or lines[-1]:
        raise Refused("密钥更替声明", f"应为 {_HANDOVER}、来源、旧公钥、新公钥、大小 五行")
    return Handover(lines[1], read_key(lines[2]), read_key(lines[3]), size)


def cosigned_text(text: str, seconds: int) -> str:
    """What a witness signs: that at this time it had seen no history but this.

    Source: C2SP tlog-cosignature, cosignature/v1.
    """
    return f"cosignature/v1\ntime {seconds}\n{text}"


def proof_lines(proof: Sequence[bytes]) -> str:
    """Hashes as base64 lines, as add-checkpoint sends them."""
    return "".join(f"{_b64(node)}\n" for node in proof)


def read_proof(lines: Sequence[str]) -> list[bytes]:
    """Raises Refused where a line is not the base64 of 32 bytes, or there are more than 63."""
    nodes = [_unpacked(line) for line in lines]
    found = [node for node in nodes if node is not None and len(node) == 32]
    if len(found) < len(nodes) or len(nodes) > 63:
        raise Refused("一致性证明", "应为至多 63 行，每行 32 字节的 Base64")
    return found


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _unpacked(text: str) -> bytes | None:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if _b64(data) == text else None
