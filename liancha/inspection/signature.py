"""Reads a signature drawn on the screen: is it a PNG, small enough, with ink on it.

What comes from a browser is not believed: the picture is decoded once in full before it is kept.
Whose signature it is, nobody can tell from the picture, and this module does not try.
"""

from __future__ import annotations

import base64
import binascii
import warnings
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO

from PIL import Image

MOST_BYTES = 300 * 1024
MOST_PIXELS = 2_000 * 2_000
LEAST_INK = 60  # pixels; a touch by mistake leaves fewer
PREFIX = "data:image/png;base64,"


class BadSignature(ValueError):
    """The picture cannot be taken; the message says why and what helps."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A picture that was looked at.

    png     the bytes as they came
    base64  the same, for the database
    """

    png: bytes
    base64: str

    @property
    def sha256(self) -> str:
        return sha256(self.png).hexdigest()


def read(text: str) -> Signature:
    """Take a PNG as base64, with or without the data-URL prefix. Raises BadSignature."""
    text = text.strip().removeprefix(PREFIX)
    if not text:
        raise BadSignature("还没有签名。请签字人在框内签名。")
    if len(text) > MOST_BYTES * 4 // 3 + 4:
        raise BadSignature("签名图片超过 300 KB。请点“重签”后再签一次。")
    try:
        png = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadSignature("签名图片没有传完整。请点“重签”后再签一次。") from None
    if ink(png) < LEAST_INK:
        raise BadSignature("签名框里几乎没有笔画。请签字人重新签名。")
    return Signature(png, base64.b64encode(png).decode())


def ink(png: bytes) -> int:
    """How many pixels differ clearly from the paper. Raises BadSignature if it is no PNG."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(png), formats=("PNG",)) as picture:
                width, height = picture.size
                if width * height > MOST_PIXELS:
                    raise BadSignature("签名图片的尺寸过大。请点“重签”后再签一次。")
                paper = Image.new("RGBA", picture.size, "white")
                drawn = Image.alpha_composite(paper, picture.convert("RGBA")).convert("L")
    except BadSignature:
        raise
    except Exception:
        # Pillow raises many kinds of errors for broken files; to us all mean the same.
        raise BadSignature("签名不是可以读取的 PNG 图片。请点“重签”后再签一次。") from None
    return sum(drawn.histogram()[:128])
