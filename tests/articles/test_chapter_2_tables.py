"""Chapter two: what a table may do to the lists and the libraries, and how far it is taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from liancha.lists import actions as lists
from liancha.lists.intake import standing
from liancha.lists.models import FieldDuty
from liancha.roster import actions as roster
from liancha.roster.models import Inspector
from liancha.rulebook.verdicts import Blocked
from tests.people import NOON, make_cast
from tests.rooms.listings import HOTELS, draft, published, sign_all

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
