"""第二章 — Chapter 2: laws, lists from above, duties, checks alone (arts. 8–10)."""

import re
from datetime import date, timedelta
from html import unescape

import pytest

from liancha.accounts.models import Department
from liancha.draw.models import Candidate
from liancha.lists import actions as lists
from liancha.lists import queries as listed
from liancha.lists.models import FieldDuty, LegalBasis, UpperDecision
from liancha.registry import actions as registry
from liancha.registry import queries
from liancha.registry.models import InspectionFact, SoloCheck, Tag, Tagging, Target
from liancha.rulebook.eligibility import Duty
from liancha.rulebook.listing import SoloReason
from liancha.rulebook.verdicts import Blocked, NeedsReason
from tests.people import NOON, make_cast
from tests.rooms.disclosure_world import finish, publish, result_of
from tests.rooms.listings import HOTELS, LICENCE, PETROL, draft, published, sign_all
from tests.rooms.registers import write_target
from tests.rooms.visit_world import make_visit_world

TODAY = date(2026, 11, 23)
PROVINCE = (
    {"code": "S1", "name": "宾馆、旅店监督抽查", "targets": "宾馆"},
    {"code": "S2", "name": "海关监管场所抽查", "targets": "口岸"},
)


@pytest.fixture
def cast(db):
    return make_cast()


def hotel(n=1, **fields):
    target = write_target(n, **fields)
    Tagging.objects.get_or_create(target=target, tag=Tag.objects.get(code="hotel"))
    return target


