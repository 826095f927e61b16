"""The roster: who may be drawn and why not, and that a department keeps its own people only."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse

from liancha.ledger.models import Entry
from liancha.registry.models import Target
from liancha.roster import actions, queries
from liancha.roster.models import Certificate, Inspector, Recusal
from liancha.roster.queries import CertificateState
from liancha.rulebook.eligibility import InspectorFault, Span
from liancha.rulebook.verdicts import Blocked
from tests.people import NOON
from tests.rooms.plan_world import make_plan_world

pytestmark = pytest.mark.django_db
TODAY = NOON.date()
WINDOW = Span(date(2026, 12, 1), date(2026, 12, 20))


@pytest.fixture
def world():
    return make_plan_world(people=1)


@pytest.fixture
def person(world) -> Inspector:
    return Inspector.objects.get(number="GA-0001")


def standing(person: Inspector, **more):
    fresh = Inspector.objects.with_papers().get(pk=person.pk)
    return queries.standing(fresh, window=WINDOW, on=TODAY, **more)


class TestWhoMayBeDrawn:
    def test_somebody_on_duty_with_a_valid_certificate(self, person):
        found = standing(person)
        assert found.is_drawable
        assert (found.light, found.light_word) == ("green", "有效")

    @pytest.mark.parametrize(
        ("last", "fault", "light"),
        [
            (date(2026, 11, 22), InspectorFault.CERTIFICATE_OVER, "red"),
            (date(2026, 12, 10), InspectorFault.CERTIFICATE_ENDS, "yellow"),
        ],
    )
    def test_not_with_a_certificate_that_ends_before_the_work(self, person, last, fault, light):
        Certificate.objects.filter(inspector=person).update(valid_to=last)
        found = standing(person)
        assert (found.faults, found.light) == ((fault,), light)

    def test_nor_without_one(self, world, person):
        actions.remove_certificate(
            certificate=person.certificates.get(), by=world.cast.shen, at=NOON
        )
        found = standing(person)
        assert found.why == "没有执法证件"
        assert found.certificate_state is CertificateState.NONE

    def test_a_renewed_certificate_counts_beside_the_old_one(self, world, person):
        Certificate.objects.filter(inspector=person).update(valid_to=date(2026, 11, 1))
        actions.save_certificate(
            inspector=person,
            number="16039999999",
            valid_from=date(2026, 11, 2),
            valid_to=date(2031, 11, 1),
            by=world.cast.shen,
            at=NOON,
        )
        assert standing(person).is_drawable

    @pytest.mark.parametrize("status", ["seconded", "left"])
    def test_nor_who_is_not_on_duty(self, person, status):
        Inspector.objects.filter(pk=person.pk).update(status=status)
        assert standing(person).faults == (InspectorFault.NOT_ON_DUTY,)

    @pytest.mark.parametrize(("last", "is_out"), [(10, False), (11, True)])
    def test_leave_over_half_of_the_days_takes_somebody_out(self, world, person, last, is_out):
        actions.grant_leave(
            inspector=person,
            first_on=date(2026, 12, 1),
            last_on=date(2026, 12, last),
            by=world.cast.shen,
            at=NOON,
        )
        found = standing(person)
        assert (InspectorFault.ON_LEAVE in found.faults) is is_out
        assert found.remarks

    def test_an_expert_is_never_drawn(self, person):
        Inspector.objects.filter(pk=person.pk).update(is_expert=True)
        assert InspectorFault.EXPERT in standing(person).faults

    def test_recusal_keeps_away_from_that_target_alone(self, world, person):
        near, far = Target.objects.all()[:2]
        actions.declare_recusal(
            inspector=person,
            target=near,
            relation=Recusal.Relation.RELATIVE,
            by=world.cast.shen,
            at=NOON,
        )
        assert standing(person, target=near.code).faults == (InspectorFault.RECUSED,)
        assert standing(person, target=far.code).is_drawable
        actions.lift_recusal(recusal=person.recusals.get(), by=world.cast.shen, at=NOON)
        assert standing(person, target=near.code).is_drawable

    def test_recusal_stands_when_the_target_is_merged_into_another(self, world, person):
        before, kept = Target.objects.all()[:2]
        relation = Recusal.Relation.RELATIVE
        actions.declare_recusal(
            inspector=person, target=before, relation=relation, by=world.cast.shen, at=NOON
        )
        Target.objects.filter(pk=before.pk).update(merged_into=kept)
        assert standing(person, target=kept.code).faults == (InspectorFault.RECUSED,)
        assert list(Recusal.objects.about([kept.pk])) == list(person.recusals.all())
        person.recusals.update(target=kept)
        assert list(Recusal.objects.about([before.pk])) == list(person.recusals.all())

    def test_a_former_post_lapses_after_three_years(self, world, person):
        target = Target.objects.first()
        for ended_on, holds in ((date(2023, 11, 23), False), (date(2023, 11, 24), True)):
            actions.declare_recusal(
                inspector=person,
                target=target,
                relation=Recusal.Relation.FORMER,
                ended_on=ended_on,
                by=world.cast.shen,
                at=NOON,
            )
            assert person.recusals.get().holds(TODAY) is holds

    def test_counts_by_department(self, world, person):
        Inspector.objects.filter(pk=person.pk).update(status="left")
        keys = [world.department(code).pk for code in ("GA", "WJ")]
        assert queries.drawable_counts(keys, window=WINDOW, on=TODAY) == {keys[0]: 0, keys[1]: 1}

    def test_the_roster_costs_the_same_queries_for_any_number(
        self, world, django_assert_max_num_queries
    ):
        with django_assert_max_num_queries(4):
            queries.standings(Inspector.objects.all(), window=WINDOW, on=TODAY)


class TestOwnPeopleOnly:
    def test_another_departments_person_is_left_alone(self, world, person):
        """Source: clause 11.3."""
        with pytest.raises(Blocked, match="只能维护本部门") as refused:
            actions.save_inspector(name="改名", inspector=person, by=world.cast.lu, at=NOON)
        assert refused.value.article == "11"
        person.refresh_from_db()
        assert person.name == "公安检查员1"
        with pytest.raises(Blocked):
            actions.grant_leave(
                inspector=person, first_on=TODAY, last_on=TODAY, by=world.cast.lu, at=NOON
            )

    def test_numbers_run_on_within_the_department(self, world):
        for n in (2, 3):
            saved = actions.save_inspector(
                name=f"新人{n}", skills=["食品", "食品", " "], by=world.cast.shen, at=NOON
            )
            assert (saved.number, saved.skills) == (f"GA-000{n}", ["食品"])

    def test_a_certificate_number_has_one_holder(self, world, person):
        other = Inspector.objects.get(number="WJ-0001")
        number = other.certificates.get().number
        with pytest.raises(Blocked, match="已登记在洛阳市卫生健康委员会名下") as refused:
            actions.save_certificate(
                inspector=person,
                number=number,
                valid_from=TODAY,
                valid_to=TODAY + timedelta(days=900),
                by=world.cast.shen,
                at=NOON,
            )
        assert refused.value.article == "18"
        assert "卫健检查员" not in str(refused.value)

    def test_every_change_stands_in_the_ledger(self, world, person):
        actions.save_inspector(
            name=person.name, inspector=person, post="执法科", by=world.cast.shen, at=NOON
        )
        entry = Entry.objects.about("inspector", person.pk).last()
        assert (entry.what, entry.by) == ("roster.save_inspector", "shen@GA")


class TestPages:
    def test_a_department_sees_its_own_people(self, client, world, person):
        client.force_login(world.cast.shen)
        page = client.get(reverse("roster:inspectors")).content.decode()
        assert "公安检查员1" in page
        assert "卫健检查员1" not in page
        other = Inspector.objects.get(number="WJ-0001")
        assert client.get(other.get_absolute_url()).status_code == 404
        assert client.get(reverse("roster:edit_inspector", args=[other.pk])).status_code == 404

    def test_the_coordinating_office_reads_all_and_edits_none(self, client, world, person):
        client.force_login(world.cast.zhou)
        page = client.get(reverse("roster:inspectors")).content.decode()
        assert "公安检查员1" in page
        assert "卫健检查员1" in page
        assert client.get(person.get_absolute_url()).status_code == 200
        assert client.get(reverse("roster:new_inspector")).status_code == 403
        assert client.get(reverse("roster:edit_inspector", args=[person.pk])).status_code == 403

    @pytest.mark.parametrize("who", ["lin", "qin", "sys"])
    def test_who_has_no_business_here_is_stopped(self, client, world, who):
        client.force_login(getattr(world.cast, who))
        assert client.get(reverse("roster:inspectors")).status_code == 403

    def test_a_head_reads_but_does_not_edit(self, client, world, person):
        client.force_login(world.cast.cheng)
        assert client.get(person.get_absolute_url()).status_code == 200
        assert client.post(reverse("roster:add_leave", args=[person.pk])).status_code == 403

    def test_the_list_says_why_somebody_is_not_drawable(self, client, world, person):
        Certificate.objects.filter(inspector=person).update(valid_to=date(2025, 1, 1))
        client.force_login(world.cast.shen)
        page = client.get(reverse("roster:inspectors"), {"drawable": "no"}).content.decode()
        assert "执法证件已过期" in page
        found = client.get(reverse("roster:inspectors"), {"drawable": "yes"})
        assert list(found.context["page_obj"]) == []

    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ({"q": "检查员1"}, 1),
            ({"q": "GA-0001"}, 1),
            ({"q": "没有这人"}, 0),
            ({"certificate": "valid"}, 1),
            ({"certificate": "over"}, 0),
            ({"status": "left"}, 0),
            ({"skill": "综合执法"}, 1),
        ],
    )
    def test_filters(self, client, world, query, count):
        client.force_login(world.cast.shen)
        page = client.get(reverse("roster:inspectors"), query)
        assert len(page.context["page_obj"]) == count

    def test_a_new_person_and_their_papers(self, client, world):
        client.force_login(world.cast.shen)
        answer = client.post(
            reverse("roster:new_inspector"),
            {"name": "陶<b>然", "skills": "食品、特种设备", "status": "on_duty", "capacity": "20"},
        )
        made = Inspector.objects.get(name="陶<b>然")
        assert answer.url == made.get_absolute_url()
        assert "陶&lt;b&gt;然" in client.get(answer.url).content.decode()
        client.post(
            reverse("roster:add_certificate", args=[made.pk]),
            {
                "number": "1603 0000 123",
                "kind": "行政执法证",
                "valid_from": "2026-01-01",
                "valid_to": "2030-12-31",
            },
        )
        assert made.certificates.get().number == "16030000123"

    def test_dates_that_run_backwards_come_back_with_the_cure(self, client, world, person):
        client.force_login(world.cast.shen)
        answer = client.post(
            reverse("roster:add_leave", args=[person.pk]),
            {"first_on": "2026-12-05", "last_on": "2026-12-01"},
        )
        assert answer.status_code == 422
        assert "早于开始日期 2026-12-05" in answer.content.decode()
        assert not person.leaves.exists()

    def test_a_recusal_needs_a_target_of_the_registry(self, client, world, person):
        client.force_login(world.cast.shen)
        url = reverse("roster:add_recusal", args=[person.pk])
        answer = client.post(url, {"target": "没有的企业", "relation": "relative"})
        assert answer.status_code == 422
        target = Target.objects.first()
        other = Target.objects.exclude(pk=target.pk).first()
        Target.objects.filter(pk=other.pk).update(merged_into=target, name=target.name)
        client.post(url, {"target": target.name, "relation": "relative"})
        assert person.recusals.get().target == target
        client.post(url, {"target": other.code, "relation": "interest"})
        assert (person.recusals.get().target, person.recusals.get().relation) == (
            target,
            "interest",
        )

    def test_days_at_the_end_of_the_calendar_are_only_nonsense(self, client, world, person):
        client.force_login(world.cast.shen)
        answer = client.get(
            person.get_absolute_url(), {"first": "9999-01-01", "last": "9999-12-31"}
        )
        assert answer.status_code == 200

    def test_sent_twice_is_one_leave(self, client, world, person):
        client.force_login(world.cast.shen)
        for _ in range(2):
            client.post(
                reverse("roster:add_leave", args=[person.pk]),
                {"first_on": "2026-12-01", "last_on": "2026-12-05"},
            )
        assert person.leaves.count() == 1

    def test_another_departments_papers_are_not_there(self, client, world):
        other = Inspector.objects.get(number="WJ-0001")
        client.force_login(world.cast.shen)
        for name in ("edit_certificate", "remove_certificate"):
            url = reverse(f"roster:{name}", args=[other.certificates.get().pk])
            assert client.post(url).status_code == 404

    def test_taking_the_roster_away_is_on_record(self, client, world):
        client.force_login(world.cast.shen)
        assert client.get(reverse("roster:export")).status_code == 200
        entry = Entry.objects.get(what="roster.export")
        assert entry.by == world.cast.shen.signature
        assert '"people": 1' in entry.body or '"people":1' in entry.body
