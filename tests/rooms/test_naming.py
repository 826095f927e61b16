"""By which words people call a department, and that nothing is guessed."""

from __future__ import annotations

import pytest

from liancha.lists.rows import Departments
from liancha.rulebook import naming
from tests.rooms.plan_world import make_county, make_plan_world

CITY = (
    ("SCJG", "洛阳市市场监督管理局", "市监"),
    ("GA", "洛阳市公安局", "公安"),
    ("WJ", "洛阳市卫生健康委员会", "卫健"),
    ("FGW", "洛阳市发展和改革委员会", "发改"),
    ("XF", "洛阳市消防救援支队", "消防"),
    ("SWJ", "国家税务总局洛阳市税务局", "税务"),
    ("STHJ", "洛阳市生态环境局", "生态环境"),
    ("HG", "洛阳海关", "海关"),
    ("YZ", "洛阳市邮政管理局", "邮政"),
)


def read(rows=CITY, place="洛阳市"):
    return naming.read_by(
        (code, naming.words_for(name, short, place)) for code, name, short in rows
    )


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("公安局", "GA"),
        ("市公安局", "GA"),
        ("公安部门", "GA"),
        ("市市场监管局", "SCJG"),
        ("洛阳市市场监管局", "SCJG"),
        ("市监局", "SCJG"),
        ("市场监督管理部门", "SCJG"),
        ("卫健委", "WJ"),
        ("市卫生健康委", "WJ"),
        ("发改委", "FGW"),
        ("消防支队", "XF"),
        ("市税务局", "SWJ"),
        ("邮政局", "YZ"),
    ],
)
def test_words_in_use(word, code):
    assert read()[word] == code


@pytest.mark.parametrize("word", ["局", "市局", "委", "管理局", "监管局", "海关局", "县公安局", ""])
def test_nothing_is_guessed(word):
    assert word not in read()


def test_a_county_calls_its_own_by_its_own_place():
    rows = (
        ("GA-LC", "栾川县公安局", "栾川公安"),
        ("STHJ-LC", "洛阳市生态环境局栾川县分局", "栾川环境"),
        ("EP-LC", "栾川县生态环境分局", "栾川生态环境"),
    )
    found = read(rows, "栾川县")
    assert {found[each] for each in ("公安局", "县公安局", "县公安部门")} == {"GA-LC"}
    assert {found[each] for each in ("生态环境局", "栾川县生态环境局")} == {"EP-LC"}
    assert "市公安局" not in found
    assert "STHJ-LC" not in found.values()


def test_a_word_that_means_two_means_none():
    found = read((("A", "洛阳市农业局", "农业"), ("B", "洛阳市农业委员会", "农委")))
    assert "农业部门" not in found
    assert (found["农业局"], found["农业委"]) == ("A", "B")


def test_a_countys_own_come_before_the_citys(db):
    make_county(make_plan_world(people=0))
    county, city = Departments.load("410324").found, Departments.load("410300").found
    assert (county["公安局"].code, county["市公安局"].code) == ("GA-LC", "GA")
    assert county["卫健委"].code == "WJ"  # the county has none
    assert (city["公安局"].code, city["消防支队"].code) == ("GA", "XF")
    assert "县公安局" not in city