class TestArticle8:
    def test_a_repealed_law_flags_the_rows_that_cite_it_and_cuts_none(self, cast):
        """Source: clause 8.5."""
        version = published(cast, LICENCE, kind="items")
        assert listed.doubtful(version) == []
        lists.record_basis(
            title="《市场主体登记管理条例》",
            status=LegalBasis.Status.REPEALED,
            since=TODAY,
            by=cast.zhou,
            at=NOON,
        )
        (row,) = listed.doubtful(version)
        assert (row.name, str(row.bases[0])) == (LICENCE["name"], "《市场主体登记管理条例》")
        assert version.items.count() == 1

    @pytest.mark.parametrize(
        ("ahead", "status", "said"),
        [
            (0, "repealed", "已废止"),
            (1, "repealed", "{} 起废止"),
            (1, "amended", "{} 起修订"),
            (None, "in_force", "现行有效"),
        ],
    )
    def test_a_law_that_ends_on_a_day_to_come_is_said_so(self, ahead, status, said):
        """Source: clause 8.5."""
        day = None if ahead is None else TODAY + timedelta(days=ahead)
        assert LegalBasis(title="办法", status=status, since=day).standing(TODAY) == said.format(
            day
        )

    @pytest.mark.parametrize(
        ("title", "basis", "is_cited"),
        [
            ("食品安全法", "《食品安全法》第33条", True),
            ("中华人民共和国食品安全法", "《食品安全法》第33条", True),
            ("食品安全法", "《中华人民共和国食品安全法（2021年修正）》", True),
            ("食品安全法", "《食品安全法实施条例》第9条", False),
            ("食品安全法", "《消防法》；《食品安全法》", True),
            ("食品安全法", "食品安全法第33条", True),
            ("食品安全法", "《消防法》", False),
        ],
    )
    def test_a_law_is_known_by_its_name_short_or_full_and_not_by_part_of_another(
        self, title, basis, is_cited
    ):
        """Source: clause 8.5."""
        assert LegalBasis(title=title).is_cited_in(basis) is is_cited

    def test_an_end_has_its_day(self, cast):
        """Source: clause 8.5."""
        with pytest.raises(Blocked, match="填写日期") as refusal:
            lists.record_basis(title="消防法", status="repealed", by=cast.zhou, at=NOON)
        assert (refusal.value.article, refusal.value.paragraph) == ("8", 2)

    def test_two_versions_stand_beside_each_other_for_everybody(self, cast, client):
        """Source: clauses 8.3 and 8.4."""
        first = published(cast)
        second = lists.start_version(
            kind="joint", title="新清单", basis="法规修订", by=cast.zhou, at=NOON
        )
        lists.remove_field(
            field=second.fields.get(code="JF26"), basis="本市没有油库", by=cast.zhou, at=NOON
        )
        (change,) = listed.compare(first, second)
        assert (change.kind, change.name, change.basis) == (
            "removed",
            PETROL["name"],
            "本市没有油库",
        )
        page = f"/public/lists/joint/compare/?old={first.pk}&new={second.pk}"
        assert client.get(page).status_code == 404  # a draft is not public
        lists.consult(version=second, by=cast.zhou, at=NOON)
        sign_all(cast, second)
        lists.approve(version=second, by=cast.zhou, at=NOON)
        lists.publish(version=second, by=cast.zhou, at=NOON)
        words = client.get(page).content.decode()
        assert "删除 1 处" in words
        assert "本市没有油库" in words

    def test_an_item_put_in_above_does_not_change_those_that_follow(self, cast):
        first = published(cast, LICENCE, LICENCE | {"name": "年报公示情况的检查"}, kind="items")
        second = lists.start_version(
            kind="items", title="新清单", basis="法规修订", by=cast.zhou, at=NOON
        )
        lists.load_items(
            version=second,
            rows=[
                LICENCE | {"name": "广告行为的检查"},
                LICENCE,
                LICENCE | {"name": "年报公示信息情况的检查"},
            ],
            by=cast.zhou,
            at=NOON,
        )
        found = {change.name: change.kind for change in listed.compare(first, second)}
        assert found == {"广告行为的检查": "added", "年报公示信息情况的检查": "changed"}

    def test_a_solo_check_in_a_joint_field_needs_one_of_the_reasons(self, cast):
        """Source: clause 8.2."""
        published(cast)
        asked = {"target": hotel(), "item": "客房卫生", "planned_on": TODAY, "by": cast.lu}
        with pytest.raises(NeedsReason, match="宾馆、旅店监督抽查") as refusal:
            registry.request_solo(**asked, at=NOON)
        assert (refusal.value.article, refusal.value.paragraph) == ("8", 1)
        assert {each for each, _ in refusal.value.codes} == {each.value for each in SoloReason}
        check = registry.request_solo(**asked, code="complaint", at=NOON)
        assert (check.fields, check.is_approved) == ("宾馆、旅店监督抽查", None)

    def test_what_no_field_takes_the_department_to_needs_none(self, cast):
        published(cast)
        check = registry.request_solo(
            target=write_target(2), item="称重", planned_on=TODAY, by=cast.xiang, at=NOON
        )
        assert (check.fields, check.code) == ("", "")

    def test_the_head_decides_and_nobody_on_his_own_request(self, cast):
        """Source: clause 8.2."""
        check = registry.request_solo(
            target=write_target(3), item="卫生", planned_on=TODAY, by=cast.lu, at=NOON
        )
        for other in (cast.lu, cast.cheng):
            with pytest.raises(Blocked):
                registry.decide_solo(check=check, is_approved=True, by=other, at=NOON)
        done = registry.decide_solo(check=check, is_approved=True, by=cast.gu, at=NOON)
        assert (done.is_approved, done.decided_by) == (True, cast.gu)

    def test_a_recent_result_of_another_department_stands_in(self, cast, client):
        """Source: clause 8.2."""
        published(cast)
        target = hotel(4)
        fact = registry.note_inspection(
            target=target,
            department=cast.department["XF"],
            origin=InspectionFact.Origin.JOINT,
            on=TODAY - timedelta(days=30),
            subject="消防情况",
            outcome="未发现问题",
            reference="410300202601/1",
            by=cast.pei,
            at=NOON,
        )
        client.force_login(cast.lu, backend="liancha.accounts.backends.WithDepartment")
        Target.objects.filter(pk=target.pk).update(updated_at=NOON)
        InspectionFact.objects.filter(pk=fact.pk).update(on=date.today() - timedelta(days=30))
        page = client.get(f"/targets/{target.pk}/solo/").content.decode()
        assert "其他部门近期的结果" in page
        assert "未发现问题" in page
        InspectionFact.objects.filter(pk=fact.pk).update(on=TODAY - timedelta(days=30))
        check = registry.request_solo(
            target=target, item="疏散通道", planned_on=TODAY, reused=fact, by=cast.lu, at=NOON
        )
        assert check.reused == fact
        assert not SoloCheck.objects.undecided().exists()

    def test_a_published_result_is_what_the_next_department_is_offered(self, db):
        """Source: clause 21.7."""
        world = make_visit_world(1)
        (visit,) = finish(world)
        result = result_of(visit, "WJ")
        publication = publish(result, world.cast.lu, world.cast.gu)
        fact = InspectionFact.objects.get(target=visit.drawn_target.target)
        assert (fact.department, fact.outcome) == (
            publication.department,
            publication.get_code_display(),
        )
        assert fact.reference == visit.number

    def test_an_old_result_does_not(self, cast):
        target = hotel(5)
        fact = registry.note_inspection(
            target=target,
            department=cast.department["XF"],
            origin=InspectionFact.Origin.SOLO,
            on=TODAY - timedelta(days=200),
            subject="消防",
            outcome="未发现问题",
            by=cast.pei,
            at=NOON,
        )
        with pytest.raises(Blocked, match="近期"):
            registry.request_solo(
                target=target, item="消防", planned_on=TODAY, reused=fact, by=cast.lu, at=NOON
            )

    def test_a_complaint_becomes_a_case_and_never_part_of_a_pool(self, cast):
        """E26: the register of cases has no way into a draw, by record or by relation.

        Source: clause 8.2.
        """
        target = write_target(6)
        before = Target.objects.values().get(pk=target.pk)
        tags = list(target.taggings.values_list("tag", flat=True))
        case = registry.register_case(
            target=target,
            origin="complaint",
            clue="夜间噪声",
            received_on=TODAY,
            by=cast.lu,
            at=NOON,
        )
        assert Target.objects.values().get(pk=target.pk) == before
        assert list(target.taggings.values_list("tag", flat=True)) == tags
        assert not Candidate.objects.exists()
        related = {
            field.related_model._meta.app_label
            for field in type(case)._meta.get_fields()
            if field.is_relation
        }
        assert related == {"registry", "accounts"}
        done = registry.close_case(
            case=case, checked_on=TODAY, outcome="已改正", by=cast.lu, at=NOON
        )
        assert done.target.inspections.get().origin == InspectionFact.Origin.CASE


