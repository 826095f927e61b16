"""The words of the Measures: 23 articles in 5 chapters, quoted exactly.

The text stands in `measures.txt`, one paragraph a line; nothing here rewords it. Also the one
thing the text leaves open about itself: the day it took effect (art. 23). What an article means
for a step is said by the other modules.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from types import MappingProxyType

DIGITS = "零一二三四五六七八九十"
CHAPTER = re.compile(r"第([一二三四五])章 (.+)")
ARTICLE = re.compile(r"第([一二三四五六七八九十]+)条 (.+)")
ITEM = re.compile(r"（[一二三]）")


def in_chinese(number: int) -> str:
    """1 to 99 as the Measures write it: 3 is 三, 19 is 十九, 23 is 二十三."""
    if not 1 <= number <= 99:
        raise ValueError(f"1 to 99 expected, got {number}")
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{DIGITS[tens]}十"
    return head + (DIGITS[ones] if ones else "")


@dataclass(frozen=True, slots=True)
class Article:
    """One article.

    paragraphs  款, in order; the 项 of a paragraph follow it inside, each on a line of its own
    """

    number: int
    chapter: int
    chapter_title: str
    paragraphs: tuple[str, ...]

    @property
    def name(self) -> str:
        """第十九条."""
        return f"第{in_chinese(self.number)}条"

    @property
    def text(self) -> str:
        """All paragraphs, a line each."""
        return "\n".join(self.paragraphs)

    @property
    def chapter_name(self) -> str:
        """第四章 联合抽查活动的组织实施."""
        return f"第{in_chinese(self.chapter)}章 {self.chapter_title}"


@dataclass(frozen=True, slots=True)
class Quote:
    """Exact words of an article, cut where the deciding ones stand.

    source    《洛阳市市场监管领域部门联合抽查实施办法》第十九条第三款
    deciding  what the page marks; "" when the whole quote decides
    """

    source: str
    before: str
    deciding: str
    after: str

    @property
    def words(self) -> str:
        return self.before + self.deciding + self.after


def _read(text: str) -> tuple[str, Mapping[int, Article]]:
    """The title and the articles by number."""
    title, *lines = text.splitlines()
    chapters: list[str] = []
    gathered: list[tuple[int, list[str]]] = []  # chapter and paragraphs of each article
    for line in lines:
        if heading := CHAPTER.fullmatch(line):
            chapters.append(heading[2])
        elif opening := ARTICLE.fullmatch(line):
            gathered.append((len(chapters), [opening[2]]))
        elif ITEM.match(line):
            gathered[-1][1][-1] += f"\n{line}"
        else:
            gathered[-1][1].append(line)
    return title, MappingProxyType(
        {
            number: Article(number, chapter, chapters[chapter - 1], tuple(paragraphs))
            for number, (chapter, paragraphs) in enumerate(gathered, start=1)
        }
    )


TITLE, ARTICLES = _read(files(__package__).joinpath("measures.txt").read_text(encoding="utf-8"))


def article(number: int | str) -> Article:
    """The article of this number, 19 or "19". Raises KeyError if there is none."""
    return ARTICLES[int(number)]


def article_text(number: int | str) -> str:
    """The exact words of an article, a line for each paragraph and item."""
    return article(number).text


def cite(number: int | str, *, paragraph: int | None = None) -> str:
    """《…实施办法》第十九条第三款; 第五条, which has one paragraph only, is cited without it.

    Raises KeyError or IndexError if there is no such place.
    """
    found = article(number)
    if paragraph is not None and not 1 <= paragraph <= len(found.paragraphs):
        raise IndexError(f"article {number} has no paragraph {paragraph}")
    if paragraph is None or len(found.paragraphs) == 1:
        return f"《{TITLE}》{found.name}"
    return f"《{TITLE}》{found.name}第{in_chinese(paragraph)}款"


def quote(number: int | str, *, paragraph: int | None = None, deciding: str = "") -> Quote:
    """Quote an article, or one of its paragraphs (1-based), marking the words that decide.

    Raises KeyError or IndexError if there is no such place, ValueError if the deciding words do
    not stand there exactly: a quotation is right or it is not shown.
    """
    source = cite(number, paragraph=paragraph)
    found = article(number)
    words = found.text if paragraph is None else found.paragraphs[paragraph - 1]
    if deciding not in words:
        raise ValueError(f"these words are not in article {number}: {deciding}")
    if not deciding:
        return Quote(source, words, "", "")
    before, _, after = words.partition(deciding)
    return Quote(source, before, deciding, after)


@dataclass(frozen=True, slots=True)
class Effective:
    """Since when the Measures apply.

    is_confirmed  False while nobody has entered the day of publication, which the text we hold
                  does not name; pages then show 待确认 beside it
    """

    since: date
    is_confirmed: bool

    def governs(self, on: date) -> bool:
        """Whether a task created on this day falls under the Measures.

        Older tasks are history: shown, but no term is computed for them.
        Source: art. 23.
        """
        return on >= self.since

    @property
    def label(self) -> str:
        """2020-11-05, or 2020-01-01（待确认）."""
        return f"{self.since:%Y-%m-%d}" + ("" if self.is_confirmed else "（待确认）")


PLACEHOLDER = Effective(date(2020, 1, 1), is_confirmed=False)


def effective_from(parameter: str | None) -> Effective:
    """Read the parameter: "2020-11-05"; nothing gives the placeholder.

    Raises ValueError for anything else.
    Source: art. 23, in force from the day of publication.
    """
    if parameter is None or not parameter.strip():
        return PLACEHOLDER
    return Effective(date.fromisoformat(parameter.strip()), is_confirmed=True)
