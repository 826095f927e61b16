"""What can happen to the public log: a checkpoint, a cosignature, another key. No entry changes.

Checkpoints and cosignatures are no entries of the ledger themselves, or each would ask for the
next. A change of keys is one.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import transaction

from liancha.rulebook import notes, signing
from liancha.rulebook.form import Refused
from liancha.rulebook.notes import Handover, Head, Note
from liancha.rulebook.tiles import HEIGHT, WIDTH, top

from . import logkeys, trees
from .actions import Signs, append, take_turn
from .models import Checkpoint, Cosignature, LogKey, Tile

AT_ONCE = 64  # tiles written in one transaction


class Rewritten(Exception):
    """The ledger does not continue what was signed before. Says where, in Chinese."""


def make_checkpoint(*, at: datetime) -> Checkpoint | None:
    """Sign what the ledger now holds; the last checkpoint again when nothing was added.

    None while the ledger is empty. Raises logkeys.KeyAway, Rewritten.
    Source: draw protocol, §7.
    """
    while keep_tiles():
        pass
    return _checkpoint(at)


@transaction.atomic
def keep_tiles() -> int:
    """Store some tiles that have become complete. How many; 0 when all are there."""
    take_turn()
    size, level, made = trees.size(), 0, 0
    while made < AT_ONCE and (full := size >> (HEIGHT * (level + 1))):
        last = Tile.objects.filter(level=level).order_by("-place").values_list("place", flat=True)
        begin = last[0] + 1 if last else 0
        end = min(full, begin + AT_ONCE - made)
        fresh = []
        for place in range(begin, end):
            hashes = trees.missing(level, place, size)
            if len(hashes) != WIDTH:
                raise Rewritten(
                    f"第 {place * WIDTH << (HEIGHT * level)} 条起的 256 条中有记录缺失。"
                )
            root = top(hashes).hex()
            fresh.append(Tile(level=level, place=place, hashes=b"".join(hashes), root=root))
        Tile.objects.bulk_create(fresh)
        made, level = made + len(fresh), level + 1
    return made


@transaction.atomic
def _checkpoint(at: datetime) -> Checkpoint | None:
    take_turn()
    size = trees.size()
    last = Checkpoint.objects.order_by("-size").first()
    if not size or (last and last.size == size):
        return last
    signer = logkeys.signer()
    _continues(last, size)
    if logkeys.current() is None:
        LogKey.objects.create(key=str(signer.key), size=0, at=at)
    return _signed(size, [signer], at)


def _continues(last: Checkpoint | None, size: int) -> None:
    """Never sign against what was signed before."""
    if last is None:
        return
    if size < last.size:
        raise Rewritten(f"日志只有 {size} 条，少于已署名检查点的 {last.size} 条。")
    if trees.tree(size).root(last.size).hex() != last.root:
        raise Rewritten(f"前 {last.size} 条与已署名检查点的根 {last.root} 不符：有记录被改动。")


def _signed(size: int, signers: list[signing.Signer], at: datetime) -> Checkpoint:
    root = trees.tree(size).root()
    text = Head(logkeys.origin(), size, root).text
    lines = "".join(f"{each.sign(text).line}\n" for each in signers)
    return Checkpoint.objects.create(
        size=size, root=root.hex(), text=text, signatures=lines, made_at=at
    )


@transaction.atomic
def add_cosignatures(*, note: Note, at: datetime) -> list[Cosignature]:
    """Take in what witnesses signed under one of our checkpoints; what is there already stays.

    Raises Refused when the text is not ours, a signature is bad, or no line is of a known witness.
    Source: draw protocol, §7.
    """
    head = notes.read_head(note.text)
    checkpoint = Checkpoint.objects.filter(size=head.size, text=note.text).first()
    if checkpoint is None:
        raise Refused(notes.PART, f"本站没有这样一个检查点（{head}）")
    taken = []
    for witness in logkeys.witnesses():
        signature = next((s for s in note.signatures if s.claims(witness.key)), None)
        if signature is None:
            continue
        if not signing.is_by(signature, note.text, witness.key):
            raise Refused(f"{witness.key.name} 的联签", "与正文和公钥不符")
        seconds = signature.seconds
        assert seconds is not None
        if abs(seconds - at.timestamp()) > 24 * 3600:
            raise Refused(f"{witness.key.name} 的联签", "时间与本站相差一天以上，请核对两边的时钟")
        row, _ = Cosignature.objects.get_or_create(
            checkpoint=checkpoint,
            key=str(witness.key),
            defaults={
                "witness": witness.key.name,
                "line": signature.line,
                "cosigned_at": datetime.fromtimestamp(seconds, UTC),
                "received_at": at,
            },
        )
        taken.append(row)
    if not taken:
        raise Refused("联签", "没有本站登记的见证方的署名，请先请本站登记公钥")
    return taken


def new_key() -> signing.Signer:
    """Make the first key file. Raises FileExistsError; KeyAway when the log has a key already."""
    if logkeys.current() is not None:
        raise logkeys.KeyAway(
            "这个日志已有公布的公钥，不能另起一把。请恢复密钥文件，或运行 liancha log key rotate。"
        )
    signer = signing.new_signer(logkeys.origin())
    signing.keep(logkeys.path(), signer)
    return signer


@transaction.atomic
def _hand_over(
    old: signing.Signer | None, new: signing.Signer, reason: str, by: Signs | str, at: datetime
) -> Checkpoint:
    take_turn()
    last = Checkpoint.objects.order_by("-size").first()
    _continues(last, trees.size())
    published = logkeys.current()
    entry = append(
        "log.rotate_key",
        by=by,
        at=at,
        old=published.key if published else "",
        new=str(new.key),
        lost=old is None,
        reason=reason,
    )
    size = entry.index + 1
    if published is None and old is not None:
        LogKey.objects.create(key=str(old.key), size=0, at=at)
    statement = ""
    if old is not None:
        text = Handover(logkeys.origin(), old.key, new.key, size).text
        statement = str(Note(text, (old.sign(text),)))
    LogKey.objects.create(key=str(new.key), size=size, statement=statement, at=at)
    # Signed with both, so that whoever knows only the old key still sees the log go on.
    return _signed(size, [each for each in (new, old) if each is not None], at)


def rotate_key(
    *, reason: str, is_lost: bool = False, by: Signs | str, at: datetime
) -> tuple[Checkpoint, str]:
    """Change to a new key. The new one waits beside the old until the database has the change.

    Gives the first checkpoint under the new key, and where the old file now lies ("" if lost).
    Without the old key (`is_lost`) nobody outside can follow: each pins the new one by hand.
    Raises logkeys.KeyAway, Rewritten.
    """
    while keep_tiles():
        pass
    old = None if is_lost else logkeys.signer()
    logkeys.fresh_path().unlink(missing_ok=True)
    new = signing.new_signer(logkeys.origin())
    signing.keep(logkeys.fresh_path(), new)
    checkpoint = _hand_over(old, new, reason, by, at)
    if old is None:
        logkeys.fresh_path().replace(logkeys.path())
        return checkpoint, ""
    return checkpoint, str(logkeys.retire(old))
