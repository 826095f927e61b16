"""Tickets from Spark SQL, for pools larger than a machine (extra `spark`, Java 17).

The frame stays where the cluster reads it (`hdfs://…`, `s3a://…`, a shared folder). Two passes:
the lines of each stratum are counted; those below the bound come to the driver, and no others.
Never chosen by itself: starting Spark takes longer than a city's draw.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f

from liancha.rulebook.sampling import NO_TICKET, Held, Sieve, Sifted


def sieve(frame: bytes | Path | str, session: SparkSession | None = None) -> Sieve:
    """Tickets of a frame.

    frame    where it is, as Spark reads it; bytes are refused, a pool of that size is no message
    session  the cluster's; without one that of the surroundings (SPARK_MASTER…), else local
    """
    if isinstance(frame, bytes):
        raise TypeError("Spark reads a frame from where it lies; give its path or address")
    address = frame.resolve().as_uri() if isinstance(frame, Path) else frame

    def sift(bounds: Mapping[bytes, bytes], seed: str) -> Sifted:
        spark = session or begin()
        return _sift(_table(spark, address), bounds, seed)

    return sift


def begin(master: str | None = None) -> SparkSession:
    """A session that says little. master  `local[2]`, `spark://…`; None as configured outside."""
    builder = SparkSession.builder.appName("liancha-draw").config("spark.ui.enabled", "false")
    builder = builder.config("spark.ui.showConsoleProgress", "false")
    if master:
        builder = builder.master(master)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def _table(spark: SparkSession, address: str) -> DataFrame:
    # As text, not as CSV: nothing is trimmed, quoted, or taken for a missing value.
    cells = f.split(f.col("value"), "\t")
    lines = spark.read.text(address, lineSep="\n")
    return lines.select(cells[0].alias("code"), cells[1].alias("stratum"), cells[2].alias("salt"))


def _sift(table: DataFrame, bounds: Mapping[bytes, bytes], seed: str) -> Sifted:
    sizes = dict.fromkeys(bounds, 0)
    for name, size in table.groupBy("stratum").count().toLocalIterator():
        sizes[name.encode()] = size
    ticket = f.sha2(f.concat(f.lit(f"{seed}:"), "code", f.lit(":"), "salt"), 256)
    tickets = table.select("stratum", "code", "salt", ticket.alias("ticket"))
    below = tickets.where(f.col("ticket") < _bound(bounds))
    held: dict[bytes, list[Held]] = {name: [] for name in bounds}
    for name, code, salt, own in below.toLocalIterator(prefetchPartitions=True):
        held[name.encode()].append((bytes.fromhex(own), code.encode(), salt.encode()))
    return sizes, held


def _bound(bounds: Mapping[bytes, bytes]) -> Column:
    """In hexadecimal digits, which stand in the same order as the bytes they are of."""
    bound = f.when(f.lit(False), f.lit(NO_TICKET.hex()))
    for name, limit in bounds.items():
        bound = bound.when(f.col("stratum") == name.decode(), f.lit(limit.hex()))
    return bound.otherwise(f.lit(NO_TICKET.hex()))
