"""Who may initiate is read from the table of duties, not chosen for the occasion (art. 10).

A county branch holds its system's duty. Reads only.
"""

from __future__ import annotations

from dataclasses import replace

from liancha.accounts.models import Department
from liancha.rulebook.eligibility import Duty, check_initiator
from liancha.rulebook.verdicts import Blocked

from .models import FieldDuty
from .rows import FieldRow


def duty_of(department: Department, code: str) -> Duty | None:
    """The duty on record of a department, or of the system it belongs to."""
    found = FieldDuty.objects.filter(
        department=department.system_id or department.pk, code=code
    ).first()
    return Duty(found.duty) if found else None


def as_recorded(row: FieldRow) -> FieldRow:
    """The row with its initiator's duty as it is on record.

    Raises Blocked for an initiator without a duty on record, or with an ordinary one.
    Source: art. 10, paragraph 2. Clause 10.3.
    """
    if row.initiator is None:
        return row
    duty = duty_of(row.initiator, row.code)
    if duty is None:
        raise Blocked(
            f"{row.initiator.name}在“{row.name}”领域没有登记职责，不能作为发起部门。"
            "请改选该领域的主管部门，或先在职责表登记它的职责和依据。",
            article="10",
            paragraph=2,
        )
    check_initiator(row.initiator.name, duty=duty, field_name=row.name)
    return replace(row, duty=duty)
