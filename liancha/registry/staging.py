"""Where the rows of a file wait, beside the registry, until all of them have been read.

A temporary table of the connection: nobody else sees it, filling it takes no lock of the registry,
and a process that dies takes it with it. From here new targets go into the registry with a few
statements, whatever their number. Text only; "" (or nothing, on PostgreSQL) is what a file does not
say. Knows no rules: what a row means was said before it came here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection

from .models import Import, Tagging, Target
from .plain import READ
from .reading import TAKEN
from .temporary import Temporary, table_of

# How a row waits: its number, which tags it has, where it lies, and what was read.
FIELDS = ("row", "tags", "region_id", "is_pending", "region_reason", *TAKEN)
TEXTS = (
    *("name", "address", "scope", "industry", "capital", "legal_form", "authority", "phone"),
    *("representative", "contact"),
)
PIECE = 20_000  # parameters of one statement
MET = "liancha_known k JOIN registry_target t ON t.id = k.target"


class Stage(Temporary):
    """The waiting rows, and their tags.

    is_busy  while rows come in nobody else may use the connection
    """

    tables = ("liancha_stage", "liancha_stage_tags", "liancha_known")
    is_busy = False

    def __init__(self) -> None:
        super().__init__()
        self._waiting = 0
        self._known = 0
        self._named: set[str] = set()  # columns that some row says something in

    # ── coming in ─────────────────────────────────────────────────────────────────────────

    def add(self, numbers: Sequence[int], columns: Mapping[str, Sequence[Any] | str]) -> None:
        """Rows, and columns of them named as in FIELDS; `tags` is a number explained by `settle`.

        A column may be one word that stands for all; one that is left out says nothing.
        """
        size = len(numbers)
        self._named.update(columns)
        given = (each if not isinstance(each, str) else [each] * size for each in columns.values())
        self._add("liancha_stage", ("row", *columns), (numbers, *given))
        self._waiting += size

    def settle(self, tags: Iterable[tuple[int, int]]) -> None:
        """All rows are in. tags: (number, tag), as many for a number as there are tags."""
        if lines := list(tags):
            self._add("liancha_stage_tags", ("number", "tag"), list(zip(*lines, strict=True)))
        if not self._is_sqlite:
            # So few that they are looked up row by row, as long as the server knows it.
            self._run("ANALYZE liancha_stage_tags")
            if Target.objects.exists():
                self._run("ANALYZE liancha_stage (row, code, tags)")

    def _add(self, table: str, names: Sequence[str], columns: Sequence[Sequence[Any]]) -> None:
        into = f"{table} ({', '.join(names)})"
        with connection.cursor() as cursor:
            if self._is_sqlite:
                lines = zip(*columns, strict=True)
                marks = ", ".join("?" * len(columns))
                # Without it every row would be a transaction of its own.
                cursor.execute("SAVEPOINT liancha_stage")
                # Past Django's cursor, which would look at every value once more.
                cursor.connection.executemany(f"INSERT INTO {into} VALUES ({marks})", lines)
                cursor.execute("RELEASE liancha_stage")
            else:
                columns = [
                    list(map(str, each)) if isinstance(each[0], int) else each for each in columns
                ]
                lines = zip(*columns, strict=True)
                text = "\n".join(map("\t".join, lines)).replace("\\", "\\\\")
                with cursor.copy(f"COPY {into} FROM STDIN WITH (NULL '')") as copy:
                    copy.write(text.encode())

    # ── looking ───────────────────────────────────────────────────────────────────────────

    def count(self) -> int:
        """How many rows the registry does not have."""
        return self._waiting - self._known

    def count_pending(self) -> int:
        """How many of those wait for their county."""
        return int(
            self._one(f"SELECT count(*) FROM liancha_stage s WHERE is_pending = 't'{self._new()}")
        )

    def pending(self, most: int) -> list[tuple[int, str, str, str]]:
        """Row, name, address, reason of those."""
        return self._all(
            "SELECT row, name, address, region_reason FROM liancha_stage s"
            f" WHERE is_pending = 't'{self._new()} ORDER BY row LIMIT {most:d}"
        )

    def meet(self, rows: Sequence[int] = ()) -> int:
        """Note which rows are about targets that the registry has; how many.

        rows  only these, where they are not known yet
        """
        among = ""
        if rows:
            marks = ", ".join(["%s"] * len(rows))
            among = f" WHERE s.row IN ({marks})"
            among += " AND NOT EXISTS (SELECT 1 FROM liancha_known k WHERE k.row = s.row)"
        found = self._run(
            "INSERT INTO liancha_known (row, target, was) SELECT s.row, t.id, t.updated_at"
            f" FROM liancha_stage s JOIN registry_target t ON t.code = s.code{among}",
            rows or None,
        )
        self._known += found
        if self._known and not self._is_sqlite:
            self._run("ANALYZE liancha_known")
        return found

    def moved(self, most: int) -> list[int]:
        """Rows that mean something else than when they were met; no more than that many.

        Their target was changed by somebody, or there was none then and now there is.
        """
        changed = self._all(
            f"SELECT k.row FROM {MET} WHERE t.updated_at <> k.was ORDER BY k.row LIMIT {most:d}"
        )
        come = self._all(
            "SELECT s.row FROM liancha_stage s JOIN registry_target t ON t.code = s.code"
            " WHERE NOT EXISTS (SELECT 1 FROM liancha_known k WHERE k.row = s.row)"
            f" ORDER BY s.row LIMIT {most:d}"
        )
        return sorted(row for (row,) in [*changed, *come])[:most]

    def is_gone(self) -> bool:
        """Whether a target that a row was about is there no more."""
        found = self._all(
            "SELECT 1 FROM liancha_known k LEFT JOIN registry_target t ON t.id = k.target"
            " WHERE t.id IS NULL LIMIT 1"
        )
        return bool(found)

    def met(self, rows: Sequence[int]) -> dict[int, int]:
        """The keys of the targets of those among these rows that are known, by row."""
        marks = ", ".join(["%s"] * len(rows))
        found = self._all(f"SELECT row, target FROM liancha_known WHERE row IN ({marks})", rows)
        return dict(found)

    def differing(self) -> list[int]:
        """Rows about known targets that may say something new."""
        named = [name for name in TEXTS if name in self._named]
        differs = [f"NULLIF(s.{name}, '') <> t.{name}" for name in named]
        if "registered_address" in self._named:
            differs.append(
                "NULLIF(s.registered_address, '')"
                " <> COALESCE(NULLIF(t.registered_address, ''), t.address)"
            )
        differs += [f"NULLIF(s.{name}, '') <> t.{name}" for name in ("status", "credit_class")]
        differs.append("(s.says_kind = 't' AND s.kind <> t.kind)")
        differs.append(self._is_other_day("registered_on"))
        # A place is decided anew where the file says one; by hand it stays while the address does.
        differs.append(
            "((NULLIF(s.address, '') IS NOT NULL OR NULLIF(s.county, '') IS NOT NULL)"
            " AND NOT t.is_region_by_hand"
            " AND (COALESCE(s.region_id, '') <> COALESCE(t.region_id, '')"
            " OR (s.is_pending = 't') <> t.is_pending))"
        )
        rows = self._all(
            f"SELECT k.row FROM {MET} JOIN liancha_stage s ON s.row = k.row"
            f" WHERE {' OR '.join(differs)} ORDER BY k.row"
        )
        return [row for (row,) in rows]

    def known_pending(self, but: Iterable[int]) -> list[tuple[int, str, str, str]]:
        """Row, name, address, reason of known targets that wait, without these rows."""
        left_out = set(but)
        rows = self._all(
            f"SELECT k.row, t.name, t.address, t.region_reason FROM {MET}"
            f" WHERE {'t.is_pending' if not self._is_sqlite else 't.is_pending = 1'} ORDER BY k.row"
        )
        return [row for row in rows if row[0] not in left_out]

    def foreign(self, county: str) -> list[tuple[int, str, str, str]]:
        """Row, name, address, region of what is not this county's, as it is or as it is said."""
        said = self._all(
            "SELECT s.row, s.name, s.address, s.region_id FROM liancha_stage s"
            " WHERE NULLIF(s.region_id, '') <> %s AND NOT EXISTS"
            " (SELECT 1 FROM registry_target t WHERE t.code = s.code)",
            [county],
        )
        there = self._all(
            "SELECT s.row, s.name, COALESCE(NULLIF(s.address, ''), t.address), t.region_id"
            " FROM liancha_stage s JOIN registry_target t ON t.code = s.code"
            " WHERE t.region_id <> %s",
            [county],
        )
        return sorted([*said, *there])

    def read(self, rows: Sequence[int]) -> list[tuple[int, dict[str, str]]]:
        """These rows: number and what they say."""
        marks = ", ".join(["%s"] * len(rows))
        names = ", ".join(READ)
        found = self._all(
            f"SELECT row, says_kind, {names} FROM liancha_stage WHERE row IN ({marks})"
            " ORDER BY row",
            rows,
        )
        read = []
        for row, says_kind, *values in found:
            said = {key: value for key, value in zip(READ, values, strict=True) if value}
            if says_kind != "t":
                said.pop("kind", None)
            read.append((row, said))
        return read

    # ── leaving ───────────────────────────────────────────────────────────────────────────

    def drop(self, rows: Sequence[int]) -> None:
        """Forget these rows."""
        for piece in _pieces(list(rows)):
            marks = ", ".join(["%s"] * len(piece))
            self._waiting -= self._run(f"DELETE FROM liancha_stage WHERE row IN ({marks})", piece)

    def bring_in(self, batch: Import, *, today: date, at: datetime) -> None:
        """Every row not known becomes a target, with its tags; the import learns their keys."""
        source = f"导入：{batch.file_name}"[:60]
        is_classed = "NULLIF(s.credit_class, '') IS NOT NULL"
        plain = {
            name: f"COALESCE(s.{name}, '')" if name in self._named else "''"
            for name in (*TEXTS, "credit_class")
        }
        values: dict[str, tuple[str, tuple[Any, ...]]] = {
            name: (sql, ()) for name, sql in plain.items()
        }
        values |= {
            "code": ("s.code", ()),
            "code_kind": ("s.code_kind", ()),
            "kind": ("s.kind", ()),
            "region_id": ("NULLIF(s.region_id, '')", ()),
            "region_reason": ("COALESCE(s.region_reason, '')", ()),
            "is_pending": ("(s.is_pending = 't')", ()),
            "registered_address": (
                "CASE WHEN s.registered_address <> s.address THEN s.registered_address ELSE '' END"
                if "registered_address" in self._named
                else "''",
                (),
            ),
            "status": ("COALESCE(NULLIF(s.status, ''), %s)", (str(Target.Status.ACTIVE),)),
            "registered_on": (self._day("registered_on"), ()),
            "credit_on": (
                f"CASE WHEN {is_classed} THEN COALESCE({self._day('credit_on')}, {self._cast()})"
                " END",
                (today.isoformat(),),
            ),
            "credit_source": (
                f"CASE WHEN {is_classed} THEN COALESCE(NULLIF(s.credit_source, ''), %s)"
                " ELSE '' END",
                (source,),
            ),
        }
        fixed = {"updated_at": at, "came_with_id": batch.pk}
        columns: list[str] = []
        expressions: list[str] = []
        parameters: list[Any] = []
        key = self._key()
        for field in Target._meta.concrete_fields:
            columns.append(connection.ops.quote_name(str(field.column)))
            if field.primary_key:
                expressions.append(key)
            elif field.attname in values:
                sql, given = values[field.attname]
                expressions.append(sql)
                parameters += given
            else:
                value = fixed.get(field.attname, field.get_default())
                expressions.append("%s")
                parameters.append(field.get_db_prep_save(value, connection))
        # Where a key is counted from the row, rows go in by it; elsewhere they have theirs, and
        # sorting a million wide rows on disk would only take time.
        order = " ORDER BY s.row" if self._is_sqlite else ""
        new = self._new("WHERE")
        self._run(
            f"INSERT INTO registry_target ({', '.join(columns)})"
            f" SELECT {', '.join(expressions)} FROM liancha_stage s{new}{order}",
            parameters,
        )
        # Row by row, so that what belongs together is written together.
        self._run(
            f"INSERT INTO {table_of(Tagging)} (target_id, tag_id, is_by_hand)"
            f" SELECT {key}, g.tag, %s FROM liancha_stage s"
            f" CROSS JOIN liancha_stage_tags g WHERE g.number = s.tags{self._new()}",
            [False],
        )
        keys = self._all(f"SELECT min({key}), max({key}) FROM liancha_stage s{new}")
        batch.first_key, batch.last_key = keys[0]

    def _new(self, word: str = "AND") -> str:
        """That a row is about no target there was."""
        if not self._known:
            return ""
        return f" {word} NOT EXISTS (SELECT 1 FROM liancha_known k WHERE k.row = s.row)"

    def _key(self) -> str:
        """The key that a staged row gets as a target."""
        if not self._is_sqlite:
            return "s.id"
        # Nobody else writes now, so that keys can be counted on from the last.
        top = self._one(
            "SELECT COALESCE(max(seq), 0) FROM sqlite_sequence WHERE name = 'registry_target'"
        )
        return f"(s.row + {int(top):d})"

    # ── the database ──────────────────────────────────────────────────────────────────────

    def create(self) -> None:
        columns = ", ".join(f"{name} text" for name in FIELDS[2:])
        number, key = "integer PRIMARY KEY", ""
        if not self._is_sqlite:
            # Numbers that are not used in the end are lost, which does not matter.
            number = "integer"
            key = ", id bigint DEFAULT nextval(pg_get_serial_sequence('registry_target', 'id'))"
        self._run(
            f"CREATE TEMPORARY TABLE liancha_stage (row {number}, tags integer, {columns}{key})"
        )
        self._run("CREATE TEMPORARY TABLE liancha_stage_tags (number integer, tag bigint)")
        moment = "" if self._is_sqlite else " timestamptz"
        self._run(
            f"CREATE TEMPORARY TABLE liancha_known (row {number}, target bigint, was{moment})"
        )
        if self._is_sqlite:
            self._run("CREATE INDEX temp.liancha_stage_tags_of ON liancha_stage_tags (number, tag)")

    def _day(self, name: str) -> str:
        return f"NULLIF(s.{name}, '')" if self._is_sqlite else f"NULLIF(s.{name}, '')::date"

    def _cast(self) -> str:
        return "%s" if self._is_sqlite else "%s::date"

    def _is_other_day(self, name: str) -> str:
        day = self._day(name)
        return f"({day} IS NOT NULL AND (t.{name} IS NULL OR {day} <> t.{name}))"


def _pieces(things: list[Any]) -> Iterator[list[Any]]:
    return (things[start : start + PIECE] for start in range(0, len(things), PIECE))
