"""What runs out in the two libraries, on the workbench of those who keep it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from liancha.accounts.models import User
from liancha.registry import actions as registry
from liancha.registry.models import KeyFlag, Target
from liancha.roster.models import Certificate, Inspector
from liancha.site import todos
from tests.people import NOON, make_cast
from tests.rooms.registers import write_target

pytestmark = pytest.mark.django_db

TODAY = NOON.date()


@pytest.fixture
def cast():
    return make_cast()


def titles(user: User, day: date = TODAY) -> list[str]:
    """Of what waits, what says that something runs out."""
    user = User.objects.get(pk=user.pk)  # as a request loads it: nothing remembered
    return [each.title for each in todos.waiting_for(user, day) if "到期" in each.title]


class TestCertificates:
    def test_a_certificate_is_minded_before_its_end_and_until_it_is_renewed(self, cast):
        for n, days in enumerate((-1, 0, 60, 61), 1):
            person = Inspector.objects.create(
                department=cast.shen.department,
                number=f"GA-{n}",
                name=f"公安{n}号",
                updated_at=NOON,
            )
            Certificate.objects.create(
                inspector=person,
                number=f"16030{n}",
                valid_from=date(2020, 1, 1),
                valid_to=TODAY + timedelta(days=days),
            )

        def said() -> list[tuple[str, str]]:
            user = User.objects.get(pk=cast.shen.pk)
            found = todos.waiting_for(user, TODAY)
            return [(one.title, one.word) for one in found if one.verb == "更新证件"]

        assert said() == [("1 人的执法证件已过期，2 人 60 天内到期", "已过期")]
        Inspector.objects.filter(number="GA-1").update(status=Inspector.Status.LEFT)
        assert said() == [("2 人的执法证件 60 天内到期", "快到期")]
        Certificate.objects.update(valid_to=TODAY + timedelta(days=61))
        assert said() == []


class TestLicencesAndMarks:
    def test_who_entered_a_licence_is_told_before_it_ends(self, cast):
        target = write_target(1)
        end = TODAY + timedelta(days=30)
        registry.save_licence(
            target=target,
            name="特种行业许可证",
            number="洛公特1",
            valid_to=end,
            by=cast.shen,
            at=NOON,
        )
        said = ["1 个许可证 30 天内到期"]
        assert titles(cast.shen) == said
        assert titles(cast.shen, TODAY - timedelta(days=1)) == []
        assert titles(cast.shen, end) == said
        assert titles(cast.shen, end + timedelta(days=1)) == []
        assert titles(cast.lu) == []
        Target.objects.update(status="cancelled")
        assert titles(cast.shen) == []

    def test_who_set_a_mark_is_told_before_it_lapses_unless_it_goes_on(self, cast):
        target = write_target(1)
        end = TODAY + timedelta(days=30)

        def mark(until: date) -> KeyFlag:
            return registry.set_key_flag(
                target=target,
                kind="key",
                source="食安办〔2026〕3号",
                since=TODAY,
                until=until,
                by=cast.shen,
                at=NOON,
            )

        first = mark(end)
        assert titles(cast.shen) == ["1 个重点标记 30 天内到期"]
        assert titles(cast.lu) == []
        longer = mark(end + timedelta(days=1))
        assert titles(cast.shen) == []
        registry.lift_key_flag(flag=longer, by=cast.shen, at=NOON)
        assert titles(cast.shen) == ["1 个重点标记 30 天内到期"]
        registry.lift_key_flag(flag=first, by=cast.shen, at=NOON)
        assert titles(cast.shen) == []
