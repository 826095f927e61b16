"""A list that nobody signs for: 督办 by the system itself, once the two working days are over."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import partial

import pytest
from django.utils import timezone
from django_q.models import Schedule

from liancha.draw import actions as draw_actions
from liancha.ledger.models import Entry
from liancha.oversight import actions
from tests.rooms import draw_world

pytestmark = pytest.mark.django_db


class TestReceipts:
    """Art. 19: a list that nobody signs for in two working days is minded by the system itself."""

    def test_once_for_each_department_that_has_not_signed_and_not_a_day_too_early(self):
        world = draw_world.make_world(classes="A" * 8, participants=("GA", "WJ"), people=2)
        draw = draw_world.dispatched(world)
        mine, open_ = sorted(draw.dispatches.all(), key=lambda each: not each.acknowledged_at)
        due = timezone.make_aware(datetime.combine(open_.due_on, time(23, 59)))
        remind = partial(actions.remind_of_receipt, by="system")
        assert remind(dispatch=open_, at=due) is None
        over = due + timedelta(hours=12)
        assert remind(dispatch=mine, at=over) is None
        reminder = remind(dispatch=open_, at=over)
        assert reminder.to == world.department("WJ")
        assert draw.number in reminder.subject
        assert reminder.link == draw.get_absolute_url()
        assert remind(dispatch=open_, at=over) is None
        entry = Entry.objects.get(what="oversight.remind_of_receipt")
        assert entry.by == "system"
        lu = draw_world.as_(world, "lu")
        page = lu.get(reminder.get_absolute_url()).content.decode()
        assert "期限届满自动发出" in page
        assert lu.get("/reminders/").status_code == 200

    def test_the_clock_is_set_when_the_list_is_sent(self, django_capture_on_commit_callbacks):
        world = draw_world.make_world(classes="A" * 8, participants=("GA", "WJ"), people=2)
        draw = draw_world.locked(world)
        with django_capture_on_commit_callbacks(execute=True):
            draw_actions.dispatch(draw=draw, by=world.cast.shen, at=draw_world.DUE)
        found = Schedule.objects.get(args__contains="oversight.remind_of_receipts")
        due = draw.dispatches.first().due_on
        assert timezone.localtime(found.next_run).date() == due + timedelta(days=1)
