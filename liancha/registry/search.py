"""Finding a target by any part of its name, its initials, its code or its address.

Every two neighbouring characters are a gram; a text is found where all its grams stand in a row.
That needs no extension and no language settings, finds words of two characters (which trigrams
cannot), and is the same on both databases: full-text rows on SQLite, a tsvector with a GIN index on
PostgreSQL. The records are `SearchRow`; grams and their index are kept here alone.

Not here: who may see what was found (QuerySet scopes), and the order of results.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Q

from .pinyin import initials

MOST = 2_000  # keys a search returns at most
MOST_WORDS = 8  # what more is typed is not looked at
LONGEST_CODE = 21
PIECE = 2_000
GRAMS = "registry_grams"
END = "ω"  # stands after the last character, so that a single character is found there too
PENDING = "pending"
FIELDS = ("pk", "name", "address", "code", "region_id", "is_pending")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row:
    """What is kept of one target: letters and digits only, small, in half width."""

    key: int
    name: str
    address: str
    code: str
    initials: str
    region: str

    @property
    def values(self) -> tuple[Any, ...]:
        return (self.key, self.name, self.address, self.code, self.initials, self.region)

    @property
    def grams(self) -> list[str]:
        """Tokens; the letter before each says what it is a part of, and keeps them apart."""
        return [
            *pairs("n", self.name),
            *pairs("a", self.address),
            *triples(self.initials),
            f"c{self.code[-6:].lower()}",
            f"r{(self.region or PENDING).lower()}",
        ]


def row(key: int, name: str, address: str, code: str, region: str | None, is_pending: bool) -> Row:
    return Row(
        key,
        plain(name)[:200],
        plain(address)[:300],
        code,
        plain(initials(unicodedata.normalize("NFKC", name)))[:200],
        "" if is_pending or not region else region,
    )


def plain(text: str) -> str:
    """Letters and digits, small and in half width: 洛阳（A）店 → 洛阳a店."""
    whole = unicodedata.normalize("NFKC", text).lower()
    return whole if whole.isalnum() else "".join(each for each in whole if each.isalnum())


def pairs(kind: str, text: str) -> list[str]:
    return [f"{kind}{a}{b}" for a, b in zip(text, text[1:] + END, strict=False)] if text else []


def triples(text: str) -> list[str]:
    whole = text + END + END
    return [f"i{whole[n : n + 3]}" for n in range(len(text))]


# ── Writing ───────────────────────────────────────────────────────────────────────────────────


def put(targets: Iterable[Any]) -> None:
    """Bring the search table in line with these targets, in the caller's transaction."""
    everything = (
        row(each.pk, each.name, each.address, each.code, each.region_id, each.is_pending)
        for each in targets
    )
    for rows in _pieces(everything, PIECE):
        _replace(rows)


def put_keys(keys: Iterable[int]) -> None:
    """The same for targets that were changed without being saved one by one."""
    target = apps.get_model("registry", "Target")
    for piece in _pieces(iter(keys), PIECE):
        found = target.objects.filter(pk__in=piece).values_list(*FIELDS)
        _replace([row(*values) for values in found])


@transaction.atomic
def fill(rows: Iterable[tuple[Any, ...]]) -> int:
    """Put in many, as `FIELDS`; returns how many. Quickest into an empty table."""
    count = 0
    for piece in _pieces(iter(rows), PIECE):
        _replace([row(*values) for values in piece])
        count += len(piece)
    return count


def _replace(rows: Sequence[Row]) -> None:
    """Write rows that may be there already; those that are as they were are left alone."""
    if not rows:
        return
    old = {each.key: each for each in _stored([each.key for each in rows])}
    fresh = [each for each in rows if old.get(each.key) != each]
    gone = [old[each.key] for each in fresh if each.key in old]
    columns = "target_id, name, address, code, initials, region"
    with transaction.atomic(), connection.cursor() as cursor:
        if gone:
            marks = ", ".join(["%s"] * len(gone))
            cursor.execute(
                f"DELETE FROM registry_searchrow WHERE target_id IN ({marks})",
                [each.key for each in gone],
            )
        if connection.vendor == "sqlite":
            # A table without content forgets a row only when told again what stood in it.
            cursor.executemany(
                f"INSERT INTO {GRAMS} ({GRAMS}, rowid, grams) VALUES ('delete', %s, %s)",
                [(each.key, " ".join(each.grams)) for each in gone],
            )
            cursor.executemany(
                f"INSERT INTO {GRAMS} (rowid, grams) VALUES (%s, %s)",
                [(each.key, " ".join(each.grams)) for each in fresh],
            )
            cursor.executemany(
                f"INSERT INTO registry_searchrow ({columns}) VALUES (%s, %s, %s, %s, %s, %s)",
                [each.values for each in fresh],
            )
        else:
            cursor.executemany(
                f"INSERT INTO registry_searchrow ({columns}, grams) "
                "VALUES (%s, %s, %s, %s, %s, %s, array_to_tsvector(%s::text[]))",
                [(*each.values, sorted(set(each.grams))) for each in fresh],
            )


def forget(keys: Sequence[int]) -> None:
    """Take targets out of the search table, in the caller's transaction."""
    gone = _stored(keys)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.executemany(
                f"INSERT INTO {GRAMS} ({GRAMS}, rowid, grams) VALUES ('delete', %s, %s)",
                [(each.key, " ".join(each.grams)) for each in gone],
            )
    rows = apps.get_model("registry", "SearchRow").objects
    rows.filter(pk__in=[each.key for each in gone]).delete()


