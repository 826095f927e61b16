"""Page-shaped questions: what a version changes against the one before, how it came about."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher

from django.utils.timezone import localtime

from liancha.accounts.models import User
from liancha.accounts.queries import people_of, person
from liancha.ledger.models import Entry
from liancha.rulebook.lifecycles import ListState

from . import rows as parsed
from .models import LegalBasis, ListVersion, Mechanism

SAME_ITEM = 0.6  # names at least so alike are one item that was reworded

EVENTS = {
    "lists.start": "开始编制",
    "lists.load": "载入整张清单",
    "lists.import": "导入表格",
    "lists.undo_import": "撤回导入",
    "lists.save_field": "修改领域",
    "lists.remove_field": "删除领域",
    "lists.save_item": "修改事项",
    "lists.remove_item": "删除事项",
    "lists.consult": "征求意见",
    "lists.send_back": "退回草稿",
    "lists.cosign": "会签",
    "lists.approve": "批准",
    "lists.publish": "公布",
    "lists.decide_upper": "决定上级领域",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that is not as it was. kind: added, changed or removed; old and new as words."""

    kind: str
    code: str
    name: str
    parts: tuple[tuple[str, str, str], ...]
    basis: str


@dataclass(frozen=True, slots=True)
class Event:
    at: datetime
    text: str
    note: str
    number: int
    kind: str = ""


def differences(version: ListVersion) -> list[Difference]:
    """Rows that differ from the version before, with the basis given for each."""
    return compare(version.previous, version) if version.previous else []


def compare(old: ListVersion, new: ListVersion) -> list[Difference]:
    """Rows put in, altered and taken out between two versions of one list, in the list's order.

    Source: clause 8.4.
    """
    bases = {change.code: change.basis for change in new.changes.order_by("pk")}
    if new.is_joint:
        before, after = _fields(old), _fields(new)
        pairs = [(code, before.get(code), after.get(code)) for code in sorted({*before, *after})]
    else:
        pairs = _matched(_items(old), _items(new))
    found = []
    for code, was, now in pairs:
        if was == now:
            continue
        kind = "added" if was is None else "removed" if now is None else "changed"
        row = now or was or {}
        parts = tuple(
            (word, (was or {}).get(word, ""), (now or {}).get(word, ""))
            for word in row
            if (was or {}).get(word) != (now or {}).get(word)
        )
        basis = bases.get(code) or bases.get(code.split(" ")[-1].lstrip("0"), "")
        found.append(Difference(kind, code, row.get("抽查领域") or row["抽查事项"], parts, basis))
    return found


