"""From an address to a county, with the place names that ship with the software."""

import pytest

from liancha.registry import tables
from liancha.registry.models import PlaceName

pytestmark = pytest.mark.django_db


@pytest.fixture
def places():
    return tables.gazetteer()


@pytest.mark.parametrize(
    ("address", "region"),
    [
        ("河南省洛阳市涧西区松照路2号", "410305"),
        ("洛阳市廛河回族区启明南路1号", "410304"),
        ("偃师市商城街道", "410307"),
        ("孟津县城关镇", "410308"),
        ("洛阳市吉利区大庆路", "410308"),
        ("洛阳高新技术产业开发区丰华路6号", "410371"),
        ("洛阳市洛龙区伊滨区科技大道", "4103Y1"),
        ("新安县南李村镇", "410323"),
        ("洛阳伊川彭婆镇", "410329"),
        ("栾川赤土店镇", "410324"),
        ("嵩县旧县镇", "410325"),
        ("中国（河南）自由贸易试验区洛阳片区高新开发区延光路8号", "410371"),
    ],
)
def test_the_county_is_written(places, address, region):
    assert places.decide(address).region == region


@pytest.mark.parametrize(
    ("address", "region", "said"),
    [
        ("偃师市李村镇东李村", "4103Y1", "现属伊滨区"),
        ("洛阳市洛龙区白马寺镇", "410304", "现属瀍河回族区"),
        ("宜阳县丰李镇", "410311", "现属洛龙区"),
    ],
)
def test_a_town_that_changed_hands_counts_for_whom_it_belongs_to_now(places, address, region, said):
    decision = places.decide(address)
    assert decision.region == region
    assert said in decision.reason


@pytest.mark.parametrize(
    ("address", "name", "region"),
    [
        ("洛阳市邙山镇营庄村", "", "410302"),
        ("磁涧镇八里村", "新安县宏图工贸有限公司", "410323"),
        ("顾县镇回龙湾村", "偃师市宏图工贸有限公司", "410307"),
        ("洛新工业园区", "洛阳宏图机械有限公司", "410323"),
        ("洛阳市西苑路6号", "", "410305"),
        ("城关镇北关村", "新安县宏图印刷有限公司", "410323"),
        ("县城德水路160号", "汝阳县宏图商贸有限公司", "410326"),
    ],
)
def test_towns_zones_and_roads_decide_beside_a_word_for_luoyang(places, address, name, region):
    assert places.decide(address, name=name).region == region


@pytest.mark.parametrize(
    ("address", "name", "said"),
    [
        ("洛阳市城关镇王庄村", "洛阳宏图有限公司", "都有"),
        ("洛阳市春都路86号", "", "没有写县区"),
        ("", "洛阳宏图有限公司", "没有住所"),
        ("洛阳市洛南新区与涧河交界", "", ""),
    ],
)
def test_what_is_not_written_is_not_guessed(places, address, name, said):
    decision = places.decide(address, name=name, code="91410305XXXX00035G")
    assert decision.region in (None, "410311")
    assert said in decision.reason


def test_digits_of_the_code_are_mentioned_and_decide_nothing(places):
    decision = places.decide("洛阳市春都路86号", code="91410305XXXX00035G")
    assert decision.region is None
    assert "代码中的 410305 是涧西区，仅供参考" in decision.reason


@pytest.mark.parametrize(
    "address",
    [
        "武进区洛阳镇戴溪街",
        "辽宁省大连市中山区洛阳街9号",
        "郑州市金水区洛阳路366号",
        "郑州高新技术产业开发区莲花街11号",
        "汝州市城垣北路",
        "宝丰县人民路西段",
        "义马市西工区310国道南",
        "无锡市新安镇",
        "长葛市老城镇圪塔庙村",
        "高新区科技路1号",
    ],
)
def test_other_cities_stay_out(places, address):
    assert places.decide(address, name="洛阳路便利店").region is None


def test_what_columns_say_counts(places):
    assert places.decide("工业园1号", county="涧西").region == "410305"
    assert places.decide("工业园1号", county="410381").region == "410307"
    outside = places.decide("洛阳镇戴溪街", city="常州")
    assert (outside.region, outside.is_outside) == (None, True)
    assert places.decide("曹村乡曹村村", city="洛阳").region == "410323"
    assert places.decide("工业园1号", county="洛河南").region is None


def test_a_name_taught_on_the_page_is_read_from_then_on():
    PlaceName.objects.create(name="孙石桥园区", region_id="410305", kind="zone")
    assert tables.gazetteer().decide("洛阳市孙石桥园区3号").region == "410305"


def test_the_shipped_table_knows_every_region():
    known = set(PlaceName.objects.values_list("region", flat=True))
    assert len(known) == 17
