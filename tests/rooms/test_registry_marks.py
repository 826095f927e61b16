"""A mark given to many at once: one entry in the log, told on the page of each of them."""

from datetime import date, timedelta

import pytest

from liancha.ledger.models import Entry
from liancha.registry import actions, history
from tests.people import NOON, make_cast
from tests.rooms.registers import write_target

SINCE, UNTIL = date(2026, 11, 1), date(2099, 1, 1)


@pytest.fixture
def user(db):
    return make_cast().zhou


def mark(user, targets, source, at=NOON):
    return actions.set_key_flags(
        targets=[target.pk for target in targets],
        kind="abnormal",
        source=source,
        since=SINCE,
        until=UNTIL,
        by=user,
        at=at,
    )


def told(target):
    return [event for event in history.story(target) if "标记" in event.text]


def test_each_target_of_a_batch_tells_of_it(user, client):
    first, second, other = [write_target(n) for n in (1, 2, 3)]
    assert mark(user, [first, second], "经营异常名录 2026-11") == 2
    entry = Entry.objects.get(what="registry.set_key_flags")
    for target in (first, second):
        (event,) = told(target)
        assert (event.text, event.number, event.at) == ("批量设重点标记", entry.index, NOON)
        assert event.note == (
            "列入经营异常名录，来源 经营异常名录 2026-11，至 2099-01-01，周若禾（市监）"
        )
    assert told(other) == []
    client.force_login(user, backend="liancha.accounts.backends.WithDepartment")
    page = client.get(first.get_absolute_url()).content.decode()
    assert "批量设重点标记" in page


def test_who_had_the_mark_already_is_told_once(user):
    first, second = write_target(1), write_target(2)
    mark(user, [first], "名录")
    later = NOON + timedelta(hours=1)
    assert mark(user, [first, second], "名录", at=later) == 1
    assert [event.at for event in told(first)] == [NOON]
    assert [event.at for event in told(second)] == [later]


def test_a_mark_set_on_the_page_is_no_batch(user):
    target = write_target(1)
    actions.set_key_flag(
        target=target, kind="key", source="名录", since=SINCE, until=UNTIL, by=user, at=NOON
    )
    assert [event.text for event in told(target)] == ["设重点标记"]
