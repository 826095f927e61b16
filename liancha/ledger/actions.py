"""What can happen in this room: an entry is appended, a subject is sealed. Nothing else."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any, Protocol

from django.db import connection, transaction
from django.utils import timezone

from liancha.rulebook import chain, protocol

from .locks import ZEROS
from .models import Entry, Seal

ONE_AT_A_TIME = 0x6C69616E  # key of the advisory lock on PostgreSQL; SQLite's IMMEDIATE suffices


class Signs(Protocol):
    """Somebody who can stand in an entry: accounts.User does."""

    @property
    def signature(self) -> str: ...


def take_turn() -> None:
    """Wait until no other transaction is writing; ours then keeps the turn until it ends.

    For numbers without gaps: take the turn, read the last number, write the next.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])


@transaction.atomic
def append(
    what: str,
    *,
    by: Signs | str,
    at: datetime,
    draw: str = "",
    kind: str = "",
    about: tuple[str, int | str] | None = None,
    **facts: Any,
) -> Entry:
    """Append one entry and chain it to the last, in the caller's transaction.

    what    "<room>.<verb>", as the permission and the action are called
    by      the person, or a word for a machine ("system")
    draw, kind  for the entries of a draw (protocol §7): its number and freeze, rule, …;
            a kind without a draw is a fact like any other
    about   what it is about, ("task", 42), so that its page finds it again
    facts   JSON without floats; goes into the body as it is

    A second writer waits until the first has committed. Raises ValueError for facts that have
    no canonical JSON form.
    """
    take_turn()
    last = Entry.objects.order_by("-index").values("index", "digest").first()
    index, previous = (last["index"] + 1, last["digest"]) if last else (0, ZEROS)
    who = by if isinstance(by, str) else by.signature
    words = {"at": timezone.localtime(at).isoformat(timespec="seconds"), "by": who, "what": what}
    if draw:
        words |= {"draw": draw, "kind": kind}
    elif kind:
        facts["kind"] = str(kind)
    body = protocol.canonical(words | facts)
    salt = secrets.token_hex(16)
    return Entry.objects.create(
        index=index,
        at=at,
        by=who,
        what=what,
        draw=draw,
        kind=kind if draw else "",
        subject=f"{about[0]}:{about[1]}" if about else "",
        salt=salt,
        body=body,
        previous=previous,
        digest=chain.entry_digest(previous, salt, body),
    )


@transaction.atomic
def seal(kind: str, key: int | str, *, entry: Entry) -> Seal:
    """From now on the rows of this subject refuse every change (see locks.Sealed).

    Raises IntegrityError when it is sealed already.
    """
    return Seal.objects.create(subject=f"{kind}:{key}", at=entry.at, entry=entry)
