"""A made-up city of any size, with the proportions of real registers.

The small demo city is tidy, so that its stories read well; this one is for weighing the house: the
same seed gives the same targets. What dirt its register has stands in `dirt`.

The proportions were counted once, in open registers of Luoyang (12,868 firms), Henan (100,056) and
Ningbo (897 of all kinds), and are written down here; nothing is read from elsewhere, and no name,
address or code of a real firm is among what is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Generic, TypeVar

from liancha.registry.codes import check_digit, organisation_digit

from .kinds import CREDIT, FIRST, KINDS, ROADS, SECOND, Kind

HEADINGS = (
    *("企业名称", "统一社会信用代码", "类型", "住所", "经营范围"),
    *("行业", "成立日期", "登记状态", "注册资本", "信用风险分类"),
)
NAME, CODE, FORM, ADDRESS, SCOPE, INDUSTRY, FOUNDED, STATUS, CAPITAL, CLASS = range(len(HEADINGS))

# Of 1,000 targets. Ningbo: 476 of 1,000 are 个体工商户; Luoyang: 48 co-operatives to 913 firms.
PREFIXES = (("91", 488), ("92", 476), ("93", 26), ("52", 7), ("12", 3))
# Ningbo, of 1,000.
STATUSES = (("存续", 667), ("在业", 1), ("注销", 312), ("吊销", 20))
# Luoyang, of 1,000, by the county its addresses name; zones counted with their district.
COUNTIES = (
    *(("410302", "老城区", 42), ("410303", "西工区", 127), ("410304", "瀍河回族区", 27)),
    *(("410305", "涧西区", 154), ("410307", "偃师区", 109), ("410308", "孟津区", 71)),
    *(("410311", "洛龙区", 97), ("410323", "新安县", 46), ("410324", "栾川县", 49)),
    *(("410325", "嵩县", 40), ("410326", "汝阳县", 28), ("410327", "宜阳县", 46)),
    *(("410328", "洛宁县", 18), ("410329", "伊川县", 146)),
)
# Luoyang, founded in the year; 2009 and 2015–2018 are missing there: the mean of the neighbours,
# and the last years at the rate of January to April 2019.
YEARS = (
    *((1985, 16), (1990, 77), (1995, 117), (1996, 161), (1997, 181), (1998, 270), (1999, 272)),
    *((2000, 333), (2001, 418), (2002, 529), (2003, 679), (2004, 910), (2005, 791), (2006, 942)),
    *((2007, 804), (2008, 1251), (2009, 1098), (2010, 945), (2011, 815), (2012, 1155)),
    *((2013, 867), (2014, 736), *((year, 738) for year in range(2015, 2026))),
)
# Luoyang, of 1,000 capitals: how the amount is written; "" is the N/A of a quarter of them.
CAPITALS = (
    *(("", 245), ("{}(万元)", 504), ("{:,}(万元)", 176), ("{}(万)", 25), ("{:,}(万)", 16)),
    *(
        ("{}万人民币", 17),
        ("{}万元人民币", 11),
        ("{}(万人民币元)", 4),
        ("{}万元", 1),
        ("{}(万美元)", 1),
    ),
)
AMOUNTS = (
    *((50, 103), (100, 77), (500, 67), (1000, 58), (200, 37), (300, 35), (30, 24), (10, 20)),
    *((2000, 18), (800, 15), (5000, 11), (600, 11), (3000, 11)),
)
# Ningbo, of 1,000 firms.
FORMS = (
    *(("有限责任公司（自然人投资或控股）", 478), ("有限责任公司（自然人独资）", 274)),
    *(("个人独资企业", 64), ("有限责任公司分公司（自然人投资或控股）", 43)),
    *(("普通合伙企业", 21), ("分公司", 17), ("其他有限责任公司", 20), ("N/A", 83)),
)
OTHER_FORMS = {"92": "个体工商户", "93": "农民专业合作社", "52": "社会组织", "12": "机关事业单位"}
# Luoyang: business scopes have a median of 29 characters, 53 at the third quartile, 126 at 95 %.
PHRASES_IN_SCOPE = ((0, 20), (1, 19), (2, 19), (3, 14), (5, 10), (8, 8), (13, 6), (18, 4))
PHRASES = (
    *(
        "日用杂品销售",
        "办公用品销售",
        "信息咨询",
        "会议服务",
        "展览展示",
        "图文设计",
        "企业形象策划",
    ),
    *("礼仪服务", "工艺品销售", "针纺织品销售", "花卉苗木", "文具用品", "五金产品批发", "钢材批发"),
    *("建材销售", "电线电缆销售", "家具销售", "灯具销售", "鞋帽零售", "箱包零售", "玩具销售"),
    *("计算机软硬件销售", "网络工程", "数据处理", "软件开发", "电子产品销售", "通讯器材销售"),
    *("清洁服务", "搬运装卸", "包装服务", "仓储服务", "园林绿化", "水暖器材销售", "机电设备安装"),
    *("农副产品购销", "初级农产品收购", "果蔬购销", "塑料制品销售", "橡胶制品销售", "矿产品购销"),
)
WORDS = len(FIRST) * len(SECOND) * len(FIRST) * len(SECOND)
_STEP = 1_234_577  # prime to WORDS: serial numbers reach every word once, in no visible order
_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
SLOTS = 4096

T = TypeVar("T")


class Wheel(Generic[T]):
    """Things by weight, quicker than random.choices: a table of slots."""

    def __init__(self, weighted: Sequence[tuple[T, int]]) -> None:
        total = sum(weight for _, weight in weighted)
        self._slots: list[T] = []
        spun = 0
        for thing, weight in weighted:
            spun += weight
            self._slots += [thing] * (spun * SLOTS // total - len(self._slots))

    def turn(self, chance: Random) -> T:
        return self._slots[int(chance.random() * SLOTS)]


class Metropolis:
    """Makes clean targets; `chance` is only ever asked here, in the order of the serial numbers."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self._prefixes = Wheel(PREFIXES)
        self._kinds = {
            prefix: Wheel([(kind, kind.share) for kind in KINDS if kind.prefix == prefix])
            for prefix, _ in PREFIXES
        }
        self._counties = Wheel([((code, word), share) for code, word, share in COUNTIES])
        self._statuses, self._years = Wheel(STATUSES), Wheel(YEARS)
        self._capitals, self._amounts = Wheel(CAPITALS), Wheel(AMOUNTS)
        self._forms, self._credit = Wheel(FORMS), Wheel(CREDIT)
        self._phrases = Wheel(PHRASES_IN_SCOPE)

    def target(self, serial: int) -> tuple[str, ...]:
        """The cells of the target with this number, from 1; names and codes never repeat."""
        chance = self.chance
        prefix = self._prefixes.turn(chance)
        kind = self._kinds[prefix].turn(chance)
        region, place = self._counties.turn(chance)
        front = "洛阳" if prefix == "91" and chance.random() < 0.6 else place
        end = kind.ends[int(chance.random() * len(kind.ends))]
        road = ROADS[int(chance.random() * len(ROADS))]
        # A third of the addresses of Luoyang begin with the county, as this one does.
        city = "" if chance.random() < 0.35 else "洛阳市"
        capital = self._capitals.turn(chance)
        is_small = prefix == "92"
        return (
            f"{front}{word(serial)}{end}",
            code(prefix, region, serial),
            OTHER_FORMS.get(prefix) or self._forms.turn(chance),
            f"{city}{place}{road}{int(chance.random() * 900) + 1}号",
            self._scope(kind),
            kind.industry,
            self._day(),
            self._statuses.turn(chance),
            capital.format(self._amounts.turn(chance)),
            "" if is_small and chance.random() < 0.8 else self._credit.turn(chance),
        )

    def _scope(self, kind: Kind) -> str:
        count = self._phrases.turn(self.chance)
        start = int(self.chance.random() * len(PHRASES))
        more = (PHRASES[(start + n * 7) % len(PHRASES)] for n in range(count))
        return "；".join((kind.scope, *more))

    def _day(self) -> str:
        year = self._years.turn(self.chance)
        month, day = int(self.chance.random() * 12) + 1, int(self.chance.random() * 28) + 1
        return f"{year}-{month:02}-{day:02}"


def word(serial: int) -> str:
    """The part of a name that tells it from all others: four characters."""
    rest = serial * _STEP % WORDS
    rest, a = divmod(rest, len(FIRST))
    rest, b = divmod(rest, len(SECOND))
    d, c = divmod(rest, len(FIRST))
    return FIRST[a] + SECOND[b] + FIRST[c] + SECOND[d]


def code(prefix: str, region: str, serial: int) -> str:
    """A credit code with right check digits that is nobody's: its organisation part is XX…."""
    digits, rest = "", serial
    for _ in range(6):
        rest, digit = divmod(rest, 31)
        digits = _DIGITS[digit] + digits
    body = f"XX{digits}"
    first = f"{prefix}{region}{body}{organisation_digit(body)}"
    return first + check_digit(first)
