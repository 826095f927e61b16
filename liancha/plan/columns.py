"""The eight columns of article 14, as text: one wording for page, sheet, JSON and adjustment.

Rates are printed exactly where a percentage ends and as p/q where it does not. Nothing here asks
the registry or changes a record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from liancha.accounts.models import Department
from liancha.lists.models import JointItem
from liancha.registry.models import KeyFlag, Target
from liancha.rulebook import industries
from liancha.rulebook.coverage import PLAN_COLUMNS
from liancha.rulebook.regions import REGIONS

from .beside import PUBLIC_MARKS, is_inner
from .models import DepartmentLine, PlanLine, PlanRate

INNER_RANGE = "重点检查对象，名单不公开"
MOST_PLACES = 6  # decimal places of a percentage that is still easier to read than p/q


def columns(line: PlanLine) -> dict[str, str]:
    """The eight columns of a line, in the order and with the headings of art. 14."""
    return texts(
        name=line.name,
        departments=line.departments,
        items=line.items.all(),
        targets=line.targets,
        rules=line.target_filter,
        executor=line.executor,
        duties=line.duties,
        base=line.base,
        rates=list(line.rates.all()),
        frequency=line.frequency,
        starts_on=line.starts_on,
        ends_on=line.ends_on,
    )


def texts(
    *,
    name: str,
    departments: Sequence[Department],
    items: Iterable[JointItem],
    targets: str,
    rules: Mapping[str, Sequence[str]],
    executor: str,
    duties: str,
    base: int,
    rates: Sequence[PlanRate],
    frequency: int,
    starts_on: date,
    ends_on: date,
) -> dict[str, str]:
    """The same of a line that is not written yet. departments: the initiator first."""
    said = (
        name,
        departments_text(departments),
        "；".join(item.name for item in items),
        targets + (f"（{public_range(rules)}）" if rules else ""),
        executor,
        duties,
        rates_line(base, rates, frequency),
        window_text(starts_on, ends_on),
    )
    return dict(zip(PLAN_COLUMNS, said, strict=True))


def own_columns(line: DepartmentLine) -> dict[str, str]:
    """The same eight of a department's own line: it is by itself in 联查部门."""
    shares = f"{line.base:,} 户；{line.wording}；拟抽 {line.count:,} 户"
    said = (
        line.name,
        line.part.department.short,
        "；".join(line.items),
        line.targets,
        line.executor,
        line.duties,
        shares,
        window_text(line.starts_on, line.ends_on),
    )
    return dict(zip(PLAN_COLUMNS, said, strict=True))


def departments_text(departments: Iterable[Department]) -> str:
    """公安（发起）、卫健、市监."""
    first, *others = departments
    return "、".join([f"{first.short}（发起）", *(each.short for each in others)])


def base_text(line: PlanLine) -> str:
    """240 户；A 2%、B 5%、C 20%、D 50%；拟抽 18 户."""
    return rates_line(line.base, list(line.rates.all()), line.frequency)


def rates_line(base: int, rates: Sequence[PlanRate], frequency: int = 1) -> str:
    """The same for rates that are not written yet; "" without any."""
    if not rates:
        return ""
    count = sum(rate.count for rate in rates)
    parts = [f"{base:,} 户", "、".join(rate_texts(rates)), f"拟抽 {count:,} 户"]
    if frequency > 1:
        parts.append(f"全年 {frequency} 次")
    return "；".join(parts)


def rate_texts(rates: Sequence[PlanRate]) -> list[str]:
    """["A 2%", "D 50%"], ["10%"] for one rate, ["洛龙区 3 户"] for a fixed number.

    Strata with the same rate are written once when they are many: ["各县区 10%"]. 重点对象 stand
    first, and apart.
    """
    if len(rates) > 1 and rates[0].stratum == PlanRate.KEY:
        others = rate_texts(rates[1:])
        first = f"{PlanRate.KEY} {rate_text(rates[0])}"
        return [first, *([f"其他 {others[0]}"] if len(rates) == 2 else others)]
    pairs = [(stratum_word(rate.stratum), rate_text(rate)) for rate in rates]
    if len(pairs) == 1:
        return [pairs[0][1]]
    if len(pairs) > 5 and len({text for _, text in pairs}) == 1:
        word = "各县区" if all(rate.stratum in REGIONS for rate in rates[:-1]) else "各层"
        return [f"{word} {pairs[0][1]}"]
    return [f"{word} {text}" for word, text in pairs]


