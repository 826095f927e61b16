"""第十二条、第十四条: the plan book has the departments' own plans beside the joint one."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from docx import Document
from python_calamine import CalamineWorkbook

from liancha.lists.models import CheckItem
from liancha.plan import actions
from liancha.plan.actions import OwnLineData
from liancha.plan.models import DepartmentLine, DepartmentPart
from liancha.rulebook.coverage import PLAN_COLUMNS
from liancha.rulebook.verdicts import Blocked, NeedsReason
from tests.people import NOON
from tests.rooms.own_part_world import make_own_part_world
from tests.rooms.plan_world import YEAR

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=1)
HEALTH = OwnLineData(
    name="医疗机构抽查",
    items=("医疗机构执业检查",),
    targets="各类医疗机构",
    base=200,
    wording="5%",
    starts_on=date(YEAR, 4, 1),
    ends_on=date(YEAR, 6, 30),
)


@pytest.fixture
def world():
    return make_own_part_world()


def start(world, by="gu"):
    return actions.start_part(year=YEAR, by=getattr(world.cast, by), at=NOON)


def write(world, part, data=HEALTH, **changes):
    said = {"data": replace(data, **changes), "by": world.cast.gu, "at": NOON}
    return actions.save_own_line(part=part, **said)


def public(world):
    part = start(world)
    write(world, part)
    return actions.publish_part(part=part, by=world.cast.gu, at=NOON)


class TestArticle8:
    def test_what_the_joint_list_holds_is_checked_together_or_says_why_not(self, world):
        """Source: clause 8.2."""
        part = start(world)
        twice = {"items": ("卫健事项JF05",), "wording": "2%"}
        with pytest.raises(NeedsReason, match="不再单独开展") as refused:
            write(world, part, **twice)
        assert refused.value.article == "8"
        assert write(world, part, **twice, reason="法律法规明确").reason == "法律法规明确"
        with pytest.raises(Blocked, match="不在本部门公布的抽查事项清单"):
            write(world, part, name="另一项", items=("加油机检查",))


class TestArticle12:
    def test_the_next_version_takes_the_place_of_the_one_before(self, world):
        """Source: clause 12.1, one active version of a year, region and part."""
        first = public(world)
        second = start(world)
        assert [line.name for line in second.lines.all()] == ["医疗机构抽查"]
        with pytest.raises(Blocked, match="正在编制"):
            start(world)
        actions.publish_part(part=second, by=world.cast.gu, at=LATER)
        first.refresh_from_db()
        assert (first.state_word, second.version) == ("已替代", 2)
        assert list(DepartmentPart.objects.in_force(YEAR, "410300")) == [second]

    def test_a_part_is_its_departments_own(self, world):
        """Source: clause 12.1."""
        part = start(world)
        with pytest.raises(Blocked, match="由该部门编制和公布"):
            actions.save_own_line(part=part, data=HEALTH, by=world.cast.shen, at=NOON)
        with pytest.raises(Blocked, match="还没有计划行"):
            actions.publish_part(part=part, by=world.cast.gu, at=NOON)


class TestArticle14:
    def test_the_same_eight_columns_in_every_form_of_the_plan(self, world, client):
        """Source: clauses 14.1 and 16.2."""
        plan = world.published()
        public(world)
        page = client.get(reverse("plan:public_plan", args=[plan.pk])).content.decode()
        assert "200 户；5%；拟抽 10 户" in page
        said = json.loads(client.get(reverse("plan:public_data", args=[plan.pk])).content)
        [own] = said["部门抽查计划"]
        assert own.keys() == {"部门", *PLAN_COLUMNS, "说明"}
        book = client.get(reverse("plan:public_workbook", args=[plan.pk])).content
        rows = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_name("部门抽查计划")
        assert rows.to_python()[1][1:3] == ["医疗机构抽查", "卫健"]
        paper = client.get(reverse("plan:public_document", args=[plan.pk])).content
        tables = Document(io.BytesIO(paper)).tables
        assert [len(table.rows) for table in tables] == [4, 2]

    def test_one_departments_part_of_the_book(self, world, client):
        """Every form of the plan has the extract of one department."""
        plan = world.published()
        public(world)

        def joint(code):
            address = reverse("plan:public_data", args=[plan.pk])
            return json.loads(client.get(address, {"department": code}).content)

        assert [len(joint("WJ")[key]) for key in ("计划行", "部门抽查计划")] == [2, 1]
        assert [len(joint("SWJ")[key]) for key in ("计划行", "部门抽查计划")] == [1, 0]
        page = client.get(reverse("plan:public_plan", args=[plan.pk]), {"department": "SWJ"})
        said = page.content.decode()
        assert "成品油市场抽查" in said
        assert "养老机构抽查" not in said
        nobody = reverse("plan:public_workbook", args=[plan.pk])
        assert client.get(nobody, {"department": "XX"}).status_code == 404
        paper = client.get(reverse("plan:public_document", args=[plan.pk]), {"department": "SWJ"})
        text = "\n".join(each.text for each in Document(io.BytesIO(paper.content)).paragraphs)
        assert "本件摘录" in text
        assert "覆盖清单中的所有" not in text

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"wording": "多查"}, "读不出抽多少"),
            ({"base": 0}, "基数应大于 0"),
            ({"targets": " "}, "缺少：检查对象"),
            (
                {"starts_on": date(YEAR + 1, 1, 1), "ends_on": date(YEAR + 1, 2, 1)},
                "不在 2026 年度",
            ),
        ],
    )
    def test_columns_are_whole(self, world, changes, words):
        """Source: clause 14.1."""
        part = start(world)
        with pytest.raises(Blocked, match=words):
            write(world, part, **changes)


class TestArticle15:
    def test_general_items_keep_under_the_cap(self, world):
        """Source: clause 15.4."""
        part = start(world)
        many = {"items": ("消毒产品检查",), "wording": "30户"}
        with pytest.raises(NeedsReason, match="高于上限 10%"):
            write(world, part, **many)
        assert write(world, part, **many, reason="专项部署").count == 30


class TestArticle16:
    def test_what_is_published_stays(self, world):
        """Source: clause 16.2."""
        part = public(world)
        line = part.lines.get()
        with pytest.raises(Blocked, match="已经公布"):
            actions.drop_own_line(line=line, by=world.cast.gu, at=LATER)
        with pytest.raises(DatabaseError), transaction.atomic():
            DepartmentLine.objects.filter(pk=line.pk).update(base=1)
        line.refresh_from_db()
        assert line.base == 200


def test_the_pages_write_and_publish_it(client, world):
    CheckItem.objects.update(department=world.department("GA"))
    client.force_login(world.cast.shen)
    client.post(reverse("plan:new_part"), {"year": YEAR})
    part = DepartmentPart.objects.get()
    assert str(part) in client.get(reverse("plan:parts")).content.decode()
    address = reverse("plan:new_own_line", args=[part.pk])
    said = {
        "name": "散装汽油抽查",
        "items": ["消毒产品检查"],
        "targets": "加油站",
        "base": "50",
        "wording": "20",
        "starts_on": f"{YEAR}-03-01",
        "ends_on": f"{YEAR}-05-31",
    }
    asked = client.post(address, said)
    assert (asked.status_code, list(asked.context["form"].errors)) == (422, ["reason"])
    assert client.post(address, said | {"reason": "专项部署"}).status_code == 302
    line = DepartmentLine.objects.get()
    assert (line.count, line.wording) == (10, "20%")
    edit = reverse("plan:edit_own_line", args=[line.pk])
    client.post(edit, said | {"wording": "5%"})
    assert DepartmentLine.objects.get().count == 3
    publish = reverse("plan:publish_part", args=[part.pk])
    assert client.post(publish).status_code == 403
    client.force_login(world.cast.gu)
    assert client.get(part.get_absolute_url()).status_code == 404
    client.force_login(world.cast.cheng)
    done = client.post(publish, follow=True).content.decode()
    assert "已公布公安 2026 年部门抽查计划" in done
    client.force_login(world.cast.shen)
    page = client.post(edit, said)
    assert page.status_code == 409
    assert "已经公布" in page.content.decode()
