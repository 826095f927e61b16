"""Sections and divisions of GB/T 4754-2017, and which of them an entry of the register means.

Registers write 行业 as a code (H, H61, 6110), as the name of a section or division, or as that of
a group or class (旅游饭店), which is known by its last word. What is neither is not guessed: it
belongs to no section.
"""

from __future__ import annotations

import re
from typing import Final

from . import trades

OTHER: Final = "行业不明"

SECTIONS: Final[dict[str, str]] = {
    "A": "农、林、牧、渔业",
    "B": "采矿业",
    "C": "制造业",
    "D": "电力、热力、燃气及水生产和供应业",
    "E": "建筑业",
    "F": "批发和零售业",
    "G": "交通运输、仓储和邮政业",
    "H": "住宿和餐饮业",
    "I": "信息传输、软件和信息技术服务业",
    "J": "金融业",
    "K": "房地产业",
    "L": "租赁和商务服务业",
    "M": "科学研究和技术服务业",
    "N": "水利、环境和公共设施管理业",
    "O": "居民服务、修理和其他服务业",
    "P": "教育",
    "Q": "卫生和社会工作",
    "R": "文化、体育和娱乐业",
    "S": "公共管理、社会保障和社会组织",
    "T": "国际组织",
}

# Divisions in the order of their numbers, section by section; the first number of each section.
_DIVISIONS: Final[dict[str, tuple[int, str]]] = {
    "A": (1, "农业|林业|畜牧业|渔业|农、林、牧、渔专业及辅助性活动"),
    "B": (
        6,
        "煤炭开采和洗选业|石油和天然气开采业|黑色金属矿采选业|有色金属矿采选业|非金属矿采选业|"
        "开采专业及辅助性活动|其他采矿业",
    ),
    "C": (
        13,
        "农副食品加工业|食品制造业|酒、饮料和精制茶制造业|烟草制品业|纺织业|纺织服装、服饰业|"
        "皮革、毛皮、羽毛及其制品和制鞋业|木材加工和木、竹、藤、棕、草制品业|家具制造业|"
        "造纸和纸制品业|印刷和记录媒介复制业|文教、工美、体育和娱乐用品制造业|"
        "石油、煤炭及其他燃料加工业|化学原料和化学制品制造业|医药制造业|化学纤维制造业|"
        "橡胶和塑料制品业|非金属矿物制品业|黑色金属冶炼和压延加工业|有色金属冶炼和压延加工业|"
        "金属制品业|通用设备制造业|专用设备制造业|汽车制造业|"
        "铁路、船舶、航空航天和其他运输设备制造业|电气机械和器材制造业|"
        "计算机、通信和其他电子设备制造业|仪器仪表制造业|其他制造业|废弃资源综合利用业|"
        "金属制品、机械和设备修理业",
    ),
    "D": (44, "电力、热力生产和供应业|燃气生产和供应业|水的生产和供应业"),
    "E": (47, "房屋建筑业|土木工程建筑业|建筑安装业|建筑装饰、装修和其他建筑业"),
    "F": (51, "批发业|零售业"),
    "G": (
        53,
        "铁路运输业|道路运输业|水上运输业|航空运输业|管道运输业|多式联运和运输代理业|"
        "装卸搬运和仓储业|邮政业",
    ),
    "H": (61, "住宿业|餐饮业"),
    "I": (63, "电信、广播电视和卫星传输服务|互联网和相关服务|软件和信息技术服务业"),
    "J": (66, "货币金融服务|资本市场服务|保险业|其他金融业"),
    "K": (70, "房地产业"),
    "L": (71, "租赁业|商务服务业"),
    "M": (73, "研究和试验发展|专业技术服务业|科技推广和应用服务业"),
    "N": (76, "水利管理业|生态保护和环境治理业|公共设施管理业|土地管理业"),
    "O": (80, "居民服务业|机动车、电子产品和日用产品修理业|其他服务业"),
    "P": (83, "教育"),
    "Q": (84, "卫生|社会工作"),
    "R": (86, "新闻和出版业|广播、电视、电影和录音制作业|文化艺术业|体育|娱乐业"),
    "S": (
        91,
        "中国共产党机关|国家机构|人民政协、民主党派|社会保障|群众团体、社会团体和其他成员组织|"
        "基层群众自治组织及其他组织",
    ),
    "T": (97, "国际组织"),
}
_OTHER = re.compile("^其他(?:未列明|未包括)?")
_CODE = re.compile(r"([A-Ta-t])?\s*([0-9]{1,4})?(?:\D.*)?")


