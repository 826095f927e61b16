"""What the record form says, what is still open on it, and its facts for the digest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils import timezone

from liancha.accounts.models import Department
from liancha.rulebook import presence
from liancha.rulebook.verdicts import Blocked
from liancha.rulebook.wording import Worded

from .crew import attendance
from .models import ItemAnswer, Measure, Visit, VisitItem, VisitPart


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the form, answered or not.

    number  runs through all departments
    """

    number: int
    row: VisitItem
    answer: ItemAnswer | None
    measures: list[Measure] = field(default_factory=list)

    @property
    def finding(self) -> str:
        """ "fine", "found", "none", or "" while open."""
        if not self.row.is_expected:
            return ItemAnswer.Finding.NONE
        return self.answer.finding if self.answer else ""

    @property
    def situation(self) -> str:
        """What was seen; never a blank once there is an answer (art. 21)."""
        if not self.row.is_expected:
            return "检查对象没有此项。"
        if self.answer is None:
            return ""
        return self.answer.situation or self.answer.get_finding_display() + "。"

    @property
    def missing(self) -> list[str]:
        """What is still to be written before the form can be signed."""
        if not self.row.is_expected:
            return []
        if self.answer is None:
            return ["结果"]
        if self.answer.finding != ItemAnswer.Finding.FOUND:
            return []
        lacks = [] if self.answer.situation.strip() else ["发现的情况"]
        if not self.measures:
            return [*lacks, "处置"]
        return lacks + [word for each in self.measures for word in measure_lacks(each)]


def measure_lacks(measure: Measure) -> list[str]:
    """What a measure on the form still lacks: 责令改正的期限…"""
    word, lacks = measure.get_kind_display(), []
    if not measure.basis.strip():
        lacks.append(f"{word}的依据")
    if presence.MeasureKind(measure.kind).is_order:
        if not measure.channel:
            lacks.append(f"{word}的方式")
        elif measure.channel == Measure.Channel.ORAL:
            if not measure.detail.strip():
                lacks.append(f"{word}的原话")
            if measure.witness_id is None:
                lacks.append(f"{word}的在场人员")
    if measure.kind == Measure.Kind.RECTIFY and measure.deadline_on is None:
        lacks.append(f"{word}的期限")
    return lacks


class Outcome(Worded):
    """What a department's rows come to. A first reading: results are entered after the visit."""

    FINE = "01", "未发现问题"
    ORDERED = "05", "发现问题已责令改正"
    NO_ACTIVITY = "07", "未发现开展本次抽查涉及的经营活动"
    TO_FOLLOW = "08", "发现问题待后续处理"


@dataclass(frozen=True, slots=True)
class Section:
    """One department's part of the form."""

    part: VisitPart
    rows: list[Row]

    @property
    def answered(self) -> int:
        return sum(1 for each in self.rows if each.finding)

    @property
    def is_complete(self) -> bool:
        return not any(each.missing for each in self.rows)

    @property
    def outcome(self) -> Outcome | None:
        """小结, worst row first; None while something is open."""
        if not self.is_complete:
            return None
        findings = [each for each in self.rows if each.finding == ItemAnswer.Finding.FOUND]
        if not findings:
            nothing = all(each.finding == ItemAnswer.Finding.NONE for each in self.rows)
            return Outcome.NO_ACTIVITY if nothing else Outcome.FINE
        kinds = [{measure.kind for measure in each.measures} for each in findings]
        all_ordered = all(Measure.Kind.RECTIFY in each for each in kinds) and not any(
            Measure.Kind.LATER in each for each in kinds
        )
        return Outcome.ORDERED if all_ordered else Outcome.TO_FOLLOW


def sections(visit: Visit, department: Department | None = None) -> list[Section]:
    """The form's sections in the order of the parts, or one department's only.

    The running numbers are those of the whole form either way.
    """
    form = getattr(visit, "form", None)
    answers: dict[int, ItemAnswer] = {}
    if form is not None:
        answers = {
            each.item_id: each
            for each in form.answers.select_related("by", "item").prefetch_related(
                "measures__witness"
            )
        }
    found, number = [], 0
    parts = visit.parts.select_related("department").prefetch_related("rows__item")
    for part in parts:
        rows = []
        for each in part.rows.all():
            number += 1
            answer = answers.get(each.item_id) if each.is_expected else None
            rows.append(Row(number, each, answer, list(answer.measures.all()) if answer else []))
        if rows and (department is None or part.department_id == department.pk):
            found.append(Section(part, rows))
    return found


