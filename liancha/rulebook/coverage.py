"""What the yearly plan must hold, and how it may change (Measures, arts. 12–17).

Every field of the joint list planned, eight columns filled, rates that rise with risk, dates
inside the year, changes with a reason. Counting targets per stratum stands here because the plan
prints it; which targets they are is decided by the draw.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise

from .listing import missing_columns
from .verdicts import Blocked, NeedsReason
from .wording import Worded

GENERAL_CAP = Fraction(1, 10)  # local practice: 一般检查事项, decision A31
STALE_CLASS_DAYS = 45  # local practice: classes are made anew every month

PLAN_COLUMNS = (
    "任务名称",
    "联查部门",
    "抽查事项",
    "检查对象",
    "实施主体",
    "责任分工",
    "抽查基数和比例",
    "时间安排",
)
SCHEME_PARTS = ("目标任务", "职责分工", "工作阶段安排")


# Fields


class ExceptionReason(Worded):
    """Why a field has no line this year."""

    NO_TARGETS = "no_targets", "本年度无检查对象"
    SUPERIOR = "superior", "上级统一实施"


@dataclass(frozen=True, slots=True)
class SignedException:
    """A field without a line, and who of the coordinating office signed for it."""

    reason: ExceptionReason
    signed_by: str


def uncovered(
    fields: Mapping[str, str],
    *,
    planned: Collection[str],
    exceptions: Mapping[str, SignedException] | None = None,
) -> tuple[str, ...]:
    """Codes of the fields with neither a line nor a signed exception, in the list's order.

    fields   code → name of every active field of the joint list of this level
    planned  codes of fields with at least one line that is not cancelled

    Source: art. 13, paragraph 1, 应覆盖……所有抽查领域. Clause 13.1.
    """
    signed = {code for code, each in (exceptions or {}).items() if each.signed_by.strip()}
    return tuple(code for code in fields if code not in planned and code not in signed)


def check_coverage(
    fields: Mapping[str, str],
    *,
    planned: Collection[str],
    exceptions: Mapping[str, SignedException] | None = None,
) -> None:
    """A plan covers every active field before it is published.

    Raises Blocked naming each field that is missing.
    Source: art. 13, paragraph 1. Clause 13.1.
    """
    if missing := uncovered(fields, planned=planned, exceptions=exceptions):
        names = "、".join(fields[code] for code in missing)
        raise Blocked(
            f"清单有 {len(fields)} 个抽查领域，计划还缺 {len(missing)} 个：{names}。"
            "请为它们编计划行，或由联席会议办公室逐个签署本年度不安排的原因。",
            article="13",
            paragraph=1,
        )


# Lines


def check_columns(line: Mapping[str, object], *, name: str) -> None:
    """A plan line has all eight columns.

    Raises Blocked naming the empty ones.
    Source: art. 14. Clause 14.1.
    """
    if missing := missing_columns(line, PLAN_COLUMNS):
        raise Blocked(f"计划行“{name}”缺少：{'、'.join(missing)}。请补全。", article="14")


def check_dates(starts_on: date, ends_on: date, *, year: int) -> None:
    """A line ends on or after it starts, and lies inside the plan's year.

    Raises Blocked.
    Source: art. 14, 时间安排. Clause 14.1.
    """
    if ends_on < starts_on:
        raise Blocked(
            f"结束日期 {ends_on} 早于开始日期 {starts_on}。请改正时间安排。", article="14"
        )
    if starts_on.year != year or ends_on.year != year:
        raise Blocked(
            f"时间安排 {starts_on} 至 {ends_on} 不在 {year} 年度内。"
            "请改到本年度，或列入另一年度的计划。",
            article="14",
        )


class CreditClass(Worded):
    """信用风险分类; a target without a class takes the line's own rate, never that of A."""

    A = "A", "A 低"
    B = "B", "B 中低"
    C = "C", "C 中高"
    D = "D", "D 高"
    UNKNOWN = "", "未分类"


