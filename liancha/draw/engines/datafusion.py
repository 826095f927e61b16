"""Tickets from DataFusion, a query engine in this very process (extra `scale`).

One pass over frame.tsv counts the lines of each stratum and brings out the few whose ticket is
below its bound. A file is read where it lies; bytes are looked at in memory, since a frozen pool
does not belong into a temporary file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pyarrow as pa  # type: ignore[import-untyped]
from datafusion import DataFrame, SessionConfig, SessionContext, col, lit
from datafusion import functions as f
from datafusion.options import CsvReadOptions
from pyarrow import csv

from liancha.rulebook.sampling import NO_TICKET, Held, Sieve, Sifted

COLUMNS: Final = ("code", "stratum", "salt")
NO_QUOTE: Final = "\0"  # a control character: no line of a frame holds it
BLOCK: Final = 1 << 20  # bytes read at once from memory: small batches, little memory


def sieve(frame: bytes | Path) -> Sieve:
    """Tickets of a frame. Raises what DataFusion raises for a file that is no frame."""

    def sift(bounds: Mapping[bytes, bytes], seed: str) -> Sifted:
        return _sift(_table(frame), bounds, seed)

    return sift


def _table(frame: bytes | Path) -> DataFrame:
    hands = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    context = SessionContext(SessionConfig().with_target_partitions(hands or 1))
    schema = pa.schema([(name, pa.string()) for name in COLUMNS])
    if isinstance(frame, Path):
        options = CsvReadOptions(
            schema=schema,
            has_header=False,
            delimiter="\t",
            quote=NO_QUOTE,
            terminator="\n",
            file_extension=frame.suffix,
        )
        return context.read_csv(frame, options=options)
    table = csv.read_csv(
        pa.BufferReader(frame),
        csv.ReadOptions(column_names=list(COLUMNS), block_size=BLOCK),
        csv.ParseOptions(delimiter="\t", quote_char=False, ignore_empty_lines=False),
        csv.ConvertOptions(column_types=schema, strings_can_be_null=False),
    )
    batches = table.to_batches()
    parts = [part for at in range(hands or 1) if (part := batches[at :: hands or 1])]
    return context.create_dataframe(parts, schema=schema)


def _sift(table: DataFrame, bounds: Mapping[bytes, bytes], seed: str) -> Sifted:
    ticket, code, stratum, salt = map(col, ("ticket", "code", "stratum", "salt"))
    bound = f.case(stratum)
    for name, limit in bounds.items():
        bound = bound.when(lit(name.decode()), lit(limit))
    line = f.concat(f.encode(ticket, "hex"), lit("\t"), code, lit("\t"), salt)
    below = f.when(ticket < bound.otherwise(lit(NO_TICKET)), line).otherwise(lit(None))
    answer = (
        table.select(
            code,
            stratum,
            salt,
            f.sha256(f.concat(lit(f"{seed}:"), code, lit(":"), salt)).alias("ticket"),
        )
        .aggregate(
            [stratum],
            [f.count(lit(1)).alias("size"), f.string_agg(below, "\n").alias("held")],
        )
        .to_pydict()
    )
    sizes = dict.fromkeys(bounds, 0)
    held: dict[bytes, list[Held]] = {name: [] for name in bounds}
    for name, size, lines in zip(answer["stratum"], answer["size"], answer["held"], strict=True):
        sizes[name.encode()] = size
        for line in lines.split("\n") if lines else ():
            own, one, its = line.split("\t")
            held[name.encode()].append((bytes.fromhex(own), one.encode(), its.encode()))
    return sizes, held
