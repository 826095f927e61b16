"""What a locked batch left, made into the pool of the next: read, salted, hashed, not yet written.

Pure of the database but for reading. `actions.freeze_supplement` writes it in one short stroke.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from liancha.rulebook import protocol

from . import engines, frozen, pools
from .freezing import Progress
from .models import Draw


@dataclass(frozen=True)
class Leftover:
    """A further batch in the making.

    after   key of the locked draw it adds to; neither its pool nor its list can change any more
    frame   what will be logged
    secret  the fresh salts come from it
    taken   how many are out because they are drawn already
    """

    after: int
    frame: protocol.Frame
    secret: str
    taken: int
    pages: list[frozen.Page] = field(repr=False)


def prepare(
    after: Draw, *, secret: str | None = None, progress: Progress | None = None
) -> Leftover:
    """The candidates of a locked draw without those it drew, with fresh salts.

    Raises Refused for what the protocol cannot write: there is nobody left.
    Source: draw protocol, §§1 and 2 (`supplements`).
    """
    tell = progress or (lambda done, total: None)
    secret = secret or secrets.token_hex(32)
    drawn = set(after.drawn.values_list("candidate__code", flat=True))
    before = frozen.lines(after)
    tell(1, 3)
    staying = [line for line in before if line.code not in drawn]
    taken = [line for line in before if line.code in drawn]
    data, frame = engines.freeze(((line.code, line.stratum) for line in staying), secret)
    tell(2, 3)
    pages = _pages(staying, taken, data, after.number)
    tell(3, 3)
    return Leftover(after.pk, frame, secret, len(taken), pages)


def _pages(
    staying: list[frozen.Line], taken: list[frozen.Line], data: bytes, number: str
) -> list[frozen.Page]:
    people = [
        (str(each.target), each.name, each.address, each.region_name, each.credit_class)
        for each in staying
    ]
    why = (pools.DRAWN, number)
    gone = [
        (each.code, str(each.target), each.name, each.address, each.region_name, *why)
        for each in taken
    ]
    lines = data.removesuffix(b"\n").split(b"\n")
    codes = [each.code for each in staying]
    return [
        *frozen.pages_of(frozen.In, codes, frozen.written(people), lines),
        *frozen.pages_of(frozen.Out, [each.code for each in taken], frozen.written(gone)),
    ]
