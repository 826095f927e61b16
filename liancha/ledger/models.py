"""What the ledger keeps: entries and seals; of the public log tiles, keys, checkpoints, cosigning.

Every row is written once: see `locks` for what holds that.
"""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models

from .locks import AppendOnly, Chained, Lock


class EntryQuerySet(models.QuerySet["Entry"]):
    def about(self, room: str, key: int | str) -> Self:
        """Entries whose subject is, say, ("task", 42); newest last."""
        return self.filter(subject=f"{room}:{key}")

    def of_draw(self, number: str) -> Self:
        """The entries of one draw, freeze to lock or void (protocol §7)."""
        return self.filter(draw=number)


class Entry(models.Model):
    """One thing that happened.

    index     0, 1, 2, … without a gap
    body      RFC 8785 JSON with at least "at", "by", "what": the words of the entry
    salt      32 hex digits, so that a leaf hash gives nothing away (draw protocol §7)
    previous  digest of the entry before, 64 zeros for the first
    digest    rulebook.chain.entry_digest(previous, salt, body)
    draw      number of the draw it belongs to, "" otherwise
    subject   "task:42": what it is about, for the timelines of pages
    """

    index = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    what = models.CharField(max_length=60, db_index=True)
    draw = models.CharField(max_length=60, blank=True, db_index=True)
    kind = models.CharField(max_length=20, blank=True)
    subject = models.CharField(max_length=80, blank=True, db_index=True)
    salt = models.CharField(max_length=32)
    body = models.TextField()
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)

    objects = EntryQuerySet.as_manager()

    lock: ClassVar[Lock] = Chained()

    class Meta:
        ordering: ClassVar = ["index"]

    def __str__(self) -> str:
        return f"#{self.index} {self.what}"


class Seal(models.Model):
    """From now on the rows of this subject ("draw:17") refuse every change."""

    subject = models.CharField(max_length=80, primary_key=True)
    at = models.DateTimeField()
    entry = models.ForeignKey(Entry, models.PROTECT, related_name="+")

    lock: ClassVar[Lock] = AppendOnly()

    def __str__(self) -> str:
        return self.subject


class Tile(models.Model):
    """256 neighbouring hashes of the public log's tree, kept once they are complete.

    level   0 for leaf hashes, 1 for the roots of tiles of level 0, …
    hashes  256 × 32 bytes
    root    the hash over them, 64 hex digits
    """

    level = models.PositiveSmallIntegerField()
    place = models.BigIntegerField()
    hashes = models.BinaryField()
    root = models.CharField(max_length=64)

    lock: ClassVar[Lock] = AppendOnly()

    class Meta:
        ordering: ClassVar = ["level", "place"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["level", "place"], name="ledger_tile_once")
        ]

    def __str__(self) -> str:
        return f"{self.level}/{self.place}"


class LogKey(models.Model):
    """A public key of the log: signs every checkpoint from `size` on, until the next one does.

    key        verifier key as signed-note writes it; the private half is never here
    statement  the handover, signed with the key before; "" for the first, or when that was lost
    """

    key = models.CharField(max_length=400, unique=True)
    size = models.BigIntegerField(unique=True)
    statement = models.TextField(blank=True)
    at = models.DateTimeField()

    lock: ClassVar[Lock] = AppendOnly()

    class Meta:
        ordering: ClassVar = ["size"]

    def __str__(self) -> str:
        return self.key


class CheckpointQuerySet(models.QuerySet["Checkpoint"]):
    def cosigned(self) -> Self:
        """Those that a witness has cosigned."""
        return self.filter(
            models.Exists(Cosignature.objects.filter(checkpoint=models.OuterRef("pk")))
        )

    def holding(self, index: int) -> Self:
        """Those whose tree holds the entry, smallest first."""
        return self.filter(size__gt=index).order_by("size")


class Checkpoint(models.Model):
    """What the log signed about itself: so many entries, this root (C2SP tlog-checkpoint).

    text        origin LF size LF base64 root LF, what is signed
    signatures  the log's own signature lines, each ended by LF
    """

    size = models.BigIntegerField(primary_key=True)
    root = models.CharField(max_length=64)
    text = models.TextField()
    signatures = models.TextField()
    made_at = models.DateTimeField()

    objects = CheckpointQuerySet.as_manager()

    lock: ClassVar[Lock] = AppendOnly()

    class Meta:
        ordering: ClassVar = ["size"]

    def __str__(self) -> str:
        return f"{self.size} {self.root}"

    @property
    def lines(self) -> list[str]:
        """Every signature line: the log's, then the witnesses' by the time they give."""
        own = self.signatures.splitlines()
        return own + [each.line for each in self.cosignatures.all()]

    @property
    def note(self) -> str:
        """The signed note, as it is served."""
        return f"{self.text}\n" + "".join(f"{line}\n" for line in self.lines)


class Cosignature(models.Model):
    """A witness saw this checkpoint and no history against it (C2SP tlog-cosignature).

    witness      the name in its key
    key          its verifier key
    line         the signature line, checked before it was taken in
    cosigned_at  the time the witness signed
    received_at  when it came in here
    """

    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, related_name="cosignatures")
    witness = models.CharField(max_length=200)
    key = models.CharField(max_length=400)
    line = models.TextField()
    cosigned_at = models.DateTimeField()
    received_at = models.DateTimeField()

    lock: ClassVar[Lock] = AppendOnly()

    class Meta:
        ordering: ClassVar = ["cosigned_at", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["checkpoint", "key"], name="ledger_cosigned_once")
        ]

    def __str__(self) -> str:
        return f"{self.checkpoint_id} {self.witness}"
