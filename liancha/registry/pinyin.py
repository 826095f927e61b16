"""First letters of Chinese words, as people type them: 洛阳云岫宾馆 → lyyxbg.

One letter a character, from a table that is made once; phrases are looked at only where a common
business word reads otherwise. A whole-phrase reading of every name would take sixty times as long.
"""

from __future__ import annotations

import unicodedata
from functools import cache

# Words in which a character does not have its first reading.
OTHERWISE = {
    **{"银行": "yh", "商行": "sh", "车行": "ch", "行业": "hy", "重庆": "cq", "会计": "kj"},
    **{"音乐": "yy", "乐器": "yq", "厦门": "xm", "朝阳": "cy", "长沙": "cs", "单县": "sx"},
    **{"解放": "jf", "偃师": "ys", "栾川": "lc", "瀍河": "ch", "涧西": "jx", "嵩县": "sx"},
}


def initials(text: str) -> str:
    """One letter or digit for each character that has one."""
    for word, letters in OTHERWISE.items():
        if word in text:
            text = text.replace(word, letters)
    table = letters_of_characters()
    return text.translate(table).lower()


@cache
def letters_of_characters() -> dict[int, str]:
    """Code point → first letter of its commonest reading."""
    # Loads a large dictionary, which a process that never saves a target does without.
    from pypinyin.constants import PINYIN_DICT

    return {
        point: letter
        for point, readings in PINYIN_DICT.items()
        if (letter := _letter(readings.split(",")[0]))
    }


def _letter(reading: str) -> str:
    for each in unicodedata.normalize("NFKD", reading):
        if "a" <= each <= "z":
            return each
    return ""
