"""Pages of the plan: who may do what, what is refused in the form, what the public reads."""

from __future__ import annotations

import io
import json
from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse
from python_calamine import CalamineWorkbook

from liancha.ledger.models import Entry
from liancha.plan import actions, queries
from liancha.plan.models import Adjustment, Plan, PlanLine
from liancha.rulebook.coverage import PLAN_COLUMNS
from liancha.rulebook.lifecycles import LineState, PlanState
from tests.people import NOON
from tests.rooms.plan_world import FIRST, LAST, YEAR, make_plan_world

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=1)


@pytest.fixture
def world():
    return make_plan_world(people=0)


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


def at(name: str, *args: object) -> str:
    return reverse(f"plan:{name}", args=args)


def filled(world, code: str = "JF05", **changes: object) -> dict[str, object]:
    """What a browser posts for a line that nobody objects to."""
    field = world.fields[code]
    return {
        "field": field.pk,
        "name": field.name,
        "org_mode": "city_city",
        "targets": field.targets,
        "executor": "市级部门",
        "starts_on": FIRST.isoformat(),
        "ends_on": LAST.isoformat(),
        "frequency": 1,
        "initiator": field.initiator_id,
        "listed": [each.pk for each in field.cooperators.all()],
        "items": [each.pk for each in field.items.all()],
        "stratify": "credit",
        "rate_A": "2",
        "rate_B": "5%",
        "rate_C": "20",
        "rate_D": "1/2",
        "rate_未分类": "5",
        **changes,
    }


def test_rounds_written_among_the_rate_are_sent_to_their_own_field(client, world):
    plan = world.draft("JF26")
    client.force_login(world.cast.shen)
    typed = filled(world, rate_C="20%，不少于1户；每年2次")
    answer = client.post(at("new_line", plan.pk), typed)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "一年 2 次请填在“频次”" in page
    assert "每年2次" in page
    assert not plan.lines.filter(field=world.fields["JF05"]).exists()


@pytest.mark.parametrize(
    ("today", "days", "light"),
    [
        (date(2026, 11, 23), -207, "over"),
        (date(2026, 4, 30), 0, "red"),
        (date(2026, 4, 1), 29, "orange"),
        (date(2026, 1, 10), 110, "green"),
    ],
)
def test_the_days_to_30_april(world, today, days, light):
    plan = world.draft("JF05")
    found = queries.countdown(plan, today=today)
    assert (found.days, found.light) == (days, light)
    assert queries.countdown(world_published(plan, world), today=today) is None


def world_published(plan: Plan, world) -> Plan:
    plan.state = PlanState.PUBLISHED
    return plan


class TestTheBook:
    def test_the_strip_names_what_is_missing(self, client, world):
        plan = world.draft("JF05", "JF26")
        client.force_login(world.cast.zhou)
        page = client.get(at("plan", plan.pk)).content.decode()
        assert "1 个领域没有计划行" in page
        assert "JF40 养老机构抽查" in page
        assert 'class="x"' in page

    def test_a_line_shows_its_eight_columns_and_chips(self, client, world):
        plan = world.draft("JF05")
        client.force_login(world.cast.shen)
        page = client.get(at("plan", plan.pk)).content.decode()
        assert "拟抽 <b>8</b> 户" in page
        assert 'data-c="D"' in page

    def test_forty_lines_cost_no_more_queries_than_one(
        self, client, world, django_assert_max_num_queries
    ):
        plan = world.draft()
        for _ in range(10):
            actions.save_line(plan=plan, data=world.line_data(), by=world.cast.zhou, at=NOON)
        client.force_login(world.cast.shen)
        client.get(at("plan", plan.pk))
        with django_assert_max_num_queries(30):
            client.get(at("plan", plan.pk))

    @pytest.mark.parametrize("who", ["lin", "qin", "sys"])
    def test_who_has_no_business_here_is_stopped(self, client, world, who):
        plan = world.draft("JF05")
        client.force_login(getattr(world.cast, who))
        assert client.get(at("plan", plan.pk)).status_code == 403

    def test_another_countys_draft_is_not_there(self, client, world):
        plan = world.draft("JF05")
        Plan.objects.filter(pk=plan.pk).update(region="410324")
        client.force_login(world.cast.shen)
        assert client.get(at("plan", plan.pk)).status_code == 404

    def test_a_supervisor_reads_and_changes_nothing(self, client, world):
        plan = world.draft("JF05")
        client.force_login(world.cast.xu)
        assert client.get(at("plan", plan.pk)).status_code == 200
        for name in ("send", "publish", "approve", "recount"):
            assert client.post(at(name, plan.pk)).status_code == 403


