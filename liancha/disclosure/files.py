"""What the public may download of a draw, and when: asks the draw's room, adds nothing of its own.

A file that is not public yet is not there: neither its bytes nor its digest.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from liancha.draw import bundles, queries
from liancha.draw.models import Draw
from liancha.rulebook.lifecycles import DrawState

RULE = "rule.json"
LABELS = {
    bundles.TRANSCRIPT: "抽取记录",
    bundles.LOG: "日志证明",
    bundles.FRAME: "待抽检库",
    bundles.DRAWN: "抽中名单",
    bundles.CODES: "抽中代码",
    RULE: "抽取规则",
    "roster.tsv": "人员库",
    "needs.tsv": "各户席位",
    "eligible.tsv": "谁能查哪户",
}
FIXED = (2020, 1, 1, 0, 0, 0)  # the same files make the same archive, byte for byte


@dataclass(frozen=True, slots=True)
class File:
    """One public file. build makes its bytes."""

    name: str
    label: str
    build: Callable[[], bytes]


def public_files(draw: Draw, now: datetime) -> dict[str, File]:
    """The files anybody may have of this draw now, by name.

    Source: draw protocol, §6; art. 19 for 公开.
    """
    found = {}
    if draw.state in (DrawState.LOCKED, DrawState.VOID):
        for name, build in bundles.builders(draw).items():
            if queries.is_public(draw, name, now):
                found[name] = File(name, LABELS.get(name, "抽取的输入"), build)
    if queries.openness(draw, now).rule:
        found[RULE] = File(RULE, LABELS[RULE], lambda: draw.rule.text.encode())
    return found


def archive(files: dict[str, File]) -> bytes:
    """All files of a draw in one .zip, as the verifier wants them: side by side."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(files):
            target.writestr(zipfile.ZipInfo(name, FIXED), files[name].build())
    return out.getvalue()
