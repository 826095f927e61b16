"""A draft line as plain values, and back: what an import needs to take itself back.

Lines of the joint plan, and those of a department's own part.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from django.utils.timezone import localtime

from liancha.accounts.models import User

from ..models import DepartmentLine, DepartmentPart, Plan, PlanLine, PlanRate
from .parts import OWN_FIELDS

FIELDS = (
    *("name", "field_id", "initiator_id", "targets", "executor", "duties", "base", "stratify"),
    *("strata_tags", "ratio_reason", "participants_reason", "frequency", "org_mode"),
    *("target_filter", "cap_per_year", "cap_reason", "cooldown_months", "key_ratio", "key_source"),
)
DAYS = ("starts_on", "ends_on")


def kept(line: PlanLine) -> dict[str, Any]:
    """Everything a line says, as JSON keeps it."""
    return {
        **{name: getattr(line, name) for name in FIELDS},
        **{name: getattr(line, name).isoformat() for name in DAYS},
        "cooperators": sorted(each.pk for each in line.cooperators.all()),
        "items": sorted(each.pk for each in line.items.all()),
        "rates": [
            [each.stratum, each.ratio, each.fixed, each.wording, each.base, each.position]
            for each in line.rates.all()
        ],
    }


def restore(line: PlanLine, was: Mapping[str, Any], at: datetime) -> None:
    """Make a line say again what it said; a department that signed since looks once more."""
    for name in FIELDS:
        setattr(line, name, was[name])
    for name in DAYS:
        setattr(line, name, date.fromisoformat(was[name]))
    line.changed_at = at
    line.save()
    line.cooperators.set(was["cooperators"])
    line.items.set(was["items"])
    line.rates.all().delete()
    PlanRate.objects.bulk_create(
        PlanRate(
            line=line,
            stratum=stratum,
            ratio=ratio,
            fixed=fixed,
            wording=wording,
            base=base,
            position=position,
        )
        for stratum, ratio, fixed, wording, base, position in was["rates"]
    )


def standing(plan: Plan, by: User) -> str:
    """One text for the lines of a plan that this person may write, as long as they say the same."""
    lines = plan.lines.live().editable_by(by).with_columns()
    return _digest({line.number: kept(line) for line in lines})


def kept_own(line: DepartmentLine) -> dict[str, Any]:
    """Everything a department's line says, and who wrote it, as JSON keeps it."""
    said = {name: getattr(line, name) for name in OWN_FIELDS}
    days = {name: said[name].isoformat() for name in DAYS}
    moment = localtime(line.written_at, UTC).isoformat()
    return said | days | {"written_by_id": line.written_by_id, "written_at": moment}


def restore_own(line: DepartmentLine, was: Mapping[str, Any]) -> None:
    for name, value in was.items():
        setattr(line, name, value)
    for name in DAYS:
        setattr(line, name, date.fromisoformat(was[name]))
    line.written_at = datetime.fromisoformat(was["written_at"])
    line.save()


def standing_own(part: DepartmentPart) -> str:
    """One text for the lines of a part, as long as they say the same."""
    return _digest({str(line.pk): kept_own(line) for line in part.lines.all()})


def _digest(said: Mapping[str, Any]) -> str:
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
