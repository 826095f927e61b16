"""A made-up signature: a few strokes as a PNG, as the pad on a phone would send it."""

from __future__ import annotations

import base64
from io import BytesIO
from random import Random

from PIL import Image, ImageDraw


def signature(chance: Random) -> str:
    """Base64 of a PNG, 480 × 180, dark strokes on nothing."""
    picture = Image.new("RGBA", (480, 180), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    x = 60
    for _ in range(3):
        points = [(x + chance.randint(-10, 90), chance.randint(30, 150)) for _ in range(6)]
        pen.line(points, fill=(23, 36, 47, 255), width=5, joint="curve")
        x += 125
    out = BytesIO()
    picture.save(out, "PNG", optimize=True)
    return base64.b64encode(out.getvalue()).decode()
