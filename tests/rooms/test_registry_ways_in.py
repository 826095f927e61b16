"""The quick ways of an import take the same from the same file as the slow ones (art. 11)."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from django.db import transaction

from liancha.papers.faults import Unreadable
from liancha.registry import actions, codes
from liancha.registry.actions import imports
from liancha.registry.kinds import CodeKind
from liancha.registry.models import ImportFault, Tagging, Target
from liancha.registry.tagging import Rule, Tagger
from liancha.site.demo import dirt

NOON = datetime(2026, 11, 25, 4, tzinfo=UTC)
ROWS = 2_500  # more than one piece
FAULT = ("row", "name", "column", "value", "fault", "cure", "is_remark", "line")
OF_AN_IMPORT = {"id", "came_with_id"}


def taken(path) -> dict[str, list[Any]]:
    """What an import of the file leaves in an empty registry, which is empty again afterwards."""
    names = [f.attname for f in Target._meta.concrete_fields if f.attname not in OF_AN_IMPORT]
    with transaction.atomic():
        batch = actions.import_targets(path=path, file_name=path.name, by=None, at=NOON)
        left = {
            "targets": list(Target.objects.order_by("code").values_list(*names)),
            "tags": sorted(Tagging.objects.values_list("target__code", "tag", "is_by_hand")),
            "faults": list(ImportFault.objects.order_by("row", "id").values_list(*FAULT)),
            "counts": [batch.rows, batch.added, batch.pending, batch.faulty, batch.mended],
            "brought": [Target.objects.came_with(batch).count()],
        }
        later = Target.objects.create(
            code="91410300MA40000001", name="后来的", kind="01", is_pending=True, updated_at=NOON
        )
        assert later.pk > batch.last_key
        transaction.set_rollback(True)
    return left


@pytest.mark.django_db
def test_straight_or_by_the_stage_the_registry_is_the_same(tmp_path, monkeypatch):
    """Counties, classes, tags, keys, faults: a small file and a large one are taken alike."""
    path = tmp_path / "名录.csv"
    dirt.write(path, 7, ROWS)
    ways: list[str] = []
    way = imports.straight
    monkeypatch.setattr(
        imports, "straight", lambda *a, **k: (ways.append("straight"), way(*a, **k))[1]
    )
    straight = taken(path)
    monkeypatch.setattr(imports, "SMALL", 0)
    staged = taken(path)
    assert ways == ["straight"]
    assert straight == staged
    assert len(straight["targets"]) == straight["brought"][0] > ROWS * 0.9
    assert straight["faults"]
    assert straight["tags"]


@pytest.mark.django_db
def test_a_file_that_breaks_off_leaves_nothing(tmp_path):
    """All of it or nothing, when rows went straight in before the fault was met."""
    path = tmp_path / "名录.csv"
    dirt.write(path, 7, ROWS)
    path.write_text(path.read_text("utf-8-sig") + '"没有成对的引号,\n' + "x\n" * 300, "utf-8-sig")
    with pytest.raises(Unreadable):
        actions.import_targets(path=path, file_name=path.name, by=None, at=NOON)
    assert not Target.objects.exists()
    assert not Tagging.objects.exists()


def test_an_exclusion_counts_wherever_it_begins():
    tagger = Tagger([Rule(1, words=frozenset({"酒店"}), exclusions=frozenset({"大酒店用品"}))])
    assert tagger.tags("洛阳大酒店用品商行", "", "01") == frozenset()
    assert tagger.tags("洛阳大酒店", "", "01") == {1}
    assert tagger.tags("商行", "零售；大酒店用品；清洁", "01") == frozenset()
    assert tagger.tags("商行", "大酒店用品；酒店", "01") == {1}


def test_a_word_with_a_separator_in_it_is_found():
    tagger = Tagger([Rule(1, words=frozenset({"住宿；餐饮"})), Rule(2, words=frozenset({"停车"}))])
    assert tagger.tags("商行", "零售；住宿；餐饮，停车", "01") == {1, 2}
    assert tagger.tags("商行", "住宿，餐饮；停车", "01") == {2}


def test_a_plain_code_is_one_that_is_taken_unchanged():
    """The quick look and the slow one agree on good codes and on codes with a letter changed."""
    random = Random(11)
    letters = codes.ALPHABET + "IOZSVa０ "
    for _ in range(3_000):
        head = (
            random.choice("159AN") + random.choice(codes.ALPHABET) + f"{random.randrange(10**6):06}"
        )
        first = head + "".join(random.choices(codes.ALPHABET, k=9))
        code = first + codes.check_digit(first)
        assert codes.is_plain(code)
        place = random.randrange(18)
        changed = code[:place] + random.choice(letters) + code[place + 1 :]
        for text in (changed, code[:-1], code + "1"):
            assert codes.is_plain(text) == (codes.read(text) == codes.Code(text, CodeKind.USCC))
