"""The story of one target: what the log, the imports and the files of classes say of it.

What was done to many at once has one entry in the log; `Touched` leads to it from each of them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from liancha.accounts.models import Region
from liancha.accounts.queries import people_of, person
from liancha.ledger.models import Entry

from .models import (
    CreditChange,
    ImportChange,
    KeyFlag,
    StandingChange,
    Tag,
    Target,
    Touched,
)
from .standing import intake

FIELD_WORDS = {
    **{"name": "名称", "kind": "对象类型", "address": "住所", "region_id": "县区"},
    **{"is_pending": "待核", "status": "登记状态", "scope": "经营范围", "industry": "行业"},
    **{"registered_on": "成立日期", "capital": "注册资本", "legal_form": "主体类型"},
    **{"authority": "登记机关", "phone": "联系电话", "credit_class": "信用风险分类"},
    **{
        "credit_on": "分类日期",
        "credit_source": "分类来源",
        "representative": "法定代表人（负责人）",
    },
    **{"contact": "联络人", "registered_address": "登记住所"},
}
EVENTS = {
    "registry.save": "修改资料",
    "registry.place": "核定县区",
    "registry.tag": "加标签",
    "registry.untag": "去掉标签",
    "registry.review": "核对资料，没有变化",
    "registry.release": "登记不涉及",
    "registry.take_back_release": "撤回不涉及",
    "registry.mark_inspected": "完成检查",
    "registry.show_phone": "查看联系电话",
    "registry.merge": "合并重复",
    "registry.keep_both": "核对为两户",
    "registry.settle_name": "确定名称",
    "registry.save_licence": "登记许可证",
    "registry.remove_licence": "移除许可证",
    "registry.set_key_flag": "设重点标记",
    "registry.set_key_flags": "设重点标记",
    "registry.lift_key_flag": "解除重点标记",
    "registry.weigh_complaints": "研判投诉集中",
    "registry.note_inspection": "检查结果",
}


FEW = 3  # licences or marks of one table that are told one by one


@dataclass(frozen=True, slots=True)
class Event:
    """A line of a target's story."""

    at: datetime
    text: str
    note: str = ""
    number: int | None = None
    kind: str = ""


def story(target: Target, limit: int = 40) -> list[Event]:
    """What happened to a target, newest first: the ledger and the imports that touched it."""
    about = Entry.objects.about("target", target.pk).filter(draw="").order_by("-index")
    own = list(about[:limit])
    touched = Touched.objects.filter(target=target).select_related("entry").order_by("-entry")
    shared = [each.entry for each in touched[:limit]]
    people = people_of([*own, *shared])
    events = []
    for entry in (*own, *shared):
        event = EVENTS.get(entry.what, entry.what)
        word = event if entry in own else f"批量{event}"
        note = _note(entry, person(entry.by, people))
        events.append(Event(entry.at, word, note, entry.index))
    events += _standing(target, limit)
    changes = ImportChange.objects.filter(target=target).select_related("batch__by")[:limit]
    for change in changes:
        at = change.batch.written_at or change.batch.at
        words = in_words(change) or f"文件 {change.batch.file_name}"
        events.append(Event(at, "导入变更", words))
    if came := target.came_with:
        events.append(Event(came.written_at or came.at, "导入入库", f"文件 {came.file_name}"))
    written = CreditChange.objects.filter(target=target, batch__written_at__isnull=False)
    for classed in written.select_related("batch")[:limit]:
        undone = "，已撤回" if classed.batch.undone_at else ""
        words = f"{classed.before or '未分类'} 改为 {classed.after or '未分类'}"
        said = f"{words}，{classed.batch.source}{undone}"
        events.append(Event(classed.batch.written_at or classed.batch.at, "信用风险分类", said))
    events.sort(key=lambda event: (event.at, event.number or 0), reverse=True)
    return events[:limit]


