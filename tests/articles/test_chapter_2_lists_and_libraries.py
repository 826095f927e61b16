"""第二章 部门联合抽查事项清单及两库 — Chapter 2, the lists and the two libraries (arts. 8–11)."""

from datetime import date

import pytest

from liancha.lists import actions as lists
from liancha.lists.models import ListVersion
from liancha.registry import actions as registry
from liancha.registry.models import Target
from liancha.rulebook import eligibility, listing
from liancha.rulebook.eligibility import (
    Duty,
    InspectorFacts,
    InspectorFault,
    Need,
    Span,
    TargetFacts,
    TargetFault,
    TargetStatus,
)
from liancha.rulebook.listing import SoloReason
from liancha.rulebook.verdicts import Blocked, NeedsReason
from tests.people import NOON, make_cast
from tests.rooms.listings import HOTELS, LICENCE, PETROL, draft, published, sign_all
from tests.rooms.registers import code, write_target

WINDOW = Span(date(2026, 11, 26), date(2026, 12, 11))
LONG = Span(date(2024, 1, 1), date(2029, 12, 31))
HOTEL = TargetFacts(TargetStatus.ACTIVE, "410305", frozenset({"宾馆旅店"}))


@pytest.fixture
def cast(db):
    return make_cast()


class TestArticle8:
    def test_anybody_reads_the_published_list_and_its_date(self, cast, client):
        """Source: clause 8.3."""
        version = published(cast)
        page = client.get(f"/public/lists/{version.pk}/")
        assert page.status_code == 200
        assert "2026 年 11 月 23 日" in page.content.decode()

    def test_a_change_names_the_law_or_the_practice_it_rests_on(self, cast):
        """Source: clause 8.4."""
        published(cast)
        version = lists.start_version(
            kind="joint", title="新清单", basis="法规修订", by=cast.zhou, at=NOON
        )
        field = version.fields.get(code="JF26")
        with pytest.raises(NeedsReason, match="要写明依据") as refusal:
            lists.remove_field(field=field, basis=" ", by=cast.zhou, at=NOON)
        assert (refusal.value.article, refusal.value.paragraph) == ("8", 2)
        lists.remove_field(field=field, basis="本市没有油库", by=cast.zhou, at=NOON)
        assert version.changes.get().basis == "本市没有油库"

    def test_a_new_version_supersedes_the_one_in_force(self, cast):
        """Source: clause 8.4."""
        first = published(cast)
        second = lists.start_version(
            kind="joint", title="新清单", basis="法规修订", by=cast.zhou, at=NOON
        )
        lists.consult(version=second, by=cast.zhou, at=NOON)
        sign_all(cast, second)
        lists.approve(version=second, by=cast.zhou, at=NOON)
        lists.publish(version=second, by=cast.zhou, at=NOON)
        assert ListVersion.objects.in_force("joint").get() == second
        first.refresh_from_db()
        assert first.state == "superseded"

    def test_what_is_published_is_not_edited_any_more(self, cast):
        """Source: clause 8.4."""
        version = published(cast)
        with pytest.raises(Blocked):
            lists.load_joint(version=version, rows=[HOTELS], by=cast.zhou, at=NOON)

    def test_inspecting_alone_in_a_joint_field_needs_a_reason(self):
        """Source: clause 8.2."""
        with pytest.raises(NeedsReason, match="不再单独开展") as refusal:
            listing.check_solo("旅店卫生检查", field_name="宾馆、旅店", reason=None)
        assert refusal.value.article == "8"
        words = {word for _, word in refusal.value.codes}
        assert {"投诉举报", "转办交办", "数据监测", "许可核查", "应急处置"} <= words  # A14

    @pytest.mark.parametrize("reason", list(SoloReason))
    def test_each_listed_reason_lets_it_through(self, reason):
        listing.check_solo("旅店卫生检查", field_name="宾馆、旅店", reason=reason)

    def test_what_no_joint_field_covers_is_free(self):
        """Source: clause 8.2."""
        listing.check_solo("医疗机构校验", field_name=None, reason=None)


