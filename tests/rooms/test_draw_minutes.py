"""抽取纪要: what the minutes of a draw say, on both kinds of paper."""

from __future__ import annotations

import io
import os
from pathlib import Path

import docx
import pytest
from django.urls import reverse

from liancha.draw import actions, sheets, software
from liancha.draw.models import Draw
from liancha.registry.models import Target
from liancha.task.models import Task
from tests.people import NOON
from tests.rooms import draw_world as w


class Written:
    """A paper that only remembers what was written on it."""

    def __init__(self) -> None:
        self.text: list[str] = []

    def heading(self, text):
        self.text.append(text)

    def paragraph(self, text):
        self.text.append(text)

    def table(self, titles, rows, widths):
        assert sum(widths) == sheets.WIDE
        assert all(len(row) == len(titles) == len(widths) for row in rows)
        self.text += [" ".join(row) for row in rows]

    def signature(self, body, on):
        self.text.append(f"{body} {on:%Y-%m-%d}")

    def save(self):
        return "\n".join(self.text).encode()


@pytest.fixture
def world(db):
    return w.make_world()


@pytest.fixture
def paper(monkeypatch):
    monkeypatch.setattr(sheets, "Official", lambda title, number: Written())
    return lambda draw: sheets.minutes_docx(Draw.objects.get(pk=draw.pk), NOON).decode()


def test_who_was_there_what_was_agreed_and_what_came_out(world, paper):
    draw = w.open_rule(world, w.freeze(world), "WJ", place="市公安局三楼会议室")
    w.commit(world, draw)
    w.reveal(world, draw, but=1)
    actions.close(draw=draw, by=world.cast.shen, at=NOON)
    actions.enter_beacon(
        draw=draw, value=w.LOTTERY_VALUE, evidence="中国福彩网", by=world.cast.shen, at=w.DUE
    )
    draw = actions.lock(draw=draw, by=world.cast.shen, at=w.DUE)
    text = paper(draw)
    for told in (
        "地点：市公安局三楼会议室。",
        "秦牧之（洛阳市公证处） 秦牧之 见证人",
        f"规则摘要 {draw.rule.digest}",
        f"种子 {draw.seed}",
        f"录入的值 {w.LOTTERY_VALUE}（中国福彩网",
        "第一层 40 1/50 1 1 ",
        "洛阳市卫生健康委员会在揭示截止前没有揭示随机数",
        f"抽取记录摘要 {draw.transcript.digest}",
        "洛阳市公安局 2026-11-23",
    ):
        assert told in text


def test_who_stayed_out_and_which_software_drew(world, paper):
    """Domain §h.1: exclusions counted by reason, in words; the software version at the freeze."""
    Target.objects.filter(pk__in=[each.pk for each in world.targets[:3]]).update(status="cancelled")
    text = paper(w.freeze(world))
    assert "未进入待抽检库的对象按原因计：注销、吊销、撤销或迁出 3 户。" in text
    assert f"软件版本 {software.version()}" in text


def test_names_of_firms_only_once_they_are_public(world, paper):
    draw = w.locked(world)
    name = draw.drawn.first().candidate.name
    assert name not in paper(draw)
    assert "名称在检查结束后公开，本纪要不载" in paper(draw)
    Task.objects.update(state="completed")
    assert name in paper(draw)


def test_a_void_says_why_and_who(world, paper):
    draw = w.closed(world)
    actions.ask_void(draw=draw, cause="technical", reason="机房停电", by=world.cast.shen, at=NOON)
    draw = actions.void(draw=draw, by=world.cast.cheng, at=NOON)
    text = paper(draw)
    assert "作废：技术故障，机房停电。" in text
    assert "批准作废" in text
    assert "没有企业因此被检查" in text


def test_both_papers_open_and_hold_the_same(world, client):
    draw = w.locked(world)
    client.force_login(world.cast.shen)
    word = client.get(reverse("draw:minutes", args=[draw.pk, "docx"]))
    lines = [line.text for line in docx.Document(io.BytesIO(word.content)).paragraphs]
    assert "一、时间、地点和依据" in lines
    pdf = client.get(reverse("draw:minutes", args=[draw.pk, "pdf"]))
    assert pdf.content.startswith(b"%PDF-")
    assert b"NotoSerifSC" in pdf.content
    assert client.get(reverse("draw:minutes", args=[draw.pk, "exe"])).status_code == 404
    if folder := os.environ.get("LIANCHA_PAPERS"):
        Path(folder, "minutes.pdf").write_bytes(pdf.content)
        Path(folder, "minutes.docx").write_bytes(word.content)
