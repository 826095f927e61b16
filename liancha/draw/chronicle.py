"""What happened in a draw, entry by entry of the ledger, in the words of its page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from liancha.ledger.models import Entry

from .models import Draw


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of the log in words."""

    at: datetime
    text: str
    note: str
    number: str
    kind: str = "proof"


def _short(digest: str) -> str:
    return f"{digest[:8]}…{digest[-6:]}"


def line(entry: Entry, shorts: Mapping[str, str]) -> Line:
    """An entry about a draw. shorts: department code → its short name."""
    body = json.loads(entry.body)
    text, note = _words(entry.what, body)
    if entry.what == "draw.acknowledge":
        note = shorts.get(note, note)
    return Line(at=entry.at, text=text, note=note, number=f"{entry.index:,}")


Words = tuple[str, str]  # text and note


def _words(what: str, body: dict[str, Any]) -> Words:
    """(text, note) of an entry, by its name and its body."""
    return _rule_words(what, body) or _ceremony_words(what, body) or _list_words(what, body)


def _rule_words(what: str, body: dict[str, Any]) -> Words | None:
    """From the freeze to the rule: what is drawn from, and by whom."""
    match what:
        case "draw.freeze":
            frame = body["frame"]
            return f"名单冻结，{frame['size']:,} 户", f"名单根 {_short(frame['root'])}"
        case "draw.freeze_supplement":
            frame = body["frame"]
            return (
                f"补抽的库冻结，{frame['size']:,} 户",
                f"接 {body['supplements']}，名单根 {_short(frame['root'])}",
            )
        case "draw.freeze_inspectors":
            return "人员库冻结", f"输入摘要 {_short(body['frame'])}"
        case "draw.open_rule":
            parties = f"约定 {len(body['parties'])} 方和"
            if beacon := body["beacon"]:
                due = beacon["due"][:16].replace("T", " ")
                return f"{parties}公开随机值", f"{beacon['source']}，{due} 公布"
            return f"{parties}托管人", body["escrow"]
        case "draw.accept_invitation":
            return "受邀见证人登记", f"{body['party']}，{body['role']}"
        case "draw.accept_keeping":
            return "托管人登记", f"{body['keeper']}，{body['role']}"
        case "draw.name_key":
            return "托管人给出公钥", f"{body['key'][:12]}…{body['key'][-6:]}"
    return None


def _ceremony_words(what: str, body: dict[str, Any]) -> Words | None:
    """The numbers, from the first commitment to the lock."""
    match what:
        case "draw.commit":
            return f"收到{body['party']}的承诺", _short(body["commitment"])
        case "draw.log_rule":
            return "规则摘要存证", _short(body["rule_digest"])
        case "draw.go_on_uncosigned":
            return "不等联签，开始揭示", body["reason"]
        case "draw.seal":
            word = f"封存文件 {_short(body['sheet'])}" if body["sheet"] else "纸质封件，托管人收到"
            return f"{body['party']}封存随机数", word
        case "draw.open_sheets":
            return "托管人开封，各份与承诺相符", f"{len(body['nonces'])} 份一并揭示"
        case "draw.fail_escrow":
            return "托管人上报托管失败", body["reason"]
        case "draw.reveal":
            return f"{body['party']}揭示", _short(body["nonce"])
        case "draw.close":
            missing = "、".join(body["missing"])
            return "揭示截止", f"未揭示：{missing}" if missing else "各方全部揭示"
        case "draw.enter_beacon":
            again = f"，更正：{body['reason']}" if body.get("reason") else ""
            return "公开随机值录入", f"{body['value']}{again}"
        case "draw.lock":
            return "抽取完成并锁定", f"抽取记录 {_short(body['transcript'])}"
    return None


def _list_words(what: str, body: dict[str, Any]) -> Words:
    """What happens to a list after it, and to a draw that is given up."""
    match what:
        case "draw.dispatch":
            return f"派发到 {len(body['to'])} 个部门", ""
        case "draw.acknowledge":
            return "签收", body["department"]
        case "draw.ask_void":
            return "申请作废", body["reason"]
        case "draw.void":
            return "作废", body["reason"]
        case "draw.keep":
            return "不同意作废", body["note"]
        case "draw.compute_void":
            return "作废后补算", f"抽取记录 {_short(body['transcript'])}"
        case "draw.read_list":
            return "下载未公开的名单", f"{body['file']}，{body['by']}"
        case "draw.request_replacement":
            return "申请更换人员", f"{body['leaving']} → {body['coming']}"
        case "draw.decide_replacement":
            word = "同意更换人员" if body["agreed"] else "不同意更换人员"
            return word, f"{body['leaving']} → {body['coming']}"
    return what, ""


@dataclass(frozen=True, slots=True)
class Correction:
    """A public value that was entered again as another one, and why."""

    at: datetime
    before: str
    after: str
    reason: str


def corrections(draw: Draw) -> tuple[Correction, ...]:
    """Every change of the public value, oldest first: whoever entered one had seen whom it draws.

    Source: draw protocol, §7: a reading error is visible.
    """
    found, before = [], ""
    for entry in Entry.objects.of_draw(draw.number).filter(what="draw.enter_beacon"):
        body = json.loads(entry.body)
        if before and before != body["value"]:
            found.append(Correction(entry.at, before, body["value"], body["reason"]))
        before = body["value"]
    return tuple(found)


def uncosigned(draw: Draw) -> str:
    """Why the reveals began before a witness had cosigned the rule; "" where they did not."""
    entry = Entry.objects.of_draw(draw.number).filter(what="draw.go_on_uncosigned").first()
    return str(json.loads(entry.body)["reason"]) if entry else ""
