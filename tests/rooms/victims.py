"""Locked rows and every way there is to attack them, for the tests of the locks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import DatabaseError, connection, models, transaction

from liancha.ledger import locks
from liancha.ledger.models import Entry, Seal
from liancha.task.models import Task
from tests.rooms import draw_world as w

LOCKED = re.escape(locks.MESSAGE)
ON_SQLITE = connection.vendor == "sqlite"
on_sqlite = pytest.mark.skipif(not ON_SQLITE, reason="SQLite's own way")
on_postgresql = pytest.mark.skipif(ON_SQLITE, reason="PostgreSQL's own way")


@dataclass
class Victim:
    """A locked row, and what another row of the same table would look like.

    late    columns → values of a late row; {} where late rows are no attack on the lock
    moved   columns → values that take the row's key to a parent that is not locked
    clashes  a moved copy under another key still meets the row in a second unique key
    """

    row: models.Model
    late: dict[str, Any] = field(default_factory=dict)
    moved: dict[str, Any] = field(default_factory=dict)
    clashes: bool = False

    @property
    def table(self) -> str:
        return self.row._meta.db_table

    @property
    def key(self) -> str:
        return self.row._meta.pk.column

    @property
    def where(self) -> str:
        value = self.row.pk
        return f'"{self.key}" = ' + (f"'{value}'" if isinstance(value, str) else str(value))

    @property
    def columns(self) -> list[str]:
        return [f.column for f in self.row._meta.concrete_fields]

    def copy(self, verb: str, changes: dict[str, Any], tail: str = "") -> str:
        """An INSERT of the row's own values with some changed."""
        values = ", ".join(sql(changes[c]) if c in changes else f'"{c}"' for c in self.columns)
        named = ", ".join(f'"{c}"' for c in self.columns)
        return (
            f'{verb} INTO "{self.table}" ({named}) SELECT {values} '
            f'FROM "{self.table}" WHERE {self.where} {tail}'
        )

    def attacks(self) -> Iterator[str]:
        """Every way to change, remove or displace the row."""
        free = next(c for c in self.columns if c != self.key)
        yield f'UPDATE "{self.table}" SET "{free}" = "{free}" WHERE {self.where}'
        yield f'DELETE FROM "{self.table}" WHERE {self.where}'
        yield f'DELETE FROM "{self.table}"'
        upsert = f'ON CONFLICT ("{self.key}") DO UPDATE SET "{free}" = excluded."{free}"'
        if ON_SQLITE:
            yield self.copy("INSERT OR REPLACE", {})
            yield self.copy("REPLACE", {})
            yield self.copy("INSERT", {}, upsert)
            yield f'UPDATE OR REPLACE "{self.table}" SET "{free}" = "{free}" WHERE {self.where}'
            if self.moved:
                yield self.copy("INSERT OR REPLACE", self.moved)
            if self.clashes:
                yield self.copy("INSERT OR REPLACE", self.moved | {self.key: 999_999_999})
        else:
            yield self.copy("INSERT", {}, upsert)
            yield f'TRUNCATE "{self.table}" CASCADE'
            yield f'TRUNCATE TABLE ONLY "{self.table}" RESTART IDENTITY CASCADE'


def sql(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)


def run(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def refused(statement: str) -> None:
    with pytest.raises(DatabaseError, match=LOCKED):
        run(statement)


# ── The rows ──────────────────────────────────────────────────────────────────────────────────


def drawn_rows() -> dict[str, Victim]:
    world = w.make_world()
    w.dispatched(world)
    draw = w.draw_inspectors(world, "WJ")
    of = draw.of
    open_draw = w.freeze(world, _second_task(world))
    free = w.planted(open_draw)
    drawn = of.drawn.first()
    seat = draw.assignments.first()
    team = draw.assignments.filter(drawn_target=seat.drawn_target).values("inspector")
    stranger = draw.department.inspectors.exclude(pk__in=team).first()
    candidate = of.candidates.first()
    entry = Entry.objects.last()
    key = {"id": 999_999_999}
    return {
        "drawn target": Victim(
            drawn,
            late=key | {"candidate_id": free.pk, "target_id": free.target_id, "place": 999},
            moved={"draw_id": open_draw.pk},
            clashes=True,
        ),
        "assignment": Victim(
            seat, late=key | {"inspector_id": stranger.pk}, moved={"draw_id": open_draw.pk}
        ),
        "candidate": Victim(candidate, late=key | {"code": "X"}, moved={"draw_id": draw.pk}),
        "transcript": Victim(draw.transcript, moved={"digest": "0" * 64}, clashes=True),
        "draw": Victim(of, moved={"state": "void"}, clashes=True),
        "party": Victim(of.parties.first(), late=key | {"name": "另一方", "position": 9}),
        "rule": Victim(draw.rule),
        "frozen page": Victim(of.pages.first(), late=key | {"position": 999}),
        "input file": Victim(draw.inputs.first()),
        "ledger entry": Victim(
            entry,
            late={"index": entry.index + 5, "digest": "0" * 64},
            moved={"index": entry.index + 1, "previous": entry.digest},
        ),
        "ledger seal": Victim(Seal.objects.get(subject=f"draw:{draw.pk}")),
    }


def _second_task(world: w.World) -> Task:
    task = Task.objects.get(pk=world.task.pk)
    task.pk, task.number, task.state = None, "41030020261116-2", "scheme_approved"
    task.save()
    for part in world.task.participations.all():
        part.pk, part.task = None, task
        part.save()
    return task
