"""An outcome of the simulator as page and workbook show it: figures, charts, tables, proposals.

Numbers are rounded here and nowhere before. A chart never says more than the table beside it.
"""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

from liancha.papers.writers import Sheet, write_workbook
from liancha.rulebook import workload

from . import bases, columns, queries
from .models import PlanLine, Scenario
from .trial import Outcome, Settings, Trial, next_step
from .trial_form import address

MONTH_WORDS = tuple(f"{n} 月" for n in range(1, 13))
FIGURES = (
    ("firms", "被抽中企业", "户"),
    ("visits", "入企户次", "户次"),
    ("off_site", "非现场", "户次"),
    ("merged", "合并省下", "户次"),
    ("days", "需要人日", "人日"),
    ("available", "可用人日", "人日"),
    ("heavy", "超负荷", "部门月"),
    ("over_cap", "超过次数上限", "户·部门"),
)
LEVELS = ((0.2, 0), (0.5, 1), (0.8, 2), (1.0, 3))
STACKED = 4  # departments with a colour of their own; the rest together
MOST_PROPOSALS = 6


def figures(outcome: Outcome) -> dict[str, int]:
    """The figures two trials are compared by."""
    found = outcome.found
    return {
        "firms": round(found.firms),
        "visits": round(found.visits),
        "unmerged": found.unmerged,
        "separate": found.separate,
        "off_site": round(found.off_site),
        "merged": round(found.unmerged - found.off_site - found.visits),
        "days": round(found.person_days),
        "available": round(outcome.available),
        "heavy": len(outcome.heavy),
        "over_cap": round(found.over_cap),
    }


def shown(trial: Trial, outcome: Outcome, planned: Outcome, department: str) -> dict[str, Any]:
    """All that the changing part of the page says."""
    now, was = figures(outcome), figures(planned)
    total = outcome.counted.total
    return {
        "now": now,
        "was": was,
        "is_changed": outcome.settings.is_tried,
        "change": {key: now[key] - was[key] for key in now},
        "part": _percent(outcome.found.firms, total),
        "used": _percent(outcome.found.person_days, outcome.available),
        "joint": now["separate"] - now["unmerged"],
        "heavy_words": heavy_words(outcome),
        "off_site_words": off_site_words(outcome),
        "months": _months(outcome, department),
        "hist": _histogram(outcome),
        "heat": heat(outcome),
        "proposals": _proposals(trial, outcome),
        "costs": costs(outcome),
        "moved": _moved(outcome),
        "faults": _faults(outcome.settings),
        "outcome": outcome,
        "query": address(outcome.settings),
    }


def heavy_words(outcome: Outcome) -> str:
    """消防 5、6 月，卫健 6 月; the worst departments first, three at most."""
    by_department: dict[str, list[int]] = {}
    for department, month, _ in outcome.heavy:
        by_department.setdefault(department, []).append(month + 1)
    words = [
        f"{outcome.departments[key].short} "
        + (
            f"{len(months)} 个月"
            if len(months) > 4
            else f"{'、'.join(map(str, sorted(months)))} 月"
        )
        for key, months in by_department.items()
    ]
    return "，".join(words[:3]) + (f" 等 {len(words)} 个部门" if len(words) > 3 else "")


def off_site_words(outcome: Outcome) -> str:
    """What is supposed of checks without a visit, and on how many lines the list allows them.

    Source: art. 20, paragraph 1, 一般情况应采取实地核查. Clauses 20.1 and 20.2.
    """
    tried, all_lines = outcome.settings, len(outcome.lines)
    lines = sum(each.may_be_off_site for each in outcome.asked)
    if not tried.off_site:
        return f"假定：全部实地核查（第二十条）；清单写明可以非现场的有 {lines} / {all_lines} 行"
    whom = "各类" if tried.off_site_all else " A 类"
    return (
        f"假定：清单写明可以非现场的 {lines} / {all_lines} 行，抽中的{whom}有 {tried.off_site}% "
        "书面检查或网络监测，不入企；每部门仍为 2 人，"
        f"用时为实地的 {tried.off_site_time}%（本地做法）"
    )


