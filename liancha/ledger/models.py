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
