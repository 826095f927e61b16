"""From an address to the district or county it lies in (art. 11, 管辖范围).

County names decide before towns, longer names before shorter, and a town that changed hands counts
for whom it belongs to now. What the text does not settle stays undecided, with the reason: nobody
is put into a county by digits of a credit code, which keep the place of the first registration.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from liancha.rulebook.regions import MERGED

CITY_NAME = "洛阳"
CITY_DIGITS = "4103"
KEPT = 50_000  # decisions remembered, so that the same address is read once
COUNTY_TOWN = ("县城", "城关", "城区", "老城", "新城", "县老城")


@dataclass(frozen=True, slots=True)
class Place:
    """A name inside addresses.

    kind      county 区县 (old names too) · short 区县 without its last character, understood only
              at the start · area 功能区 · town 乡镇街道 · zone 园区 · road 道路
    formerly  codes of the counties a town belonged to before
    """

    name: str
    region: str
    kind: str
    is_old: bool = False
    formerly: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a target lies, or why that is not known.

    region      code, None while undecided
    reason      the words shown beside it
    is_outside  the address names another city
    """

    region: str | None
    reason: str
    is_outside: bool = False


# An office, a town or a township may have been called any of these over the years.
_TOWN_ENDS = r"(?:街道办事处|街道办|办事处|街道|回族镇|回族乡|镇|乡)"
_DIGITS = re.compile(r"\d+")
_HEAD = re.compile(r"^(?:中国)?[（(]?(?:河南省?)?[)）]?(?:自由贸易试验区)?")
# Everywhere in China there are Luoyang Roads, and a 洛阳镇 in 常州 and elsewhere.
_OUR_CITY = re.compile(
    rf"{CITY_NAME}(?!镇|乡|街道|路|大道|街|村|桥|里|巷|东路|西路|南路|北路|中路)"
)
_ELSEWHERE = re.compile(
    r"(?:[一-鿿]{2,7}?(?:省|自治区))?"
    r"([一-鿿]{2,6}?(?:自治州|地区|市|盟|自治县|县|自治旗|旗|区))"
)
_NOT_A_PLACE = re.compile(
    r"(新区|城区|市区|县城|园区|小区|社区|开发区|工业区|示范区|经济区|集聚区|片区|东区|西区|南区|北区|"
    r"中区|特区|库区|景区|矿区|[ABCD]区|门市|超市|城市|集市|花市|菜市|夜市|房市)$"
)
PROVINCES = (
    "北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|湖北|湖南|广东"
    "|海南|四川|贵州|云南|陕西|甘肃|青海|内蒙古|广西|西藏|宁夏|新疆"
)
# The other cities of the province, as addresses begin with them.
NEIGHBOURS = (
    "郑州|开封|平顶山|安阳|鹤壁|新乡|焦作|濮阳|许昌|漯河|三门峡|南阳|商丘|信阳|周口|驻马店|济源"
)
_OTHER_HEAD = re.compile(
    rf"^(?:河南省?)?(?:(?:{PROVINCES})(?:省|市|自治区|壮族|回族|维吾尔)"
    rf"|(?:{NEIGHBOURS})(?![东西南北中]?[路街巷]|大道|商))"
)
_OTHER_COUNTY = re.compile(r"^(?:河南省?)?[一-鿿]{1,3}?(?:市|县)(?![场政委民里城镇乡])")
# Names other cities use too: they count only beside a word for Luoyang.
COMMON = frozenset({"老城区", "高新区", "高新开发区", "高新技术开发区", "高新技术产业开发区"})


