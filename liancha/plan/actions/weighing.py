"""Holding the rows of a table against a draft: which lines are new, change, stay, cannot be.

A blank cell says nothing, so what stands there stays, and a new line takes it from the list. No
line goes for not being named. Writes nothing: the dry run shows what comes out, a commit writes it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from liancha.accounts.models import User
from liancha.lists.models import JointField
from liancha.papers.faults import fault
from liancha.papers.held import Held
from liancha.rulebook.verdicts import Blocked, NeedsReason

from .. import columns, readings, table
from ..models import Plan, PlanLine
from ..readings import plain
from .cells import Cells, Known
from .lines import CheckedLine, check_line
from .looking import Looked, Step


@dataclass(kw_only=True)
class Intake(Looked[PlanLine, CheckedLine]):
    """One pass over a table of lines, for one draft and one person."""

    plan: Plan
    by: User

    def __post_init__(self) -> None:
        self.known = Known(self.plan)
        self.named: dict[object, int] = {}

    def weigh(self, held: Held) -> None:
        for row in held.rows():
            _Row(self.known, row, intake=self).take()


@dataclass(kw_only=True)
class _Row(Cells):
    """A row and what it comes to: a step, or faults."""

    intake: Intake

    def take(self) -> None:
        self._find_line()
        joint = self._field()
        self.title = joint.name if joint else ""
        if joint is not None and self.line is None:
            self._find_by_name(joint)
        if joint is None or self.faults:
            return self._refuse()
        key: object = self.line.pk if self.line else (joint.code, plain(self.name_of(joint)))
        first = self.intake.named.setdefault(key, self.row.number)
        if first != self.row.number:
            self.wrong(
                "name",
                f"与第 {first} 行是同一条计划行",
                "只保留一行；确为两项任务时，改其中一个任务名称。",
            )
            return self._refuse()
        if self.line is not None:
            self.was = said_by(self.line)
            if not any(self.differs(key) for key in self.row.places):
                return self._keep(self.line)
        data = self.data(joint)
        if data is None or self.faults:
            return self._refuse()
        try:
            checked = check_line(
                plan=self.intake.plan, data=data, line=self.line, by=self.intake.by
            )
        except NeedsReason as needs:
            what = "participants_reason" if needs.article == "13" else "ratio_reason"
            self.blocked(needs, what)
            return self._refuse()
        except Blocked as blocked:
            self.blocked(blocked, "")
            return self._refuse()
        now = would_say(checked)
        if self.line is not None and now == self.was:
            return self._keep(self.line)
        self.intake.remarks += self.remarks
        code = self.line.number if self.line else joint.code
        step = Step(self.line, checked, code, now["任务名称"], self.was, now)
        self.intake.steps.append(step)
        return None

    def _keep(self, line: PlanLine) -> None:
        self.intake.steps.append(Step(line, None, line.number, line.name, self.was, self.was))

    def _refuse(self) -> None:
        self.intake.faulty += 1
        self.intake.faults += self.faults

    def _find_line(self) -> None:
        number = plain(self.row["number"]).strip(readings.QUOTES)
        if not number:
            return
        self.line = self.known.lines.get(number)
        if self.line is not None:
            return
        if PlanLine.objects.filter(number=number).exists():
            what, cure = "是另一份计划的编号", "按新行看待，写入时另给编号。"
            self.remarks.append(
                fault(self.row.number, self.name_of(), table.WORDS["number"], number, what, cure)
            )
        else:
            self.wrong("number", "没有这个计划编号", "改计划行时照抄编号；新增的把这一格清空。")

    def _field(self) -> JointField | None:
        """By its own cell, else by the line, else by the name of the task, else by its items."""
        said, known = plain(self.row["field"]).strip(readings.QUOTES), self.known.fields
        if said:
            code = re.match(r"[A-Za-z]+[0-9]+", said)
            found = known.get(code[0].upper()) if code else None
            found = found or next((f for f in known.values() if plain(f.name) == said), None)
            if found is None:
                self.wrong(
                    "field", "清单里没有这个抽查领域", "请从下拉项里选，或写领域代码，如 JF05。"
                )
            elif self.line is not None and self.line.field.code != found.code:
                what = f"这一行现在是“{self.line.field.name}”，领域不能改"
                self.wrong("field", what, "请把编号清空另列一行，再删除原来的计划行。")
            return found
        if self.line is not None:
            return known.get(self.line.field.code) or self.line.field
        name = plain(self.row["name"])
        if same := [f for f in known.values() if name and plain(f.name) == name]:
            return same[0]
        wanted = {plain(each) for each in readings.items(self.row["items"])}
        holding = [
            f for f in known.values() if wanted and wanted <= {plain(i.name) for i in f.items.all()}
        ]
        if len(holding) == 1:
            return holding[0]
        self.wrong(
            "field", "认不出是哪个抽查领域", "请加上“抽查领域”一列，写领域代码或名称，如 JF05。"
        )
        return None

    def _find_by_name(self, joint: JointField) -> None:
        name = plain(self.name_of(joint))
        same = [
            line
            for line in self.known.lines.values()
            if line.field.code == joint.code and plain(line.name) == name
        ]
        self.line = same[0] if len(same) == 1 else None


def said_by(line: PlanLine) -> dict[str, str]:
    """A line as the table's columns say it."""
    return columns.columns(line) | _beside(
        line.stratify,
        line.strata_tags,
        line.org_mode,
        line.ratio_reason,
        line.participants_reason,
    )


def would_say(checked: CheckedLine) -> dict[str, str]:
    """The same of a line that is not written."""
    data = checked.data
    return checked.says() | _beside(
        data.stratify,
        data.strata_tags,
        data.org_mode,
        data.ratio_reason.strip(),
        data.participants_reason.strip(),
    )


def _beside(
    stratify: str, tags: Sequence[str], org_mode: str, ratio_reason: str, participants_reason: str
) -> dict[str, str]:
    return {
        "怎样分层": str(PlanLine.Stratify(stratify).label),
        "分层标签": "、".join(tags) if stratify == PlanLine.Stratify.TAG else "",
        "组织方式": str(PlanLine.OrgMode(org_mode).label),
        "比例说明": ratio_reason,
        "部门不参加的原因": participants_reason,
    }