RISING = (CreditClass.A, CreditClass.B, CreditClass.C, CreditClass.D)


def check_ratios(ratios: Mapping[CreditClass, Fraction], *, reason: str = "") -> None:
    """Rates by credit class rise with risk, A ≤ B ≤ C ≤ D; classes not named are skipped.

    Raises Blocked for a rate outside 0 to 1, NeedsReason when a riskier class gets less.
    Source: art. 15, 设置不同的抽查比例. Clause 15.2.
    """
    for credit_class, ratio in ratios.items():
        if not 0 <= ratio <= 1:
            raise Blocked(
                f"“{credit_class.label}”的比例为 {_percent(ratio)}，应在 0 到 100% 之间。请改正。",
                article="15",
            )
    named = [each for each in RISING if each in ratios]
    for lower, higher in pairwise(named):
        if ratios[lower] > ratios[higher] and not reason.strip():
            raise NeedsReason(
                f"{lower.value} 类比例 {_percent(ratios[lower])} 高于 {higher.value} 类 "
                f"{_percent(ratios[higher])}。风险高的应多查，请改正，或写明原因。",
                article="15",
            )


class ItemClass(Worded):
    """事项类别."""

    KEY = "key", "重点检查事项"
    GENERAL = "general", "一般检查事项"


def check_cap(
    ratio: Fraction,
    *,
    item_class: ItemClass,
    cap: Fraction = GENERAL_CAP,
    reason: str = "",
    rounds: int = 1,
) -> None:
    """A line of general items keeps under the cap over the year; key items have none.

    ratio   share of the whole base that is drawn in one round, over all strata
    cap     local practice, 10 % as shipped
    rounds  how often the line is done in its year: the cap is on what they come to together

    Raises NeedsReason.
    Source: art. 15, 适当降低抽查比例和频次; the number is decision A31. Clauses 15.3 and 15.4.
    """
    if item_class is ItemClass.GENERAL and ratio * rounds > cap and not reason.strip():
        together = f"、全年 {rounds} 次合计 {_percent(ratio * rounds)}" if rounds > 1 else ""
        raise NeedsReason(
            f"一般检查事项的比例 {_percent(ratio)}{together} 高于上限 {_percent(cap)}（本地做法）。"
            f"请降低比例{'或频次' if together else ''}，或写明原因。",
            article="15",
        )