def hindrances(visit: Visit, *, on: date) -> list[Blocked]:
    """Why the form cannot be signed yet, one refusal per department or kind; empty when it can.

    Source: art. 21, paragraphs 1, 3 and 4.
    """
    refusals: list[Blocked] = []
    here = {each.part.pk: each for each in attendance(visit, on=on)}
    for section in sections(visit):
        part = section.part
        if not part.is_involved:
            continue
        if part.started_at is None:
            count = here[part.pk].count
            refusals.append(
                Blocked(
                    f"{part.department.name}的 {len(section.rows)} 项还没有开始，现在到场 "
                    f"{count} 人，至少应有 {presence.LEAST} 人。等该部门查完后再签字。",
                    article="21",
                    paragraph=1,
                )
            )
            continue
        try:
            presence.check_answered(
                {each.row.item.name: each.finding or None for each in section.rows}
            )
        except Blocked as refusal:
            refusals.append(Blocked(f"{part.department.short}{refusal}", article="21", paragraph=4))
            continue
        if lacks := [
            f"“{each.row.item.name}”缺{'、'.join(each.missing)}"
            for each in section.rows
            if each.missing
        ]:
            refusals.append(
                Blocked(
                    f"{part.department.short}的记录还不完整：{'；'.join(lacks[:5])}。请补全。",
                    article="21",
                    paragraph=3,
                )
            )
    return refusals


def people_of(visit: Visit) -> tuple[str, str]:
    """法定代表人（负责人） and 联络人 as they stood when the visit began; before that as they are.

    What a form begun before they were kept said of them is not known: then nothing.
    """
    form = getattr(visit, "form", None)
    if form is None:
        target = visit.drawn_target.target
        return target.representative, target.contact
    return form.representative, form.contact


def record_facts(visit: Visit) -> dict[str, object]:
    """All that the form says, without floats, for its canonical JSON and digest.

    The target's particulars are those frozen with the draw or when the visit began, so that the
    digest stays true.
    """
    form, candidate = visit.form, visit.drawn_target.candidate
    target = {"code": candidate.code, "name": candidate.name, "address": candidate.address}
    if form.representative or form.contact:  # digests of older forms know nothing of them
        target |= {"representative": form.representative, "contact": form.contact}
    return {
        "number": visit.number,
        "task": visit.team.task.number,
        "target": target,
        "method": visit.method,
        "leader": visit.team.leader.number,
        "actual_address": form.actual_address,
        "started_at": _text(visit.started_at),
        "ended_at": _text(form.ended_at),
        "checkins": [
            [each.inspector.number, each.certificate_number, _text(each.at), each.by.username]
            for each in visit.checkins.select_related("inspector", "by")
        ],
        "sections": [
            {
                "department": section.part.department.code,
                "rows": [_row_facts(each) for each in section.rows],
            }
            for section in sections(visit)
        ],
        "opinions": [
            [each.expert.number, each.opinion]
            for each in visit.invitations.select_related("expert")
            if each.opinion
        ],
        "ending": form.ending,
        "opinion": form.opinion,
        "signer": form.signer,
        "signer_post": form.signer_post,
        "signature": form.signature_sha256,
        "refusal": form.refusal,
        "witnesses": [
            [each.inspector.number, each.certificate_number, _text(each.at), each.by.username]
            for each in form.witnesses.select_related("inspector", "by")
        ],
    }


def _row_facts(row: Row) -> dict[str, object]:
    return {
        "item": row.row.item.name,
        "finding": row.finding,
        "situation": row.situation,
        "by": row.answer.by.number if row.answer else "",
        "measures": [
            {
                "kind": each.kind,
                "channel": each.channel,
                "detail": each.detail,
                "basis": each.basis,
                "deadline_on": each.deadline_on.isoformat() if each.deadline_on else "",
                "document_number": each.document_number,
                "witness": each.witness.number if each.witness else "",
            }
            for each in row.measures
        ],
    }


def _text(at: datetime | None) -> str:
    return timezone.localtime(at).isoformat(timespec="seconds") if at else ""


def items_text(sections_of_visit: Iterable[Section]) -> str:
    """检查事项 of a notice, a line per department: 市公安局：特种行业许可证、治安管理规定."""
    return "\n".join(
        f"{each.part.department.name}："
        + "、".join(row.row.item.name for row in each.rows if row.row.is_expected)
        for each in sections_of_visit
        if each.part.is_involved
    )