class TestArticle9:
    def test_the_list_is_made_by_the_market_regulator_together_with_the_others(self, cast):
        """Source: clause 9.1."""
        with pytest.raises(Blocked, match="会同相关部门") as refusal:
            lists.start_version(kind="joint", title="清单", basis="自定", by=cast.shen, at=NOON)
        assert refusal.value.article == "9"

    def test_every_department_the_list_names_is_asked(self, cast):
        """Source: clause 9.1."""
        version = draft(cast, HOTELS, PETROL)
        lists.consult(version=version, by=cast.zhou, at=NOON)
        asked = set(version.cosigns.values_list("department__code", flat=True))
        assert asked == {"GA", "WJ", "XF", "SCJG"}

    def test_a_list_is_not_approved_while_somebody_has_not_signed(self, cast):
        """Source: clause 9.1."""
        version = draft(cast, HOTELS)
        lists.consult(version=version, by=cast.zhou, at=NOON)
        fire = cast.department["XF"]
        for person in (cast.shen, cast.lu):
            lists.cosign(version=version, department=person.department, by=person, at=NOON)
        lists.cosign(
            version=version, department=fire, agrees=False, opinion="少一项", by=cast.pei, at=NOON
        )
        with pytest.raises(NeedsReason, match="消防"):
            lists.approve(version=version, by=cast.zhou, at=NOON)
        approved = lists.approve(
            version=version, minutes="联席会议纪要〔2026〕2号", by=cast.zhou, at=NOON
        )
        assert approved.state == "approved"

    def test_nobody_signs_for_another_department(self, cast):
        """Source: clause 9.1."""
        version = draft(cast, HOTELS)
        lists.consult(version=version, by=cast.zhou, at=NOON)
        with pytest.raises(Blocked, match="只有"):
            lists.cosign(version=version, department=cast.department["GA"], by=cast.lu, at=NOON)

    def test_what_is_consulted_on_does_not_change_meanwhile(self, cast):
        version = draft(cast, HOTELS)
        lists.consult(version=version, by=cast.zhou, at=NOON)
        with pytest.raises(Blocked, match="先退回草稿"):
            lists.load_joint(version=version, rows=[PETROL], by=cast.zhou, at=NOON)
        lists.send_back(version=version, note="补一个领域", by=cast.zhou, at=NOON)
        lists.load_joint(version=version, rows=[HOTELS, PETROL], by=cast.zhou, at=NOON)
        assert not version.cosigns.exists()

    def test_every_department_named_signs_before_publication(self):
        """Source: clause 9.1."""
        with pytest.raises(NeedsReason, match="卫健"):
            listing.check_cosigned(named={"公安", "卫健"}, signed={"公安"})

    def test_minutes_of_a_meeting_stand_in_and_say_for_whom(self):
        lacking = listing.check_cosigned(
            named={"公安", "卫健"}, signed={"公安"}, minutes="联席会议纪要〔2026〕2号"
        )
        assert lacking == ("卫健",)

    def test_rows_from_above_are_adopted_or_left_out_with_a_reason(self):
        """Source: clause 9.3(1)."""
        upper = {"JF05": "宾馆、旅店", "JF20": "企业年度报告", "JF99": "进出口商品"}
        listing.check_adopted(upper=upper, ours={"JF05", "JF20"}, excluded={"JF99": "没有此类对象"})
        with pytest.raises(NeedsReason, match="1 个领域未纳入：进出口商品"):
            listing.check_adopted(upper=upper, ours={"JF05", "JF20"}, excluded={"JF99": " "})