class TestArticle9:
    def upper(self, cast):
        return lists.load_upper(
            level="P", title="河南省联合抽查清单", rows=PROVINCE, by=cast.zhou, at=NOON
        )

    def test_a_list_waits_while_a_row_from_above_is_undecided(self, cast):
        """Source: clause 9.3(1)."""
        upper = self.upper(cast)
        version = draft(cast, HOTELS)
        with pytest.raises(NeedsReason, match="海关监管场所抽查") as refusal:
            lists.consult(version=version, by=cast.zhou, at=NOON)
        assert refusal.value.article == "9"
        first, second = upper.rows.all()
        lists.decide_upper(version=version, key=first.key, adopted_as="JF05", by=cast.zhou, at=NOON)
        with pytest.raises(NeedsReason, match="写明原因"):
            lists.decide_upper(version=version, key=second.key, by=cast.zhou, at=NOON)
        lists.decide_upper(
            version=version, key=second.key, cause="no_target", by=cast.zhou, at=NOON
        )
        lists.consult(version=version, by=cast.zhou, at=NOON)
        assert version.upper_decisions.get(key=second.key).reason == "本地没有此类检查对象"

    def test_a_row_that_comes_late_holds_up_publication(self, cast):
        """Source: clause 9.3(1)."""
        version = draft(cast, HOTELS)
        lists.consult(version=version, by=cast.zhou, at=NOON)
        sign_all(cast, version)
        lists.approve(version=version, by=cast.zhou, at=NOON)
        self.upper(cast)
        with pytest.raises(NeedsReason, match="2 个领域未纳入"):
            lists.publish(version=version, by=cast.zhou, at=NOON)

    def test_what_was_approved_is_not_decided_otherwise_before_it_is_a_draft_again(self, cast):
        """Source: art. 9, paragraph 1, 会同相关部门制定. Clause 9.3(1)."""
        first, second = self.upper(cast).rows.all()
        version = draft(cast, HOTELS)
        decided = {"version": version, "key": first.key, "by": cast.zhou, "at": NOON}
        lists.decide_upper(**decided, adopted_as="JF05")
        lists.decide_upper(**decided | {"key": second.key}, cause="no_target")
        lists.consult(version=version, by=cast.zhou, at=NOON)
        sign_all(cast, version)
        lists.approve(version=version, by=cast.zhou, at=NOON)
        with pytest.raises(Blocked, match=r"已批准.*退回草稿") as refused:
            lists.decide_upper(**decided, cause="no_power")
        assert refused.value.article == "9"
        assert version.upper_decisions.get(key=first.key).adopted_as == "JF05"
        lists.send_back(version=version, note="省级清单有变", by=cast.zhou, at=NOON)
        assert lists.decide_upper(**decided, cause="no_power").adopted_as == ""

    def test_a_field_that_is_not_on_the_list_adopts_nothing(self, cast):
        row = self.upper(cast).rows.first()
        version = draft(cast, HOTELS)
        with pytest.raises(Blocked, match="没有代码为 JF99 的领域"):
            lists.decide_upper(
                version=version, key=row.key, adopted_as="JF99", by=cast.zhou, at=NOON
            )

    def test_a_county_says_why_it_drops_a_field_of_the_citys(self, cast):
        """Source: clause 9.4."""
        published(cast, HOTELS, PETROL)
        Department.objects.create(
            code="SCJG-LC",
            name="栾川市监局",
            short="栾川市监",
            level="county",
            region_id="410324",
            system=cast.department["SCJG"],
            is_coordinator=True,
        )
        office = cast.xiang
        office.department = Department.objects.get(code="SCJG-LC")
        office.save()
        county = lists.start_version(
            kind="joint", title="清单", basis="本地实际", region="410324", by=office, at=NOON
        )
        field = county.fields.get(code="JF26")
        with pytest.raises(NeedsReason):
            lists.remove_field(field=field, basis="", by=office, at=NOON)
        lists.load_joint(version=county, rows=[HOTELS], by=office, at=NOON)
        with pytest.raises(NeedsReason, match="成品油市场抽查"):
            lists.consult(version=county, by=office, at=NOON)
        lists.decide_upper(version=county, key="JF26", cause="no_target", by=office, at=NOON)
        lists.consult(version=county, by=office, at=NOON)
        assert county.upper_decisions.get().cause == UpperDecision.Cause.NO_TARGET

    def test_a_mechanism_that_could_be_drawn_is_a_gap_until_it_is_a_field(self, cast):
        """Source: clause 9.3(3)."""
        published(cast, HOTELS)
        mechanism = {
            "name": "烟花爆竹联席会议",
            "lead": cast.department["GA"],
            "subject": "烟花爆竹零售点",
            "by": cast.zhou,
            "at": NOON,
        }
        lists.record_mechanism(**mechanism)
        assert [one.name for one in listed.gaps("410300")] == ["烟花爆竹联席会议"]
        with pytest.raises(Blocked, match="没有代码为 JF77"):
            lists.record_mechanism(**mechanism, field_code="JF77")
        lists.record_mechanism(**mechanism, field_code="JF05")
        assert listed.gaps("410300") == []

    def test_a_gap_goes_into_the_draft_with_what_it_says(self, cast, client):
        """Source: clause 9.3(3)."""
        published(cast, HOTELS)
        lists.record_mechanism(
            name="燃气安全联席会议",
            lead=cast.department["XF"],
            subject="瓶装燃气经营者",
            by=cast.zhou,
            at=NOON,
        )
        client.force_login(cast.zhou, backend="liancha.accounts.backends.WithDepartment")
        page = client.get("/lists/mechanisms/").content.decode()
        assert "缺口" in page
        assert "加入草稿" not in page
        draft = lists.start_version(
            kind="joint", title="清单", basis="机制转为抽查", by=cast.zhou, at=NOON
        )
        page = client.get("/lists/mechanisms/").content.decode()
        (link,) = re.findall(rf'href="(/lists/joint/{draft.pk}/fields/new/[^"]*)"', page)
        assert 'value="瓶装燃气经营者抽查"' in client.get(unescape(link)).content.decode()
        client.force_login(cast.shen, backend="liancha.accounts.backends.WithDepartment")
        assert "加入草稿" not in client.get("/lists/mechanisms/").content.decode()

    def test_what_several_departments_inspect_apart_is_proposed(self, cast):
        """Source: clause 9.3(2)."""
        published(cast, PETROL)
        target = hotel(7)
        for name in ("WJ", "XF"):
            registry.note_inspection(
                target=target,
                department=cast.department[name],
                origin=InspectionFact.Origin.SOLO,
                on=TODAY,
                subject="日常检查",
                outcome="未发现问题",
                by="system",
                at=NOON,
            )
        row = next(each for each in queries.overlaps(TODAY) if each.tag.code == "hotel")
        assert (row.targets, row.visits, row.departments, row.field) == (
            1,
            2,
            ("卫健", "消防"),
            "",
        )
        assert queries.overlaps(TODAY + timedelta(days=400)) == []


