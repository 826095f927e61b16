"""The registry of the demo city: as a file, the way a real register comes in."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random

from stdnum.cn import uscc

from .kinds import CREDIT, FIRST, KINDS, REGIONS, ROADS, SECOND, THIRD, Kind

HEADINGS = (
    "企业名称",
    "统一社会信用代码",
    "类型",
    "法定代表人（负责人）",
    "住所",
    "经营场所",
    "联络人",
    "经营范围",
    "行业",
    "成立日期",
    "登记状态",
    "注册资本",
    "信用风险分类",
)
FULL = 20_000
SURNAMES = "沈程陆顾秦裴薄祝温简尹池骆宁喻柏邵梅阮"
GIVEN = "予安知行若谷清和景明望舒怀瑾书言思远"
ORGANISATION = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
KIND_WORDS = {
    "01": "企业",
    "02": "农民专业合作社",
    "03": "个体工商户",
    "05": "社会组织",
    "06": "机关事业单位",
}


def rows(seed: int, size: int = FULL) -> Iterator[dict[str, str]]:
    """Rows of the register, `size` of them, in a mixed order; the same for the same seed."""
    chance, beside = Random(seed), Random(f"{seed} people")
    total = sum(kind.share for kind in KINDS)
    plan = [kind for kind in KINDS for _ in range(max(1, kind.share * size // total))]
    plan += [KINDS[-1]] * (size - len(plan))
    chance.shuffle(plan)
    places = list(accumulate(share for _, _, share in REGIONS))
    classes = list(accumulate(share for _, share in CREDIT))
    taken: set[str] = set()
    for serial, kind in enumerate(plan[:size], start=1):
        region, place, _ = chance.choices(REGIONS, cum_weights=places)[0]
        credit = chance.choices(CREDIT, cum_weights=classes)[0][0]
        name = _name(chance, kind, place, taken)
        address = f"河南省洛阳市{place}{chance.choice(ROADS)}{chance.randint(1, 288)}号"
        registered = address  # 住所; a few operate elsewhere
        if beside.random() < 0.04:
            registered = f"河南省洛阳市{place}{beside.choice(ROADS)}{beside.randint(1, 288)}号"
        yield {
            "企业名称": name,
            "统一社会信用代码": code(kind.prefix, region, serial),
            "类型": KIND_WORDS[kind.code],
            "法定代表人（负责人）": _person(beside, 0.9),
            "住所": registered,
            "经营场所": address if registered != address else "",
            "联络人": _person(beside, 0.6),
            "经营范围": kind.scope,
            "行业": kind.industry,
            "成立日期": _day(chance).isoformat(),
            "登记状态": _status(chance),
            "注册资本": f"{chance.choice((10, 50, 100, 200, 500, 1000))}万元",
            "信用风险分类": "" if kind.prefix == "92" and chance.random() < 0.8 else credit,
        }


def write(path: Path, seed: int, size: int = FULL) -> None:
    """The same as a CSV file, UTF-8 with BOM as Excel likes it."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.DictWriter(file, HEADINGS)
        table.writeheader()
        table.writerows(rows(seed, size))


def code(prefix: str, region: str, serial: int) -> str:
    """A credit code with right check digits that can be nobody's: its organisation part is XXX…."""
    body = f"XXX{serial:05d}"
    rest = 11 - sum(w * ORGANISATION.index(c) for w, c in zip(WEIGHTS, body, strict=True)) % 11
    organisation = body + {10: "X", 11: "0"}.get(rest, str(rest))
    first = prefix + region + organisation
    return first + uscc.calc_check_digit(first)


def _name(chance: Random, kind: Kind, place: str, taken: set[str]) -> str:
    front = "洛阳" if kind.prefix == "91" and chance.random() < 0.6 else place
    while True:
        word = chance.choice(FIRST) + chance.choice(SECOND) + chance.choice(THIRD)
        name = f"{front}{word}{chance.choice(kind.ends)}"
        if name in taken:
            name = f"{front}{word}{chance.choice(FIRST)}{chance.choice(kind.ends)}"
        if name not in taken:
            taken.add(name)
            return name


def _person(chance: Random, share: float) -> str:
    """Somebody made up, for this share of the rows."""
    name = chance.choice(SURNAMES) + chance.choice(GIVEN) + chance.choice(GIVEN)
    return name if chance.random() < share else ""


def _day(chance: Random) -> date:
    return date(2004, 1, 5) + timedelta(days=chance.randint(0, 7600))


def _status(chance: Random) -> str:
    draw = chance.random()
    if draw < 0.955:
        return "存续"
    return (
        "注销" if draw < 0.975 else "吊销" if draw < 0.985 else "歇业" if draw < 0.995 else "迁出"
    )
