"""Two hands at once: one draw, one number each, one list (art. 19)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from liancha.draw.models import Draw, DrawnTarget, Transcript
from liancha.ledger import queries as ledger
from liancha.ledger.models import Entry
from liancha.rulebook.lifecycles import DrawState
from tests.rooms import draw_world as w
from tests.servers import environment

ROOT = Path(__file__).resolve().parents[2]

# Each process waits for the same moment, then does the act; what it was told is its output.
CLICK = """
import sys, time
import django
django.setup()
from datetime import timedelta
from liancha.accounts.models import User
from liancha.draw import actions
from liancha.draw.models import Draw, Party
from liancha.rulebook.verdicts import Blocked
from liancha.task.models import Task
from tests.people import NOON
act, moment = sys.argv[1], float(sys.argv[2])
by = User.objects.get(username="shen")
due = NOON + timedelta(hours=9, minutes=15)
time.sleep(max(0, moment - time.time()))
try:
    if act == "freeze":
        actions.freeze(task=Task.objects.get(), reason="x", by=by, at=NOON)
    elif act == "lock":
        actions.lock(draw=Draw.objects.get(), by=by, at=due)
    elif act == "commit":
        party = Party.objects.get(position=int(sys.argv[3]))
        person = User.objects.get(username=sys.argv[4])
        actions.commit(party=party, commitment=sys.argv[5] * 64, by=person, at=NOON)
    print("done")
except Blocked as refusal:
    print("blocked", refusal)
"""


def at_once(url: str, home: Path, *clicks: tuple[str, ...]) -> list[str]:
    """Start all processes, let them act at the same moment, and hear what each was told."""
    import time

    moment = time.time() + 6
    running = [
        subprocess.Popen(
            [sys.executable, "-c", CLICK, click[0], str(moment), *click[1:]],
            cwd=ROOT,
            env=environment(
                url, home, DJANGO_SETTINGS_MODULE="liancha.site.settings", DATABASE_POOL="0"
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for click in clicks
    ]
    heard = [process.communicate(timeout=300) for process in running]
    return [said.strip() or complaint.strip() for said, complaint in heard]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_four_clicks_on_lock_give_one_list(in_database, committed_database, home):
    with in_database():
        w.computed(w.make_world())

    said = at_once(committed_database, home, *[("lock",)] * 4)

    assert said.count("done") == 1, said
    assert all("已锁定" in each for each in said if each != "done"), said
    with in_database():
        assert DrawnTarget.objects.count() == 7
        assert Transcript.objects.count() == 1
        assert Entry.objects.filter(what="draw.lock").count() == 1
        assert list(ledger.flaws()) == []


def test_four_clicks_on_freeze_give_one_number(in_database, committed_database, home):
    with in_database():
        w.make_world()

    said = at_once(committed_database, home, *[("freeze",)] * 4)

    assert said.count("done") == 1, said
    with in_database():
        assert [draw.serial for draw in Draw.objects.all()] == [1]
        assert list(ledger.flaws()) == []


def test_the_last_commitments_at_once_log_one_rule(in_database, committed_database, home):
    with in_database():
        world = w.make_world()
        w.open_rule(world, w.freeze(world), "WJ")

    hands = (("0", "shen", "a"), ("1", "lu", "b"), ("2", "qin", "c"))
    said = at_once(committed_database, home, *[("commit", *hand) for hand in hands])

    assert said == ["done"] * 3
    with in_database():
        draw = Draw.objects.get()
        assert draw.state == DrawState.RULE_LOGGED
        assert Entry.objects.filter(what="draw.log_rule").count() == 1
        assert list(ledger.flaws()) == []
