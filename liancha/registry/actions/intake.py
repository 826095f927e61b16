"""From the rows of a file to targets: what is new, what changes, what is wrong.

Works through the file in pieces of a fixed size, so that a million rows take no more memory than a
thousand, and writes each piece with a handful of statements. Called by the import actions alone,
inside their transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from itertools import islice
from operator import attrgetter
from typing import Any, TypeVar

from liancha.papers.readers import Table

from .. import bulk, columns, tables
from ..codes import Code, kind_of
from ..columns import Reading, Remark
from ..models import Import, ImportChange, ImportFault, Tagging, Target

T = TypeVar("T")

PIECE = 1_000
KEPT_FAULTS = 10_000  # more are counted, not listed
COMPARED = (
    *("name", "kind", "address", "region_id", "is_pending", "status", "scope", "industry"),
    *("registered_on", "capital", "legal_form", "authority", "phone", "credit_class"),
)
FOLLOWING = ("region_reason", "is_region_by_hand", "credit_on", "credit_source", "updated_at")
TARGET_COLUMNS = bulk.columns_of(Target)
RETAGGED = frozenset({"name", "scope", "kind"})


class Intake:
    """One pass over a file.

    county  only targets of this county may be brought in or changed; "" for the whole city
    """

    def __init__(
        self,
        table: Table,
        batch: Import,
        *,
        county: str,
        today: date,
        at: datetime,
        is_written: bool,
    ) -> None:
        self.table, self.batch, self.county = table, batch, county
        self.today, self.at, self.is_written = today, at, is_written
        self.gazetteer, self.tagger = tables.gazetteer(), tables.tagger()
        self.counts: Counter[str] = Counter()
        self.mended: Counter[str] = Counter()
        self.faults: list[ImportFault] = []
        self.remarks: list[ImportFault] = []
        self.seen: dict[str, int] = {}

    def run(self, progress: Callable[[int, int], None] | None) -> None:
        """Read every row; write the good ones if this is no dry run."""
        total = self.table.size() if progress else 0
        for rows in _pieces(self.table.rows(), PIECE):
            self._take([columns.read(row, self.table.title, self.today) for row in rows])
            if progress:
                progress(self.counts["rows"], max(total, self.counts["rows"]))

    def report(self) -> None:
        """Put counts and faults on the import."""
        batch = self.batch
        for name in ("rows", "added", "changed", "unchanged", "pending", "faulty"):
            setattr(batch, name, self.counts[name])
        batch.mended = dict(self.mended.most_common())
        batch.faults.all().delete()
        ImportFault.objects.bulk_create(self.faults + self.remarks, batch_size=500)

    # ── one piece ─────────────────────────────────────────────────────────────────────────

    def _take(self, readings: list[Reading]) -> None:
        self.counts["rows"] += len(readings)
        for reading in readings:
            self._look_for_double(reading)
        there = {
            target.code: target
            for target in Target.objects.filter(
                code__in=[reading.code for reading in readings if not reading.faults]
            )
        }
        new: list[Target] = []
        changed: list[tuple[Target, dict[str, Any]]] = []
        for reading in readings:
            if not reading.faults:
                target = there.get(reading.code) or Target(code=reading.code)
                before = {name: getattr(target, name) for name in COMPARED}
                self._apply(reading, target)
                differs = {n: v for n, v in before.items() if getattr(target, n) != v}
                self._keep_to_jurisdiction(reading, target, before["region_id"])
            if reading.faults:
                self.counts["faulty"] += 1
                self._note(reading, reading.faults, is_remark=False)
                continue
            if target.is_pending:
                self.counts["pending"] += 1
                reading.remarks.append(self._waiting(target))
            self._note(reading, reading.remarks, is_remark=True)
            self.mended.update(reading.mended)
            if target.pk is None:
                self.counts["added"] += 1
                new.append(target)
            elif differs:
                self.counts["changed"] += 1
                changed.append((target, differs))
            else:
                self.counts["unchanged"] += 1
        if self.is_written:
            self._bring_in(new)
            self._change(changed)

    def _look_for_double(self, reading: Reading) -> None:
        if reading.faults:
            return
        first = self.seen.setdefault(reading.code, reading.number)
        if first != reading.number:
            reading.faults.append(
                Remark(
                    self.table.title("code"),
                    reading.code,
                    f"与第 {first} 行的代码重复",
                    "只留一行；确为两家时，核对其中一家的代码",
                )
            )

    def _apply(self, reading: Reading, target: Target) -> None:
        """Put what the row says on the target; what it does not say stays."""
        values = dict(reading.values)
        credit = values.pop("credit_class", None)
        credit_on, source = values.pop("credit_on", None), values.pop("credit_source", None)
        old_address, is_new = target.address, target.pk is None
        for name, value in values.items():
            setattr(target, name, value)
        if not target.kind:
            target.kind = kind_of(Code(target.code, Target.CodeKind(target.code_kind)))
        if credit and (is_new or credit != target.credit_class):
            target.credit_class = credit
            target.credit_on = credit_on or self.today
            target.credit_source = source or f"导入：{self.batch.file_name}"[:60]
        address_stays = not is_new and target.address == old_address
        if target.is_region_by_hand and address_stays:
            return
        if "address" in values or reading.county or is_new:
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

    def _keep_to_jurisdiction(self, reading: Reading, target: Target, before: str | None) -> None:
        """A county brings in and changes its own targets only (art. 11, 按照管辖范围)."""
        if not self.county:
            return
        for region in (before, target.region_id):
            if region and region != self.county:
                named = self.gazetteer.regions.get(region, region)
                reading.faults.append(
                    Remark(
                        self.table.title("address") or self.table.title("name"),
                        target.address[:300],
                        f"这一户在{named}，不在本部门的管辖范围（第十一条）",
                        f"从表中删去，由{named}或市级部门导入",
                    )
                )
                return

    def _waiting(self, target: Target) -> Remark:
        return Remark(
            self.table.title("address") or self.table.title("name"),
            target.address[:300],
            f"待核：{target.region_reason}"[:200],
            "已导入，但不进抽检库；请在待核队列里选定县区",
        )

    def _note(self, reading: Reading, remarks: Iterable[Remark], *, is_remark: bool) -> None:
        kept = self.remarks if is_remark else self.faults
        for remark in remarks:
            if len(kept) >= KEPT_FAULTS:
                return
            kept.append(
                ImportFault(
                    batch=self.batch,
                    row=reading.number,
                    name=reading.name,
                    column=remark.column[:60],
                    value=remark.value[:300],
                    fault=remark.fault[:200],
                    cure=remark.cure[:300],
                    is_remark=is_remark,
                    line=[cell[:2_000] for cell in reading.line],
                )
            )

    # ── writing ───────────────────────────────────────────────────────────────────────────

    def _bring_in(self, targets: list[Target]) -> None:
        for target in targets:
            target.updated_at = self.at
        read = attrgetter(*TARGET_COLUMNS)
        bulk.insert(Target, TARGET_COLUMNS, map(read, targets))
        codes = [target.code for target in targets]
        keys = dict(Target.objects.filter(code__in=codes).values_list("code", "pk"))
        bulk.insert(
            Tagging,
            ("target_id", "tag_id", "is_by_hand"),
            (
                (keys[target.code], tag, False)
                for target in targets
                for tag in self.tagger.tags(target.name, target.scope, target.kind)
            ),
        )
        bulk.insert(
            ImportChange,
            ("batch_id", "target_id", "is_new", "before", "after"),
            ((self.batch.pk, keys[code], True, {}, {}) for code in codes),
        )

    def _change(self, changed: list[tuple[Target, dict[str, Any]]]) -> None:
        if not changed:
            return
        targets = [target for target, _ in changed]
        for target in targets:
            target.updated_at = self.at
        Target.objects.bulk_create(
            targets,
            update_conflicts=True,
            unique_fields=["code"],
            update_fields=[name.removesuffix("_id") for name in (*COMPARED, *FOLLOWING)],
        )
        retag(self.tagger, [target for target, before in changed if RETAGGED & before.keys()])
        ImportChange.objects.bulk_create(
            ImportChange(
                batch=self.batch,
                target=target,
                before={name: _json(value) for name, value in before.items()},
                after={name: _json(getattr(target, name)) for name in before},
            )
            for target, before in changed
        )


def retag(tagger: tables.Tagger, targets: list[Target]) -> tuple[int, int]:
    """Bring the tags of these targets in line with the words; (given, taken away).

    Tags put on or taken off by hand stay as people left them.
    """
    keys = [target.pk for target in targets]
    there: dict[int, dict[int, bool]] = {key: {} for key in keys}
    for each in Tagging.objects.filter(target__in=keys):
        there[each.target_id][each.tag_id] = each.is_by_hand
    refused = set(
        Target.untagged.through.objects.filter(target__in=keys).values_list("target_id", "tag_id")
    )
    wanted = {
        target.pk: {
            tag
            for tag in tagger.tags(target.name, target.scope, target.kind)
            if (target.pk, tag) not in refused
        }
        for target in targets
    }
    given = [
        Tagging(target_id=key, tag_id=tag)
        for key, tags in wanted.items()
        for tag in tags - there[key].keys()
    ]
    taken = [
        (key, tag)
        for key, tags in there.items()
        for tag, is_by_hand in tags.items()
        if not is_by_hand and tag not in wanted[key]
    ]
    Tagging.objects.bulk_create(given)
    for tag in {tag for _, tag in taken}:
        Tagging.objects.filter(
            tag=tag, target__in=[key for key, other in taken if other == tag]
        ).delete()
    return len(given), len(taken)


def _pieces(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    rows = iter(rows)
    while piece := list(islice(rows, size)):
        yield piece


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
