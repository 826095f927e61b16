"""Page-shaped questions: the state of the library, one target's story, what words would change."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from liancha.accounts.models import User
from liancha.ledger.models import Entry

from . import tables
from .models import Import, ImportChange, Tag, Tagging, Target

STALE_YELLOW, STALE_RED = 28, 35  # local practice: days without an import (domain 11.4)
FIELD_WORDS = {
    **{"name": "名称", "kind": "对象类型", "address": "住所", "region_id": "县区"},
    **{"is_pending": "待核", "status": "登记状态", "scope": "经营范围", "industry": "行业"},
    **{"registered_on": "成立日期", "capital": "注册资本", "legal_form": "主体类型"},
    **{"authority": "登记机关", "phone": "联系电话", "credit_class": "信用风险分类"},
    **{"credit_on": "分类日期", "credit_source": "分类来源"},
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
}


@dataclass(frozen=True, slots=True)
class Library:
    """The registry at a glance. light: green, yellow or red by the last import."""

    total: int
    active: int
    pending: int
    last: Import | None
    days: int | None
    light: str
    word: str


def library(user: User, today: date) -> Library:
    """How many targets this person sees, and how fresh the registry is (art. 11, 动态更新)."""
    counts = Target.objects.visible_to(user).aggregate(
        total=Count("pk"),
        active=Count("pk", filter=Q(status=Target.Status.ACTIVE)),
        pending=Count("pk", filter=Q(is_pending=True)),
    )
    last = Import.objects.written().order_by("-written_at").first()
    days, light, word = None, "red", "还没有导入过"
    if last and last.written_at:
        days = (today - timezone.localdate(last.written_at)).days
        light = "red" if days > STALE_RED else "yellow" if days >= STALE_YELLOW else "green"
        word = "今天导入" if days == 0 else f"{days} 天前导入"
    return Library(**counts, last=last, days=days, light=light, word=word)


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
    events = [
        Event(entry.at, EVENTS.get(entry.what, entry.what), _note(entry), entry.index)
        for entry in Entry.objects.about("target", target.pk).order_by("-index")[:limit]
        if not entry.draw
    ]
    changes = ImportChange.objects.filter(target=target).select_related("batch__by")[:limit]
    for change in changes:
        at = change.batch.written_at or change.batch.at
        verb = "导入入库" if change.is_new else "导入变更"
        events.append(Event(at, verb, in_words(change) or f"文件 {change.batch.file_name}"))
    return sorted(events, key=lambda event: event.at, reverse=True)[:limit]


def in_words(change: ImportChange) -> str:
    """What one import changed in a target: 住所由“…”改为“…”."""
    return "；".join(
        f"{FIELD_WORDS.get(name, name)}由“{_shown(name, old)}”"
        f"改为“{_shown(name, change.after.get(name))}”"
        for name, old in change.before.items()
        if name != "phone"
    )


def supervisors(target: Target) -> list[tuple[Any, bool]]:
    """Departments that supervise a target by its tags, and whether each has let it go (A10)."""
    released = set(target.released.values_list("department", flat=True))
    found = {
        department
        for tag in target.tags.prefetch_related("supervisors")
        for department in tag.supervisors.all()
    }
    return [
        (department, department.pk in released)
        for department in sorted(found, key=lambda one: one.pk)
    ]


@dataclass(frozen=True, slots=True)
class TagChange:
    tag: Tag
    now: int
    given: int
    taken: int


def preview_retag() -> list[TagChange]:
    """What applying the words now would change, tag by tag; only tags that change."""
    tagger = tables.tagger()
    given: Counter[int] = Counter()
    taken: Counter[int] = Counter()
    now: Counter[int] = Counter()
    there: dict[int, dict[int, bool]] = {}
    for target, tag, is_by_hand in Tagging.objects.values_list("target", "tag", "is_by_hand"):
        there.setdefault(target, {})[tag] = is_by_hand
        now[tag] += 1
    refused = set(Target.untagged.through.objects.values_list("target_id", "tag_id"))
    rows = Target.objects.order_by("pk").values_list("pk", "name", "scope", "kind")
    for key, name, scope, kind in rows.iterator(chunk_size=5_000):
        has = there.get(key, {})
        wanted = {tag for tag in tagger.tags(name, scope, kind) if (key, tag) not in refused}
        given.update(wanted - has.keys())
        taken.update(tag for tag, by_hand in has.items() if not by_hand and tag not in wanted)
    return [
        TagChange(tag, now[tag.pk], given[tag.pk], taken[tag.pk])
        for tag in Tag.objects.all()
        if given[tag.pk] or taken[tag.pk]
    ]


def mask_phone(phone: str) -> str:
    """138****2617: what pages show of a telephone number."""
    if len(phone) < 7:
        return "*" * len(phone)
    return f"{phone[:3]}****{phone[-4:]}"


def _shown(name: str, value: Any) -> str:
    if name == "status":
        return dict(Target.Status.choices).get(value, value or "空")
    if name == "kind":
        return dict(Target.Kind.choices).get(value, value or "空")
    if name == "is_pending":
        return "待核" if value else "已核定"
    text = str(value or "空")
    return text if len(text) <= 40 else f"{text[:39]}…"


def _note(entry: Entry) -> str:
    body = json.loads(entry.body)
    who = str(body.get("by", ""))
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
        case "registry.release":
            return f"{body.get('reason', '')}，{who}"
        case "registry.mark_inspected":
            return str(body.get("on", ""))
        case _:
            return who
