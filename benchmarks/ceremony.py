"""How long a draw of a million takes, through the pages: freeze, ceremony, draw, lock, dispatch.

    python benchmarks/ceremony.py                       SQLite, a file of its own
    DATABASE_URL=postgres://… python benchmarks/ceremony.py
    python benchmarks/ceremony.py --size 100000

Makes a registry in an empty database, the same at every run, starts the server and the worker as
`dev.py run` does, and goes the way of the people over HTTP. Prints for every step the machine time
(CPU of the server, the worker and a PostgreSQL on this machine, with all their children) and the
wall time; meanwhile one page is asked for again and again, and a writer of its own writes a row of
the database, and the longest of both is printed. Waiting for the public value is no machine time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
TICK = os.sysconf("SC_CLK_TCK")
OUTSIDE = 25  # one in so many targets is closed and stays outside the pool
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
SCOPE = "住宿服务；餐饮服务；食品经营；会议及展览服务；停车场服务；日用百货销售；健身休闲活动。"


def code(number: int) -> str:
    """A credit code with its check digit (GB 32100); neighbours are far apart in the order."""
    mixed = number * 2_654_435_761 % 31**8
    digits = ""
    for _ in range(8):
        mixed, digit = divmod(mixed, 31)
        digits += ALPHABET[digit]
    body = f"91410300M{digits}"
    total = sum(ALPHABET.index(c) * pow(3, place, 31) for place, c in enumerate(body))
    return body + ALPHABET[(31 - total % 31) % 31]


def fill(size: int) -> tuple[int, Any]:
    """A task ready for its pool, with so many candidates and some outside."""
    from django.db import connection, transaction

    from liancha.draw import frozen
    from liancha.registry.models import Tagging, Target
    from tests.people import NOON
    from tests.rooms import draw_world

    with transaction.atomic():
        world = draw_world.make_world(classes="", confidential=False)
        fixed = {
            field.name: field.get_default()
            for field in Target._meta.concrete_fields
            if not field.primary_key
        }
        fixed |= {
            "code_kind": "uscc",
            "kind": "01",
            "scope": SCOPE,
            "industry": "旅游饭店",
            "legal_form": "有限责任公司（自然人投资或控股）",
            "authority": "洛阳市市场监督管理局",
            "updated_at": NOON.isoformat(sep=" "),
        }
        changing = ("code", "name", "address", "region", "status", "credit_class")
        names = [*changing, *(name for name in fixed if name not in changing)]
        constant = tuple(fixed[name] for name in names[len(changing) :])
        total = size + size // OUTSIDE

        def rows() -> Iterator[tuple[Any, ...]]:
            for n in range(total):
                yield (
                    code(n),
                    f"洛阳市第{n}号宾馆有限公司",
                    f"河南省洛阳市中州东路 {n % 997} 号 {n % 31} 层",
                    draw_world.REGIONS[n % len(draw_world.REGIONS)],
                    "active" if n % (OUTSIDE + 1) else "cancelled",
                    "AAAAAABBBBBBBBCCCD"[n % 18],
                    *constant,
                )

        frozen.load(Target, names, rows())
        keys = Target.objects.order_by().values_list("pk", flat=True).iterator()
        frozen.load(
            Tagging, ("target", "tag", "is_by_hand"), ((k, world.tag.pk, False) for k in keys)
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return world.task.pk, world
