"""Taking a table's import back within a day: the rows are as they were before it.

All of it or nothing. Where the list went on, or somebody wrote to what came with the table,
nothing is taken back, and the refusal says what stands in the way.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from liancha.accounts.models import User
from liancha.ledger import actions as ledger
from liancha.rulebook.regions import CITY
from liancha.rulebook.verdicts import Blocked

from .. import rows as parsed
from ..intake import above, standing
from ..models import FieldDuty, Import, ListChange, ListVersion, UpperDecision, UpperList, UpperRow
from ..rows import Departments
from ._drafts import check_office, write_field, write_item
from .importing import ARTICLES


@transaction.atomic
def undo_import(*, batch: Import, by: User, at: datetime) -> Import:
    """Take an import back.

    Raises Blocked when it is too late, when the version has been sent on or published, or when
    something that came with the table was changed or used since.
    Source: art. 8, paragraph 2, and art. 9, paragraph 1; the day is local practice.
    """
    batch = Import.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    batch.refuse_late(at, "请逐行改正，或导入一份改好的表。", *ARTICLES[batch.kind])
    if batch.version is not None:
        version = ListVersion.objects.select_for_update(of=("self",)).get(pk=batch.version.pk)
        check_office(by, version.region_id)
        _refuse_gone_on(version)
        _refuse_changed(batch, standing(version))
        _refuse_used(batch, version)
        _forget(batch)
        (_restore_fields if version.is_joint else _restore_items)(version, batch)
    else:
        check_office(by, CITY)
        _restore_upper(batch)
    batch.undone_at = at
    batch.save()
    ledger.append(
        "lists.undo_import",
        by=by,
        at=at,
        about=("list", batch.version_id) if batch.version_id else ("lists_import", batch.pk),
        list=batch.kind,
        file=batch.file_name,
        title=batch.title or str(batch.version),
        added=batch.added,
        changed=batch.changed,
        removed=batch.removed,
    )
    return batch


def _refuse_gone_on(version: ListVersion) -> None:
    if version.is_public:
        raise Blocked(
            f"“{version}”已公布，内容已锁定，不能撤回导入。请编制新的一版。",
            article="8",
            paragraph=2,
        )
    if not version.is_draft:
        raise Blocked(
            f"“{version}”{version.get_state_display()}，不能撤回导入。请先退回草稿。",
            article="9",
            paragraph=1,
        )


def _refuse_changed(batch: Import, now: list[dict[str, Any]]) -> None:
    """Somebody saved, added or removed a row since."""
    then = batch.after
    if now == then:
        return
    first = next(
        (each for each in [*now, *then] if each not in now or each not in then),
        now[0] if now else then[0],
    )
    raise Blocked(
        f"“{first['name']}”在导入之后又改动过，这次导入不能整批撤回。请逐行改正。",
        article=ARTICLES[batch.kind][0],
        paragraph=ARTICLES[batch.kind][1],
    )


def _refuse_used(batch: Import, version: ListVersion) -> None:
    """A row that came with the table answers a row from above, or its duty was written anew."""
    before = {row.get("code") for row in batch.before["rows"]}
    added = {row["code"]: row["name"] for row in batch.after if row.get("code")}
    for code in before:
        added.pop(code, None)
    decision = version.upper_decisions.filter(adopted_as__in=added).first()
    if decision is not None:
        raise Blocked(
            f"“{added[decision.adopted_as]}”已用来回应上级清单的“{decision.name}”，"
            "这次导入不能整批撤回。请先改为不纳入，或改用其他领域。",
            article="9",
            paragraph=1,
        )
    duties = FieldDuty.objects.filter(pk__in=batch.before.get("duties", ()))
    for duty in duties.select_related("department"):
        if duty.at == batch.written_at:
            continue
        raise Blocked(
            f"{duty.department.short}在“{duty.name}”领域的职责在导入之后又登记过，"
            "这次导入不能整批撤回。请逐行改正。",
            article="10",
            paragraph=2,
        )


def _forget(batch: Import) -> None:
    """Duties that the table wrote down first, and why its rows differed."""
    FieldDuty.objects.filter(pk__in=batch.before.get("duties", ())).delete()
    ListChange.objects.filter(pk__in=batch.before.get("changes", ())).delete()


def _restore_fields(version: ListVersion, batch: Import) -> None:
    """Only what is not as it was is touched."""
    departments = Departments.load(version.region_id, batch.before["rows"])
    fields = {field.code: field for field in version.fields.all()}
    now = {row["code"]: row for row in batch.after}
    before = {row["code"]: row for row in batch.before["rows"]}
    for code in now.keys() - before.keys():
        fields[code].delete()
    for code, row in before.items():
        if now.get(code) != row:
            write_field(version, parsed.joint(row, departments), fields.get(code))


def _restore_items(version: ListVersion, batch: Import) -> None:
    departments = Departments.load(version.region_id, batch.before["rows"])
    version.items.all().delete()
    for position, row in zip(batch.before["positions"], batch.before["rows"], strict=True):
        write_item(version, parsed.check_item(row, departments), position)


def _restore_upper(batch: Import) -> None:
    """The list goes, the one before is used again, and decisions point to its rows."""
    upper = batch.upper
    if upper is None or upper.is_over:
        raise Blocked(
            f"“{batch.title}”已被后来导入的同名清单替代，不能撤回。请先撤回后来的那次。",
            article="9",
            paragraph=1,
        )
    _refuse_changed(batch, above(batch.title))
    carried = {key: (row, made) for key, row, made in batch.before["carried"]}
    for decision in UpperDecision.objects.filter(row__upper=upper).select_related("version"):
        _, made = carried.get(decision.pk, (0, ""))
        if decision.at.isoformat() != made or decision.version.is_public:
            raise Blocked(
                f"“{decision.version}”已对“{decision.name}”作出决定，这次导入不能整批撤回。"
                "请导入一份改好的清单。",
                article="9",
                paragraph=1,
            )
        decision.row = UpperRow.objects.get(pk=carried[decision.pk][0])
        decision.key = decision.row.key
        decision.save(update_fields=["row", "key"])
    batch.upper = None
    batch.save(update_fields=["upper"])
    upper.delete()
    UpperList.objects.filter(pk__in=batch.before["overs"]).update(is_over=False)