class TestArticle10:
    @pytest.mark.parametrize("column", list(LICENCE))
    def test_an_item_without_one_of_its_columns_is_not_taken(self, cast, column):
        """Source: clause 10.1."""
        with pytest.raises(Blocked, match="第 1 行") as refusal:
            draft(cast, LICENCE | {column: ""}, kind="items")
        assert refusal.value.article == "10"

    @pytest.mark.parametrize("column", ["name", "items", "targets", "initiator", "cooperators"])
    def test_a_field_without_one_of_its_columns_is_not_taken(self, cast, column):
        """Source: clause 10.2."""
        with pytest.raises(Blocked, match="第 1 个领域缺少"):
            draft(cast, HOTELS | {column: []})

    def test_a_department_is_not_initiator_and_cooperator(self, cast):
        """Source: clause 10.2."""
        with pytest.raises(Blocked, match="不能同时作为配合部门"):
            draft(cast, HOTELS | {"cooperators": ["GA", "WJ", "XF"]})

    def test_a_body_without_powers_is_on_no_list(self, cast):
        fire = cast.department["XF"]
        fire.is_qualified = False
        fire.save()
        with pytest.raises(Blocked, match="无行政检查主体资格") as refusal:
            draft(cast, HOTELS)
        assert refusal.value.article == "2"

    def test_who_checks_an_item_is_named_by_its_field(self, cast):
        """Source: clause 10.4."""
        items = [*HOTELS["items"], {"name": "纳税", "department": "SWJ"}]
        with pytest.raises(Blocked, match="不是发起或配合部门"):
            draft(cast, HOTELS | {"items": items})

    def test_a_cooperator_without_an_item_is_remarked_and_let_through(self, cast):
        """Source: clause 10.4."""
        version = draft(cast, HOTELS)
        remarks = lists.load_joint(
            version=version,
            rows=[HOTELS | {"cooperators": ["WJ", "XF", "SWJ"]}],
            by=cast.zhou,
            at=NOON,
        )
        assert remarks == (
            "国家税务总局洛阳市税务局在清单中没有针对“各类宾馆、旅店”的检查事项，请核对它的监管职责。",
        )

    def test_the_remark_says_whether_its_own_list_has_one(self, cast):
        """Source: clause 10.4."""
        bath = LICENCE | {"name": "浴池水质的检查", "targets": "浴池", "department": "WJ"}
        items = draft(cast, LICENCE, bath, kind="items")
        ListVersion.objects.filter(pk=items.pk).update(state="published", published_at=NOON)
        silent = {"cooperators": ["WJ", "SCJG"], "items": HOTELS["items"][:1]}
        version = draft(cast, HOTELS)
        said = lists.load_joint(version=version, rows=[HOTELS | silent], by=cast.zhou, at=NOON)
        assert "洛阳市卫生健康委员会" in said[0]
        assert said[0].endswith("已公布的抽查事项清单里也没有，请核对它的监管职责。")
        assert said[1].endswith("里有它的“营业执照规范使用情况的检查”，可以列入。")

    @pytest.mark.parametrize(
        ("targets", "kind", "same"),
        [
            ("宾馆、饭店", "各类宾馆、旅店", True),
            ("加油站（点）", "加油站、油库", True),
            ("市场主体", "各类宾馆、旅店", True),
            ("浴池和理发店", "各类宾馆、旅店", False),
            ("", "加油站", False),
        ],
    )
    def test_kinds_of_target_are_held_together_by_their_words(self, targets, kind, same):
        """Source: clause 10.4."""
        assert listing.covers(targets, kind) is same

    def test_a_single_list_row_has_seven_columns(self):
        row = dict.fromkeys(listing.CHECK_ITEM_COLUMNS, "有")
        assert len(row) == 7
        listing.check_list_row(row, listing.CHECK_ITEM_COLUMNS, place="第 7 行")

    @pytest.mark.parametrize("column", listing.CHECK_ITEM_COLUMNS)
    @pytest.mark.parametrize("value", ["", "  ", None, [], ()])
    def test_each_of_them_must_be_filled(self, column, value):
        """Source: clause 10.1."""
        row = dict.fromkeys(listing.CHECK_ITEM_COLUMNS, "有") | {column: value}
        with pytest.raises(Blocked, match=f"第 7 行缺少：{column}"):
            listing.check_list_row(row, listing.CHECK_ITEM_COLUMNS, place="第 7 行")

    def test_a_joint_row_has_five_and_names_all_that_are_missing(self):
        """Source: clause 10.2."""
        row = {"抽查领域": "宾馆、旅店", "抽查事项": "卫生情况", "配合部门": ["卫健"]}
        assert listing.missing_columns(row, listing.JOINT_FIELD_COLUMNS) == ("检查对象", "发起部门")

    @pytest.mark.parametrize("duty", [Duty.COMPETENT, Duty.MAJOR])
    def test_the_initiator_is_competent_or_has_a_major_duty(self, duty):
        """Source: clause 10.3."""
        eligibility.check_initiator("公安", duty=duty, field_name="宾馆、旅店")

    @pytest.mark.parametrize("duty", [Duty.ORDINARY, None])
    def test_an_ordinary_duty_does_not_initiate(self, duty):
        """Source: clause 10.3."""
        with pytest.raises(Blocked, match="不能作为发起部门"):
            eligibility.check_initiator("税务", duty=duty, field_name="宾馆、旅店")

    def test_the_initiator_does_not_cooperate_with_itself(self):
        eligibility.check_cooperators("公安", ["卫健", "市监"])
        with pytest.raises(Blocked, match="不能同时作为配合部门"):
            eligibility.check_cooperators("公安", ["卫健", "公安"])

    def test_there_is_a_cooperator_and_none_twice(self):
        """Source: clause 10.2."""
        with pytest.raises(Blocked, match="还没有配合部门"):
            eligibility.check_cooperators("公安", [])
        with pytest.raises(Blocked, match="重复：卫健"):
            eligibility.check_cooperators("公安", ["卫健", "市监", "卫健"])

    def test_a_cooperator_without_an_item_on_the_target_is_remarked(self):
        (remark,) = eligibility.cooperator_remarks(["税务"], target_kind="加油站")
        assert "税务" in remark
        assert "加油站" in remark