def _matched(
    old: dict[str, dict[str, str]], new: dict[str, dict[str, str]]
) -> list[tuple[str, dict[str, str] | None, dict[str, str] | None]]:
    """Items of two versions that are the same item: same name, else the likest of one department.

    Their numbers say nothing: one row put in above moves all that follow.
    """
    left = dict(old)
    found: list[tuple[str, dict[str, str] | None, dict[str, str] | None]] = []
    unmatched: list[tuple[str, dict[str, str]]] = []
    named = {(code.split(" ")[0], row["抽查事项"]): code for code, row in old.items()}
    for code, row in new.items():
        same = named.get((code.split(" ")[0], row["抽查事项"]))
        if same in left:
            found.append((code, left.pop(same), row))
        else:
            unmatched.append((code, row))
    for code, row in unmatched:
        likest = max(
            (each for each in left if each.split(" ")[0] == code.split(" ")[0]),
            key=lambda each: _likeness(left[each]["抽查事项"], row["抽查事项"]),
            default="",
        )
        if likest and _likeness(left[likest]["抽查事项"], row["抽查事项"]) >= SAME_ITEM:
            found.append((code, left.pop(likest), row))
        else:
            found.append((code, None, row))
    return sorted(found + [(code, row, None) for code, row in left.items()], key=lambda one: one[0])


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, False).ratio()


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A row that cites a law no longer in force: somebody has to look at it (art. 8)."""

    place: str
    name: str
    bases: tuple[LegalBasis, ...]


def doubtful(version: ListVersion) -> list[Doubtful]:
    """Rows of a version whose legal basis is amended or repealed; none of them is cut.

    Source: art. 8, paragraph 2. Clause 8.5.
    """
    ended = list(LegalBasis.objects.not_in_force())
    if not ended:
        return []
    if version.is_joint:
        rows = [
            (item.field.code, f"{item.field.name}：{item.name}", item.basis)
            for item in version.joint_items.select_related("field").order_by("field", "position")
        ]
    else:
        rows = [(str(item.position), item.name, item.basis) for item in version.items.all()]
    return [
        Doubtful(place, name, cited)
        for place, name, text in rows
        if (cited := tuple(basis for basis in ended if basis.is_cited_in(text)))
    ]


def gaps(region: str) -> list[Mechanism]:
    """Mechanisms whose checks could be drawn at random and are no field of the list yet.

    Source: art. 9, paragraph 1 (三). Clause 9.3(3).
    """
    current = ListVersion.objects.in_force(ListVersion.Kind.JOINT, region).first()
    codes = set(current.fields.values_list("code", flat=True)) if current else set()
    return [
        one
        for one in Mechanism.objects.filter(region=region, is_convertible=True)
        if one.field_code not in codes
    ]


def story(version: ListVersion) -> list[Event]:
    """How a version came about, newest first."""
    about = Entry.objects.about("list", version.pk).order_by("-index")
    entries = [entry for entry in about if entry.what in EVENTS]
    people = people_of(entries)
    return [
        Event(
            entry.at,
            EVENTS.get(entry.what, entry.what),
            _note(entry, person(entry.by, people)),
            entry.index,
            "proof" if entry.what == "lists.publish" else "",
        )
        for entry in entries
    ]


def steps(version: ListVersion) -> list[tuple[str, str, str]]:
    """The four steps of a version, for the bar above its page."""
    order = [
        ListState.DRAFT,
        ListState.CONSULTING,
        ListState.APPROVED,
        ListState.PUBLISHED,
        ListState.SUPERSEDED,
    ]
    here = min(order.index(ListState(version.state)), 3)
    signed = sum(bool(sign.agrees) for sign in version.cosigns.all())
    notes = (
        _day(version.created_at),
        f"会签 {signed}/{len(version.cosigns.all())}" if here else "送各部门会签",
        "会签齐后批准" if here < 2 else "已批准",
        _day(version.published_at) if version.published_at else "公布后锁定",
    )
    words = ("起草", "征求意见", "批准", "公布")
    done = here + (1 if version.is_public else 0)
    return [
        (word, note, "done" if n < done else "now" if n == here else "")
        for n, (word, note) in enumerate(zip(words, notes, strict=True))
    ]


def waiting_for(user: User) -> Iterable[ListVersion]:
    """Versions that this person's department still has to sign."""
    if user.department is None:
        return ListVersion.objects.none()
    return ListVersion.objects.filter(
        state=ListState.CONSULTING,
        cosigns__department=user.department,
        cosigns__agrees=None,
    )


def _day(moment: datetime) -> str:
    return f"{localtime(moment):%Y-%m-%d}"


def _fields(version: ListVersion) -> dict[str, dict[str, str]]:
    return {
        field.code: parsed.of_field(field).words()
        for field in version.fields.select_related("initiator").prefetch_related(
            "cooperators", "items__department"
        )
    }


def _items(version: ListVersion) -> dict[str, dict[str, str]]:
    return {
        f"{item.department.short} {item.position:03d}": parsed.of_item(item).words()
        for item in version.items.select_related("department")
    }


def _note(entry: Entry, who: str) -> str:
    body = json.loads(entry.body)
    match entry.what:
        case "lists.start":
            what = str(body.get("basis", ""))
        case "lists.save_field" | "lists.remove_field" | "lists.save_item" | "lists.remove_item":
            what = f"{body.get('name', '')}：{body.get('basis') or '首版'}"
        case "lists.cosign":
            verb = "同意" if body.get("agrees") else "不同意"
            what = f"{verb}{'：' + body['opinion'] if body.get('opinion') else ''}"
        case "lists.approve" if body.get("minutes"):
            what = f"按 {body['minutes']} 批准，未会签：{'、'.join(body.get('without', []))}"
        case "lists.decide_upper":
            what = f"{body.get('name', '')}：" + (
                f"纳入为 {body['adopted']}" if body.get("adopted") else f"不纳入，{body['reason']}"
            )
        case "lists.send_back":
            what = str(body.get("note", ""))
        case _:
            what = ""
    return "，".join(part for part in (what, who) if part)
