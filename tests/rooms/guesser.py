"""A stranger who wants to know who is drawn before the lists open.

He has the whole registry with strata, everything public, and as much arithmetic as he likes. He
never sees who was drawn; he gives every candidate a score, higher where he believes it is drawn.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

HEX = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{32})(?![0-9a-f])")
MOST = 400  # hex words he tries as salt, secret or nonce


class Firm(NamedTuple):
    code: str
    stratum: str
    name: str


def scores(registry: Sequence[Firm], public: Iterable[str]) -> list[float]:
    """One score for each firm of the registry, from what is public alone."""
    texts = list(public)
    record = _record(texts)
    corpus = "\n".join(texts)
    # Named anywhere: as good as drawn. A line with its salt: the ticket says it exactly.
    known = dict(re.findall(r"(?m)^([0-9A-Z]{15,21})\t[^\t\n]+\t([0-9a-f]{32})$", corpus))
    named = [float(firm.code in corpus or firm.name in corpus) for firm in registry]
    if record is None:
        return named
    lines = {each["name"]: each["threshold"] for each in record["strata"]}
    seed = record["seed"]

    def is_in(firm: Firm, salt: str) -> bool:
        own = sha256(f"{seed}:{firm.code}:{salt}".encode()).hexdigest()
        line = lines.get(firm.stratum)
        return line is not None and own <= line

    if len(known) == len(registry):
        return [float(is_in(firm, known[firm.code])) for firm in registry]
    words = list(dict.fromkeys(HEX.findall(corpus)))[:MOST]
    counts = {each["name"]: each["count"] for each in record["strata"]}
    votes = [0.0] * len(registry)
    for word in ["", *words]:
        for salts in (
            [word[:32]] * len(registry),
            [
                sha256(f"liancha-salt/1\n{word}\n{firm.code}\n".encode()).hexdigest()[:32]
                for firm in registry
            ],
        ):
            found = [is_in(firm, salt) for firm, salt in zip(registry, salts, strict=True)]
            drawn = dict.fromkeys(counts, 0)
            for firm, is_drawn in zip(registry, found, strict=True):
                drawn[firm.stratum] += is_drawn
            # The true salts draw exactly as many as the record says: then he is sure.
            weight = 1e6 if drawn == counts and _fits(registry, salts, record) else 1.0
            votes = [vote + weight * hit for vote, hit in zip(votes, found, strict=True)]
    most = max(votes, default=1.0) or 1.0
    return [name * 2 + vote / most for name, vote in zip(named, votes, strict=True)]


def _record(texts: Iterable[str]) -> dict | None:
    """transcript.json, if it is among them."""
    for text in texts:
        if '"threshold"' in text:
            try:
                return json.loads(text)
            except json.JSONDecodeError:
                continue  # a page that speaks of it, or an archive
    return None


def _fits(registry: Sequence[Firm], salts: Sequence[str], record: dict) -> bool:
    """Whether these salts give the very frame that was logged."""
    lines = sorted(
        f"{firm.code}\t{firm.stratum}\t{salt}\n" for firm, salt in zip(registry, salts, strict=True)
    )
    return sha256("".join(lines).encode()).hexdigest() == record["frame"]["sha256"]


def auc(given: Sequence[float], drawn: Sequence[bool]) -> float:
    """The chance that a drawn firm has a higher score than another: 0.5 knows nothing."""
    inside = [score for score, hit in zip(given, drawn, strict=True) if hit]
    outside = [score for score, hit in zip(given, drawn, strict=True) if not hit]
    wins = sum((a > b) + (a == b) / 2 for a in inside for b in outside)
    return wins / (len(inside) * len(outside))
