"""Tags from what a target may do: words in its name and business scope (art. 11, 标注).

The table of words is the clerks' own, edited on a page. A longer word that only looks like a
known one (酒店用品) is listed as an exclusion. What a scope itself rules out, “不含危险化学品”, is
not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_ASIDE = re.compile(
    r"[（(\[【][^（()）\[\]【】]*(?:不含|除外|不得|禁止|不包括|未取得)[^（()）\[\]【】]*[)）\]】]"
)
_RULED_OUT = re.compile(
    r"(?:不含|不包括|不得(?:从事|经营|生产|储存)?)[^；;，,。()（）]*|除[^；;，,。()（）]*?外"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """How one tag is given.

    kinds       codes of the kinds of target that all have it
    words       in name or scope; name_words only in the name
    exclusions  longer words inside which a word does not count
    """

    tag: int
    kinds: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    name_words: frozenset[str] = frozenset()
    exclusions: frozenset[str] = frozenset()


class Tagger:
    """All rules at once, ready for many targets."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = list(rules)
        self._patterns = [_pattern(rule) for rule in self._rules]
        places = list(enumerate(self._rules))
        self._words = [(word, n) for n, rule in places for word in rule.words]
        self._name_words = [(word, n) for n, rule in places for word in rule.name_words]

    def tags(self, name: str, scope: str, kind: str) -> frozenset[int]:
        """Keys of the tags that the rules give to a target."""
        text = f"{name}；{allowed(scope)}"
        found = {rule.tag for rule in self._rules if kind in rule.kinds}
        # `in` is many times faster than a pattern, and most words end here.
        for n in {n for word, n in self._words if word in text}:
            if _is_meant(self._rules[n].words, self._patterns[n], text):
                found.add(self._rules[n].tag)
        for n in {n for word, n in self._name_words if word in name}:
            if _is_meant(self._rules[n].name_words, self._patterns[n], name):
                found.add(self._rules[n].tag)
        return frozenset(found)


def allowed(scope: str) -> str:
    """A business scope without what it rules out."""
    return _RULED_OUT.sub("", _ASIDE.sub("", scope))


def _pattern(rule: Rule) -> re.Pattern[str] | None:
    if not rule.exclusions:
        return None
    words = rule.words | rule.name_words | rule.exclusions
    return re.compile("|".join(re.escape(w) for w in sorted(words, key=len, reverse=True)))


def _is_meant(words: frozenset[str], pattern: re.Pattern[str] | None, text: str) -> bool:
    """Whether one of the words stands there by itself, not inside an exclusion."""
    return pattern is None or any(match[0] in words for match in pattern.finditer(text))
