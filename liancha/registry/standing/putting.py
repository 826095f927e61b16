"""Writing what the good rows say, many at once, and putting it back as it was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from liancha.accounts.models import User

from .. import bulk
from ..models import KeyFlag, Licence, StandingChange, StandingImport, Tag, Tagging, Target
from .intake import Step, What, pieces, plain

PIECE = 2_000  # rows a statement
RECORDS: dict[str, Any] = {
    What.LICENCE.value: Licence,
    What.FLAG.value: KeyFlag,
    What.TAG.value: Tagging,
}
FIELDS = {
    What.LICENCE.value: ("issuer", "issued_on", "valid_to", "at", "by"),
    What.FLAG.value: ("since", "until"),
}
DAYS = ("issued_on", "valid_to", "since", "until")
_CHANGE = ("batch_id", "target_id", "what", "record", "is_new", "before", "after")


def put(batch: StandingImport, steps: Sequence[Step], by: User, at: datetime) -> None:
    """Write licences, marks and memberships, and how each was before."""
    for what in RECORDS:
        chosen = [step for step in steps if step.line.what == what]
        for piece in pieces(chosen, PIECE):
            _put(batch, what, piece, by, at)


def _put(batch: StandingImport, what: str, steps: list[Step], by: User, at: datetime) -> None:
    befores = [_before(what, step) for step in steps]
    records = [_record(what, step, by, at) for step in steps]
    new = [each for each, step in zip(records, steps, strict=True) if step.record is None]
    RECORDS[what]._default_manager.bulk_create(new)
    upsert(what, [each for each, step in zip(records, steps, strict=True) if step.record])
    if what == What.TAG:
        _join(records, at)
    bulk.insert(
        StandingChange,
        _CHANGE,
        (
            (batch.pk, step.target.key, what, each.pk, step.record is None, before, step.after)
            for each, step, before in zip(records, steps, befores, strict=True)
        ),
    )


def upsert(what: str, records: list[Any]) -> None:
    """Write these records' fields over what is there."""
    if records:
        RECORDS[what]._default_manager.bulk_create(
            records, update_conflicts=True, unique_fields=["id"], update_fields=FIELDS[what]
        )


def _before(what: str, step: Step) -> dict[str, Any]:
    if what == What.LICENCE and step.record is not None:
        return step.before | {"at": step.record.at.isoformat(), "by": step.record.by_id}
    return step.before


def _record(what: str, step: Step, by: User, at: datetime) -> Any:
    """The record as the row wants it."""
    key = step.target.key
    if what == What.TAG:
        return Tagging(target_id=key, tag_id=int(step.line.same[0]), is_by_hand=True)
    record = step.record
    if record is None and what == What.LICENCE:
        record = Licence(target_id=key)
    elif record is None:
        record = KeyFlag(target_id=key, department_id=by.department_id or 0, at=at, by=by)
    fill(record, step.after)
    if what == What.LICENCE:
        record.at, record.by = at, by
    return record


def fill(record: Any, values: dict[str, Any]) -> None:
    """Put plain values on a licence or a mark."""
    for name, value in values.items():
        is_day = name in DAYS and value
        setattr(record, name, date.fromisoformat(value) if is_day else value)


def _join(taggings: list[Tagging], at: datetime) -> None:
    """Who is put in by hand is not kept out by an earlier hand, and has changed today."""
    refused = Target.untagged.through.objects
    for tag in {each.tag_id for each in taggings}:
        keys = [each.target_id for each in taggings if each.tag_id == tag]
        refused.filter(tag=tag, target__in=keys).delete()
    Target.objects.filter(pk__in=[each.target_id for each in taggings]).update(updated_at=at)


def changed_since(what: str, changes: Sequence[StandingChange]) -> list[StandingChange]:
    """Those whose record is not as the import left it: changed, moved, lifted or gone."""
    there = RECORDS[what]._default_manager.in_bulk([each.record for each in changes])
    return [each for each in changes if not _is_as_left(what, each, there.get(each.record))]


def _is_as_left(what: str, change: StandingChange, record: Any) -> bool:
    if record is None or record.target_id != change.target_id:
        return False
    if what == What.TAG:
        return bool(record.is_by_hand)
    if what == What.FLAG and record.lifted_at:
        return False
    return all(plain(getattr(record, name)) == value for name, value in change.after.items())


def put_back(what: str, changes: Sequence[StandingChange], at: datetime) -> None:
    """Take away what was new, and put back what was changed."""
    model = RECORDS[what]
    new = model._default_manager.filter(pk__in=[each.record for each in changes if each.is_new])
    if what == What.TAG:
        _leave(changes, at)
    new._raw_delete(new.db)
    changed = {each.record: each.before for each in changes if not each.is_new}
    records = list(model._default_manager.filter(pk__in=changed))
    for record in records:
        before = dict(changed[record.pk])
        if what == What.LICENCE:
            record.at = datetime.fromisoformat(before.pop("at"))
            record.by_id = before.pop("by")
        fill(record, before)
    upsert(what, records)


def _leave(changes: Sequence[StandingChange], at: datetime) -> None:
    """Members go out again; whom a hand had kept out before is kept out again."""
    tags = dict(Tag.objects.values_list("name", "pk"))
    kept_out = [each for each in changes if each.before.get("is_refused")]
    refused = Target.untagged.through
    refused.objects.bulk_create(
        (
            refused(target_id=each.target_id, tag_id=tags[each.after["tag"]])
            for each in kept_out
            if each.after["tag"] in tags
        ),
        ignore_conflicts=True,
    )
    Target.objects.filter(pk__in=[each.target_id for each in changes]).update(updated_at=at)
