"""From the rows of a file to targets: what is new, what changes, what is wrong.

Every row is read first and waits on the stage, which locks nothing; then the whole file is held
against the registry, and what changes is made ready, target by target, so that each is remembered
as it was: that locks nothing either. Only then whoever writes locks, looks at what has moved
meanwhile, and all of it goes in with a few statements. Called by the import actions alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import starmap
from operator import attrgetter
from typing import Any, TypeVar

from django.db import connection

from liancha.papers.feed import Source

from .. import bulk, tables
from ..columns import Reading, Remark
from ..models import Import, ImportFault, Tagging, Target
from ..prepared import NAMES, Moved, Prepared, has_moved, last_entry
from ..reading import TAKEN, spread
from ..staging import Stage

T = TypeVar("T")

PIECE = 1_000
KEPT_FAULTS = 50_000  # more are counted, not listed
MANY = 10_000  # new targets
FEW = 2_000  # rows looked at once more while others wait
FOLLOWING = ("region_reason", "is_region_by_hand", "credit_on", "credit_source", "updated_at")
COMPARED = tuple(name for name in NAMES if name not in FOLLOWING)
SAID = attrgetter(*NAMES)
RETAGGED = frozenset({"name", "scope", "kind"})
DAYS = ("registered_on", "credit_on")
FAULT = ("row", "name", "column", "value", "fault", "cure", "is_remark", "line")
DECIDING = tuple(
    TAKEN.index(key) for key in ("name", "address", "county", "city", "code", "scope", "kind")
)


class Intake:
    """One pass over a file.

    ready   where changes wait until all is written; nothing for a dry run
    county  only targets of this county may be brought in or changed; "" for the whole city
    """

    def __init__(
        self,
        table: Source,
        batch: Import,
        stage: Stage,
        ready: Prepared | None,
        *,
        county: str,
        today: date,
        at: datetime,
    ) -> None:
        self.table, self.batch, self.county = table, batch, county
        self.stage, self.ready = stage, ready
        self.today, self.at = today, at
        self.gazetteer, self.tagger = tables.gazetteer(), tables.tagger()
        self.counts: Counter[str] = Counter()
        self.mended: Counter[str] = Counter()
        self.faults: list[tuple[Any, ...]] = []
        self.remarks: list[tuple[Any, ...]] = []  # of reading
        self._said: list[tuple[Any, ...]] = []  # of holding against the registry
        self._waits: set[int] = set()  # rows of known targets counted as pending
        self._foreign_rows: set[int] = set()
        self._since = 0
        self._tags: dict[frozenset[int], int] = {}  # tags that stand together → a number for them
        self._lines: dict[int, Sequence[str]] = {}  # of a county's file: any row may be foreign

    # ── reading ───────────────────────────────────────────────────────────────────────────

    def read(self, progress: Callable[[int, int], None] | None) -> None:
        """Put every good row on the stage; note what is wrong with the others."""
        done: list[int] = []

        def tell() -> None:
            if progress:
                for rows in done:
                    progress(rows, max(self.table.rows, rows))
            done.clear()

        with bulk.no_garbage():
            for piece in self.table.pieces():
                self._read(piece)
                done.append(self.counts["rows"])
                if not self.stage.is_busy:
                    tell()
        self.stage.settle((n, tag) for tags, n in self._tags.items() for tag in tags)
        tell()

    def _read(self, piece: dict[str, Any]) -> None:
        """A piece as `reading.Reader` gives it."""
        self.counts["rows"] += piece["rows"]
        self.mended.update(piece["mended"])
        for number, name, remarks, line in piece["refused"]:
            self.counts["faulty"] += 1
            for remark in remarks:
                _keep(self.faults, number, name, Remark(*remark), line)
        for number, name, remarks, _ in piece["remarked"]:
            self._remark(number, name, starmap(Remark, remarks))
        numbers = piece["numbers"]
        if self.county:
            self._lines.update(zip(numbers, piece["lines"], strict=True))
        if not numbers:
            return
        columns = spread(piece)
        name, address, county, city, code, scope, kind = (columns[place] for place in DECIDING)
        decisions = self.gazetteer.decide_all(
            address, counties=county, cities=city, names=name, codes=code
        )
        tags_of, known = self.tagger.tags, self._tags
        decided: dict[str, Sequence[Any]] = {
            "tags": [
                known.setdefault(tags, len(known)) for tags in map(tags_of, name, scope, kind)
            ],
            "region_id": [each.region or "" for each in decisions],
            "is_pending": ["f" if each.region else "t" for each in decisions],
            "region_reason": [each.reason[:160] for each in decisions],
        }
        said = {
            name: column for name, column in zip(TAKEN, piece["columns"], strict=True) if column
        }
        self.stage.add(numbers, decided | said)

    # ── holding against the registry ──────────────────────────────────────────────────────

    def compare(self, progress: Callable[[int, int], None] | None) -> None:
        """Hold every row against the registry as it is now; nothing is locked or written.

        progress  goes on where the rows of the file ended
        """
        self._since = last_entry()
        if self.county:
            self._refuse_foreign()
        known = self.stage.meet()
        if not known:
            return
        rows = self.stage.differing()
        begun, done = self.counts["rows"], 0
        for piece in _pieces(rows, PIECE):
            if progress:
                progress(begun + done, begun + len(rows))
            self._take(piece)
            done += len(piece)
        self.counts["unchanged"] += known - len(rows)
        for row, name, address, reason in self.stage.known_pending(rows):
            self._wait(row, name, address, reason)
        if self.ready:
            self.ready.settle()
        if progress and rows:
            progress(begun + done, begun + done)

    def finish(self) -> None:
        """Count what is new; write all of it if this is no dry run.

        In the transaction that holds the registry, so that what others did while this was compared
        is looked at once more. Raises Moved when that is too much to be done while people wait.
        """
        if self.ready and has_moved(self._since, "registry."):
            self._take_moved(self.ready)
        self.counts["added"] = self.stage.count()
        self.counts["pending"] += self.stage.count_pending()
        for row, name, address, reason in self.stage.pending(KEPT_FAULTS):
            self._say(row, name, self._waiting(address or "", reason or ""))
        if not self.ready:
            return
        if self.ready.write():
            self.ready.write_tags()
            self.ready.note(self.batch)
        if self.counts["added"]:
            self._bring_in()
        self.ready.look_at_keys()

    def _take_moved(self, ready: Prepared) -> None:
        """Rows whose targets somebody has changed, or brought in, since they were compared."""
        rows = self.stage.moved(FEW + 1)
        if len(rows) > FEW or self.stage.is_gone():
            raise Moved
        if not rows:
            return
        met = self.stage.met(rows)
        changed = ready.forget(met.values())
        for row, key in met.items():
            self._forget(row, is_changed=key in changed)
        self.stage.meet(rows)
        self._take(rows)

    def _forget(self, row: int, *, is_changed: bool) -> None:
        """Take back what was counted and said of a row, but for what is wrong with its cells."""
        if row in self._foreign_rows:
            self._foreign_rows.discard(row)
            self.faults = [fault for fault in self.faults if fault[0] != row]
            self.counts["faulty"] -= 1
            return
        self.counts["changed" if is_changed else "unchanged"] -= 1
        if row in self._waits:
            self._waits.discard(row)
            self.counts["pending"] -= 1
            self._said = [remark for remark in self._said if remark[0] != row]

    def _reading(self, number: int, said: dict[str, str]) -> Reading:
        values: dict[str, Any] = dict(said)
        county, city = values.pop("county", ""), values.pop("city", "")
        for name in DAYS:
            if name in values:
                values[name] = date.fromisoformat(values[name])
        line = tuple(self._lines.get(number, ()))
        return Reading(number, said.get("name", ""), line, values, county=county, city=city)

    def _take(self, rows: Sequence[int]) -> None:
        """Rows about known targets that may say something new."""
        readings = [self._reading(row, said) for row, said in self.stage.read(rows)]
        there = {
            target.code: target
            for target in Target.objects.filter(code__in=[reading.code for reading in readings])
        }
        changed: list[tuple[int, Target, tuple[Any, ...]]] = []
        for reading in readings:
            target = there.get(reading.code)
            if target is None:
                raise Moved
            before, region = SAID(target), target.region_id
            self._apply(reading, target)
            is_changed = SAID(target)[: len(COMPARED)] != before[: len(COMPARED)]
            if self._is_foreign(reading, target, region):
                continue
            if target.is_pending:
                self._wait(reading.number, target.name, target.address, target.region_reason)
            self.counts["changed" if is_changed else "unchanged"] += 1
            if is_changed:
                changed.append((reading.number, target, before))
        if self.ready:
            self._prepare(self.ready, changed)

    def _apply(self, reading: Reading, target: Target) -> None:
        """Put what the row says on the target; what it does not say stays."""
        values = dict(reading.values)
        credit = values.pop("credit_class", None)
        credit_on, source = values.pop("credit_on", None), values.pop("credit_source", None)
        old_address = target.address
        for name, value in values.items():
            setattr(target, name, value)
        if "address" in values and "premises" not in self.table.places:
            target.registered_address = ""  # what it says is 住所 itself
        target.drop_same_address()
        if credit and credit != target.credit_class:
            target.credit_class = credit
            target.credit_on = credit_on or self.today
            target.credit_source = source or f"导入：{self.batch.file_name}"[:60]
        if target.is_region_by_hand and target.address == old_address:
            return
        if "address" in values or reading.county:
            self._place(reading, target)

    def _place(self, reading: Reading, target: Target) -> None:
        decision = self.gazetteer.decide(
            target.address,
            county=reading.county,
            city=reading.city,
            name=target.name,
            code=target.code,
        )
        if (decision.region, decision.region is None) != (target.region_id, target.is_pending):
            target.region_reason = decision.reason[:160]
        target.region_id = decision.region
        target.is_pending = decision.region is None
        target.is_region_by_hand = False
        target.region_reason = target.region_reason or decision.reason[:160]

    # ── jurisdiction ──────────────────────────────────────────────────────────────────────

    def _refuse_foreign(self) -> None:
        """A county brings in and changes its own targets only (art. 11, 按照管辖范围)."""
        found = self.stage.foreign(self.county)
        for row, name, address, region in found:
            reading = Reading(row, name, tuple(self._lines.get(row, ())))
            self._refuse(reading, [self._foreign(address or "", region)])
        self.stage.drop([row for row, *_ in found])

    def _is_foreign(self, reading: Reading, target: Target, before: str | None) -> bool:
        if not self.county:
            return False
        for region in (before, target.region_id):
            if region and region != self.county:
                self._foreign_rows.add(reading.number)
                self._refuse(reading, [self._foreign(target.address, region)])
                return True
        return False

    def _foreign(self, address: str, region: str) -> Remark:
        named = self.gazetteer.regions.get(region, region)
        return Remark(
            self.table.title("address") or self.table.title("name"),
            address[:300],
            f"这一户在{named}，不在本部门的管辖范围（第十一条）",
            f"从表中删去，由{named}或市级部门导入",
        )

    # ── saying what there is to say ───────────────────────────────────────────────────────

    def _waiting(self, address: str, reason: str) -> Remark:
        return Remark(
            self.table.title("address") or self.table.title("name"),
            address[:300],
            f"待核：{reason}"[:200],
            "已导入，但不进抽检库；请在待核队列里选定县区",
        )

    def _refuse(self, reading: Reading, faults: Iterable[Remark]) -> None:
        self.counts["faulty"] += 1
        line = [cell[:2_000] for cell in reading.line]
        for fault in faults:
            _keep(self.faults, reading.number, reading.name, fault, line)

    def _remark(self, number: int, name: str, remarks: Iterable[Remark]) -> None:
        for remark in remarks:
            _keep(self.remarks, number, name, remark, [])

    def _say(self, number: int, name: str, remark: Remark) -> None:
        _keep(self._said, number, name, remark, [])

    def _wait(self, number: int, name: str, address: str, reason: str) -> None:
        """A known target that waits for its county, as it is or as the row makes it."""
        self._waits.add(number)
        self.counts["pending"] += 1
        self._say(number, name, self._waiting(address, reason))

    def report(self) -> None:
        """Put counts and faults on the import."""
        batch = self.batch
        for name in ("rows", "added", "changed", "unchanged", "pending", "faulty"):
            setattr(batch, name, self.counts[name])
        batch.mended = dict(self.mended.most_common())
        batch.faults.all().delete()
        notes = [(*fault[:-1], False, fault[-1]) for fault in self.faults]
        remarks = [*self.remarks, *self._said][:KEPT_FAULTS]
        notes += [(*remark[:-1], True, remark[-1]) for remark in remarks]
        bulk.insert(ImportFault, ("batch_id", *FAULT), ((batch.pk, *note) for note in notes))

    # ── writing ───────────────────────────────────────────────────────────────────────────

    def _bring_in(self) -> None:
        """A registry that grows to more than double is sorted once, when everything is in."""
        added = self.counts["added"]
        there = Target.objects.count() if added >= MANY else added
        if there < added and (connection.vendor == "sqlite" or not there):
            with bulk.indexes_made_after(Target, Tagging):
                self.stage.bring_in(self.batch, today=self.today, at=self.at)
        else:
            self.stage.bring_in(self.batch, today=self.today, at=self.at)

    def _prepare(self, ready: Prepared, changed: list[tuple[int, Target, tuple[Any, ...]]]) -> None:
        """Targets, each with its row and what it said before of all NAMES."""
        lines = []
        for row, target, before in changed:
            was, target.updated_at = target.updated_at, self.at
            said = zip(NAMES, before, SAID(target), strict=True)
            differing = {name: (_json(old), _json(new)) for name, old, new in said if old != new}
            earlier = {name: old for name, (old, _) in differing.items()}
            lines.append((row, target, was, earlier, {n: new for n, (_, new) in differing.items()}))
        ready.change(lines)
        ready.tag(
            (target.pk, was, self.tagger.tags(target.name, target.scope, target.kind))
            for _, target, was, earlier, _ in lines
            if RETAGGED & earlier.keys()
        )


def _keep(
    kept: list[tuple[Any, ...]], number: int, name: str, remark: Remark, line: list[str]
) -> None:
    if len(kept) < KEPT_FAULTS:
        column, value = remark.column[:60], remark.value[:300]
        kept.append(
            (number, name[:200], column, value, remark.fault[:200], remark.cure[:300], line)
        )


def _pieces(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (things[start : start + size] for start in range(0, len(things), size))


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
