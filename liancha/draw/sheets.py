"""抽取纪要: the minutes of one draw, as .docx and as PDF (domain, D05).

Who was there, what happened when, the rule, the seed and what came out: read from the ledger and
from what is locked, so that minutes written a year later say the same. Who was drawn stands in
them only once that is public.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Protocol

from django.utils import timezone

from liancha.accounts.models import User
from liancha.ledger import queries as log
from liancha.ledger.models import Entry
from liancha.papers.official import Official
from liancha.papers.printed import Printed
from liancha.rulebook.lifecycles import DrawState

from . import chronicle, pools, queries
from .layers import labels_of, ordinal
from .models import Draw, Party, Rule

ONLINE = "各方在各自的设备上办理，未设会场"
WIDE = 156.0  # millimetres of text on the page
QUIET = ("draw.read_list", "draw.acknowledge")  # in the log, no step of the ceremony


class Paper(Protocol):
    """What the minutes are written on."""

    def heading(self, text: str) -> None: ...
    def paragraph(self, text: str) -> None: ...
    def table(
        self, titles: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float]
    ) -> None: ...
    def signature(self, body: str, on: date) -> None: ...
    def save(self) -> bytes: ...


def minutes_docx(draw: Draw, now: datetime) -> bytes:
    return _minutes(Official(_title(draw), number=draw.number), draw, now)


def minutes_pdf(draw: Draw, now: datetime) -> bytes:
    return _minutes(Printed(_title(draw), number=draw.number), draw, now)


def _title(draw: Draw) -> str:
    what = "抽取纪要" if draw.is_of_targets else "抽取执法检查人员纪要"
    return f"{draw.task.name}{what}"


def _minutes(paper: Paper, draw: Draw, now: datetime) -> bytes:
    entries = list(Entry.objects.of_draw(draw.number).order_by("index"))
    paper.heading("一、时间、地点和依据")
    for line in _occasion(draw, entries):
        paper.paragraph(line)
    paper.heading("二、参加人员")
    paper.table(("一方", "办理人", "身份"), _people(draw), (62, 54, 40))
    paper.heading("三、抽取规则")
    paper.table(("项目", "内容"), [*_rule(draw), *_software(entries)], (36, 120))
    if draw.is_of_targets:
        paper.table(*_strata(draw))
    paper.heading("四、经过")
    shorts = {d.department.code: d.department.short for d in draw.dispatches.all()}
    steps = [chronicle.line(entry, shorts) for entry in entries if entry.what not in QUIET]
    paper.table(
        ("时间", "事项", "内容", "存证号"),
        [(_moment(step.at), step.text, step.note, step.number) for step in steps],
        (34, 44, 60, 18),
    )
    paper.heading("五、结果")
    for line in _outcome(draw):
        paper.paragraph(line)
    _names(paper, draw, now)
    paper.heading("六、说明事项")
    remarks = list(_remarks(draw, entries))
    for n, line in enumerate(remarks or ["无。"], 1):
        paper.paragraph(f"{n}. {line}" if remarks else line)
    paper.signature(draw.department.name, timezone.localtime(_end(draw) or now).date())
    return paper.save()


# ── Who, when, where ──────────────────────────────────────────────────────────────────────────


def _occasion(draw: Draw, entries: Sequence[Entry]) -> Iterator[str]:
    ended = _end(draw)
    until = f"至{_moment(ended)}" if ended else "，尚未结束"
    yield f"时间：{_moment(draw.frozen_at)}{until}（以存证日志为准）。"
    yield f"地点：{_place(entries) or ONLINE}。"
    yield (
        f"抽取编号 {draw.number}，任务{draw.task.name}（{draw.task.number}），"
        f"由{draw.department.name}主持。"
    )
    yield (
        "依据：《市场监管领域部门联合抽查实施办法》第十八条、第十九条，抽取规程 liancha-draw/1。"
    )


def _place(entries: Sequence[Entry]) -> str:
    """As it was written when the parties were last agreed."""
    opened = [entry for entry in entries if entry.what == "draw.open_rule"]
    return str(json.loads(opened[-1].body).get("place", "")) if opened else ""


def _end(draw: Draw) -> datetime | None:
    return draw.void_at or draw.locked_at


def _people(draw: Draw) -> list[tuple[str, str, str]]:
    rows = [(draw.department.name, _named(draw.frozen_by), "主持，冻结名单")]
    parties = draw.parties.select_related("department", "user", "committed_by")
    rows += [
        (party.name, _named(party.committed_by or party.user), _role(draw, party))
        for party in parties
    ]
    if draw.has_keeper:
        rows.append((draw.escrow, "本人", "托管人"))
    for person, what in (
        (draw.beacon_by, "录入公开随机值"),
        (draw.locked_by, "锁定名单" if draw.is_of_targets else "锁定人员"),
        (draw.void_asked_by, "提出作废"),
        (draw.void_by, "批准作废"),
    ):
        if person is not None:
            rows.append((str(person.department or person.body or "—"), str(person), what))
    return rows


def _named(person: User | None) -> str:
    return str(person) if person else "—"


def _role(draw: Draw, party: Party) -> str:
    if party.is_witness:
        return f"见证人（{party.role}）" if party.role else "见证人"
    return "发起部门" if party.department_id == draw.task.initiator_id else "参与部门"


# ── What was agreed ───────────────────────────────────────────────────────────────────────────


def _rule(draw: Draw) -> Iterator[tuple[str, str]]:
    if draw.is_of_targets:
        yield "待抽检库", f"{draw.frame_size:,} 户，{_moment(draw.frozen_at)} 冻结"
        yield "名单根", draw.frame_root
    else:
        assert draw.of is not None
        yield "对应的对象抽取", draw.of.number
        yield "负荷", "均衡优先" if draw.base == 1 else f"{draw.base} 户以内随机优先"
    if draw.has_keeper:
        yield "公开随机值", f"没有约定；各方随机数封存交托管人{draw.escrow}"
    elif draw.beacon_source:
        yield "公开随机值", f"{draw.beacon_source}，{_moment(draw.beacon_due)} 公布"
    if draw.beacon_value:
        evidence = draw.beacon_evidence or "照片存档"
        yield "录入的值", f"{draw.beacon_value}（{evidence}，{_moment(draw.beacon_at)} 录入）"
    if Rule.objects.filter(draw=draw).exists():
        yield "规则摘要", draw.rule.digest
    for name, kind in (("规则检查点", "rule"), ("截止检查点", "close")):
        if seen := log.anchor_of_draw(draw.number, kind):
            yield name, _seen(seen)
    if draw.seed:
        yield "种子", draw.seed
        yield "抽取记录摘要", draw.transcript.digest
    if draw.is_of_targets:
        yield "取整", "每层按比例向上取整，取票据最小的若干"


def _software(entries: Sequence[Entry]) -> Iterator[tuple[str, str]]:
    """As it was at the freeze; older entries do not say."""
    for entry in entries:
        if entry.kind == "freeze" and (name := json.loads(entry.body).get("software")):
            yield "软件版本", name


def _seen(anchor: log.Anchor) -> str:
    """Who outside saw the log with this in it, and when."""
    if anchor.checkpoint is None:
        return "没有赶在下一步以前" if anchor.is_over else "还没有"
    lines = "；".join(
        f"{each.witness} {_moment(each.cosigned_at)} 联签" for each in anchor.cosigned
    )
    return f"大小 {anchor.checkpoint.size:,}，{lines or '没有见证方联签'}"


def _strata(
    draw: Draw,
) -> tuple[tuple[str, ...], list[tuple[str, ...]], tuple[float, ...]]:
    """Titles, rows and widths; thresholds beside them once they are there."""
    labels = labels_of(draw)
    thresholds: dict[str, str] = {}
    if draw.state == DrawState.LOCKED or draw.seed:
        told = json.loads(draw.transcript.text)["strata"]
        thresholds = {each["name"]: each["threshold"] or "—" for each in told}
    is_locked = draw.state == DrawState.LOCKED
    rows: list[tuple[str, ...]] = [
        (
            ordinal(n, len(draw.strata))
            if draw.is_confidential
            else labels.get(each["name"], each["name"]),
            f"{each['size']:,}",
            each["ratio"],
            f"{each['count']:,}",
            f"{each['count']:,}" if is_locked else "—",
            _cut(thresholds.get(each["name"], "—")),
        )
        for n, each in enumerate(draw.strata)
        if each["size"]
    ]
    total = sum(each["count"] for each in draw.strata)
    rows.append(
        ("合计", f"{draw.frame_size:,}", "", f"{total:,}", f"{total:,}" if is_locked else "—", "")
    )
    titles = ("分层", "抽取库总户数", "比例", "应抽取数", "实抽取数", "抽中线（前 16 位）")
    return titles, rows, (30, 26, 18, 20, 20, 42)


def _cut(threshold: str) -> str:
    return f"{threshold[:16]}…" if len(threshold) == 64 else threshold


# ── What came out ─────────────────────────────────────────────────────────────────────────────


def _outcome(draw: Draw) -> Iterator[str]:
    if draw.state == DrawState.VOID:
        yield f"本次抽取作废，编号 {draw.number} 不再使用，记录一直公开。没有企业因此被检查。"
        if draw.seed:
            yield "作废后仍按规程算出结果，抽取记录一并公开。"
        return
    if draw.state != DrawState.LOCKED:
        yield "抽取尚未完成。"
        return
    if draw.is_of_targets:
        yield (
            f"应抽 {draw.quota:,} 户，实抽 {draw.drawn.count():,} 户，{_moment(draw.locked_at)}"
            "锁定，任何人不得更改。"
        )
    else:
        people = draw.assignments.values("inspector").distinct().count()
        yield f"抽取 {people:,} 名执法检查人员，{draw.assignments.count():,} 个席位。"
    yield "抽取记录已公开，任何人可以用公开文件重算。"
    if draw.is_of_targets:
        sent = [each.department.name for each in draw.dispatches.select_related("department")]
        if sent:
            yield f"名单派发到{'、'.join(sent)}。"


def _names(paper: Paper, draw: Draw, now: datetime) -> None:
    """The drawn firms, only when anybody may know them; with no stratum that may not be known."""
    if not draw.is_of_targets or draw.state != DrawState.LOCKED:
        return
    if not queries.openness(draw, now).codes:
        paper.paragraph("抽中的检查对象名称在检查结束后公开，本纪要不载。")
        return
    rows = draw.drawn.select_related("candidate").order_by("candidate__code")
    paper.table(
        ("序号", "检查对象", "统一社会信用代码", "县区"),
        [
            (str(n), each.candidate.name, each.candidate.code, each.candidate.region_name)
            for n, each in enumerate(rows, 1)
        ],
        (14, 72, 46, 24),
    )


def _remarks(draw: Draw, entries: Sequence[Entry]) -> Iterator[str]:
    missing = [party.name for party in draw.parties.all() if party.is_missing]
    if missing:
        yield f"{'、'.join(missing)}在揭示截止前没有揭示随机数，已记录，抽取照常进行。"
    if draw.is_of_targets and draw.excluded:
        told = "、".join(
            f"{pools.REASONS.get(code, code)} {number:,} 户" for code, number in draw.excluded
        )
        yield f"未进入待抽检库的对象按原因计：{told}。"
    if draw.freeze_note:
        yield f"冻结时的说明：{draw.freeze_note}。"
    for entry in entries:
        body = json.loads(entry.body)
        if entry.what == "draw.freeze":
            yield from (f"{each.rstrip('。')}。" for each in body.get("remarks", ()))
        if entry.what == "draw.go_on_uncosigned":
            yield f"未等到见证方联签即开始揭示，原因：{body['reason']}。"
    for each in chronicle.corrections(draw):
        yield f"公开随机值由 {each.before} 更正为 {each.after}，原因：{each.reason.rstrip('。')}。"
    if draw.has_keeper:
        yield "没有公开随机值：各方随机数封存，由托管人在交齐以后逐份核对、一并揭示。"
    if draw.void_reason:
        word = "作废" if draw.state == DrawState.VOID else "已提出作废"
        yield f"{word}：{draw.get_void_cause_display()}，{draw.void_reason.rstrip('。')}。"


def _moment(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else "—"
