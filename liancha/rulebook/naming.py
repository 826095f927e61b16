"""By which words people call a department or a region: 公安局, 市公安局, 卫健委, 市场监管局, 洛龙.

The lists name departments in full (Measures, art. 2, paragraph 2; the list of departments in the
table of article 4), the tables that clerks send do not. Nothing is guessed here: the words of each
department are written out, and one that would mean two of them means none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

# How the name of a body ends, and how people end it.
_ENDINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("委员会", ("委员会", "委", "部门")),
    ("分局", ("分局", "局", "部门")),
    ("局", ("局", "部门")),
    ("支队", ("支队", "部门")),
    ("大队", ("大队", "部门")),
)
_BODY = re.compile(r"(.+?)(委员会|分局|局|支队|大队)$")


def words_for(name: str, short: str, place: str) -> frozenset[str]:
    """What a department may be called, its full name, short name and code apart.

    name   洛阳市市场监督管理局
    short  市监
    place  the name of its region: 洛阳市, 栾川县

    Empty for a body whose name does not end like an office's (海关, 宣传部), or says no more than
    that it is a branch (洛阳市公安局栾川县分局).
    """
    found = _BODY.match(name.rpartition(place)[2])
    if found is None or found[1] == "分":
        return frozenset()
    core, ending = found[1], found[2]
    cores = {core, core.replace("监督管理", "监管"), _without(short, place)}
    tails = next(tails for end, tails in _ENDINGS if end == ending)
    fronts = ("", place, place[-1])
    return frozenset(
        front + each + tail for front in fronts for each in cores for tail in tails if each
    ) - {name, short}


def words_for_place(name: str) -> tuple[str, ...]:
    """What a region is called, its name first: 洛龙区 and 洛龙; 洛阳市, 市本级 and 全市."""
    if name.endswith("市"):
        return (name, name.removesuffix("市"), "市本级", "市级", "市直", "全市")
    bare = re.sub(r"(?:回族)?[县区]$", "", name)
    return (name, bare) if len(bare) > 1 else (name,)


def read_by(called: Iterable[tuple[str, Iterable[str]]]) -> Mapping[str, str]:
    """Word → key, from (key, words) of every body; a word that two of them claim is left out."""
    pairs = [(word, key) for key, words in called for word in words]
    times = Counter(word for word, _ in pairs)
    return {word: key for word, key in pairs if times[word] == 1}


def _without(short: str, place: str) -> str:
    """A county's short name without the county: 栾川公安 → 公安."""
    return short.removeprefix(place).removeprefix(place[:-1])
