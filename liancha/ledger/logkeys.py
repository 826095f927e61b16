"""The log's name, its private key in a file outside the database, and the witnesses it knows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from liancha.rulebook import notes, signing
from liancha.rulebook.form import Refused
from liancha.rulebook.notes import Key, Note
from liancha.rulebook.signing import Signer

from .models import LogKey


@dataclass(frozen=True, slots=True)
class Witness:
    """A body that cosigns: its public key, and where to send checkpoints ("" if it fetches)."""

    key: Key
    url: str


class KeyAway(Exception):
    """The log cannot sign: no key file, one that is not to be used, or another key's. Chinese."""


def origin() -> str:
    """The name of this log, first line of its checkpoints."""
    return str(settings.LIANCHA_LOG_ORIGIN)


def path() -> Path:
    return Path(settings.LIANCHA_LOG_KEY)


def fresh_path() -> Path:
    """Where a new key waits while the log changes to it."""
    return path().with_name(f"{path().name}.new")


def current() -> LogKey | None:
    """The public key in force, once there is one."""
    return LogKey.objects.order_by("-size").first()


def signer() -> Signer:
    """The private key in force. Raises KeyAway with what to do."""
    published = current()
    try:
        is_lost = not path().exists() and fresh_path().exists()
        if is_lost and published and str(signing.load(fresh_path()).key) == published.key:
            fresh_path().replace(path())
        found = signing.load(path())
        if published and str(found.key) != published.key and fresh_path().exists():
            # A change of keys was cut short after it was written down: end it.
            fresh = signing.load(fresh_path())
            if str(fresh.key) == published.key:
                retire(found)
                found = fresh
    except FileNotFoundError as error:
        raise KeyAway(
            f"没有存证日志的密钥文件 {path()}。新装的运行 liancha log key new；"
            "丢失的从备份恢复，恢复不了的运行 liancha log key rotate --lost。"
        ) from error
    except Refused as problem:
        raise KeyAway(f"{problem}。") from problem
    if found.key.name != origin():
        raise KeyAway(f"密钥属于 {found.key.name}，不是 {origin()}：请核对 LIANCHA_LOG_ORIGIN。")
    if published and str(found.key) != published.key:
        raise KeyAway(
            f"密钥文件 {path()} 与公布的公钥不是一对。请恢复原来的文件；"
            "要换密钥的运行 liancha log key rotate。"
        )
    return found


def retire(old: Signer) -> Path:
    """Put the new key in the old one's place; the old file is kept under its number."""
    put_by = path().with_name(f"{path().name}.retired-{old.key.id.hex()}")
    path().replace(put_by)
    fresh_path().replace(path())
    return put_by


def witnesses() -> list[Witness]:
    """Those named in LIANCHA_LOG_WITNESSES; what cannot be read counts for nobody (see apps)."""
    return _read()[0]


def witness_problems() -> list[str]:
    """What in LIANCHA_LOG_WITNESSES cannot be read."""
    return _read()[1]


def _read() -> tuple[list[Witness], list[str]]:
    found, problems = [], []
    for item in _named():
        text, _, url = str(item).strip().partition(" ")
        try:
            key = notes.read_key(text)
        except Refused as problem:
            problems.append(str(problem))
            continue
        if key.kind != notes.WITNESS:
            problems.append(f"{key.name} 的公钥不是见证用的")
        elif url.strip() and not url.strip().startswith(("http://", "https://")):
            problems.append(f"{key.name} 的地址应以 http:// 或 https:// 开头")
        else:
            found.append(Witness(key, url.strip()))
    return found, problems


def _named() -> list[str]:
    """Those of the settings; in a demo also the witness that its year was made with."""
    demo = Path(settings.LIANCHA_DEMO_WITNESS)
    known = (
        demo.read_text(encoding="utf-8").split() if settings.LIANCHA_DEMO and demo.exists() else []
    )
    return [*settings.LIANCHA_LOG_WITNESSES, *known]


def statements() -> list[Note]:
    """Every handover from one key to the next, oldest first."""
    rows = LogKey.objects.exclude(statement="").order_by("size")
    return [notes.read_note(row.statement) for row in rows]