def rate_text(rate: PlanRate) -> str:
    """2%, 1/3, 9 户 for a fixed number, or the plan's own words."""
    if rate.wording:
        return rate.wording
    return f"{rate.fixed} 户" if rate.fixed is not None else percent_text(rate.fraction)


def percent_text(ratio: Fraction) -> str:
    """2%, 0.5%, or 1/3 where no short decimal says it exactly."""
    denominator = ratio.denominator
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    if denominator != 1:
        return f"{ratio.numerator}/{ratio.denominator}"
    exact = Decimal(ratio.numerator) * 100 / Decimal(ratio.denominator)
    text = f"{exact:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    if "." in text and len(text.partition(".")[2]) > MOST_PLACES:
        return f"{ratio.numerator}/{ratio.denominator}"
    return f"{text}%"


def stratum_word(stratum: str) -> str:
    """A region code as its name; everything else as it is."""
    return REGIONS.get(stratum, stratum)


def filter_text(rules: Mapping[str, Sequence[str]]) -> str:
    """企业、个体工商户；洛龙区；C、D 类；行业为“住宿业”; 不限 without rules."""
    kinds, marks = dict(Target.Kind.choices), dict(KeyFlag.Kind.choices)
    industry = "、".join(f"“{industries.name_of(each)}”" for each in rules.get("industries", ()))
    tags = "、".join(f"“{each}”" for each in rules.get("tags", ()))
    flags = "、".join(f"“{marks.get(each, each)}”" for each in rules.get("flags", ()))
    parts = [
        "、".join(str(kinds.get(each, each)) for each in rules.get("kinds", ())),
        "、".join(REGIONS.get(each, each) for each in rules.get("regions", ())),
        "、".join(rules.get("classes", ())) + " 类" if rules.get("classes") else "",
        f"行业为{industry}" if industry else "",
        f"有{tags}标签" if tags else "",
        f"开始日有{flags}标记" if flags else "",
    ]
    return "；".join(part for part in parts if part) or "不限"


def public_range(rules: Mapping[str, Sequence[str]]) -> str:
    """The same for everybody: 洛龙区；重点检查对象，名单不公开 where a class or mark is inner.

    Source: art. 14, 检查对象; decisions A33 and 0012.
    """
    if not is_inner(rules):
        return filter_text(rules)
    inner = {"classes"} if PUBLIC_MARKS.issuperset(rules.get("flags", ())) else {"classes", "flags"}
    told = {name: values for name, values in rules.items() if values and name not in inner}
    return "；".join([filter_text(told), INNER_RANGE] if told else [INNER_RANGE])


def inner_marks(rules: Mapping[str, Sequence[str]]) -> list[str]:
    """Names of the marks in a range that no public list names."""
    kinds = dict(KeyFlag.Kind.choices)
    return [
        str(kinds.get(each, each)) for each in rules.get("flags", ()) if each not in PUBLIC_MARKS
    ]


def window_text(starts_on: date, ends_on: date) -> str:
    """2026-10-08 至 2026-12-31."""
    return f"{starts_on.isoformat()} 至 {ends_on.isoformat()}"


def duties_text(items: Iterable[JointItem], departments: Iterable[Department]) -> str:
    """A first wording of 责任分工, department by department, from the items they answer."""
    by_department: dict[int, list[str]] = {}
    for item in items:
        by_department.setdefault(item.department_id, []).append(item.name)
    first, *others = departments
    lines = [
        f"{first.name}牵头，统一抽取检查对象、组织联合检查组"
        + _answers(by_department.get(first.pk, []))
    ]
    lines += [f"{each.name}配合" + _answers(by_department.get(each.pk, [])) for each in others]
    return "；\n".join(lines) + "。"


def _answers(names: list[str]) -> str:
    return f"，负责{'、'.join(names)}" if names else "，按本部门职责参加检查"
