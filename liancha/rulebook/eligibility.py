"""Who may take part in a joint check (Measures, arts. 2–4, 10, 11, 13 and 18).

Which department may initiate or cooperate, which target may stand in a pool, which inspector may
be drawn. Facts come in as small values; an answer names every reason at once,
so that a record is mended once. Nobody is drawn here, and nothing is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from .verdicts import Blocked, NeedsReason
from .wording import Worded

FORMER_POST_YEARS = 3  # local practice: how long a former post in a target recuses
AWAY_SHARE = Fraction(1, 2)  # local practice: leave over this share of a window excludes


# Departments


class Duty(Worded):
    """A department's duty in a field (art. 10)."""

    COMPETENT = "competent", "主管部门"
    MAJOR = "major", "重要监管职责"
    ORDINARY = "ordinary", "一般监管职责"


def check_body(
    name: str,
    *,
    is_qualified: bool,
    entrusted_by: str = "",
    closed_on: date | None = None,
    successor: str = "",
) -> None:
    """Only an administrative organ with 执法主体资格 takes part, and only while there is one.

    entrusted_by  the organ in whose name an entrusted organisation acts, if there is one
    closed_on     the day the body was dissolved, if it was
    successor     the body that took its duties over, if one did

    Raises Blocked.
    Source: art. 2, paragraph 2.
    """
    if closed_on is not None:
        cure = f"请改选承接它职责的{successor or '部门'}"
        raise Blocked(
            f"{name}已于 {closed_on} 撤销，不能作为发起或配合部门。{cure}。",
            article="2",
            paragraph=2,
        )
    if is_qualified:
        return
    cure = (
        f"它受{entrusted_by}委托，请以{entrusted_by}的名义参加。"
        if entrusted_by
        else "请改选具有监督管理职责的行政机关。"
    )
    raise Blocked(
        f"{name}无行政检查主体资格，不能作为发起或配合部门。{cure}", article="2", paragraph=2
    )


def check_initiator(name: str, *, duty: Duty | None, field_name: str) -> None:
    """The initiator is the field's competent department, or one with a major duty in it.

    Raises Blocked.
    Source: art. 10, paragraph 2. Clause 10.3.
    """
    if duty in (Duty.COMPETENT, Duty.MAJOR):
        return
    held = duty.label if duty else "没有登记职责"
    raise Blocked(
        f"{name}在“{field_name}”领域为“{held}”，不能作为发起部门。"
        "请改选该领域的主管部门，或先登记它的重要监管职责。",
        article="10",
        paragraph=2,
    )


def check_cooperators(initiator: str, cooperators: Sequence[str]) -> None:
    """At least one cooperator, none of them the initiator, none twice.

    Raises Blocked.
    Source: art. 10, paragraph 1. Clause 10.2.
    """
    if not cooperators:
        raise Blocked("还没有配合部门。请至少选择一个配合部门。", article="10", paragraph=1)
    if initiator in cooperators:
        raise Blocked(
            f"{initiator}已是发起部门，不能同时作为配合部门。请从配合部门中去掉它。",
            article="10",
            paragraph=1,
        )
    if doubles := sorted({name for name in cooperators if cooperators.count(name) > 1}):
        raise Blocked(
            f"配合部门重复：{'、'.join(doubles)}。请各保留一个。", article="10", paragraph=1
        )