class TestArticle11:
    def test_what_waits_to_be_placed_is_in_no_pool(self, cast):
        decided = write_target(1)
        write_target(2, region_id=None, is_pending=True)
        assert list(Target.objects.decided()) == [decided]

    def test_one_code_is_one_target(self, cast):
        """Source: clause 11.1."""
        there = write_target(1)
        with pytest.raises(Blocked, match=there.name):
            registry.save_target(
                data={"code": there.code, "name": "另一家", "kind": "01"}, by=cast.zhou, at=NOON
            )

    def test_a_wrong_code_is_refused_with_its_cure(self, cast):
        """Source: clause 11.1."""
        right = code("91", "410311", 5)
        with pytest.raises(Blocked, match=f"第 18 位应为 {right[-1]}") as refusal:
            registry.save_target(
                data={"code": right[:-1] + ("2" if right[-1] != "2" else "3"), "name": "甲"},
                by=cast.zhou,
                at=NOON,
            )
        assert refusal.value.article == "11"

    def test_a_county_does_not_write_to_anothers_target(self, cast):
        """Source: clause 11.3."""
        target = write_target(1, region_id="410305")
        county = cast.department["XF"]
        county.level, county.region_id = "county", "410302"
        county.save()
        for step in (
            lambda: registry.save_target(
                data={"name": "改名"}, target=target, by=cast.pei, at=NOON
            ),
            lambda: registry.set_region(targets=[target.pk], region="410302", by=cast.pei, at=NOON),
            lambda: registry.review(targets=[target.pk], by=cast.pei, at=NOON),
        ):
            with pytest.raises(Blocked, match="管辖范围") as refusal:
                step()
            assert refusal.value.article == "11"
        target.refresh_from_db()
        assert target.name == "洛阳漱石1号宾馆有限公司"

    def test_who_is_registered_elsewhere_but_operates_here_belongs_here(self, cast):
        """Source: clause 11.3."""
        target = write_target(1, code=code("91", "410102", 1))
        assert target.region_id == "410311"
        registry.set_region(targets=[target.pk], region="410305", by=cast.zhou, at=NOON)
        target.refresh_from_db()
        assert target.region_id == "410305"

    def test_another_city_is_no_place_of_this_library(self, cast):
        target = write_target(1)
        with pytest.raises(Blocked, match="不在洛阳市范围内"):
            registry.set_region(targets=[target.pk], region="410102", by=cast.zhou, at=NOON)

    def test_an_open_tagged_target_in_the_city_may_be_drawn(self):
        assert eligibility.target_faults(HOTEL, tag="宾馆旅店") == ()

    @pytest.mark.parametrize(
        "status",
        [
            TargetStatus.REVOKED,
            TargetStatus.CANCELLED,
            TargetStatus.WITHDRAWN,
            TargetStatus.MOVED,
        ],
    )
    def test_a_closed_target_is_not(self, status):
        """Source: clause 11.1."""
        target = TargetFacts(status, "410305", frozenset({"宾馆旅店"}))
        assert eligibility.target_faults(target, tag="宾馆旅店") == (TargetFault.NOT_OPEN,)

    def test_suspended_business_may_be_drawn_and_is_remarked(self):
        target = TargetFacts(TargetStatus.SUSPENDED, "410305", frozenset({"宾馆旅店"}))
        assert eligibility.target_faults(target, tag="宾馆旅店") == ()
        assert eligibility.target_remarks(target) != ()
        assert eligibility.target_remarks(HOTEL) == ()

    def test_a_target_whose_region_is_undecided_is_not_drawn(self):
        target = TargetFacts(TargetStatus.ACTIVE, None, frozenset({"宾馆旅店"}))
        assert eligibility.target_faults(target, tag="宾馆旅店") == (TargetFault.REGION_UNDECIDED,)

    def test_every_reason_is_said_at_once(self):
        target = TargetFacts(
            TargetStatus.CANCELLED, "410305", frozenset(), frozenset({TargetFault.DUPLICATE})
        )
        assert eligibility.target_faults(target, tag="宾馆旅店", regions={"410311"}) == (
            TargetFault.NOT_OPEN,
            TargetFault.OUTSIDE,
            TargetFault.UNTAGGED,
            TargetFault.DUPLICATE,
        )

    @pytest.mark.parametrize(
        ("certificates", "fault"),
        [
            ((), InspectorFault.NO_CERTIFICATE),
            ((Span(date(2020, 1, 1), date(2026, 11, 25)),), InspectorFault.CERTIFICATE_OVER),
            ((Span(date(2020, 1, 1), date(2026, 12, 10)),), InspectorFault.CERTIFICATE_ENDS),
            ((Span(date(2026, 11, 27), date(2030, 1, 1)),), InspectorFault.CERTIFICATE_LATER),
        ],
    )
    def test_a_certificate_covers_every_day_of_the_visits(self, certificates, fault):
        """Source: clause 11.2."""
        inspector = InspectorFacts(certificates)
        assert eligibility.inspector_faults(inspector, window=WINDOW) == (fault,)

    def test_one_of_two_certificates_suffices(self):
        inspector = InspectorFacts((Span(date(2020, 1, 1), date(2021, 1, 1)), LONG))
        assert eligibility.inspector_faults(inspector, window=WINDOW) == ()

    def test_who_is_not_on_duty_is_not_drawn_and_every_reason_is_said(self):
        """Source: clause 11.2."""
        inspector = InspectorFacts(
            (), is_on_duty=False, skills=frozenset({"食品"}), recused_from=frozenset({"H1"})
        )
        assert eligibility.inspector_faults(
            inspector, window=WINDOW, need=Need(frozenset({"特种设备"})), target="H1"
        ) == (
            InspectorFault.NO_CERTIFICATE,
            InspectorFault.NOT_ON_DUTY,
            InspectorFault.SKILL,
            InspectorFault.RECUSED,
        )