class TestWritingALine:
    @pytest.fixture
    def plan(self, world) -> Plan:
        return actions.start_plan(year=YEAR, by=world.cast.zhou, at=NOON)

    def test_the_form_says_what_the_list_says(self, client, world, plan):
        client.force_login(world.cast.shen)
        page = client.get(at("new_line", plan.pk), {"field": world.fields["JF05"].pk})
        content = page.content.decode()
        assert 'data-base="40"' in content
        assert "洛阳市公安局牵头" in content

    def test_what_is_typed_is_kept_exactly(self, client, world, plan):
        client.force_login(world.cast.shen)
        answer = client.post(at("new_line", plan.pk), filled(world))
        assert answer.url == plan.get_absolute_url()
        line = PlanLine.objects.get()
        assert list(line.rates.values_list("stratum", "ratio")) == [
            ("A", "1/50"),
            ("B", "1/20"),
            ("C", "1/5"),
            ("D", "1/2"),
            ("未分类", "1/20"),
        ]

    def test_a_falling_rate_asks_for_a_reason_under_its_field(self, client, world, plan):
        client.force_login(world.cast.shen)
        answer = client.post(at("new_line", plan.pk), filled(world, rate_A="9"))
        assert answer.status_code == 422
        assert "A 类比例 9% 高于 B 类 5%" in answer.context["form"].errors["ratio_reason"][0]
        assert 'value="9"' in answer.content.decode()
        client.post(at("new_line", plan.pk), filled(world, rate_A="9", ratio_reason="投诉集中"))
        assert PlanLine.objects.get().ratio_reason == "投诉集中"

    def test_a_dropped_cooperator_asks_for_a_reason_under_its_field(self, client, world, plan):
        client.force_login(world.cast.shen)
        fewer = filled(world, listed=[world.department("WJ").pk])
        answer = client.post(at("new_line", plan.pk), fewer)
        assert answer.status_code == 422
        assert "participants_reason" in answer.context["form"].errors

    def test_a_refusal_quotes_the_article_and_keeps_what_was_typed(self, client, world, plan):
        client.force_login(world.cast.shen)
        alone = filled(world, listed=[], participants_reason="都不参加", name="独自抽查")
        answer = client.post(at("new_line", plan.pk), alone)
        page = answer.content.decode()
        assert answer.status_code == 409
        assert "第三条" in page
        assert "独自抽查" in page
        assert not PlanLine.objects.exists()

    def test_items_of_another_field_are_refused_with_article_4(self, client, world, plan):
        client.force_login(world.cast.shen)
        mixed = [*world.fields["JF05"].items.all(), world.fields["JF40"].items.first()]
        answer = client.post(
            at("new_line", plan.pk), filled(world, items=[item.pk for item in mixed])
        )
        assert answer.status_code == 409
        assert "第四条" in answer.content.decode()

    @pytest.mark.parametrize("text", ["二成", "1/0", "", "200"])
    def test_a_wrong_rate_is_named_beside_its_input(self, client, world, plan, text):
        client.force_login(world.cast.shen)
        answer = client.post(at("new_line", plan.pk), filled(world, rate_C=text))
        assert answer.status_code in (409, 422)
        assert not PlanLine.objects.exists()

    def test_another_departments_field_is_not_there(self, client, world, plan):
        client.force_login(world.cast.shen)
        page = client.get(at("new_line", plan.pk), {"field": world.fields["JF26"].pk})
        assert page.status_code == 404
        assert client.post(at("new_line", plan.pk), filled(world, "JF26")).status_code == 404

    def test_a_handler_writes_no_lines(self, client, world, plan):
        client.force_login(world.cast.lu)
        assert client.get(at("new_line", plan.pk)).status_code == 403

    def test_the_table_follows_departments_and_cut(self, client, world, plan):
        client.force_login(world.cast.shen)
        by_region = client.post(at("rates", plan.pk), filled(world, stratify="region"))
        assert "洛龙区" in by_region.content.decode()
        none = [world.department("SF").pk]
        alone = client.post(at("rates", plan.pk), filled(world, listed=[], outside=none))
        assert "司法" in alone.content.decode()
        assert 'data-base="0"' in alone.content.decode()

    @pytest.mark.parametrize("field", ["", "x", "999999"])
    def test_nonsense_in_the_address_is_not_found(self, client, world, plan, field):
        client.force_login(world.cast.shen)
        assert client.get(at("new_line", plan.pk), {"field": field}).status_code == 404
        assert client.post(at("rates", plan.pk), {"field": field}).status_code == 404

    def test_a_new_count_after_the_registry_changed(self, client, world, plan):
        from liancha.registry.models import Target

        actions.save_line(plan=plan, data=world.line_data(), by=world.cast.zhou, at=NOON)
        Target.objects.tagged("hotel").filter(credit_class="D").update(status="cancelled")
        client.force_login(world.cast.zhou)
        client.post(at("recount", plan.pk))
        line = world.line()
        assert (line.base, line.rates.get(stratum="D").base, line.count) == (74, 0, 5)


