"""A first wording of the 实施方案, drawn from the plan line, to be read and changed by a person.

Chapters as domain §i.4. It decides nothing: the scheme is what somebody saves.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from liancha.plan import columns
from liancha.rulebook import articles

from .models import STAGES, Period, Scheme, Task


def proposed_scheme(task: Task, *, today: date) -> dict[str, Any]:
    """A first wording of the scheme from the plan line, to be read and changed."""
    window = task.window
    first = min(max(window.starts_on, today), window.ends_on)
    return {
        "goal": _goal(task),
        "duties": _duties(task),
        "stages": proposed_stages(first, window.ends_on),
        "method": task.field.methods[:1] or "1",
        "offsite": Scheme.Offsite.NO,
        "requirements": REQUIREMENTS,
    }


# Shares of the days for building the pool, drawing, and visiting; the rest is for publication.
SHARES = ((10, 100), (8, 100), (50, 100))
LONGEST = (7, 5, 120)
PUBLISHING_DAYS = 28  # 20 working days


def proposed_stages(first: date, last: date) -> list[Period]:
    """Four stages from the first to the last day, one after the other, none empty."""
    days = (last - first).days + 1
    if days < len(STAGES):
        return [Period(name, first, last) for name in STAGES]
    lengths: list[int] = []
    for place, ((part, whole), longest) in enumerate(zip(SHARES, LONGEST, strict=True)):
        left = days - sum(lengths) - (len(STAGES) - 1 - place)
        lengths.append(max(1, min(longest, days * part // whole, left)))
    if days - sum(lengths) > PUBLISHING_DAYS:
        lengths[2] = days - lengths[0] - lengths[1] - PUBLISHING_DAYS
    lengths.append(days - sum(lengths))
    periods, start = [], first
    for name, length in zip(STAGES, lengths, strict=True):
        periods.append(Period(name, start, start + timedelta(days=length - 1)))
        start += timedelta(days=length)
    return periods


REQUIREMENTS = (
    "（一）人员到位。每个参与部门的实地核查人员不少于两人，主动出示执法证件；"
    "专家和辅助人员不计入。\n"
    "（二）一次告知。由组长统一联系企业，一次性告知检查事项、检查时间和需要准备的材料，"
    "请企业相关人员到场，不点名要求法定代表人。\n"
    "（三）不扰经营。一次进门、各查各项，能用书面和数据核查的不到现场；不得同步布置全覆盖检查。\n"
    "（四）依法记录。逐项填写实地抽查记录表，由企业签名或盖章；拒绝的，由两名执法检查人员现场说明。\n"
    "（五）按时公示。谁检查、谁录入、谁公开，检查完成后 20 个工作日内录入并公示。\n"
    "（六）廉洁保密。遵守回避规定，不接受宴请和馈赠；名单公开前不得向被抽取对象透露。"
)


def _goal(task: Task) -> str:
    """依据、领域、事项、对象、基数比例 (domain §i.4, chapter 1)."""
    line = task.line
    parts = [
        f"根据《{articles.TITLE}》"
        + (
            f"和{line.plan.title}（计划编号 {line.number}）"
            if line is not None
            else f"和{task.source_document}"
        )
        + f"，在“{task.field.name}”领域对{line.targets if line else task.field.targets}"
        "开展部门联合抽查，做到进一次门、查多项事，检查过程可查、结果公开。"
    ]
    if line is None and task.source_reason:
        parts.append(f"开展本次临时性联合抽查的原因：{task.source_reason}。")
    items = [item.name for each in task.participations.all() for item in each.items.all()]
    if items:
        parts.append(f"抽查事项 {len(items)} 项：{'；'.join(items)}。")
    if line is not None:
        parts.append(f"抽查基数和比例：{columns.base_text(line)}。每层向上取整。")
    return "\n".join(parts)


def _duties(task: Task) -> str:
    if task.line is not None:
        return task.line.duties
    taking_part = list(task.participations.select_related("department").prefetch_related("items"))
    items = [item for each in taking_part for item in each.items.all()]
    return columns.duties_text(items, [each.department for each in taking_part])
