"""Tags from words: what a scope rules out, and texts that nobody writes on purpose."""

from __future__ import annotations

import time

import pytest

from liancha.queue.models import Job
from liancha.registry import queries, retagging
from liancha.registry.models import Tag
from liancha.registry.tagging import Rule, Tagger, allowed
from liancha.registry.views import words
from tests.rooms.registers import write_target

LONGEST = 32_000  # letters, about as many as a cell takes


@pytest.mark.parametrize(
    ("scope", "left"),
    [
        ("住宿；餐饮（不含酒类）；停车", "住宿；餐饮；停车"),
        ("住宿（许可项目除外）", "住宿"),
        ("除危险化学品外的仓储", "的仓储"),
        ("住宿，不得经营餐饮；停车", "住宿，；停车"),
        ("住宿（餐饮", "住宿（餐饮"),
    ],
)
def test_what_a_scope_rules_out_is_not_read(scope, left):
    assert allowed(scope) == left


@pytest.mark.parametrize("scope", ["除" * LONGEST, "（" + "不含" * (LONGEST // 2)])
def test_a_text_made_to_keep_the_reader_busy_does_not(scope):
    began = time.process_time()
    tags = Tagger([Rule(1, words=frozenset({"住宿"}))]).tags("甲", f"住宿；{scope}", "01")
    assert tags == {1}
    assert time.process_time() - began < 3  # a twentieth of it on a quiet machine


@pytest.mark.django_db
class TestApplying:
    @pytest.fixture(autouse=True)
    def hotels(self, cast):
        """Five of the word, one that got the tag by hand, one whose tag no longer fits."""
        for n in range(1, 6):
            write_target(n)
        by_hand, other = (write_target(n, name=f"洛阳漱石{n}号商贸行") for n in (6, 7))
        hotel = Tag.objects.get(code="hotel")
        by_hand.taggings.create(tag=hotel, is_by_hand=True)
        other.taggings.create(tag=hotel, is_by_hand=False)

    @pytest.mark.parametrize("size", [2, 5_000])
    def test_what_would_change_is_counted_piece_by_piece(self, monkeypatch, size):
        monkeypatch.setattr(retagging, "PIECE", size)
        found = {each.tag.code: each for each in queries.preview_retag()}["hotel"]
        assert (found.now, found.given, found.taken) == (2, 5, 1)

    def test_for_many_the_page_comes_first_and_the_counts_follow(self, cast, sign_in, monkeypatch):
        monkeypatch.setattr(words, "FEW", 3)
        client = sign_in(cast.zhou)
        page = client.get("/targets/tags/apply/").content.decode()
        assert 'hx-trigger="load"' in page
        assert "会加上" not in page
        part = client.get("/targets/tags/apply/", headers={"HX-Request": "true"}).content.decode()
        assert "会加上" in part
        assert "<html" not in part

    def test_asked_for_twice_it_is_done_once(
        self, cast, sign_in, monkeypatch, django_capture_on_commit_callbacks
    ):
        monkeypatch.setattr(words, "FEW", 3)
        client = sign_in(cast.zhou)
        for _ in range(2):
            client.post("/targets/tags/apply/")
        assert Job.objects.filter(about="registry.retag").count() == 1
        assert "正在重新标注" in client.get("/targets/tags/apply/").content.decode()
        other = sign_in(cast.shen).get("/targets/tags/apply/")
        assert other.status_code == 403 or "已开始重新标注" in other.content.decode()
