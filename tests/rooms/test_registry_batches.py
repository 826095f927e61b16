"""What is done to many targets at once: one entry in the log, told on the page of each of them."""

import json
from datetime import date
from importlib import import_module

import pytest
from django.apps import apps

from liancha.ledger import actions as ledger
from liancha.ledger.models import Entry
from liancha.registry import actions, history
from liancha.registry.models import Tag, Touched
from tests.people import NOON, make_cast
from tests.rooms.registers import write_target


@pytest.fixture
def user(db):
    return make_cast().zhou


@pytest.fixture
def targets(user):
    return [write_target(n) for n in (1, 2, 3)]


def keys(targets):
    return [target.pk for target in targets]


def tag(targets, user, **more):
    found = Tag.objects.get(code="hotel")
    return actions.tag_targets(targets=keys(targets), tag=found, by=user, at=NOON, **more)


def place(targets, user):
    return actions.set_region(
        targets=keys(targets), region="410323", reason="实地看过", by=user, at=NOON
    )


def review(targets, user):
    return actions.review(targets=keys(targets), by=user, at=NOON)


def inspected(targets, user):
    return actions.mark_inspected(target_ids=keys(targets), on=date(2026, 11, 20), by=user, at=NOON)


@pytest.mark.parametrize(
    ("do", "text", "note"),
    [
        (tag, "加标签", "宾馆旅店，"),
        (place, "核定县区", "新安县，实地看过，"),
        (review, "核对资料，没有变化", ""),
        (inspected, "完成检查", "2026-11-20"),
    ],
)
def test_each_of_a_batch_tells_of_it_and_the_log_has_one_entry(user, targets, do, text, note):
    """Source: art. 11, paragraph 1. Clause 11.4."""
    first, second, other = targets
    do([first, second], user)
    [entry] = Entry.objects.filter(what__startswith="registry.")
    assert entry.subject == ""
    assert json.loads(entry.body)["targets"] == 2
    for target in (first, second):
        [event] = history.story(target)
        assert (event.text, event.number) == (f"批量{text}", entry.index)
        assert event.note.startswith(note)
    assert history.story(other) == []
    do([other], user)
    assert history.story(other)[0].text == text
    assert Touched.objects.count() == 2


def test_only_whom_a_tag_is_new_to_tell_of_it(user, targets):
    tag(targets[:1], user)
    tag(targets, user)
    assert [[event.text for event in history.story(target)] for target in targets] == [
        ["加标签"],
        ["批量加标签"],
        ["批量加标签"],
    ]


def test_a_batch_of_thousands_is_one_entry_and_few_statements(
    user, targets, django_assert_max_num_queries
):
    entry = ledger.append("registry.review", by=user, at=NOON)
    many = [write_target(n).pk for n in range(10, 40)]
    with django_assert_max_num_queries(1):
        Touched.objects.note(entry, many)
    assert Touched.objects.filter(entry=entry).count() == len(many)


def test_batches_of_before_are_told_too(user, targets):
    move = import_module("liancha.registry.migrations.0012_batches_told_by_each_target")
    first, second, other = targets
    some = keys([first, second])
    ledger.append("registry.tag", by=user, at=NOON, targets=2, keys=[*some, 999], tag="hotel")
    ledger.append("registry.review", by=user, at=NOON, targets=0, keys=[])
    move.tell(apps, None)
    for target in (first, second):
        assert [event.text for event in history.story(target)] == ["批量加标签"]
    assert history.story(other) == []
