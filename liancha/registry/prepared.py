"""What becomes of known targets, made ready beside the registry and applied with a few statements.

A table that comes again next month changes most of a register, and taking it back changes it once
more. What each target will say and which tags it will have is worked out without a lock and waits
on temporary tables of the connection: nobody else sees them, a process that dies takes them along.
Then whoever writes holds the others up only for as long as the database needs by itself. Knows no
rules; the caller's transaction makes it one step, and says first that nothing has moved meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, models

from liancha.ledger.models import Entry

from .bulk import AS_IT_IS
from .models import Import, ImportChange, Tagging, Target
from .temporary import Temporary, table_of

NAMES = (  # what an import may change of a target, and with it a table that is taken back
    *("name", "kind", "address", "region_id", "is_pending", "status", "scope", "industry"),
    *("registered_on", "capital", "legal_form", "authority", "phone", "credit_class"),
    *("representative", "contact", "registered_address"),
    *("region_reason", "is_region_by_hand", "credit_on", "credit_source", "updated_at"),
)
# An index has one of these: SQLite touches it for every row whose statement names the column.
INDEXED = ("name", "region_id", "is_pending", "credit_class")
Line = tuple[int, Target, datetime, dict[str, Any], dict[str, Any]]


class Moved(Exception):
    """Somebody has changed the registry while this was made ready: it must be looked at anew."""


def last_entry() -> int:
    """Number of the newest entry of the ledger: what is read after this is at least as new."""
    last = Entry.objects.order_by("-index").values_list("index", flat=True).first()
    return -1 if last is None else int(last)


def has_moved(since: int, room: str = "") -> bool:
    """Whether anything was done after that entry; room: by an action of this room alone.

    Every change has its entry, so that a look at the ledger does for a look at a million rows.
    """
    return Entry.objects.filter(index__gt=since, what__startswith=room).exists()


class Prepared(Temporary):
    """Targets as they will be, and the tags of those that are tagged again."""

    tables = ("liancha_ready", "liancha_retagged", "liancha_wanted")

    def __init__(self) -> None:
        super().__init__()
        known = {field.attname: field for field in Target._meta.concrete_fields}
        self._fields = [known[name] for name in NAMES]

    # ── made ready ────────────────────────────────────────────────────────────────────────

    def change(self, lines: Iterable[Line]) -> None:
        """(number, target as it will be, `updated_at` as it is, before, after) for each.

        before and after hold what differs, by name, as JSON has it; no two lines are about the
        same target. Numbers are kept as the order in which changes are noted.
        """
        rows = list(lines)
        if not rows:
            return
        targets = [target for _, target, *_ in rows]
        touched = [sum(1 << n for n, name in enumerate(INDEXED) if name in row[3]) for row in rows]
        was = self._fields[-1]
        columns: list[Sequence[Any]] = [
            [row[0] for row in rows],
            [target.pk for target in targets],
            [was.get_db_prep_save(row[2], connection) for row in rows],
            touched,
            [json.dumps(row[3]) for row in rows],
            [json.dumps(row[4]) for row in rows],
            *(_values(field, targets) for field in self._fields),
        ]
        self._put("liancha_ready", columns)

    def tag(self, wanted: Iterable[tuple[int, datetime, Collection[int]]]) -> None:
        """(target, `updated_at` as it is, tags that the words give it), once for each target."""
        rows = list(wanted)
        if not rows:
            return
        was = self._fields[-1]
        keys = [key for key, *_ in rows]
        moments = [was.get_db_prep_save(moment, connection) for _, moment, _ in rows]
        self._put("liancha_retagged", [keys, moments])
        pairs = [(key, tag) for key, _, tags in rows for tag in sorted(tags)]
        if pairs:
            self._put("liancha_wanted", list(zip(*pairs, strict=True)))

    def settle(self) -> None:
        """All of it is there."""
        if not self._is_sqlite:
            for table in self.tables:
                self._run(f"ANALYZE {table}")

    def forget(self, targets: Collection[int]) -> set[int]:
        """These are to be looked at anew; returns which of them would have been changed."""
        if not targets:
            return set()
        keys = ", ".join(map(str, map(int, targets)))
        there = self._all(f"SELECT target FROM liancha_ready WHERE target IN ({keys})")
        for table in self.tables:
            self._run(f"DELETE FROM {table} WHERE target IN ({keys})")
        return {key for (key,) in there}

    # ── applied ───────────────────────────────────────────────────────────────────────────

    def write(self) -> int:
        """Put what was made ready on the targets; returns how many.

        Raises Moved when one of them is not as it was: whoever holds it first has the say.
        """
        count = int(self._all("SELECT count(*) FROM liancha_ready")[0][0])
        if not count:
            return 0
        quote = connection.ops.quote_name
        columns = {field.attname: quote(str(field.column)) for field in self._fields}
        groups: list[int | None] = [None]
        if self._is_sqlite:
            found = self._all("SELECT DISTINCT touches FROM liancha_ready ORDER BY touches")
            groups = [touches for (touches,) in found]
        written = 0
        for touches in groups:
            left_out = {
                name
                for n, name in enumerate(INDEXED)
                if touches is not None and not touches & 1 << n
            }
            said = ", ".join(
                f"{column} = v.{column}" for name, column in columns.items() if name not in left_out
            )
            written += self._run(
                f"UPDATE registry_target AS t SET {said} FROM liancha_ready v"
                " WHERE t.id = v.target AND t.updated_at = v.was"
                + ("" if touches is None else f" AND v.touches = {touches:d}")
            )
        if written != count:
            raise Moved
        return count

    def note(self, batch: Import) -> None:
        """Record what the import changed, in the order of its lines."""
        self._run(
            f"INSERT INTO {table_of(ImportChange)} (batch_id, target_id, "
            '"before", "after") SELECT %s, target, earlier, later FROM liancha_ready ORDER BY row',
            [batch.pk],
        )

    def hold(self) -> None:
        """From now on nobody else changes the targets whose tags were made ready."""
        if not self._is_sqlite:  # where nobody else writes at all now
            self._run(
                "WITH held AS (SELECT t.id FROM registry_target t JOIN liancha_retagged r"
                " ON t.id = r.target ORDER BY t.id FOR NO KEY UPDATE OF t)"
                " SELECT count(*) FROM held"
            )

    def stale_tags(self) -> list[int]:
        """Targets whose tags were made ready and that somebody has changed since, or removed."""
        found = self._all(
            "SELECT r.target FROM liancha_retagged r LEFT JOIN registry_target t ON t.id = r.target"
            " WHERE t.id IS NULL OR t.updated_at <> r.was ORDER BY r.target"
        )
        return [key for (key,) in found]

    def write_tags(self) -> tuple[int, int]:
        """Give the tags made ready and take the others away; (given, taken).

        What people put on or took off by hand stays, also what they did meanwhile.
        """
        table, refused = table_of(Tagging), table_of(Target.untagged.through)
        self._run(
            "DELETE FROM liancha_wanted WHERE (target, tag) IN"
            f" (SELECT target_id, tag_id FROM {refused})"
        )
        taken = self._run(
            f"DELETE FROM {table} WHERE NOT is_by_hand"
            " AND target_id IN (SELECT target FROM liancha_retagged)"
            " AND NOT EXISTS (SELECT 1 FROM liancha_wanted w"
            f" WHERE w.target = {table}.target_id AND w.tag = {table}.tag_id)"
        )
        given = self._run(
            f"INSERT INTO {table} (target_id, tag_id, is_by_hand)"
            " SELECT w.target, w.tag, %s FROM liancha_wanted w WHERE NOT EXISTS"
            f" (SELECT 1 FROM {table} g WHERE g.target_id = w.target AND g.tag_id = w.tag)"
            " ORDER BY w.target, w.tag ON CONFLICT DO NOTHING",
            [False],
        )
        return given, taken

    def look_at_keys(self) -> None:
        """Have PostgreSQL compare foreign keys now, not at the commit, when all need the ledger."""
        if not self._is_sqlite:
            connection.check_constraints()

    # ── the database ──────────────────────────────────────────────────────────────────────

    def create(self) -> None:
        own = ("row", "target", "was", "touches", "earlier", "later")
        names = [connection.ops.quote_name(str(field.column)) for field in self._fields]
        if self._is_sqlite:
            columns = ", ".join((f"{own[0]} integer PRIMARY KEY", *own[1:], *names))
            self._run(f"CREATE TEMPORARY TABLE liancha_ready ({columns})")
            # Not an index of all targets: only looked into for the few that are looked at anew.
            self._run("CREATE TEMPORARY TABLE liancha_retagged (target integer PRIMARY KEY, was)")
            self._run(
                "CREATE TEMPORARY TABLE liancha_wanted (target integer, tag integer,"
                " PRIMARY KEY (target, tag)) WITHOUT ROWID"
            )
            return
        self._run(
            'CREATE TEMPORARY TABLE liancha_ready AS SELECT 0::bigint AS "row", id AS target,'
            " updated_at AS was, 0 AS touches, '{}'::jsonb AS earlier, '{}'::jsonb AS later,"
            f" {', '.join(names)} FROM registry_target WITH NO DATA"
        )
        self._run("CREATE TEMPORARY TABLE liancha_retagged (target bigint, was timestamptz)")
        self._run("CREATE TEMPORARY TABLE liancha_wanted (target bigint, tag bigint)")

    def _put(self, table: str, columns: Sequence[Sequence[Any]]) -> None:
        lines = zip(*columns, strict=True)
        with connection.cursor() as cursor:
            if self._is_sqlite:
                marks = ", ".join("?" * len(columns))
                # Without it every row would be a transaction of its own.
                cursor.execute("SAVEPOINT liancha_ready")
                # Past Django's cursor, which would look at every value once more.
                cursor.connection.executemany(f"INSERT INTO {table} VALUES ({marks})", lines)
                cursor.execute("RELEASE liancha_ready")
                return
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                for line in lines:
                    copy.write_row(line)


def _values(field: models.Field[Any, Any], targets: Sequence[Target]) -> list[Any]:
    values = [getattr(target, field.attname) for target in targets]
    if isinstance(field, AS_IT_IS):
        return values
    ready = {value: field.get_db_prep_save(value, connection) for value in {*values} - {None}}
    return [ready.get(value) for value in values]