def cooperator_remarks(
    without_item: Iterable[str], *, target_kind: str, own: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """A remark for each cooperator without a published item on this kind of target (WARN).

    own  department → its item on this kind in the published 抽查事项清单, "" for none; None while
         no such list is published

    Source: art. 10, paragraph 2. Clause 10.4.
    """

    def beside(name: str) -> str:
        if own is None:
            return "请核对它的监管职责。"
        if item := own.get(name):
            return f"已公布的抽查事项清单里有它的“{item}”，可以列入。"
        return "已公布的抽查事项清单里也没有，请核对它的监管职责。"

    return tuple(
        f"{name}在清单中没有针对“{target_kind}”的检查事项，{beside(name)}" for name in without_item
    )


def check_participants(
    *, listed: Collection[str], chosen: Collection[str], reason: str = ""
) -> frozenset[str]:
    """Who cooperates this time, against the list: dropping a listed one needs a reason.

    returns  cooperators from outside the list, to be shown as 清单外

    Raises NeedsReason.
    Source: art. 13, paragraph 1. Clause 13.2.
    """
    if (dropped := sorted(set(listed) - set(chosen))) and not reason.strip():
        raise NeedsReason(
            f"清单中的配合部门本次不参加：{'、'.join(dropped)}。请写明原因，原因会随计划公示。",
            article="13",
            paragraph=1,
        )
    return frozenset(chosen) - frozenset(listed)


def check_joint(
    *, departments: Collection[str], fields: Collection[str], target_kinds: Collection[str]
) -> None:
    """A joint check has two departments at least, one field and one kind of target.

    Raises Blocked.
    Source: arts. 3 and 4.
    """
    if len(set(departments)) < 2:
        raise Blocked(
            "联合抽查至少要有两个部门参加。请添加配合部门，或改为本部门抽查。", article="3"
        )
    if len(set(fields)) != 1:
        named = "、".join(sorted(set(fields))) or "没有"
        raise Blocked(
            f"一个任务应当且只能属于一个抽查领域，现在是：{named}。请按领域分开建立任务。",
            article="4",
        )
    if len(set(target_kinds)) != 1:
        named = "、".join(sorted(set(target_kinds))) or "没有"
        raise Blocked(
            f"一个任务应当且只能有一类检查对象，现在是：{named}。请按检查对象分开建立任务。",
            article="4",
        )


# Targets


class TargetStatus(Worded):
    """登记状态."""

    ACTIVE = "active", "存续"
    SUSPENDED = "suspended", "歇业"
    REVOKED = "revoked", "吊销"
    CANCELLED = "cancelled", "注销"
    WITHDRAWN = "withdrawn", "撤销"
    MOVED = "moved", "迁出"


class TargetFault(Worded):
    """Why a target does not enter a pool; counted in the minutes of the draw."""

    NOT_OPEN = "not_open", "已注销、吊销、撤销或迁出"
    REGION_UNDECIDED = "region_undecided", "县区待核"
    OUTSIDE = "outside", "不在管辖范围"
    UNTAGGED = "untagged", "不属于本领域的检查对象"
    NOT_COMMON = "not_common", "不是各参与部门共同的监管对象"
    DUPLICATE = "duplicate", "与另一户重复"
    IN_OPEN_TASK = "in_open_task", "已在其他未完任务"
    COOLING = "cooling", "在冷却期内"
    INCOMPLETE = "incomplete", "数据不全"
    EXEMPT = "exempt", "依法免查"
    BY_HAND = "by_hand", "人工排除"


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """What decides whether a target may stand in a pool.

    region    where it operates; None while undecided
    tags      kinds of place it is: 宾馆旅店
    set_aside faults found elsewhere: duplicate, other open task, cooling, exempt, by hand
    """

    status: TargetStatus
    region: str | None
    tags: frozenset[str]
    set_aside: frozenset[TargetFault] = frozenset()


def target_faults(
    target: TargetFacts, *, tag: str, regions: Collection[str] | None = None
) -> tuple[TargetFault, ...]:
    """Why a target may not enter the pool, all reasons; empty when it may.

    tag      the tag of the task's field
    regions  where the task draws; None for the whole city

    Suspended business may enter: see target_remarks.
    Source: art. 11 for status and region, art. 18 for the rest. Clause 11.1.
    """
    found = set(target.set_aside)
    if target.status not in (TargetStatus.ACTIVE, TargetStatus.SUSPENDED):
        found.add(TargetFault.NOT_OPEN)
    if target.region is None:
        found.add(TargetFault.REGION_UNDECIDED)
    elif regions is not None and target.region not in regions:
        found.add(TargetFault.OUTSIDE)
    if tag not in target.tags:
        found.add(TargetFault.UNTAGGED)
    return tuple(fault for fault in TargetFault if fault in found)


def target_remarks(target: TargetFacts) -> tuple[str, ...]:
    """What is worth saying about a target that may enter (WARN).

    Source: art. 11, 实行动态更新. Clause 11.4.
    """
    if target.status is TargetStatus.SUSPENDED:
        return ("登记为歇业，检查前请先核实是否营业。",)
    return ()


def common_to(
    *,
    participants: Collection[str],
    supervisors: Collection[str],
    released: Mapping[str, str] | None = None,
) -> frozenset[str] | None:
    """Which participants inspect a target, or None when it is not their common target.

    supervisors  departments that supervise such targets
    released     department → reason why it has no item on this one (不涉及)

    By default every participant must supervise it. One released with a reason may be missing,
    while two at least remain.
    Source: art. 18, paragraph 1, 共同的监管对象; the release is decision A10. Clause 18.2.
    """
    reasons = released or {}
    staying = frozenset(name for name in participants if not reasons.get(name, "").strip())
    if len(staying) < 2 or not staying <= set(supervisors):
        return None
    return staying


# Inspectors


@dataclass(frozen=True, slots=True)
class Span:
    """Days from first to last, both counted."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"a span ends on or after it starts, got {self.first} to {self.last}")

    def overlaps(self, other: Span) -> bool:
        return self.first <= other.last and other.first <= self.last

    def covers(self, other: Span) -> bool:
        return self.first <= other.first and other.last <= self.last


class InspectorFault(Worded):
    """Why an inspector is not drawable; counted in the minutes of the draw."""

    EXPERT = "expert", "专家不计入执法检查人员"
    NO_CERTIFICATE = "no_certificate", "没有执法证件"
    CERTIFICATE_OVER = "certificate_over", "执法证件已过期"
    CERTIFICATE_ENDS = "certificate_ends", "执法证件在任务期内到期"
    CERTIFICATE_LATER = "certificate_later", "执法证件尚未生效"
    NOT_ON_DUTY = "not_on_duty", "不在岗"
    ON_LEAVE = "on_leave", "任务期内请假"
    POST = "post", "岗位不符"
    SKILL = "skill", "缺少所需专长"
    RECUSED = "recused", "执法回避"


@dataclass(frozen=True, slots=True)
class InspectorFacts:
    """What decides whether an inspector may be drawn.

    certificates  validity of each enforcement certificate
    leaves        days away
    recused_from  codes of targets this person never goes to (see is_recused)
    """

    certificates: tuple[Span, ...]
    is_on_duty: bool = True
    is_expert: bool = False
    post: str = ""
    skills: frozenset[str] = frozenset()
    leaves: tuple[Span, ...] = ()
    recused_from: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Need:
    """What the work asks for. Empty posts: any post; skills: all of them are needed."""

    skills: frozenset[str] = frozenset()
    posts: frozenset[str] = frozenset()


ANYTHING = Need()


def inspector_faults(
    inspector: InspectorFacts,
    *,
    window: Span,
    need: Need = ANYTHING,
    target: str | None = None,
) -> tuple[InspectorFault, ...]:
    """Why an inspector may not be drawn for this window, all reasons; empty when drawable.

    window  first to last day of the visits
    target  code of the target, None when asking for the roster as a whole

    One certificate must cover the whole window. Leave counts once it takes more than half of the
    window's days: a single day off does not take anybody out of a draw.
    Source: art. 11 and art. 18, paragraph 2, 执法资质、业务专长、部门岗位; art. 19 for recusal.
    Clauses 11.2 and 18.3.
    """
    found: set[InspectorFault] = set()
    if inspector.is_expert:
        found.add(InspectorFault.EXPERT)
    if (fault := _certificate_fault(inspector.certificates, window)) is not None:
        found.add(fault)
    if not inspector.is_on_duty:
        found.add(InspectorFault.NOT_ON_DUTY)
    if _share_away(inspector.leaves, window) > AWAY_SHARE:
        found.add(InspectorFault.ON_LEAVE)
    if need.posts and inspector.post not in need.posts:
        found.add(InspectorFault.POST)
    if not need.skills <= inspector.skills:
        found.add(InspectorFault.SKILL)
    if target is not None and target in inspector.recused_from:
        found.add(InspectorFault.RECUSED)
    return tuple(fault for fault in InspectorFault if fault in found)


def inspector_remarks(inspector: InspectorFacts, *, window: Span) -> tuple[str, ...]:
    """Leave inside the window that does not exclude (WARN).

    Source: art. 18, paragraph 2.
    """
    return tuple(
        f"{leave.first} 至 {leave.last} 请假，安排日程时请避开。"
        for leave in inspector.leaves
        if leave.overlaps(window)
    )


class Relation(Worded):
    """Why somebody keeps away from a target (执法回避, art. 19)."""

    RELATIVE = "relative", "近亲属在该单位任职或持股"
    INTEREST = "interest", "本人或近亲属有经济利益"
    FORMER = "former", "曾在该单位任职"
    SERVED = "served", "曾为其代理、鉴定或担保"
    REQUESTED = "requested", "企业申请回避"
    OTHER = "other", "其他可能影响公正的关系"


def is_recused(relation: Relation, *, on: date, ended_on: date | None = None) -> bool:
    """Whether a declared relation keeps the inspector away on a day.

    ended_on  when a former post ended; without it the relation holds

    Only a former post lapses, after three years (local practice).
    Source: art. 19, paragraph 3, 执法回避; the grounds are those of 行政处罚法 (general law).
    """
    if relation is not Relation.FORMER or ended_on is None:
        return True
    return on < _years_later(ended_on, FORMER_POST_YEARS)


def _certificate_fault(certificates: Sequence[Span], window: Span) -> InspectorFault | None:
    if not certificates:
        return InspectorFault.NO_CERTIFICATE
    if any(certificate.covers(window) for certificate in certificates):
        return None
    if all(certificate.last < window.first for certificate in certificates):
        return InspectorFault.CERTIFICATE_OVER
    if any(c.first <= window.first <= c.last for c in certificates):
        return InspectorFault.CERTIFICATE_ENDS
    return InspectorFault.CERTIFICATE_LATER


def _share_away(leaves: Iterable[Span], window: Span) -> Fraction:
    """The share of the window's days that lie in a leave, each day once."""
    begin, end = window.first.toordinal(), window.last.toordinal()
    away, seen = 0, begin - 1
    for leave in sorted(leaves, key=lambda each: each.first):
        first, last = max(leave.first.toordinal(), seen + 1), min(leave.last.toordinal(), end)
        if first <= last:
            away, seen = away + last - first + 1, last
    return Fraction(away, end - begin + 1)


def _years_later(day: date, years: int) -> date:
    if day.year + years > date.max.year:  # 9999-09-09 is written for what has no end
        return date.max
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return date(day.year + years, 3, 1)