def heat(outcome: Outcome) -> list[dict[str, Any]]:
    """Departments that have anything to do, the most loaded first, with each month's share."""
    rows = []
    for key, need in outcome.found.need.items():
        has = outcome.capacity.get(key, [0.0] * 12)
        if not sum(need):
            continue
        cells = []
        for month, (wanted, there) in enumerate(zip(need, has, strict=True)):
            share = wanted / there if there else (float("inf") if wanted > 1e-9 else 0.0)
            level = next((level for top, level in LEVELS if share <= top + 1e-9), 4)
            text = "" if wanted < 0.05 else "缺人" if not there else f"{share * 100:.0f}"
            cells.append(
                {
                    "level": level,
                    "text": text,
                    "month": MONTH_WORDS[month],
                    "need": round(wanted, 1),
                    "has": round(there, 1),
                }
            )
        year = sum(need) / sum(has) if sum(has) else float("inf")
        rows.append(
            {
                "department": outcome.departments[key],
                "cells": cells,
                "need": round(sum(need)),
                "has": round(sum(has)),
                "peak": max(
                    (n / h if h else float("inf")) for n, h in zip(need, has, strict=True) if n or h
                ),
                "year": year,
            }
        )
    return sorted(rows, key=lambda row: (-row["peak"], -row["year"], row["department"].pk))


def costs(outcome: Outcome) -> list[dict[str, Any]]:
    """For each class: what the next step up costs and the next step down spares."""
    by_line = {
        str(line.pk): line for line in outcome.lines if line.stratify == PlanLine.Stratify.CREDIT
    }
    suppose = outcome.settings.suppose
    rows = []
    for name in bases.CREDIT_STRATA:
        row: dict[str, Any] = {"stratum": name}
        for word, by in (("up", 1), ("down", -1)):
            asked = {
                (line.key, name): (rate, next_step(rate, by))
                for line in outcome.asked
                if line.key in by_line and isinstance(rate := line.rates.get(name), Fraction)
            }
            there = workload.cost(
                outcome.asked,
                outcome.found,
                {key: then for key, (_, then) in asked.items()},
                effort=float(suppose.people * suppose.days),
                factors={line.key: suppose.factor(line, name) for line in outcome.asked},
                days_off=outcome.days_off,
            )
            steps = set(asked.values())
            heavy = len(workload.overloaded(there.need, outcome.capacity))
            row[word] = {
                "word": _step_word(steps),
                "targets": there.targets,
                "days": round(there.days),
                "heavy": heavy - len(outcome.heavy),
                "query": _step_query(outcome.settings, name, steps),
            }
        rows.append(row)
    return rows