def _bare(name: str) -> str:
    return re.sub("[、，,和及的 　]|业$", "", name)


# "61" → "住宿业"
DIVISIONS: Final[dict[str, str]] = {
    f"{first + n:02}": name
    for first, names in _DIVISIONS.values()
    for n, name in enumerate(names.split("|"))
}
_SECTION_OF_NUMBER: Final[dict[str, str]] = {
    f"{first + n:02}": letter
    for letter, (first, names) in _DIVISIONS.items()
    for n, _ in enumerate(names.split("|"))
}
_NUMBER_OF_NAME: Final[dict[str, str]] = {_bare(name): code for code, name in DIVISIONS.items()}
_SECTION_OF_NAME: Final[dict[str, str]] = {
    **{name: _SECTION_OF_NUMBER[code] for name, code in _NUMBER_OF_NAME.items()},
    **{_bare(name): letter for letter, name in SECTIONS.items()},
}


def section(text: str) -> str:
    """The name of the section an entry means, or OTHER.

    >>> section("H61"), section("住宿业"), section("旅游饭店"), section("好行业")
    ('住宿和餐饮业', '住宿和餐饮业', '住宿和餐饮业', '行业不明')
    """
    return SECTIONS.get(_read(text)[0], OTHER)


def codes(text: str) -> tuple[str, ...]:
    """The section's letter and, where the entry says it, the division's number; () for neither.

    >>> codes("H61"), codes("住宿业"), codes("H"), codes("K"), codes("好行业")
    (('H', '61'), ('H', '61'), ('H',), ('K', '70'), ())
    """
    return tuple(code for code in _read(text) if code)


def name_of(code: str) -> str:
    """The name of a section by its letter, of a division by its number; others as they are."""
    return SECTIONS.get(code) or DIVISIONS.get(code, code)


def division(text: str) -> str:
    """The number of the division that a number or name says by itself; "" for anything else.

    >>> division("61"), division("住宿业"), division("99"), division("H")
    ('61', '61', '', '')
    """
    text = text.strip()
    return text if text in DIVISIONS else _NUMBER_OF_NAME.get(_bare(text), "")


def _read(text: str) -> tuple[str, str]:
    """(letter, number) of an entry, each "" where it is not said."""
    text = text.strip()
    if found := _named(text):
        return found
    code = _CODE.fullmatch(text)
    letter, number = (code[1], code[2]) if code else (None, None)
    if number is not None and len(number) > 1:
        by_number = _SECTION_OF_NUMBER.get(number[:2])
        # A letter that says another section than the number: neither is believed.
        if by_number is None or (letter and letter.upper() != by_number):
            return "", ""
        return by_number, number[:2]
    if letter and number is None and (text[1:2] or " ") in " 　-:：、.（(":
        return letter.upper(), _only(letter.upper())
    rest = re.split(r"[^一-鿿、，和及的]+", text)
    for part in rest:
        if part and (found := _named(part)):
            return found
    for part in rest:
        if of := trades.code_of(part):
            return (_SECTION_OF_NUMBER[of], of) if of.isdigit() else (of, _only(of))
    return "", ""


def _named(text: str) -> tuple[str, str] | None:
    """By the name of a section or division; 其他农业 is one of 农业."""
    bare = _bare(text)
    if bare not in _SECTION_OF_NAME:
        bare = _OTHER.sub("", bare)
    letter = _SECTION_OF_NAME.get(bare)
    return (letter, _NUMBER_OF_NAME.get(bare) or _only(letter)) if letter else None


def _only(letter: str) -> str:
    """The division of a section that has but one."""
    first, names = _DIVISIONS[letter]
    return "" if "|" in names else f"{first:02}"
