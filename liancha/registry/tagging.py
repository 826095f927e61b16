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
        self._rules = [
            (rule, tuple(rule.words), tuple(rule.name_words), _pattern(rule)) for rule in rules
        ]

    def tags(self, name: str, scope: str, kind: str) -> frozenset[int]:
        """Keys of the tags that the rules give to a target."""
        text = f"{name}；{allowed(scope)}"
        return frozenset(
            rule.tag
            for rule, words, name_words, pattern in self._rules
            if kind in rule.kinds
            or (
                # `in` is many times faster than a pattern, and nearly every rule ends here.
                (any(word in text for word in words) and _is_meant(rule.words, pattern, text))
                or (
                    any(word in name for word in name_words)
                    and _is_meant(rule.name_words, pattern, name)
                )
            )
        )


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