def compared(
    planned: Outcome, outcome: Outcome, scenarios: list[Scenario]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Columns (the plan, what is tried, what was kept) and rows of the comparison."""
    own = [("按计划", planned)]
    if outcome.settings.is_tried:
        own.append(("正在试", outcome))
    tried: list[dict[str, Any]] = [
        {"name": name, "figures": figures(each), "settings": each.settings} for name, each in own
    ]
    tried += [
        {
            "name": each.name,
            "figures": each.figures,
            "settings": Settings.from_json(each.settings),
            "scenario": each,
            "is_old": each.counted != outcome.counted.state,
        }
        for each in scenarios
    ]
    rows = []
    for key, word, unit in FIGURES:
        values = [each["figures"].get(key, 0) for each in tried]
        cells = [
            {"value": value, "change": value - values[0] if place else None}
            for place, value in enumerate(values)
        ]
        rows.append({"word": word, "unit": unit, "cells": cells})
    for each in tried:
        each["query"], each["rates"] = address(each["settings"]), _rates_word(each)
    return tried, rows


def workbook(trial: Trial, outcome: Outcome, planned: Outcome, kept: list[Scenario]) -> bytes:
    """Everything on the page as a table each: for the meeting, and for who cannot see charts."""
    columns_, rows = compared(planned, outcome, kept)
    supposed = outcome.settings
    lines = [
        f"{trial.plan.title} 试算",
        f"名录库 {outcome.counted.total:,} 户，可派 {outcome.people:,} 人，"
        f"{outcome.counted.on} 统计；期望值，不抽取任何检查对象",
        f"假定：每部门 2 人，每户每人 {supposed.halves / 2:g} 天，"
        f"工作日的 {supposed.share}% 用于联合抽查（本地做法）",
        off_site_words(outcome),
    ]
    heat_rows = heat(outcome)
    by_month = [
        (
            row["department"].short,
            what,
            *(
                round(value)
                for value in (
                    outcome.found.need[str(row["department"].pk)]
                    if what == "需要"
                    else outcome.capacity[str(row["department"].pk)]
                )
            ),
            row["need" if what == "需要" else "has"],
        )
        for row in heat_rows
        for what in ("需要", "可用")
    ]
    hist = _histogram(outcome)
    sheets = [
        Sheet(
            "方案对比",
            ("指标", "单位", *(each["name"] for each in columns_)),
            [
                ("比例", "", *(each["rates"] for each in columns_)),
                *(
                    (row["word"], row["unit"], *(cell["value"] for cell in row["cells"]))
                    for row in rows
                ),
            ],
            lines,
            (18, 12, *(22 for _ in columns_)),
        ),
        Sheet("每月人日", ("部门", "", *MONTH_WORDS, "全年"), by_month, (), (14, 8)),
        Sheet(
            "一户被查几次",
            ("一年被查", "户数（期望）"),
            list(zip(hist["x"], hist["data"], strict=True)),
            (),
            (14, 16),
        ),
        Sheet("各行", LINE_TITLES, [_line_row(outcome, line) for line in outcome.lines], (), ()),
    ]
    target = io.BytesIO()
    write_workbook(target, sheets)
    return target.getvalue()


LINE_TITLES = ("计划编号", "任务名称", "联查部门", "时间安排", "频次", "基数", "每次抽", "全年人日")


def _line_row(outcome: Outcome, line: PlanLine) -> tuple[str | int, ...]:
    key = str(line.pk)
    asked = next(each for each in outcome.asked if each.key == key)
    base = sum(base for (of, _), (base, _) in outcome.found.by_stratum.items() if of == key)
    days = sum(value for (of, _), value in outcome.found.line_need.items() if of == key)
    return (
        line.number,
        line.name,
        columns.departments_text(line.departments),
        columns.window_text(asked.starts_on, asked.ends_on),
        line.frequency,
        base,
        outcome.found.drawn[key],
        round(days),
    )


def _months(outcome: Outcome, department: str) -> dict[str, Any]:
    """Bars by month, stacked by department, and the line of what there is."""
    need, capacity = outcome.found.need, outcome.capacity
    order = sorted(need, key=lambda key: (-sum(need[key]), key))
    if department in need:
        order, rest = [department], []
        has = capacity.get(department, [0.0] * 12)
    else:
        order, rest = order[:STACKED], order[STACKED:]
        has = [sum(column) for column in zip(*capacity.values(), strict=True)] or [0.0] * 12
    series = [
        {"name": outcome.departments[key].short, "data": [round(n) for n in need[key]]}
        for key in order
    ]
    if rest:
        others = [sum(column) for column in zip(*(need[key] for key in rest), strict=True)]
        series.append({"name": "其余", "data": [round(n) for n in others]})
    line = {"name": "可用", "data": [round(n) for n in has]}
    table = [
        {"month": word, "cells": [one["data"][n] for one in series], "has": line["data"][n]}
        for n, word in enumerate(MONTH_WORDS)
    ]
    x = [word.replace(" ", "") for word in MONTH_WORDS]
    return {"data": {"unit": "人日", "x": x, "series": series, "line": line}, "table": table}


def _histogram(outcome: Outcome) -> dict[str, Any]:
    """Firms met once, twice, …; those never met are left to the words beside it."""
    spread = outcome.found.histogram[1:]
    last = max((n for n, value in enumerate(spread) if value >= 0.5), default=0)
    data = [round(value) for value in spread[: max(last + 1, 2)]]
    return {
        "x": [f"{n} 次" for n in range(1, len(data) + 1)],
        "data": data,
        "cap": outcome.settings.cap,
    }


def _proposals(trial: Trial, outcome: Outcome) -> list[dict[str, Any]]:
    by_key = {str(line.pk): line for line in outcome.lines}
    start = trial.today if trial.today.year == trial.plan.year else trial.today.min
    rows = []
    for move in outcome.moves(not_before=start)[:MOST_PROPOSALS]:
        line = by_key[move.line]
        tried = outcome.settings.moves.get(line.pk, 0)
        there = workload.moved(
            next(each for each in outcome.asked if each.key == move.line), move.months
        )
        assert there is not None
        department, month, before, after = move.peak
        rows.append(
            {
                "line": line,
                "word": f"{'推后' if move.months > 0 else '提前'} {abs(move.months)} 个月",
                "window": columns.window_text(there.starts_on, there.ends_on),
                "spared": round(move.spared),
                "cell": f"{outcome.departments[department].short} {month + 1} 月",
                "before": _share_word(before),
                "after": _share_word(after),
                "is_enough": after <= 1,
                "query": address(outcome.settings, moves={line.pk: tried + move.months}),
            }
        )
    return rows


def _moved(outcome: Outcome) -> list[dict[str, Any]]:
    by_key = {line.pk: line for line in outcome.lines}
    return [
        {
            "line": by_key[key],
            "name": f"move_{key}",
            "by": by,
            "word": f"{'推后' if by > 0 else '提前'} {abs(by)} 个月",
            "query": address(
                replace(
                    outcome.settings,
                    moves={k: v for k, v in outcome.settings.moves.items() if k != key},
                )
            ),
        }
        for key, by in outcome.settings.moves.items()
        if by and key in by_key
    ]


def _faults(settings: Settings) -> str:
    """A class that would get less than a safer one: allowed with a reason (art. 15)."""
    named = [(name, Fraction(settings.rates[name])) for name in "ABCD" if name in settings.rates]
    for (lower, less), (higher, more) in pairwise(named):
        if less > more:
            return f"{lower} 类比例高于 {higher} 类。写入计划时要写明原因（第十五条）。"
    return ""


def _rates_word(column: dict[str, Any]) -> str:
    settings = column["settings"]
    rates = settings.rates.items()
    words = [f"{name} {columns.percent_text(Fraction(ratio))}" for name, ratio in rates]
    away = f"，非现场 {settings.off_site}%" if settings.off_site else ""
    return ("、".join(words) or "计划的比例") + away


def _step_word(steps: set[tuple[Fraction, Fraction]]) -> str:
    if len(steps) == 1:
        ((old, new),) = steps
        return f"{columns.percent_text(old)} → {columns.percent_text(new)}"
    return "各上下一档" if steps else "—"


def _step_query(settings: Settings, name: str, steps: set[tuple[Fraction, Fraction]]) -> str:
    """Where to try it: only where all lines have the same rate, so that one number says it."""
    if len(steps) != 1:
        return ""
    ((_, new),) = steps
    ratio = f"{new.numerator}/{new.denominator}"
    return address(replace(settings, rates={**settings.rates, name: ratio}))


def _share_word(share: float) -> str:
    return "缺人" if share == float("inf") else f"{share * 100:.0f}%"


def _percent(part: float, whole: float) -> str:
    return f"{part / whole * 100:.1f}%" if whole else "—"


def presets() -> list[tuple[str, str, str]]:
    """(name, percentages A to D and 未分类 with commas, source) of published practice (E8)."""
    return [(name, ",".join(values), note) for name, values, note in queries.PRESETS]