class TestArticle10:
    def test_the_table_of_duties_says_who_initiates_not_the_row(self, cast):
        """Source: clause 10.3."""
        version = draft(cast, HOTELS)
        duty = FieldDuty.objects.get(department=cast.department["WJ"], code="JF05")
        assert duty.duty == Duty.ORDINARY
        swapped = HOTELS | {"initiator": "WJ", "cooperators": ["GA", "XF"], "duty": "major"}
        with pytest.raises(Blocked, match="一般监管职责") as refusal:
            lists.load_joint(version=version, rows=[swapped], by=cast.zhou, at=NOON)
        assert (refusal.value.article, refusal.value.paragraph) == ("10", 2)
        lists.record_duty(
            department=cast.department["WJ"],
            code="JF05",
            name="宾馆",
            duty=Duty.MAJOR,
            basis="《公共场所卫生管理条例》第三条",
            by=cast.zhou,
            at=NOON,
        )
        lists.load_joint(version=version, rows=[swapped], by=cast.zhou, at=NOON)
        assert version.fields.get().duty == Duty.MAJOR

    def test_a_duty_names_where_it_is_laid_down(self, cast):
        """Source: clause 9.2."""
        with pytest.raises(Blocked, match="职责的依据"):
            lists.record_duty(
                department=cast.department["WJ"],
                code="JF05",
                name="宾馆",
                duty=Duty.MAJOR,
                basis=" ",
                by=cast.zhou,
                at=NOON,
            )
