"""Rows of the two lists as plain values: what a file, a form or an earlier version says.

Checks that a row is whole and that its departments may stand in it. Writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from liancha.accounts.models import Department
from liancha.rulebook import eligibility, listing, naming
from liancha.rulebook.eligibility import Duty
from liancha.rulebook.verdicts import Blocked

from .models import LEVELS, CheckItem, ItemClass, JointField, ListVersion, Method

FIELD_TEXTS = (
    *("code", "name", "targets", "tag", "item_class", "methods", "level"),
    *("duty", "ratio_note", "source"),
)
ITEM_TEXTS = ("category", "name", "targets", "item_class", "methods", "subject", "basis")


@dataclass(frozen=True, slots=True)
class ItemRow:
    """抽查事项 of a joint field."""

    name: str
    department: Department
    basis: str = ""
    needs_tag: str = ""


@dataclass(frozen=True, slots=True)
class FieldRow:
    """抽查领域. `methods` are digits of Method, `level` is C, X or CX."""

    code: str
    name: str
    targets: str
    tag: str
    item_class: str
    methods: str
    level: str
    initiator: Department | None
    cooperators: Sequence[Department]
    items: Sequence[ItemRow]
    duty: str = Duty.COMPETENT
    ratio_note: str = ""
    source: str = ""

    def plain(self) -> dict[str, Any]:
        """As `joint` takes it and JSON keeps it, departments by their codes."""
        return {
            **{name: getattr(self, name) for name in FIELD_TEXTS},
            "initiator": self.initiator.code if self.initiator else "",
            "cooperators": [department.code for department in self.cooperators],
            "items": [
                {
                    "name": item.name,
                    "department": item.department.code,
                    "basis": item.basis,
                    "needs_tag": item.needs_tag,
                }
                for item in self.items
            ],
        }

    def words(self) -> dict[str, str]:
        """What it says, by the column's word."""
        return {
            "抽查领域": self.name,
            "抽查事项": "；".join(f"{item.name}（{item.department.short}）" for item in self.items),
            "检查对象": self.targets,
            "对象标签": self.tag,
            "发起部门": self.initiator.short if self.initiator else "",
            "配合部门": "、".join(department.short for department in self.cooperators),
            "事项类别": _label(ItemClass.choices, self.item_class),
            "检查方式": "、".join(_label(Method.choices, digit) for digit in self.methods.split()),
            "层级": _label(LEVELS, self.level),
            "参考比例和频次": self.ratio_note,
        }

    def check(self, place: str) -> tuple[str, ...]:
        """Raise Blocked if it cannot stand in the list; else what is worth saying (WARN).

        Source: art. 2, paragraph 2, and art. 10. Clauses 9.2, 10.2 and 10.4.
        """
        listing.check_list_row(
            {
                "抽查领域": self.name,
                "抽查事项": [item.name for item in self.items],
                "检查对象": self.targets and self.tag,
                "发起部门": self.initiator,
                "配合部门": list(self.cooperators),
            },
            listing.JOINT_FIELD_COLUMNS,
            place=place,
        )
        assert self.initiator is not None
        _check_choices(place, item_class=self.item_class, methods=self.methods, level=self.level)
        named = [self.initiator, *self.cooperators, *(item.department for item in self.items)]
        for department in named:
            department.check_takes_part()
        eligibility.check_initiator(self.initiator.name, duty=Duty(self.duty), field_name=self.name)
        eligibility.check_cooperators(
            self.initiator.name, [department.name for department in self.cooperators]
        )
        answering = {item.department for item in self.items}
        outside = answering - {self.initiator, *self.cooperators}
        if outside:
            names = "、".join(sorted(department.short for department in outside))
            raise Blocked(
                f"{place}的抽查事项由{names}检查，但它不是发起或配合部门。"
                "请把它加入配合部门，或改由其他部门检查。",
                article="10",
                paragraph=1,
            )
        silent = [department for department in self.cooperators if department not in answering]
        return eligibility.cooperator_remarks(
            [department.name for department in silent],
            target_kind=self.targets,
            own=_own_items(silent, self.targets),
        )