class _Name:
    """A target's name, which knows whether it had a part in a decision."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.was_read = False

    def read(self) -> str:
        self.was_read = True
        return self._text


class Gazetteer:
    """The city's place names, ready to read addresses with.

    places   every known name
    regions  code → name of the city's regions
    """

    def __init__(self, places: Iterable[Place], regions: Mapping[str, str]) -> None:
        self.regions = regions
        self._named: dict[str, list[Place]] = defaultdict(list)
        self._short: dict[str, Place] = {}
        towns: list[str] = []
        others: list[str] = []
        for place in places:
            if place.kind == "short":
                self._short[place.name] = place
                continue
            self._named[place.name].append(place)
            (towns if place.kind == "town" else others).append(re.escape(place.name))
        # Longest first, so that 南李村镇 is not read as 李村镇.
        names = [*sorted(others, key=len, reverse=True)]
        if towns:
            stems = "|".join(sorted(set(towns), key=len, reverse=True))
            names.append(f"(?P<town>{stems}){_TOWN_ENDS}")
        self._names = re.compile("|".join(names) or r"(?!)")
        shorts = "|".join(sorted(self._short, key=len, reverse=True)) or r"(?!)"
        self._starts = tuple(self._short)
        # Addresses by the hundred thousand differ in nothing but numbers, which decide nothing.
        self._has_digits = any(letter.isdigit() for name in self._named for letter in name)
        self._known: dict[tuple[str, str, str, bool], tuple[Decision, bool]] = {}
        self._shorts = re.compile(rf"(?:{CITY_NAME}市?)?({shorts})(?![路街道巷桥镇乡村])")

    def of_word(self, word: str) -> str | None:
        """The region a 县区 column names: 涧西区, 涧西, 偃师市, 410305; None if it names none."""
        word = word.strip().removeprefix("河南省").removeprefix("洛阳市")
        if word in self.regions:
            return None if word.endswith("00") else word
        if word in MERGED:
            return MERGED[word]
        for code, name in self.regions.items():
            if word == name and not code.endswith("00"):
                return code
        for place in self._named.get(word, ()):
            if place.kind in ("county", "area"):
                return place.region
        return self._short[word].region if word in self._short else None

    def decide(
        self, address: str, *, county: str = "", city: str = "", name: str = "", code: str = ""
    ) -> Decision:
        """Where a target lies.

        county, city  what columns of the file say besides, "" when there are none
        name          the target's name: its first words may tell which of several towns is meant
        code          credit code; its digits are only mentioned, they decide nothing
        """
        if county and (region := self.of_word(county)):
            return Decision(region, f"县区列写明“{county}”")
        is_ours = self._is_of_here(name, city)
        text = address.replace(" ", "")
        key = (text if self._has_digits else _DIGITS.sub("0", text), city, county, is_ours)
        known = self._known.get(key)
        if known is None:
            asked = _Name(name)
            elsewhere = self._elsewhere(text, city)
            decision = elsewhere or self._by_names(text, asked, is_ours=is_ours)
            known = decision, elsewhere is not None
            if not asked.was_read:
                if len(self._known) >= KEPT:
                    self._known.clear()
                self._known[key] = known
        decision, is_elsewhere = known
        if is_elsewhere:
            return decision
        if decision.region is None and (hint := self._hint(code)):
            return Decision(None, f"{decision.reason}；{hint}", decision.is_outside)
        return decision

    def decide_all(
        self,
        addresses: Sequence[str],
        *,
        counties: Sequence[str],
        cities: Sequence[str],
        names: Sequence[str],
        codes: Sequence[str],
    ) -> list[Decision]:
        """`decide` for many rows without line breaks; quicker where the same was said before."""
        texts = "\n".join(addresses).replace(" ", "")
        keys = (texts if self._has_digits else _DIGITS.sub("0", texts)).split("\n")
        decide, is_of_here, known = self.decide, self._is_of_here, self._known
        decisions = []
        for key, address, county, city, name, code in zip(
            keys, addresses, counties, cities, names, codes, strict=True
        ):
            found = None if county else known.get((key, city, "", is_of_here(name, city)))
            if found is None or found[0].region is None:
                decision = decide(address, county=county, city=city, name=name, code=code)
                decisions.append(decision)
            else:
                decisions.append(found[0])
        return decisions

    def _is_of_here(self, name: str, city: str) -> bool:
        return (
            CITY_NAME in city
            or name.startswith(self._starts)
            or (CITY_NAME in name and bool(_OUR_CITY.search(name)))
        )

    def _elsewhere(self, text: str, city: str) -> Decision | None:
        if city and CITY_NAME not in city and self.of_word(city) is None:
            return Decision(None, f"城市列写明“{city}”，不在本市", is_outside=True)
        other = _OTHER_HEAD.match(text)
        shown = other[0] if other else ""
        county = _OTHER_COUNTY.match(text)
        if not shown and county and CITY_NAME not in county[0]:
            is_ours = self._names.search(county[0]) or county[0].startswith(COUNTY_TOWN)
            shown = "" if is_ours else county[0]
        if shown:
            return Decision(None, f"住所开头是“{shown}”，不在本市", is_outside=True)
        return None

    def _by_names(self, text: str, name: _Name, *, is_ours: bool) -> Decision:
        head = _HEAD.sub("", text)
        is_ours = is_ours or bool(_OUR_CITY.match(head))
        found = self._mentions(text, is_ours=is_ours)
        counties = [place for place in found if place.kind == "county"]
        areas = [place for place in found if place.kind == "area"]
        towns = [place for place in found if place.kind == "town"]
        if not counties and (short := self._shorts.match(head)):
            place = self._short[short[1]]
            if is_ours or any(place.region in (t.region, *t.formerly) for t in towns):
                counties = [place]
        if areas:
            return Decision(areas[0].region, f"住所写明“{areas[0].name}”")
        if counties:
            return self._by_county(counties, towns)
        if not is_ours:
            return self._nowhere(text)
        if towns and (decided := self._by_town(towns, name)):
            return decided
        for kind in ("zone", "road"):
            regions = {place.region for place in found if place.kind == kind}
            if len(regions) == 1:
                (region,) = regions
                first = next(place.name for place in found if place.kind == kind)
                return Decision(region, f"“{first}”在{self.regions[region]}")
        if text.startswith(COUNTY_TOWN) and (named := self._named_in(name)):
            return Decision(named.region, f"住所写“{text[:2]}”，名称中有“{named.name}”")
        if towns:
            holders = "、".join(sorted({self.regions[place.region] for place in towns}))
            return Decision(None, f"“{towns[0].name}”在{holders}都有，请核对")
        return Decision(None, "住所没有写县区，也没有认得的乡镇" if text else "没有住所")

    def _mentions(self, text: str, *, is_ours: bool) -> list[Place]:
        """Every name in the address, in order; of an ambiguous town, each of its counties."""
        found: list[Place] = []
        for match in self._names.finditer(text):
            word = match["town"] or match[0]
            if word in COMMON and not is_ours:
                continue
            found += [p for p in self._named[word] if (p.kind == "town") == bool(match["town"])]
        return found

    def _by_county(self, counties: list[Place], towns: list[Place]) -> Decision:
        county = counties[0]
        for town in towns:
            if county.region != town.region and county.region in town.formerly:
                return Decision(
                    town.region,
                    f"住所写“{county.name}”，其中“{town.name}”现属{self.regions[town.region]}",
                )
        if county.is_old:
            now = self.regions[county.region]
            return Decision(county.region, f"住所写旧名“{county.name}”，现为{now}")
        reason = f"住所写明“{county.name}”"
        if others := list(dict.fromkeys(p.name for p in counties if p.region != county.region)):
            reason += f"，后面另有“{'、'.join(others)}”"
        return Decision(county.region, reason)

    def _by_town(self, towns: list[Place], name: _Name) -> Decision | None:
        by_word: dict[str, list[Place]] = defaultdict(list)
        for town in towns:
            by_word[town.name].append(town)
        sure = {same[0].region for same in by_word.values() if len(same) == 1}
        if len(sure) == 1:
            (region,) = sure
            first = next(p.name for p in towns if p.region == region and len(by_word[p.name]) == 1)
            return Decision(region, f"住所的“{first}”在{self.regions[region]}")
        if sure:
            return None
        named = self._named_in(name)
        if named and named.region in {town.region for town in towns}:
            return Decision(named.region, f"“{towns[0].name}”不止一处，名称中有“{named.name}”")
        return None

    def _named_in(self, name: _Name) -> Place | None:
        """The one county whose name a target carries in its own."""
        text = name.read()
        found = {place.region: place for word, place in self._short.items() if word in text}
        return next(iter(found.values())) if len(found) == 1 else None

    def _nowhere(self, text: str) -> Decision:
        other = _ELSEWHERE.match(text)
        if other and CITY_NAME not in other[0] and not _NOT_A_PLACE.search(other[1]):
            return Decision(None, f"住所开头的“{other[0]}”不是本市的区县", is_outside=True)
        return Decision(None, "住所没有写城市和县区" if text else "没有住所")

    def _hint(self, code: str) -> str:
        """What digits 3–8 of a credit code, or 1–6 of a registration number, remind of."""
        digits = code[2:8] if len(code) == 18 else code[:6]
        digits = MERGED.get(digits, digits)
        if len(code) not in (15, 18) or not digits.startswith(CITY_DIGITS):
            return ""
        named = self.regions.get(digits, "")
        return (
            "" if digits.endswith("00") or not named else f"代码中的 {digits} 是{named}，仅供参考"
        )
