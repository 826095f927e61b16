"""One search box over what the lists would show, within what each person may see."""

from __future__ import annotations

import pytest

from liancha.registry import search
from liancha.registry.models import Target
from tests.rooms.draw_world import World, make_world
from tests.rooms.registers import write_target

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    made = make_world(classes="ABCD")
    search.put(Target.objects.all())  # that world is written in one statement
    return made


def test_the_search_finds_what_the_lists_would_show(client, world):
    client.force_login(world.cast.shen)
    page = client.get("/search/", {"q": "宾馆"}).content.decode()
    assert "洛阳第1宾馆" in page
    assert "宾馆、旅店监督抽查（第 1 批）" in page


def test_several_words_are_all_wanted(client, world):
    client.force_login(world.cast.shen)
    answer = client.get("/search/", {"q": "监督抽查 宾馆"})
    assert answer["Location"] == world.task.get_absolute_url()
    assert "没有找到" in client.get("/search/", {"q": "监督抽查 加油站"}).content.decode()


def test_the_search_does_not_look_over_fences(client, world):
    client.force_login(world.cast.huo)
    page = client.get("/search/", {"q": "宾馆"}).content.decode()
    assert "宾馆、旅店监督抽查（第 1 批）" not in page
    client.force_login(world.cast.sys)
    assert "没有找到" in client.get("/search/", {"q": "宾馆"}).content.decode()


def test_a_single_hit_is_opened_at_once(client, world):
    client.force_login(world.cast.shen)
    answer = client.get("/search/", {"q": world.task.number})
    assert answer.status_code == 302
    assert answer["Location"] == world.task.get_absolute_url()


@pytest.mark.parametrize("after", ["0", "9", "A", "M", "Y"])
def test_a_code_is_found_by_its_beginning_whatever_comes_next(after):
    """Letters too, in whatever order the database has capitals and small ones."""
    target = write_target(1, code=f"91410300{after}TEST12345"[:18])
    write_target(2, code="914104000TEST12345")
    assert search.keys("914103") == [target.pk]
    assert search.keys(target.code.lower()) == [target.pk]