@dataclass(frozen=True, slots=True)
class CheckRow:
    """A row of 抽查事项清单, with the seven columns of art. 10."""

    category: str
    name: str
    targets: str
    item_class: str
    methods: str
    subject: str
    basis: str
    department: Department | None

    def plain(self) -> dict[str, Any]:
        """As `check_item` takes it and JSON keeps it."""
        return {name: getattr(self, name) for name in ITEM_TEXTS} | {
            "department": self.department.code if self.department else ""
        }

    def words(self) -> dict[str, str]:
        """What it says, by the column's word."""
        return {
            "抽查类别": self.category,
            "抽查事项": self.name,
            "检查对象": self.targets,
            "事项类别": _label(ItemClass.choices, self.item_class),
            "检查方式": self.methods,
            "检查主体": self.subject,
            "检查依据": self.basis,
        }

    def check(self, place: str) -> None:
        """Raise Blocked if one of the seven columns is empty.

        Source: art. 10, paragraph 1. Clause 10.1.
        """
        listing.check_list_row(
            {
                "抽查类别": self.category,
                "抽查事项": self.name,
                "检查对象": self.targets,
                "事项类别": self.item_class,
                "检查方式": self.methods,
                "检查主体": self.subject,
                "检查依据": self.basis,
            },
            listing.CHECK_ITEM_COLUMNS,
            place=place,
        )
        _check_choices(place, item_class=self.item_class)
        if self.department is None:
            raise Blocked(f"{place}没有写是哪个部门的事项。请补上。", article="10", paragraph=1)
        self.department.check_takes_part()


@dataclass(slots=True)
class Departments:
    """Departments by code, name, short name and what else people call them."""

    found: dict[str, Department] = field(default_factory=dict)

    @classmethod
    def load(cls, region: str, standing: Iterable[Mapping[str, Any]] = ()) -> Departments:
        """The city's and, for a county's list, the county's own: the county's come first.

        standing  plain rows whose departments are known by their codes, in office or not
        """
        active = Department.objects.active().select_related("region")
        levels = list(active.filter(region=region)), list(active.filter(level="city"))
        found: dict[str, Department] = {}
        for department in [*levels[0], *levels[1]]:
            for word in (department.code, department.name, department.short):
                found.setdefault(word, department)
        for level in levels:
            by_code = {each.code: each for each in level}
            called = (
                (each.code, naming.words_for(each.name, each.short, each.region.name))
                for each in level
            )
            for word, code in naming.read_by(called).items():
                found.setdefault(word, by_code[code])
        missing = {code for row in standing for code in _codes(row)} - found.keys()
        if missing:
            found |= {each.code: each for each in Department.objects.filter(code__in=missing)}
        return cls(found)

    def get(self, word: str) -> Department:
        """Raises Blocked for a word nobody is called by."""
        try:
            return self.found[word.strip()]
        except KeyError:
            raise Blocked(
                f"没有“{word}”这个部门。请写部门的全称或简称，或先在部门与人员中建立。",
                article="2",
                paragraph=2,
            ) from None


def joint(row: Mapping[str, object], departments: Departments) -> FieldRow:
    """A field from parsed words: codes or names of departments, items as mappings."""
    return FieldRow(
        code=_text(row, "code"),
        name=_text(row, "name"),
        targets=_text(row, "targets"),
        tag=_text(row, "tag"),
        item_class=_text(row, "item_class"),
        methods=_text(row, "methods"),
        level=_text(row, "level") or "CX",
        initiator=departments.get(_text(row, "initiator")) if row.get("initiator") else None,
        cooperators=[departments.get(word) for word in _words(row.get("cooperators"))],
        items=[
            ItemRow(
                _text(item, "name"),
                departments.get(_text(item, "department")),
                _text(item, "basis"),
                _text(item, "needs_tag"),
            )
            for item in _items(row.get("items"))
        ],
        duty=_text(row, "duty") or Duty.COMPETENT,
        ratio_note=_text(row, "ratio_note"),
        source=_text(row, "source"),
    )


