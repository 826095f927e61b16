"""Ed25519 under the notes of the public log: who signed, and keys kept in files (protocol, §7).

The only module of the rulebook that needs a library (`cryptography`); the verifier, which runs on
Python alone, never imports it. A private key is in a file and in memory, nowhere else: never in a
database, never in a message.
"""

from __future__ import annotations

import base64
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from . import notes
from .form import Refused
from .notes import LOG, WITNESS, Handover, Head, Key, Note, Signature

_PRIVATE: Final = "PRIVATE+KEY"


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key with its name. Its text is for the key file only."""

    key: Key
    private: Ed25519PrivateKey = field(repr=False)

    def sign(self, text: str) -> Signature:
        """The log's own signature over a note's text."""
        return Signature(self.key.name, self.key.id, self.private.sign(text.encode()))

    def cosign(self, text: str, seconds: int) -> Signature:
        """A witness's signature over a checkpoint's text and the time."""
        made = self.private.sign(notes.cosigned_text(text, seconds).encode())
        return Signature(self.key.name, self.key.id, seconds.to_bytes(8) + made)


def new_signer(name: str, kind: int = LOG) -> Signer:
    """A fresh key. Raises Refused for a name that cannot stand in a note."""
    if not notes.is_name(name):
        raise Refused("名称", "不能为空，不能有空格和加号")
    return _signer(name, kind, Ed25519PrivateKey.generate())


def _signer(name: str, kind: int, private: Ed25519PrivateKey) -> Signer:
    return Signer(Key(name, kind, private.public_key().public_bytes_raw()), private)


def is_by(signature: Signature, text: str, key: Key) -> bool:
    """True if this key made this signature over this text; of a witness, with the time in it."""
    if not signature.claims(key):
        return False
    blob, signed = signature.blob, text
    if key.kind == WITNESS:
        seconds = signature.seconds
        if seconds is None:
            return False
        blob, signed = blob[8:], notes.cosigned_text(text, seconds)
    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(blob, signed.encode())
    except InvalidSignature:
        return False
    return True


def signed_by(note: Note, keys: Iterable[Key]) -> Key | None:
    """The first of these keys with a good signature under the note. Raises Refused where a line
    that names one of them is not its signature: signed-note lets nobody pass that over.
    """
    found = None
    for key in keys:
        for signature in note.signatures:
            if not signature.claims(key):
                continue
            if not is_by(signature, note.text, key):
                raise Refused(f"{key.name} 的署名", "与正文和公钥不符：正文或署名被改动")
            found = found or key
    return found


def successor(statement: Note, origin: str, old: Key) -> Handover | None:
    """What an old key says about the next; None when it is about another log or key.

    Raises Refused when the statement is about this key and its signature is bad.
    """
    handover = notes.read_handover(statement.text)
    if handover.origin != origin or handover.old != old or handover.new.kind != LOG:
        return None
    if signed_by(statement, [old]) is None:
        raise Refused("密钥更替声明", "没有旧密钥的署名")
    return handover


def followed(origin: str, key: Key, statements: Iterable[Note]) -> list[Handover]:
    """The handovers that lead from this key to the newest, in order. Raises Refused."""
    waiting, found = list(statements), []
    while waiting:
        for statement in waiting:
            step = successor(statement, origin, key)
            if step is not None:
                waiting.remove(statement)
                found.append(step)
                key = step.new
                break
        else:
            break
    return found


def head_of(note: Note, origin: str, keys: Iterable[Key]) -> Head:
    """The checkpoint in a note, once its origin and signature are found good. Raises Refused."""
    head = notes.read_head(note.text)
    if head.origin != origin:
        raise Refused("来源", f"应为 {origin}，现在是 {head.origin[:80]}")
    if signed_by(note, keys) is None:
        raise Refused(notes.PART, f"没有 {origin} 已知密钥的署名")
    return head


# Key files


def keep(path: Path, signer: Signer) -> None:
    """Write a new key file, readable by its owner only. Raises FileExistsError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    packed = bytes([signer.key.kind]) + signer.private.private_bytes_raw()
    with open(handle, "w", encoding="utf-8") as file:
        name, key_id = signer.key.name, signer.key.id.hex()
        file.write(f"{_PRIVATE}+{name}+{key_id}+{base64.b64encode(packed).decode()}\n")
        file.flush()
        os.fsync(handle)


def load(path: Path, kind: int = LOG) -> Signer:
    """Read a key file. Raises FileNotFoundError, and Refused when others may read it or it is not
    a key of this kind.
    """
    where = f"密钥文件 {path}"
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        raise Refused(where, f"权限 {mode:o} 太宽，别人也能读。请运行 chmod 600，并考虑更换密钥")
    text = path.read_text(encoding="utf-8").strip()
    parts = text.removeprefix(f"{_PRIVATE}+").split("+", 2)
    if not text.startswith(f"{_PRIVATE}+") or len(parts) != 3:
        raise Refused(where, "不是密钥文件")
    try:
        packed = base64.b64decode(parts[2], validate=True)
        if len(packed) != 33 or packed[0] != kind:
            raise ValueError
        signer = _signer(parts[0], kind, Ed25519PrivateKey.from_private_bytes(packed[1:]))
    except ValueError as error:
        raise Refused(where, "内容不完整，或不是这种用途的密钥") from error
    if signer.key.id.hex() != parts[1]:
        raise Refused(where, "编号与密钥不符，文件可能被改动")
    return signer