class TestFromDraftToPublic:
    def test_the_whole_way_through_pages(self, client, world):
        cast = world.cast
        client.force_login(cast.zhou)
        client.post(at("new_plan"), {"year": YEAR})
        plan = Plan.objects.get()
        for code in world.fields:
            actions.save_line(plan=plan, data=world.line_data(code), by=cast.zhou, at=NOON)
        client.post(at("send", plan.pk))
        for head in (cast.cheng, cast.gu, cast.huo):
            client.force_login(head)
            assert client.get(at("cosign", plan.pk)).status_code == 200
            client.post(at("cosign", plan.pk), {"opinion": "同意"})
        actions.cosign(plan=plan, by=cast.xiang, at=NOON)
        client.force_login(cast.zhou)
        asks = client.post(at("approve", plan.pk))
        assert asks.status_code == 409
        assert "第十二条" in asks.content.decode()
        client.post(at("approve", plan.pk), {"reason": "〔2026〕2号纪要"})
        client.post(at("publish", plan.pk), {"document_number": "洛双随机办[2026]3号"})
        plan.refresh_from_db()
        assert (plan.state, plan.document_number) == ("published", "洛双随机办〔2026〕3号")
        client.logout()
        assert client.get(at("public_plan", plan.pk)).status_code == 200

    def test_publication_is_refused_while_a_field_is_missing(self, client, world):
        plan = world.cosigned("JF05")
        client.force_login(world.cast.zhou)
        answer = client.post(at("publish", plan.pk))
        page = answer.content.decode()
        assert answer.status_code == 409
        assert "第十三条" in page
        assert "成品油市场抽查、养老机构抽查" in page
        client.logout()
        assert client.get(at("public_plan", plan.pk)).status_code == 404

    def test_a_second_publication_is_refused(self, client, world):
        plan = world.published()
        client.force_login(world.cast.zhou)
        entries = Entry.objects.count()
        assert client.post(at("publish", plan.pk)).status_code == 409
        assert Entry.objects.count() == entries

    def test_signed_twice_is_one_signature(self, client, world):
        plan = world.draft("JF05")
        actions.send_for_cosign(plan=plan, by=world.cast.zhou, at=NOON)
        client.force_login(world.cast.cheng)
        for _ in range(2):
            assert client.post(at("cosign", plan.pk)).status_code == 302
        assert Entry.objects.filter(what="plan.cosign").count() == 1

    def test_a_department_the_plan_does_not_name_has_no_page_to_sign(self, client, world):
        plan = world.draft("JF05")
        actions.send_for_cosign(plan=plan, by=world.cast.zhou, at=NOON)
        client.force_login(world.cast.huo)
        assert client.get(at("cosign", plan.pk)).status_code == 404

    def test_a_reason_for_a_field_without_a_line(self, client, world):
        plan = world.draft("JF05")
        said = {"field": world.fields["JF40"].pk, "reason": "no_targets", "note": "已关停"}
        client.force_login(world.cast.cheng)
        assert client.post(at("exceptions", plan.pk), said).status_code == 409
        client.force_login(world.cast.zhou)
        client.post(at("exceptions", plan.pk), said)
        assert plan.exceptions.get().note == "已关停"
        client.post(at("withdraw_exception", plan.exceptions.get().pk))
        assert not plan.exceptions.exists()