def check_item(row: Mapping[str, object], departments: Departments) -> CheckRow:
    """A row of the single-department list from parsed words."""
    return CheckRow(
        **{name: _text(row, name) for name in ITEM_TEXTS},
        department=departments.get(_text(row, "department")) if row.get("department") else None,
    )


def of_field(found: JointField) -> FieldRow:
    """The row as it stands in a version."""
    return FieldRow(
        code=found.code,
        name=found.name,
        targets=found.targets,
        tag=found.tag,
        item_class=found.item_class,
        methods=found.methods,
        level=found.level,
        initiator=found.initiator,
        cooperators=list(found.cooperators.all()),
        items=[
            ItemRow(item.name, item.department, item.basis, item.needs_tag)
            for item in found.items.all()
        ],
        duty=found.duty,
        ratio_note=found.ratio_note,
        source=found.source,
    )


def of_item(found: CheckItem) -> CheckRow:
    """The row as it stands in a version."""
    return CheckRow(
        category=found.category,
        name=found.name,
        targets=found.targets,
        item_class=found.item_class,
        methods=found.methods,
        subject=found.subject,
        basis=found.basis,
        department=found.department,
    )


def _check_choices(place: str, *, item_class: str, methods: str = "", level: str = "CX") -> None:
    if item_class not in ItemClass.values:
        raise Blocked(
            f"{place}的事项类别应为“重点检查事项”或“一般检查事项”。请改正。",
            article="10",
            paragraph=1,
        )
    if wrong := [digit for digit in methods.split() if digit not in Method.values]:
        raise Blocked(
            f"{place}的检查方式“{'、'.join(wrong)}”不在字典中。请改用 1 至 7。",
            article="10",
            paragraph=1,
        )
    if level not in ("C", "X", "CX"):
        raise Blocked(f"{place}的层级应为 C、X 或 CX。请改正。", article="10", paragraph=1)


def _codes(row: Mapping[str, Any]) -> Iterator[str]:
    """Codes of all departments in a plain row."""
    yield from filter(None, (row.get("initiator"), row.get("department")))
    yield from row.get("cooperators", ())
    yield from (item["department"] for item in row.get("items", ()))


def _own_items(departments: Sequence[Department], kind: str) -> dict[str, str] | None:
    """Department → the first item it, or its system, has on this kind in the list in force.

    None while no 抽查事项清单 is in force. Source: art. 10, paragraph 2. Clause 10.4.
    """
    if not departments:
        return None
    version = ListVersion.objects.in_force(ListVersion.Kind.ITEMS).first()
    if version is None:
        return None
    systems = {each.system_id or each.pk for each in departments}
    first: dict[int, str] = {}
    for item in version.items.filter(department__in=systems):
        if listing.covers(item.targets, kind):
            first.setdefault(item.department_id, item.name)
    return {each.name: first.get(each.system_id or each.pk, "") for each in departments}


def _label(choices: Iterable[tuple[str, Any]], value: str) -> str:
    return str(dict(choices).get(value, value))


def _text(row: Mapping[str, object], key: str) -> str:
    return str(row.get(key) or "").strip()


def _words(value: object) -> list[str]:
    if isinstance(value, str):
        return [word for word in value.replace("、", " ").replace("，", " ").split() if word]
    return [str(word) for word in value] if isinstance(value, Iterable) else []


def _items(value: object) -> list[Mapping[str, object]]:
    if not isinstance(value, Iterable) or isinstance(value, str):
        return []
    return [item for item in value if isinstance(item, Mapping)]
