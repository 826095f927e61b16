"""第二章 — Chapter 2: doubles in the register, licences, marks, search (art. 11)."""

from datetime import date, timedelta

import pytest

from liancha.accounts.models import Department
from liancha.lists.models import ListVersion
from liancha.registry import actions as registry
from liancha.registry import queries, search
from liancha.registry.models import Doubt, Tag, Tagging, Target
from liancha.rulebook.verdicts import Blocked, NeedsReason
from tests.people import NOON, make_cast
from tests.rooms.listings import published
from tests.rooms.registers import code, write_target

TODAY = date(2026, 11, 23)


@pytest.fixture
def cast(db):
    return make_cast()


def hotel(n=1, **fields):
    target = write_target(n, **fields)
    Tagging.objects.get_or_create(target=target, tag=Tag.objects.get(code="hotel"))
    return target


class TestArticle11:
    def twins(self):
        left = hotel(1, name="洛阳云岫宾馆", phone="0379-1")
        right = write_target(2, name="洛阳云岫宾馆", address=left.address, industry="住宿业")
        return left, right

    def test_the_same_name_and_place_under_two_codes_waits_in_the_queue(self, cast):
        """Source: clause 11.1."""
        left, right = self.twins()
        write_target(3, name="洛阳别家宾馆")
        assert registry.find_doubts(by="system", at=NOON) == 1
        doubt = Doubt.objects.get()
        assert (doubt.kind, doubt.left, doubt.right) == ("twin", left, right)
        assert registry.find_doubts(by="system", at=NOON) == 0
        assert Target.objects.standing().count() == 3  # found is not merged

    def test_merging_keeps_what_was_chosen_and_the_old_code_leads_there(self, cast, client):
        left, right = self.twins()
        registry.find_doubts(by="system", at=NOON)
        doubt = Doubt.objects.get()
        with pytest.raises(NeedsReason, match="写明合并的理由"):
            registry.merge(doubt=doubt, keep=left, reason="", by=cast.zhou, at=NOON)
        kept = registry.merge(
            doubt=doubt,
            keep=left,
            from_other=["industry"],
            reason="同一家，换证",
            by=cast.zhou,
            at=NOON,
        )
        right.refresh_from_db()
        assert (kept.industry, kept.phone, right.merged_into) == ("住宿业", "0379-1", left)
        assert kept.pk in search.keys(right.code)
        client.force_login(cast.zhou, backend="liancha.accounts.backends.WithDepartment")
        assert client.get(f"/targets/{right.pk}/")["Location"] == f"/targets/{left.pk}/"
        with pytest.raises(Blocked, match="已经处理过"):
            registry.keep_both(doubt=doubt, reason="不是", by=cast.zhou, at=NOON)

    def test_a_merged_record_is_in_no_pool_and_on_no_plan(self, cast):
        published(cast)
        registry.sync_supervisors(version=ListVersion.objects.get(), by="system", at=NOON)
        left, right = self.twins()
        Tagging.objects.create(target=right, tag=Tag.objects.get(code="hotel"), is_by_hand=True)
        departments = [cast.department["GA"], cast.department["WJ"]]
        assert Target.objects.decided().common_to("hotel", departments).count() == 2
        registry.find_doubts(by="system", at=NOON)
        registry.merge(doubt=Doubt.objects.get(), keep=left, reason="同一家", by=cast.zhou, at=NOON)
        assert list(Target.objects.tagged("hotel")) == [left]
        assert list(Target.objects.decided().common_to("hotel", departments)) == [left]

    def test_two_that_are_two_stay_two_and_are_not_asked_about_again(self, cast):
        self.twins()
        registry.find_doubts(by="system", at=NOON)
        registry.keep_both(
            doubt=Doubt.objects.get(), reason="一楼和二楼两家", by=cast.zhou, at=NOON
        )
        assert registry.find_doubts(by="system", at=NOON) == 0
        assert Target.objects.standing().count() == 2

    def test_an_old_number_meets_the_unified_code_of_the_same_name(self, cast):
        new = write_target(1, name="洛阳云岫宾馆")
        old = write_target(
            2, name="洛阳云岫宾馆", code="410311600123456", code_kind="registration", address=""
        )
        assert registry.find_doubts(by="system", at=NOON) == 1
        doubt = Doubt.objects.get()
        assert doubt.kind == Doubt.Kind.OLD_NUMBER
        assert queries.better_side(doubt) == ("left" if doubt.left == new else "right")
        assert {doubt.left, doubt.right} == {new, old}

    def test_a_branch_at_its_parents_address_is_asked_about(self, cast):
        parent = write_target(1, name="洛阳云岫宾馆有限公司")
        write_target(2, name="洛阳云岫宾馆有限公司涧西分公司", address=parent.address)
        registry.find_doubts(by="system", at=NOON)
        assert Doubt.objects.get().kind == Doubt.Kind.BRANCH

    def test_a_county_decides_nothing_about_anothers(self, cast):
        left, _ = self.twins()
        registry.find_doubts(by="system", at=NOON)
        stranger = cast.xiang
        stranger.department = Department.objects.create(
            code="SCJG-LC",
            name="栾川市监局",
            short="栾川市监",
            level="county",
            region_id="410324",
        )
        stranger.save()
        with pytest.raises(Blocked, match="管辖范围"):
            registry.merge(
                doubt=Doubt.objects.get(), keep=left, reason="同一家", by=stranger, at=NOON
            )

    def test_a_licence_and_a_mark_have_an_end_and_the_page_says_so(self, cast, client):
        target = write_target(1)
        registry.save_licence(
            target=target,
            name="特种行业许可证",
            number="洛公特〔2020〕1",
            valid_to=date(2020, 1, 1),
            by=cast.shen,
            at=NOON,
        )
        with pytest.raises(Blocked, match="截止日期"):
            registry.set_key_flag(
                target=target,
                kind="key",
                source="名录",
                since=TODAY,
                until=TODAY - timedelta(days=1),
                by=cast.shen,
                at=NOON,
            )
        registry.set_key_flag(
            target=target,
            kind="abnormal",
            source="经营异常名录",
            since=TODAY,
            until=date(2099, 1, 1),
            by=cast.shen,
            at=NOON,
        )
        client.force_login(cast.shen, backend="liancha.accounts.backends.WithDepartment")
        page = client.get(f"/targets/{target.pk}/").content.decode()
        assert "已过期" in page
        assert "列入经营异常名录" in page

    @pytest.mark.parametrize(
        "text",
        ["云岫", "岫", "洛阳云岫宾馆", "lyyxbg", "yxb", "青禾街1号", "912345", "（云岫）"],
    )
    def test_a_target_is_found_by_any_part_initials_code_or_address(self, cast, text):
        wanted = write_target(1, name="洛阳（云岫）宾馆", address="洛阳市洛龙区青禾街１号")
        other = write_target(2, name="栾川老君茶楼", address="栾川县君山路2号")
        asked = wanted.code[:9] if text == "912345" else text
        found = search.keys(asked)
        assert wanted.pk in found
        assert (other.pk in found) == (asked == wanted.code[:9] == other.code[:9])

    def test_a_changed_name_is_found_and_the_old_one_is_not(self, cast):
        target = write_target(1, name="洛阳云岫宾馆")
        target.name = "洛阳听澜宾馆"
        target.save()
        assert search.keys("听澜") == [target.pk]
        assert search.keys("云岫") == []
        assert search.keys(code("91", "410311", 1)) == [target.pk]
