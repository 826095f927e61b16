"""The frozen pool as rows and as the very bytes that were hashed (draw protocol, §§1 and 5).

A frame is written to the database once, in one stroke however large, and read back for every
computation. What is drawn from it is computed here and kept nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection, models

from liancha.rulebook import bundle, protocol, sampling
from liancha.rulebook.verdicts import Blocked

from . import rules
from .models import Candidate, Draw

CHUNK = 10_000


def frame_of(draw: Draw) -> bytes:
    """frame.tsv as it stands in the database."""
    rows = Candidate.objects.filter(draw=draw).order_by().values_list("code", "stratum", "salt")
    return bundle.frame_file(bundle.Candidate(*row) for row in rows.iterator(chunk_size=CHUNK))


def logged_frame(draw: Draw) -> protocol.Frame:
    """What the ledger holds of the frame since the freeze."""
    return protocol.Frame(draw.frame_root, draw.frame_sha256, draw.frame_size)


def lines_of(frame: bytes) -> list[bytes]:
    return frame.removesuffix(b"\n").split(b"\n")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a draw of targets comes to, before or after it is locked."""

    seed: str
    drawing: sampling.Drawing


@lru_cache(maxsize=8)
def _drawing(
    draw: int, sha256: str, strata: tuple[protocol.Stratum, ...], seed: str
) -> sampling.Drawing:
    return sampling.draw_targets(lines_of(frame_of(Draw(pk=draw))), strata, seed)


def outcome(draw: Draw) -> Outcome:
    """Who is drawn, computed from the frozen rows; remembered while the page is watched."""
    seed = rules.seed_of(draw)
    return Outcome(seed, _drawing(draw.pk, draw.frame_sha256, rules.strata_of(draw), seed))


def computed_for_lock(draw: Draw) -> Outcome:
    """Who is drawn, with nothing taken on trust: the frame is read again and compared with what
    was logged at the freeze, and every ticket is computed again by the plain engine.

    Raises Blocked if the rows are not those that were frozen.
    Source: draw protocol, §5; art. 19.
    """
    data = frame_of(draw)
    rule = rules.logged(draw)
    assert isinstance(rule, protocol.TargetRule)
    if bundle.frame_of(data) != rule.frame:
        raise Blocked(
            "数据库中的待抽检库与冻结时存证的不一致，不能抽取。"
            "请保留现场并通知审计管理员，本次抽取按技术故障作废。",
            article="19",
        )
    seed = rules.seed_of(draw)
    lines = lines_of(data)
    drawing = sampling.draw_targets(lines, rule.strata, seed)
    sampling.check_drawing(lines, drawing, seed)
    return Outcome(seed, drawing)


# ── Many rows at once ─────────────────────────────────────────────────────────────────────────


def load(model: type[models.Model], names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert rows of plain values, a million in seconds: COPY, or one prepared statement.

    names  field names in the order of the values; keys of related rows go in as numbers
    """
    fields = {field.name: field.column for field in model._meta.concrete_fields}
    columns = [fields[name] for name in names]
    listed = ", ".join(f'"{column}"' for column in columns)
    table = f'"{model._meta.db_table}"'
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            statement = f"COPY {table} ({listed}) FROM STDIN"
            with connection.wrap_database_errors, cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({listed}) VALUES ({marks})", rows)  # type: ignore[arg-type]