def _standing(target: Target, limit: int) -> list[Event]:
    """Licences and marks that came in with tables, and which of these were taken back."""
    found = StandingChange.objects.filter(target=target).select_related("batch").order_by("-pk")
    groups: dict[tuple[int, str], list[StandingChange]] = {}
    for change in found[:limit]:
        groups.setdefault((change.batch_id, change.get_what_display()), []).append(change)
    entries = {
        (entry.subject, entry.what.partition(".")[2].partition("_")[0]): entry
        for entry in Entry.objects.filter(subject__in={f"standing:{key}" for key, _ in groups})
    }
    people = people_of(entries.values())
    events = []
    for (key, what), changes in groups.items():
        file = f"文件 {changes[0].batch.file_name}"
        if entry := entries.get((f"standing:{key}", "import")):
            said = "；".join(map(_standing_said, changes[:FEW]))
            more = f"等 {len(changes)} 项" if len(changes) > FEW else ""
            note = f"{said}{more}；{file}，{person(entry.by, people)}"
            events.append(Event(entry.at, f"导入{what}", note, entry.index))
        if entry := entries.get((f"standing:{key}", "undo")):
            note = f"{file}，{person(entry.by, people)}"
            events.append(Event(entry.at, f"撤回导入{what}", note, entry.index))
    return events


def _standing_said(change: StandingChange) -> str:
    """食品经营许可证 JY2410，长期, or 有效期至由“2026-12-31”改为“长期”."""
    if change.is_new:
        return " ".join(intake.told(change.what, change.after))
    was = intake.in_words(change.before)
    return "，".join(
        f"{word}由“{was.get(word) or '空'}”改为“{value or '空'}”"
        for word, value in intake.in_words(change.after).items()
    )


def in_words(change: ImportChange) -> str:
    """What one import changed in a target: 住所由“…”改为“…”."""
    return "；".join(
        f"{FIELD_WORDS.get(name, name)}由“{_shown(name, old)}”"
        f"改为“{_shown(name, change.after.get(name))}”"
        for name, old in change.before.items()
        if name in FIELD_WORDS and name != "phone"
    )


def status_history(target: Target) -> list[tuple[datetime, str, str, str]]:
    """(when, from, to, source) of every change of 登记状态, newest first."""
    words = dict(Target.Status.choices)
    found = []
    for change in ImportChange.objects.filter(target=target).select_related("batch"):
        if "status" in change.before:
            at = change.batch.written_at or change.batch.at
            source = f"导入 {change.batch.file_name}"
            found.append((at, change.before["status"], change.after.get("status", ""), source))
    saved = list(Entry.objects.about("target", target.pk).filter(what="registry.save"))
    people = people_of(saved)
    for entry in saved:
        body = json.loads(entry.body)
        if "status" in body.get("changed", {}):
            old, new = body["changed"]["status"]
            found.append((entry.at, old, new, person(entry.by, people)))
    return [
        (at, words.get(old, old), words.get(new, new), source)
        for at, old, new, source in sorted(found, reverse=True)
    ]


def _shown(name: str, value: Any) -> str:
    if name == "status":
        return dict(Target.Status.choices).get(value, value or "空")
    if name == "kind":
        return dict(Target.Kind.choices).get(value, value or "空")
    if name == "is_pending":
        return "待核" if value else "已核定"
    text = str(value or "空")
    return text if len(text) <= 40 else f"{text[:39]}…"


def _note(entry: Entry, who: str) -> str:
    body = json.loads(entry.body)
    match entry.what:
        case "registry.save" if body.get("new"):
            return f"新增，{who}"
        case "registry.save":
            changed = "；".join(
                f"{FIELD_WORDS.get(name, name)}由“{_shown(name, old)}”改为“{_shown(name, new)}”"
                for name, (old, new) in body.get("changed", {}).items()
                if name != "phone"
            )
            return f"{changed or '联系电话'}，{who}"
        case "registry.place":
            region = Region.objects.filter(pk=body["region"]).first()
            reason = f"，{body['reason']}" if body.get("reason") else ""
            return f"{region or '不在本市'}{reason}，{who}"
        case "registry.tag" | "registry.untag":
            return f"{Tag.objects.filter(code=body['tag']).first() or body['tag']}，{who}"
        case "registry.set_key_flag" | "registry.set_key_flags":
            kind = dict(KeyFlag.Kind.choices).get(body["flag"], body["flag"])
            return f"{kind}，来源 {body['source']}，至 {body['until']}，{who}"
        case "registry.release":
            return f"{body.get('reason', '')}，{who}"
        case "registry.remove_licence":
            return f"{body['licence']} {body['number']}，{body['reason']}，{who}"
        case "registry.mark_inspected":
            return str(body.get("on", ""))
        case _:
            return who
