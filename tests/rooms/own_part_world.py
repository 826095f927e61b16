"""The world of the plan, where health has a list of its own: for the tests of departments' parts.

It has three items, one of which is on the joint list as well.
"""

from __future__ import annotations

from liancha.lists.models import CheckItem, ListVersion
from tests.people import NOON
from tests.rooms.plan_world import PlanWorld, make_plan_world


def make_own_part_world() -> PlanWorld:
    world = make_plan_world(people=0)
    version = ListVersion.objects.create(
        kind="items",
        region_id="410300",
        number=1,
        title="抽查事项清单",
        state="published",
        published_at=NOON,
        created_by=world.cast.zhou,
        created_at=NOON,
    )
    rows = (("医疗机构执业检查", "key"), ("消毒产品检查", "general"), ("卫健事项JF05", "general"))
    for n, (name, kind) in enumerate(rows, 1):
        CheckItem.objects.create(
            version=version,
            position=n,
            category="卫生",
            name=name,
            targets="医疗机构",
            item_class=kind,
            methods="现场检查",
            subject="市级",
            basis="《医疗机构管理条例》",
            department=world.department("WJ"),
        )
    return world
