"""Tags from what a target may do: words in its name and business scope (art. 11, 标注).

The table of words is the clerks' own, edited on a page. A longer word that only looks like a
known one (酒店用品) is listed as an exclusion. What a scope itself rules out, “不含危险化学品”, is
not read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import add

KEPT = 20_000  # scopes remembered, and phrases of them, and ends of names
SEPARATORS = "；;，,。"  # between the phrases of a scope
# However long a text somebody sends, every letter is looked at a few hundred times at the most.
_ASIDE = re.compile(
    r"[（(\[【](?=[^（()）\[\]【】]*+[)）\]】])[^（()）\[\]【】]*?"
    r"(?:不含|除外|不得|禁止|不包括|未取得)[^（()）\[\]【】]*+."
)
_RULED_OUT = re.compile(
    r"(?:不含|不包括|不得(?:从事|经营|生产|储存)?)[^；;，,。()（）]*|除[^；;，,。()（）]{0,200}?外"
)
_MAY_RULE_OUT = re.compile(r"不含|不包括|不得|除|禁止|未取得")


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


class _Words:
    """Words to be found in a text: by their first two letters, so that most texts are put away
    without a look at any word.
    """

    def __init__(self, words: Iterable[tuple[str, int, frozenset[str]]]) -> None:
        self._short: list[tuple[str, int, frozenset[str]]] = []
        self._pairs: defaultdict[str, list[tuple[str, int, frozenset[str]]]] = defaultdict(list)
        for word, rule, family in words:
            place = self._pairs[word[:2]] if len(word) >= 2 else self._short
            place.append((word, rule, family))
        self._starts = frozenset(self._pairs)
        starts = _one_of([*self._starts, *(word for word, _, _ in self._short)])
        self._has_start = re.compile(starts or r"(?!)").search

    def found(self, text: str) -> list[tuple[int, frozenset[str]]]:
        """Of every word in the text: the number of its rule, and the words it stands among."""
        if not self._has_start(text):
            return []
        found = [(rule, family) for word, rule, family in self._short if word in text]
        for start in self._starts.intersection(map(add, text, text[1:])):
            found += [(rule, family) for word, rule, family in self._pairs[start] if word in text]
        return found


def _one_of(words: Iterable[str]) -> str:
    """An expression for any of these words, by their first letters; quicker than one by one."""
    by_letter: defaultdict[str, set[str]] = defaultdict(set)
    for word in words:
        by_letter[word[0]].add(re.escape(word[1:]))
    return "|".join(
        re.escape(letter) + (f"(?:{'|'.join(sorted(rests))})" if any(rests) else "")
        for letter, rests in sorted(by_letter.items())
    )


class _Known(dict[str, frozenset[int]]):
    """Tags of texts that were read; each different text is read once."""

    def __init__(self, read: Callable[[str], frozenset[int]]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, text: str) -> frozenset[int]:
        if len(self) >= KEPT:
            self.clear()
        found = self[text] = self._read(text)
        return found


class Tagger:
    """All rules at once, ready for many targets.

    Most of a million names and scopes are told by what they share: the phrases of a scope are read
    one by one, of a name what follows from the first letters that any word begins with.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = list(rules)
        self._patterns = [_pattern(rule) for rule in self._rules]
        everywhere = [(w, n, rule.words) for n, rule in enumerate(self._rules) for w in rule.words]
        in_names = [
            (w, n, rule.name_words) for n, rule in enumerate(self._rules) for w in rule.name_words
        ]
        self._in_scopes, self._in_names = _Words(everywhere), _Words(everywhere + in_names)
        self._by_kind: defaultdict[str, frozenset[int]] = defaultdict(frozenset)
        for rule in self._rules:
            for kind in rule.kinds:
                self._by_kind[kind] |= {rule.tag}
        words = {
            word
            for rule in self._rules
            for word in (*rule.words, *rule.name_words, *rule.exclusions)
        }
        # An exclusion may begin before the word that it holds.
        self._begins = re.compile(_one_of(word[:2] for word in words if word) or r"(?!)").search
        # A word with a separator in it would be cut, so that such a separator separates nothing.
        self._separators = [each for each in SEPARATORS if not any(each in word for word in words)]
        self._phrases = _Known(lambda text: self._meant(self._in_scopes.found(text), text))
        self._ends = _Known(lambda text: self._meant(self._in_names.found(text), text))
        self._without_name: dict[tuple[str, str], frozenset[int]] = {}

    def tags(self, name: str, scope: str, kind: str) -> frozenset[int]:
        """Keys of the tags that the rules give to a target."""
        found = self._without_name.get((kind, scope))
        if found is None:
            if len(self._without_name) >= KEPT:
                self._without_name.clear()
            found = self._by_kind[kind] | self._of_scope(scope)
            self._without_name[kind, scope] = found
        if begun := self._begins(name):
            return found | self._ends[name[begun.start() :]]
        return found

    def _meant(self, found: list[tuple[int, frozenset[str]]], text: str) -> frozenset[int]:
        return frozenset(
            self._rules[n].tag for n, words in found if _is_meant(words, self._patterns[n], text)
        )

    def _of_scope(self, scope: str) -> frozenset[int]:
        """A word stands within one phrase; the same phrases stand in many scopes."""
        text = allowed(scope)
        separator = next((each for each in self._separators if each in text), None)
        if separator is None:
            return self._phrases[text]
        return frozenset().union(*map(self._phrases.__getitem__, text.split(separator)))


def allowed(scope: str) -> str:
    """A business scope without what it rules out."""
    if not _MAY_RULE_OUT.search(scope):
        return scope
    return _RULED_OUT.sub("", _ASIDE.sub("", scope))


def _pattern(rule: Rule) -> re.Pattern[str] | None:
    if not rule.exclusions:
        return None
    words = rule.words | rule.name_words | rule.exclusions
    return re.compile("|".join(re.escape(w) for w in sorted(words, key=len, reverse=True)))


def _is_meant(words: frozenset[str], pattern: re.Pattern[str] | None, text: str) -> bool:
    """Whether one of the words stands there by itself, not inside an exclusion."""
    return pattern is None or any(match[0] in words for match in pattern.finditer(text))
