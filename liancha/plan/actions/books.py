"""The two parts of the plan book as a table's import sees them: the joint plan, a department's own.

Each says what its columns are, who may load it now, how a row is weighed and a line written, kept
and put back. When that happens, and that it is all or nothing, is `importing`'s.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from liancha.accounts.models import User
from liancha.papers.held import MOST, Held
from liancha.papers.readers import Column
from liancha.rulebook.lifecycles import PlanState
from liancha.rulebook.verdicts import Blocked

from .. import columns, own_table, table
from ..models import DepartmentLine, DepartmentPart, Import, Plan, PlanLine
from .keeping import kept, kept_own, restore, restore_own, standing, standing_own
from .lines import check_writer, put_line
from .looking import Looked
from .own_weighing import OwnIntake
from .parts import own_draft, put_own_line
from .standing import locked
from .weighing import Intake


class Book(ABC):
    """A draft that takes a table in.

    columns  of its tables
    most     rows of one
    """

    columns: Sequence[Column]
    most: int = MOST

    def __init__(self, by: User) -> None:
        self.by = by

    @abstractmethod
    def hold(self) -> None:
        """Hold the draft until the transaction ends. Raises Blocked where no table may come in."""

    @abstractmethod
    def standing(self) -> str:
        """One text for the lines of this person, as long as they say the same."""

    @abstractmethod
    def weigh(self, held: Held) -> Looked[Any, Any]: ...

    @abstractmethod
    def kept(self, line: Any) -> dict[str, Any]:
        """Everything a line says, as JSON keeps it."""

    @abstractmethod
    def put(self, checked: Any, line: Any, at: datetime) -> tuple[Any, str, dict[str, str]]:
        """The line written, its name in the log, its columns."""

    @abstractmethod
    def lines(self, keys: Collection[int]) -> Mapping[int, Any]:
        """Lines by key, as they stand in the database now."""

    @abstractmethod
    def check_writer(self, line: Any) -> None:
        """Raises Blocked unless this person may write the line."""

    @abstractmethod
    def restore(self, line: Any, was: Mapping[str, Any], at: datetime) -> None: ...

    @abstractmethod
    def name(self, line: Any) -> str:
        """A line's name in the log."""

    @abstractmethod
    def about(self) -> tuple[str, int]:
        """What its entries in the log are about."""

    def facts(self) -> dict[str, Any]:
        """What they say of it besides."""
        return {}


class JointBook(Book):
    """A draft of the joint plan; everybody loads the lines that their department initiates."""

    columns = table.COLUMNS

    def __init__(self, plan: Plan, by: User) -> None:
        super().__init__(by)
        self.plan = plan

    def hold(self) -> None:
        self.plan = locked(self.plan)
        if self.plan.state == PlanState.COSIGNING:
            raise Blocked(
                "计划正在会签，不能导入，也不能撤回导入。需要时请先撤回会签。", article="12"
            )
        if self.plan.state != PlanState.DRAFT:
            raise Blocked(
                "计划已经定稿，不能再导入计划行，也不能撤回导入。"
                "要改应办理计划调整，并将调整公开。",
                article="16",
            )

    def standing(self) -> str:
        return standing(self.plan, self.by)

    def weigh(self, held: Held) -> Looked[Any, Any]:
        intake = Intake(plan=self.plan, by=self.by)
        intake.weigh(held)
        return intake

    def kept(self, line: PlanLine) -> dict[str, Any]:
        return kept(line)

    def put(self, checked: Any, line: Any, at: datetime) -> tuple[PlanLine, str, dict[str, str]]:
        written = put_line(self.plan, checked, at)
        return written, written.number, columns.columns(written)

    def lines(self, keys: Collection[int]) -> Mapping[int, PlanLine]:
        return {line.pk: line for line in self.plan.lines.filter(pk__in=keys).with_columns()}

    def check_writer(self, line: PlanLine) -> None:
        check_writer(line.initiator, self.by, self.plan)

    def restore(self, line: PlanLine, was: Mapping[str, Any], at: datetime) -> None:
        restore(line, was, at)

    def name(self, line: PlanLine) -> str:
        return line.number

    def about(self) -> tuple[str, int]:
        return "plan", self.plan.pk


class OwnBook(Book):
    """A department's draft of its own part; that department alone loads it."""

    columns = own_table.COLUMNS
    most = own_table.MOST_ROWS

    def __init__(self, part: DepartmentPart, by: User) -> None:
        super().__init__(by)
        self.part = part

    def hold(self) -> None:
        self.part = own_draft(self.part, self.by)

    def standing(self) -> str:
        return standing_own(self.part)

    def weigh(self, held: Held) -> Looked[Any, Any]:
        intake = OwnIntake(part=self.part)
        intake.weigh(held)
        return intake

    def kept(self, line: DepartmentLine) -> dict[str, Any]:
        return kept_own(line)

    def put(
        self, checked: Any, line: Any, at: datetime
    ) -> tuple[DepartmentLine, str, dict[str, str]]:
        written = put_own_line(checked, line, self.by, at)
        return written, written.name, columns.own_columns(written)

    def lines(self, keys: Collection[int]) -> Mapping[int, DepartmentLine]:
        return self.part.lines.in_bulk(keys)

    def check_writer(self, line: DepartmentLine) -> None:
        """Whoever may hold the part may write each of its lines."""

    def restore(self, line: DepartmentLine, was: Mapping[str, Any], at: datetime) -> None:
        restore_own(line, was)

    def name(self, line: DepartmentLine) -> str:
        return line.name

    def about(self) -> tuple[str, int]:
        return "part", self.part.pk

    def facts(self) -> dict[str, Any]:
        return {"department": self.part.department.code, "year": self.part.year}


def book_of(batch: Import, by: User) -> Book:
    """The draft an import is for."""
    if batch.plan is not None:
        return JointBook(batch.plan, by)
    if batch.part is not None:
        return OwnBook(batch.part, by)
    raise ValueError(f"{batch} is for no draft")
