"""Which places this city has (Measures, art. 2): the scope of every department and target.

Seven districts, seven counties and the areas with an administration of their own. A region is
decided by where a target operates, never read off digits of its credit code, which may carry a
place that was merged away.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .verdicts import Blocked

CITY = "410300"

REGIONS: Mapping[str, str] = MappingProxyType(
    {
        CITY: "洛阳市",
        "410302": "老城区",
        "410303": "西工区",
        "410304": "瀍河回族区",
        "410305": "涧西区",
        "410307": "偃师区",
        "410308": "孟津区",
        "410311": "洛龙区",
        "410323": "新安县",
        "410324": "栾川县",
        "410325": "嵩县",
        "410326": "汝阳县",
        "410327": "宜阳县",
        "410328": "洛宁县",
        "410329": "伊川县",
        "410371": "洛阳高新技术产业开发区",
        "4103Y1": "伊滨区（洛阳经济技术开发区）",
        "4103Y2": "龙门石窟世界文化遗产园区",
    }
)

# Areas with an administration but no county-level code; 4103Y* are codes of this software.
FUNCTIONAL = frozenset({"410371", "4103Y1", "4103Y2"})

MERGED: Mapping[str, str] = MappingProxyType(
    {"410306": "410308", "410322": "410308", "410381": "410307"}
)


def check_region(code: str) -> str:
    """Return the code if it is a place of this city.

    Raises Blocked for any other; for a merged-away code it names the one to use.
    Source: art. 2, 本市行政区域内.
    """
    if code in REGIONS:
        return code
    if new := MERGED.get(code):
        raise Blocked(
            f"区划代码 {code} 已并入{REGIONS[new]}，请改用 {new}。", article="2", paragraph=1
        )
    raise Blocked(
        f"区划代码 {code} 不在洛阳市范围内。请从列表选择本市的区、县或功能区。",
        article="2",
        paragraph=1,
    )


def is_county(code: str) -> bool:
    """Whether a region is a district, county or functional area: everything but the city."""
    return code in REGIONS and code != CITY