def forget_all() -> None:
    """The same when no target is left: one step, however many there were."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"INSERT INTO {GRAMS} ({GRAMS}) VALUES ('delete-all')")
    rows = apps.get_model("registry", "SearchRow").objects.all()
    rows._raw_delete(rows.db)


def _stored(keys: Sequence[int]) -> list[Row]:
    # In no order: the usual one would ask for their targets, which may be gone.
    found = apps.get_model("registry", "SearchRow").objects.filter(pk__in=keys).order_by()
    names = ("target_id", "name", "address", "code", "initials", "region")
    return [Row(*values) for values in found.values_list(*names)]


# ── Asking ────────────────────────────────────────────────────────────────────────────────────


def keys(text: str, *, region: str = "", limit: int = MOST) -> list[int]:
    """Keys of targets with this text in their name, initials, code or address, in no order.

    text    several words are all wanted, each wherever it stands: 西工 宾馆
    region  only targets of this region, and those that wait to be placed

    While an import waits to be filled in, the wide table is asked as well, which takes longer.
    """
    typed = text.split()[:MOST_WORDS]
    words = [word for each in typed if (word := plain(each))]
    if not words:
        return []
    found = dict.fromkeys(_by_code("".join(words), limit))
    if len(found) < limit:
        found |= dict.fromkeys(_by_grams(words, region, limit))
    if len(found) < limit and is_behind():
        found |= dict.fromkeys(_by_looking(typed, limit))
    return list(found)[:limit]


def is_behind() -> bool:
    """Whether an import was written whose targets are not all in the search table yet."""
    batch = apps.get_model("registry", "Import")
    filled = apps.get_model("registry", "SearchFill")
    return bool(
        batch.objects.filter(written_at__isnull=False)
        .exclude(pk__in=filled.objects.values("batch"))
        .exists()
    )


def _by_code(words: str, limit: int) -> list[int]:
    """A code's beginning (three characters at least), or the whole of a former one."""
    if not (words.isascii() and any(each.isdigit() for each in words) and len(words) > 2):
        return []
    code = words.upper()
    target = apps.get_model("registry", "Target")
    # Codes are digits and capitals, which every collation of a database has in the same order.
    last = code.ljust(LONGEST_CODE, "Z")
    found = list(
        target.objects.filter(code__gte=code, code__lte=last)
        .order_by("code")
        .values_list("pk", flat=True)[:limit]
    )
    former = apps.get_model("registry", "FormerCode").objects.filter(code=code)
    return [*former.values_list("target", flat=True), *found]


def _by_grams(words: Sequence[str], region: str, limit: int) -> list[int]:
    regions = [f"r{region.lower()}", f"r{PENDING}"] if region else []
    if connection.vendor == "sqlite":
        asked = [" OR ".join(_phrases(word)) for word in words] + [" OR ".join(regions)]
        values: list[Any] = [" AND ".join(f"({each})" for each in asked if each), limit]
        sql = f"SELECT rowid FROM {GRAMS} WHERE {GRAMS} MATCH %s LIMIT %s"
    else:
        asked = [" | ".join(_tokens(word)) for word in words] + [" | ".join(regions)]
        # The grams say that all pairs are there, the words that they stand in a row.
        likes = [_likes(word) for word in words]
        rows = " AND ".join(f"({' OR '.join(like)})" for like in likes)
        sql = (
            "SELECT target_id FROM registry_searchrow WHERE grams @@ %s::tsquery "
            f"AND {rows} LIMIT %s"
        )
        query = " & ".join(f"({each})" for each in asked if each)
        values = [query, *(value for like in likes for value in like.values()), limit]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [key for (key,) in cursor.fetchall()]


def _kinds(word: str) -> str:
    """Where a word may stand: name, address, and initials if it may be some."""
    return "nai" if word.isascii() else "na"


def _is_tail(word: str) -> bool:
    """Whether it may be the last six characters of a code, by which firms know theirs."""
    return len(word) == 6 and word.isascii()


def _phrases(word: str) -> list[str]:
    tail = [f'"c{word}"'] if _is_tail(word) else []
    return [_phrase(kind, word) for kind in _kinds(word)] + tail


def _tokens(word: str) -> list[str]:
    tail = [f"'c{word}'"] if _is_tail(word) else []
    return [f"({_all_of(kind, word)})" for kind in _kinds(word)] + tail


def _likes(word: str) -> dict[str, str]:
    """Condition → what its mark stands for."""
    columns = {"n": "name LIKE %s", "a": "address LIKE %s", "i": "initials LIKE %s"}
    found = {columns[kind]: f"%{word}%" for kind in _kinds(word)}
    return found | ({"code LIKE %s": f"%{word.upper()}"} if _is_tail(word) else {})


def _by_looking(words: Sequence[str], limit: int) -> list[int]:
    found = apps.get_model("registry", "Target").objects.all()
    for word in words:
        found = found.filter(
            Q(name__contains=word) | Q(address__contains=word) | Q(code__contains=word.upper())
        )
    return list(found.values_list("pk", flat=True)[:limit])


def _wanted(kind: str, text: str) -> tuple[list[str], bool]:
    """The grams a text must have, and whether the last is only a beginning."""
    size = 3 if kind == "i" else 2
    if len(text) < size:
        return [f"{kind}{text}"], True
    return [f"{kind}{text[n : n + size]}" for n in range(len(text) - size + 1)], False


def _phrase(kind: str, text: str) -> str:
    grams, is_open = _wanted(kind, text)
    return f'"{" ".join(grams)}"' + ("*" if is_open else "")


def _all_of(kind: str, text: str) -> str:
    grams, is_open = _wanted(kind, text)
    return " & ".join(f"'{each}'" + (":*" if is_open else "") for each in dict.fromkeys(grams))


def _pieces(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    rows = iter(rows)
    while piece := list(islice(rows, size)):
        yield piece