def planned_count(base: int, ratio: Fraction) -> int:
    """How many of a stratum are drawn: ⌈ratio × base⌉, at least 1 if both are above 0, at most all.

    Source: art. 14, 抽查基数和比例; rounding up is decision A29. Clause 14.1.
    """
    if base < 0 or ratio < 0:
        raise ValueError(f"base and ratio are not negative, got {base} and {ratio}")
    return min(base, -(-base * ratio.numerator // ratio.denominator))


def planned_counts(bases: Mapping[str, int], ratios: Mapping[str, Fraction]) -> dict[str, int]:
    """Number to draw in each stratum, rounded up in each by itself; every stratum has a rate.

    Source: art. 14 and art. 15, paragraph 1. Clause 14.1.
    """
    return {stratum: planned_count(base, ratios[stratum]) for stratum, base in bases.items()}


def is_class_stale(classed_on: date | None, *, on: date) -> bool:
    """Whether a credit class is older than the monthly renewal allows (WARN).

    Source: art. 15, 加大……信用分类模块的查询和应用; 45 days are local practice. Clause 15.1.
    """
    return classed_on is None or (on - classed_on).days > STALE_CLASS_DAYS


# Tasks outside the plan, and changes of it


class TaskSource(Worded):
    """Where a task comes from."""

    PLAN = "plan", "年度计划"
    RISK = "risk", "突发风险"
    SUPERIOR = "superior", "上级交办"
    SPECIAL = "special", "专项整治"


def check_source(source: TaskSource, *, reason: str, document: str) -> None:
    """A task outside the plan says why and on what document it rests.

    It is still drawn, visited by two per department and published.
    Raises Blocked.
    Source: art. 13, paragraph 2, 临时性联合抽查 and 专项整治. Clause 13.3.
    """
    if source is TaskSource.PLAN:
        return
    lacking = [
        word for word, text in (("原因", reason), ("来源文件文号", document)) if not text.strip()
    ]
    if lacking:
        raise Blocked(
            f"“{source.label}”任务不在年度计划内，还缺：{'、'.join(lacking)}。请补全。",
            article="13",
            paragraph=2,
        )


class AdjustmentKind(Worded):
    """What may change in a published plan."""

    ADD = "add", "增设任务"
    DELAY = "delay", "延迟任务"
    CANCEL = "cancel", "取消任务"
    RATIO = "ratio", "调整比例"
    FREQUENCY = "frequency", "调整频次"


def check_adjustment(
    kind: AdjustmentKind,
    *,
    reason: str,
    requested_by: str,
    approved_by: str,
    is_locked: bool,
) -> None:
    """A change of the plan has a reason and somebody else's approval.

    is_locked  whether targets of the line are drawn already: then its ratio stands

    Raises Blocked.
    Source: art. 16; art. 19, paragraph 3, for the drawn list. Clause 16.3.
    """
    if kind is AdjustmentKind.RATIO and is_locked:
        raise Blocked(
            "检查对象名单已经锁定，抽查比例不能再改。确需多查，请另建补充批次。",
            article="19",
            paragraph=3,
        )
    if not reason.strip():
        raise Blocked("还没有写调整原因。原因会随调整一并公开。", article="16")
    if not approved_by.strip():
        raise Blocked("计划调整还没有批准人。请送发起部门负责人批准。", article="16")
    if approved_by == requested_by:
        raise Blocked("提出调整的人不能批准自己的调整。请由另一位负责人批准。", article="16")


# The scheme


def check_scheme(scheme: Mapping[str, object]) -> None:
    """A scheme has its three parts before it is approved.

    Raises Blocked naming the empty ones.
    Source: art. 17, paragraph 1. Clause 17.1.
    """
    if missing := missing_columns(scheme, SCHEME_PARTS):
        raise Blocked(
            f"实施方案缺少：{'、'.join(missing)}。请补全后送审。", article="17", paragraph=1
        )


def check_scheme_dates(
    starts_on: date, ends_on: date, *, line_starts_on: date, line_ends_on: date
) -> None:
    """A scheme stays inside the window of its plan line, or the plan is adjusted first.

    Raises Blocked.
    Source: art. 17, paragraph 1, 按计划; art. 16 for the adjustment. Clause 17.2.
    """
    if starts_on < line_starts_on or ends_on > line_ends_on:
        raise Blocked(
            f"方案时间 {starts_on} 至 {ends_on} 超出计划的 {line_starts_on} 至 {line_ends_on}。"
            "请改正，或先办理计划调整。",
            article="17",
            paragraph=1,
        )


def check_confirmed(participants: Sequence[str], *, confirmed: Collection[str]) -> None:
    """Every participant has confirmed its part before the scheme is approved.

    Raises Blocked.
    Source: art. 17, paragraph 1, 会同各参与部门. Clause 17.1.
    """
    if lacking := [name for name in participants if name not in confirmed]:
        raise Blocked(
            f"还没有确认参与的部门：{'、'.join(lacking)}。请等待确认后再批准方案。",
            article="17",
            paragraph=1,
        )


def _percent(ratio: Fraction) -> str:
    """2%, 12.5%: exact where it ends, else rounded up to two places: what is above 10 % says so."""
    hundredths = -(-ratio * 10_000 // 1)
    whole, rest = divmod(hundredths, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + "%" if rest else f"{whole}%"
