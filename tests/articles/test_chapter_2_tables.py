"""Chapter two: what a table may do to the lists and the libraries, and how far it is taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from liancha.accounts.models import Department
from liancha.lists import actions as lists
from liancha.lists.intake import standing
from liancha.lists.models import FieldDuty
from liancha.registry import actions as registry
from liancha.roster import actions as roster
from liancha.roster.models import Inspector
from liancha.rulebook.verdicts import Blocked
from tests.people import NOON, make_cast
from tests.rooms.listings import HOTELS, draft, published, sign_all
from tests.rooms.registers import write_target

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
TOBACCO = "JF30,烟草市场抽查,经营许可的检查,烟草零售户,{},公安,市监,tobacco"
JOINT = "代码,抽查领域,抽查事项,检查对象,发起部门,配合部门,检查部门,对象标签"


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture
def look(cast, tmp_path):
    def look_at(version, row):
        path = tmp_path / "清单.csv"
        path.write_text(f"{JOINT}\n{row}", encoding="utf-8")
        return lists.open_import(
            path=path, file_name="清单.csv", version=version, is_whole=False, by=cast.zhou, at=NOON
        )

    return look_at


class TestArticle8:
    def test_a_published_list_takes_no_table_and_gives_none_back(self, cast, look):
        """Source: art. 8, paragraph 1 (公布) and paragraph 2 (动态调整 makes a new version)."""
        version = draft(cast, HOTELS)
        batch = lists.commit_import(
            batch=look(version, TOBACCO.format("市监")), by=cast.zhou, at=NOON
        )
        lists.consult(version=version, by=cast.zhou, at=NOON)
        sign_all(cast, version)
        lists.approve(version=version, by=cast.zhou, at=NOON)
        lists.publish(version=version, by=cast.zhou, at=NOON)
        before = standing(version)
        with pytest.raises(Blocked, match="已公布"):
            lists.undo_import(batch=batch, by=cast.zhou, at=NOON + HOUR)
        with pytest.raises(Blocked):
            look(version, TOBACCO.format("市监"))
        assert standing(version) == before


class TestArticle9:
    def test_only_the_office_of_its_level_brings_a_table_in(self, cast, tmp_path):
        """Source: art. 9, paragraph 1."""
        version = draft(cast, HOTELS)
        path = tmp_path / "清单.csv"
        path.write_text(f"{JOINT}\n{TOBACCO.format('市监')}", encoding="utf-8")
        with pytest.raises(Blocked, match="联席会议办公室"):
            lists.open_import(
                path=path, file_name="清单.csv", version=version, by=cast.shen, at=NOON
            )


class TestArticle10:
    def test_a_table_does_not_make_an_initiator_of_a_department_without_the_duty(self, cast, look):
        """Source: art. 10, paragraph 2: the duty on record decides, not the table."""
        published(cast)
        version = lists.start_version(
            kind="joint", title="新版", basis="条例修订", by=cast.zhou, at=NOON
        )
        FieldDuty.objects.create(
            department=cast.department["SCJG"],
            code="JF30",
            name="烟草市场抽查",
            duty="ordinary",
            basis="三定规定",
            at=NOON,
            by=cast.zhou,
        )
        batch = look(version, TOBACCO.format("市监"))
        assert (batch.added, batch.faulty) == (0, 1)
        assert batch.faults[0]["column"] == "整行"
        assert "不能" in batch.faults[0]["fault"]


class TestArticle11:
    def test_a_table_brings_in_the_departments_own_people_only(self, cast, tmp_path):
        """Source: art. 11, paragraph 1 (按照管辖范围和监管职能)."""
        path = tmp_path / "名录.csv"
        path.write_text("姓名,部门\n甲,公安\n乙,卫健", encoding="utf-8")
        batch = roster.open_import(path=path, file_name="名录.csv", by=cast.shen, at=NOON)
        assert (batch.added, batch.faulty) == (1, 1)
        roster.commit_import(batch=batch, by=cast.shen, at=NOON)
        assert Inspector.objects.get().name == "甲"
        with pytest.raises(Blocked, match="本部门"):
            roster.undo_import(batch=batch, by=cast.lu, at=NOON + HOUR)
        roster.undo_import(batch=batch, by=cast.shen, at=NOON + HOUR)
        assert not Inspector.objects.exists()

    @pytest.mark.parametrize(
        ("subject", "titles", "row"),
        [
            ("licences", "许可证名称,编号,有效期至", "食品经营许可证,JY{},2028-12-31"),
            ("marks", "标记,来源,至", "严重违法失信,失信名单,2099-12-31"),
        ],
    )
    def test_licences_and_marks_come_in_for_targets_of_ones_own_area_only(
        self, cast, tmp_path, subject, titles, row
    ):
        """Source: art. 11, paragraph 1 (按照管辖范围); marks: art. 15. Clause 11.3."""
        clerk = cast.xiang
        clerk.department = Department.objects.create(
            code="SCJG-XA",
            name="新安县市监局",
            short="新安市监",
            level="county",
            region_id="410323",
        )
        home, away = write_target(1, region_id="410323"), write_target(2)
        path = tmp_path / "表.csv"
        lines = [f"{target.code},{row.format(target.pk)}" for target in (home, away)]
        path.write_text("\n".join((f"统一社会信用代码,{titles}", *lines)), encoding="utf-8")
        batch = registry.open_standing(
            subject=subject, path=path, file_name=path.name, by=clerk, at=NOON
        )
        batch = registry.check_standing(batch=batch, by=clerk, at=NOON)
        registry.commit_standing(batch=batch, by=clerk, at=NOON)
        assert batch.changes.get().target == home
        assert "管辖范围" in batch.faults[0]["fault"]
        registry.undo_standing(batch=batch, by=clerk, at=NOON + HOUR)
        assert not home.licences.exists()
        assert not home.key_flags.exists()
