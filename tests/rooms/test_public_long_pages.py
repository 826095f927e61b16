"""Long public pages: an index, a search that needs no script, and nothing lost on the way."""

import re

import pytest
from django.urls import reverse

from tests.rooms.plan_world import make_plan_world

pytestmark = pytest.mark.django_db


def test_a_plan_has_an_index_and_is_searched_in_every_column(client):
    world = make_plan_world(people=0)
    plan = world.published()
    address = reverse("plan:public_plan", args=[plan.pk])
    page = client.get(address).content.decode()
    numbers = [line.number for line in plan.lines.all()]
    for number in numbers:
        assert f'href="#line-{number}"' in page
        assert f'id="line-{number}"' in page
    line = world.line("JF26")
    for asked in ("成品油", "税务", line.number):
        found = client.get(address, {"q": asked}).content.decode()
        assert re.findall(r'id="line-(\w+)"', found) == [line.number]
        assert "找到 1 项任务" in found
        assert f"看全部 {len(numbers)} 项" in found
    nothing = client.get(address, {"q": "航天"}).content.decode()
    assert "没有符合的任务" in nothing
    assert 'value="航天"' in nothing


def test_a_list_is_searched_in_its_fields_items_and_departments(client):
    world = make_plan_world(people=0)
    address = reverse("lists:public_version", args=[world.version.pk])
    assert client.get(address).content.decode().count('<tr id="JF') == 3
    for asked in ("养老", "卫生健康委员会"):
        found = client.get(address, {"q": asked}).content.decode()
        assert '<tr id="JF40">' in found
        assert '<tr id="JF26">' not in found
        assert "看全部 3 个领域" in found
    assert "没有符合的行" in client.get(address, {"q": "航天"}).content.decode()