class TestAdjusting:
    def test_asked_by_one_agreed_by_another(self, client, world):
        plan = world.published()
        line = world.line()
        client.force_login(world.cast.shen)
        client.post(
            at("adjust", line.pk),
            {"kind": "delay", "starts_on": FIRST, "ends_on": "2026-12-20", "reason": "会展"},
        )
        asked = Adjustment.objects.get()
        assert client.post(at("approve_adjustment", asked.pk)).status_code == 403
        client.force_login(world.cast.gu)
        assert client.post(at("approve_adjustment", asked.pk)).status_code == 404
        client.force_login(world.cast.cheng)
        client.post(at("approve_adjustment", asked.pk))
        assert world.line().ends_on == date(2026, 12, 20)
        client.logout()
        page = client.get(at("public_plan", plan.pk)).content.decode()
        for words in ("2026-10-08 至 2026-12-31", "2026-10-08 至 2026-12-20", "会展"):
            assert words in page

    def test_new_rates_are_typed_like_the_old_ones(self, client, world):
        world.published()
        line = world.line()
        client.force_login(world.cast.shen)
        rates = {"rate_A": "2", "rate_B": "5", "rate_C": "20", "rate_D": "100", "rate_未分类": "5"}
        client.post(at("adjust", line.pk), {"kind": "ratio", "reason": "多查", **rates})
        asked = Adjustment.objects.get()
        assert asked.before["抽查基数和比例"].endswith("拟抽 8 户")
        assert asked.after["抽查基数和比例"].endswith("拟抽 11 户")

    def test_a_locked_ratio_is_refused_with_its_article(self, client, world):
        world.published()
        line = world.line()
        actions.lock_rates(line=line, by=world.cast.shen, at=NOON)
        client.force_login(world.cast.shen)
        page = client.get(at("adjust", line.pk)).content.decode()
        assert 'value="ratio"' not in page

    def test_no_reason_no_request(self, client, world):
        world.published()
        client.force_login(world.cast.shen)
        answer = client.post(at("adjust", world.line().pk), {"kind": "cancel", "reason": ""})
        assert answer.status_code == 422
        assert not Adjustment.objects.exists()

    def test_a_draft_line_is_not_adjusted(self, client, world):
        world.draft("JF05")
        client.force_login(world.cast.shen)
        assert client.get(at("adjust", world.line().pk)).status_code == 404


class TestPublic:
    def test_everybody_reads_every_line_with_its_columns(self, client, world):
        """Source: clause 16.2."""
        plan = world.published()
        page = client.get(at("public_plan", plan.pk)).content.decode()
        for column in PLAN_COLUMNS[1:]:
            assert page.count(f"<dt>{column}</dt>") == 3
        assert "公安（发起）、市监、卫健、消防" in page

    def test_drafts_are_nobodys_business(self, client, world):
        """Source: clause 16.2."""
        plan = world.draft()
        assert client.get(at("public_plan", plan.pk)).status_code == 404
        assert client.get(at("public_data", plan.pk)).status_code == 404
        assert "年度联合抽查工作计划" in client.get(at("public_plans")).content.decode()
        assert plan.title not in client.get(at("public_plans")).content.decode()

    def test_a_cancelled_line_stays_struck_through_with_its_notice(self, client, world):
        """Source: clause 16.4."""
        plan = world.published()
        asked = actions.adjust(
            line=world.line(), kind="cancel", reason="与省级重复", by=world.cast.shen, at=NOON
        )
        actions.approve_adjustment(adjustment=asked, by=world.cast.cheng, at=NOON)
        page = client.get(at("public_plan", plan.pk)).content.decode()
        assert "<s>宾馆、旅店监督抽查</s>" in page
        assert f'href="/public/plans/notices/{asked.pk}/"' in page
        assert "与省级重复" in page
        assert world.line().state == LineState.CANCELLED

    def test_the_workbook_has_the_eight_columns_by_name(self, client, world):
        """Source: clause 16.2."""
        plan = world.published()
        content = client.get(at("public_workbook", plan.pk)).content
        rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
        heading = next(row for row in rows if row[0] == "序号")
        assert tuple(heading[2:10]) == PLAN_COLUMNS
        assert len(rows) == rows.index(heading) + 1 + 3

    def test_the_data_say_the_same(self, client, world):
        plan = world.published()
        data = json.loads(client.get(at("public_data", plan.pk)).content)
        assert data["文号"] == "洛双随机办〔2026〕3号"
        hotels = next(line for line in data["计划行"] if line["任务名称"] == "宾馆、旅店监督抽查")
        assert hotels["抽查基数和比例"] == "80 户；A 2%、B 5%、C 20%、D 50%、未分类 5%；拟抽 8 户"

    def test_a_formula_in_a_name_is_text_in_the_workbook(self, client, world):
        plan = actions.start_plan(year=YEAR, by=world.cast.zhou, at=NOON)
        actions.save_line(plan=plan, data=world.line_data(name="=1+1"), by=world.cast.zhou, at=NOON)
        client.force_login(world.cast.zhou)
        content = client.get(at("export", plan.pk)).content
        rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
        assert "=1+1" in rows[-1]
