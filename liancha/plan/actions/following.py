"""A draft goes over to the list in force, when one was published after it was begun (arts. 8, 13).

What the new list says of a field holds from then on: its items, and the departments it names anew.
Nothing is planned or dropped here. What a line cannot follow is named, and a person drops it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from liancha.accounts.models import Department, User
from liancha.lists.models import JointField, JointItem
from liancha.rulebook import eligibility
from liancha.rulebook.lifecycles import PlanState
from liancha.rulebook.verdicts import Blocked

from .. import bases
from ..models import CoverageException, Plan, PlanLine
from .deriving import at_home
from .lines import duty_of
from .rates import as_rate, bases_of, write_rates
from .standing import append, coordinating, list_in_force, locked


@dataclass(frozen=True, slots=True)
class Followed:
    """What came of it: names of the lines that say something else now, codes of fields to plan."""

    changed: tuple[str, ...]
    new: tuple[str, ...]


@transaction.atomic
def follow_list(*, plan: Plan, by: User, at: datetime) -> Followed:
    """Put a draft on the list in force; its lines belong to the fields of the same code there.

    Departments that the new list names for a field join the line; who left the list stays, as a
    department from outside it. A line that says something else is signed anew.

    Raises Blocked for what is no draft, without a newer list, and naming the lines whose field is
    gone or whose initiator has no duty in it any more: they are dropped first.
    Source: art. 8, paragraph 1; art. 13, paragraph 1, 所有抽查领域. Clauses 8.1 and 13.1.
    """
    coordinating(by, plan)
    plan = locked(plan)
    if plan.state != PlanState.DRAFT:
        raise Blocked("只有草稿能换用现行清单。正在会签的，请先撤回会签。", article="13")
    now = list_in_force(plan.region_id)
    if now is None or now.pk == plan.list_version_id:
        raise Blocked("这一稿依据的就是现行清单，不用换。", article="8", paragraph=1)
    found = now.fields.select_related("initiator").prefetch_related(
        "cooperators", "items__department"
    )
    fields = {each.code: each for each in found}
    lines = list(plan.lines.with_columns())
    _check(lines, fields)
    changed = [line.name for line in lines if _follow(line, fields[line.field.code], plan, at)]
    for signed in plan.exceptions.select_related("field"):
        field = fields.get(signed.field.code)
        if field is None:
            signed.delete()
        else:
            CoverageException.objects.filter(pk=signed.pk).update(field=field)
    known = set(plan.list_version.fields.values_list("code", flat=True))
    plan.list_version = now
    plan.save(update_fields=["list_version"])
    new = sorted({each.code for each in plan.fields()} - known)
    append(
        "plan.follow_list", plan, by, at, list=now.pk, lines=len(lines), changed=changed, new=new
    )
    return Followed(tuple(changed), tuple(new))


def _check(lines: Iterable[PlanLine], fields: dict[str, JointField]) -> None:
    gone = [line.name for line in lines if line.field.code not in fields]
    if gone:
        raise Blocked(
            f"现行清单里已没有：{'、'.join(gone)}。请先删除这些计划行，再换用现行清单。",
            article="8",
            paragraph=1,
        )
    for line in lines:
        field = fields[line.field.code]
        duty = duty_of(line.initiator, field)
        try:
            eligibility.check_initiator(line.initiator.name, duty=duty, field_name=field.name)
        except Blocked as refused:
            raise Blocked(
                f"{refused}“{line.name}”请先删除，换用现行清单后由新的发起部门编制。",
                article="10",
                paragraph=2,
            ) from refused


def _follow(line: PlanLine, field: JointField, plan: Plan, at: datetime) -> bool:
    """Whether the line says something else than before."""
    before = {each.pk for each in line.cooperators.all()}
    listed = _here(line.field, plan)
    joining = [each for each in _here(field, plan) if each not in listed]
    joining = [each for each in joining if each.pk not in before | {line.initiator_id}]
    departments = [*line.departments, *joining]
    said = {(item.name, item.department_id) for item in line.items.all()}
    items = _items(field, departments, line)
    is_other = (
        bool(joining)
        or {(item.name, item.department_id) for item in items} != said
        or line.field.targets != field.targets
    )
    if line.targets == line.field.targets:
        line.targets = field.targets
    was, line.field = line.field.tag, field
    line.cooperators.add(*joining)
    line.items.set(items)
    if is_other:
        line.changed_at = at
    line.save(update_fields=["field", "targets", "changed_at"])
    if joining or was != field.tag:
        _recount(line, plan)
    return is_other


def _here(field: JointField, plan: Plan) -> list[Department]:
    """The departments that the list names for a field, as they are called at the plan's level."""
    return [each for each in (at_home(one, plan) for one in field.departments) if each is not None]


def _items(
    field: JointField,
    departments: Iterable[Department],
    line: PlanLine,
) -> list[JointItem]:
    """Those the line had, and those that are new on the list, of the departments that take part.

    By their names: a county's own list says the same of its own departments.
    """
    names = {item.name for item in line.items.all()}
    own = {item.name for item in line.field.items.all()}
    return [
        item
        for item in field.answered_by(departments)
        if item.name in names or item.name not in own
    ]


def _recount(line: PlanLine, plan: Plan) -> None:
    """More departments have fewer targets in common, another tag has other ones."""
    line = PlanLine.objects.with_columns().get(pk=line.pk)
    rates = [as_rate(each.as_given()) for each in line.rates.all()]
    key = bases.key_cut(line, line.rates.all(), first=line.starts_on, last=line.ends_on)
    found = bases_of(line, plan, key=key)
    PlanLine.objects.filter(pk=line.pk).update(base=sum(found.values()))
    write_rates(line, rates, found)
