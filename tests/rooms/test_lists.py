"""The two lists: shipped rows, versions, uploads, pages of the office and of the public."""

import csv
import io
import json
from importlib import resources

import pytest
from django.db import DatabaseError, transaction
from python_calamine import CalamineWorkbook

from liancha.accounts.models import Department
from liancha.lists import actions, queries, sheets
from liancha.lists.models import CheckItem, JointField, JointItem, ListVersion
from liancha.registry.models import Tag
from liancha.rulebook.eligibility import Duty
from tests.people import NOON, make_cast
from tests.rooms.listings import HOTELS, LICENCE, PETROL, draft, published, sign_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture
def sign_in(client):
    def sign(user):
        client.force_login(user, backend="liancha.accounts.backends.WithDepartment")
        return client

    return sign


class TestShipped:
    def test_forty_fields_each_with_its_items_and_departments(self):
        fields = sheets.shipped_joint()
        assert [field["code"] for field in fields] == [f"JF{n:02d}" for n in range(1, 41)]
        for field in fields:
            named = {field["initiator"], *field["cooperators"].split()}
            answering = {item["department"] for item in field["items"]}
            assert answering == named, field["code"]
            assert field["initiator"] not in field["cooperators"].split()

    def test_every_field_finds_its_targets_by_a_tag_of_the_registry(self):
        tags = set(Tag.objects.values_list("code", flat=True))
        fields = sheets.shipped_joint()
        assert {field["tag"] for field in fields} <= tags
        needed = {item["needs_tag"] for field in fields for item in field["items"]} - {""}
        assert needed <= tags

    def test_twenty_three_items_with_all_seven_columns(self):
        items = sheets.shipped_items()
        assert len(items) == 23
        for item in items:
            assert all(
                item[name]
                for name in (
                    *("category", "name", "targets", "item_class", "methods", "subject", "basis"),
                )
            )

    def test_they_stand_as_a_list_with_all_departments_of_the_city(self, cast):
        table = resources.files("liancha.accounts").joinpath("data", "departments.csv")
        for row in csv.DictReader(table.read_text(encoding="utf-8").splitlines()):
            Department.objects.get_or_create(
                code=row["code"],
                defaults={"name": row["name"], "short": row["short"], "region_id": "410300"},
            )
        version = actions.start_version(
            kind="joint", title="清单", basis="首次制定", by=cast.zhou, at=NOON
        )
        remarks = actions.load_joint(
            version=version, rows=sheets.shipped_joint(), by=cast.zhou, at=NOON
        )
        assert remarks == ()
        assert version.fields.count() == 40
        assert actions.consult(version=version, by=cast.zhou, at=NOON).cosigns.count() == 27


class TestVersions:
    def test_a_new_one_copies_the_one_in_force_and_leaves_it_in_force(self, cast):
        first = published(cast)
        second = actions.start_version(
            kind="joint", title="新清单", basis="法规修订", by=cast.zhou, at=NOON
        )
        assert (second.number, second.previous) == (2, first)
        assert queries.differences(second) == []
        assert ListVersion.objects.in_force("joint").get() == first

    def test_only_one_is_drawn_up_at_a_time(self, cast):
        draft(cast, HOTELS)
        with pytest.raises(Exception, match="一次只能编制一版") as refusal:
            draft(cast, HOTELS)
        assert refusal.value.article == "8"

    def test_a_countys_first_one_copies_the_citys_and_its_own_departments_step_in(self, cast):
        """Source: clause 9.4."""
        published(cast, HOTELS, PETROL | {"level": "C"})
        for system, short in (("SCJG", "栾川市监"), ("GA", "栾川公安")):
            Department.objects.create(
                code=f"{system}-LC",
                name=f"{short}局",
                short=short,
                level="county",
                region_id="410324",
                system=cast.department[system],
                is_coordinator=system == "SCJG",
            )
        office = cast.xiang
        office.department = Department.objects.get(code="SCJG-LC")
        office.save()
        county = actions.start_version(
            kind="joint",
            title="栾川县清单",
            basis="结合本地实际",
            region="410324",
            by=office,
            at=NOON,
        )
        (field,) = county.fields.all()
        assert field.code == "JF05"
        assert field.initiator.code == "GA-LC"
        assert [item.department.code for item in field.items.all()] == ["GA-LC", "WJ", "XF"]

    def test_publication_tells_the_registry_who_supervises_what(
        self, cast, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            published(cast)
        codes = {d.code for d in Tag.objects.get(code="hotel").supervisors.all()}
        assert codes == {"GA", "WJ", "XF"}
        assert not Tag.objects.get(code="school").supervisors.exists()

    def test_rows_of_a_published_version_refuse_every_change(self, cast):
        version = published(cast)
        field = version.fields.first()
        for change in (
            lambda: JointField.objects.filter(pk=field.pk).update(name="别的"),
            lambda: JointItem.objects.filter(field=field).delete(),
            lambda: field.cooperations.all().delete(),
            lambda: field.cooperators.add(cast.department["SWJ"]),
            lambda: JointItem.objects.create(
                version=version,
                field=field,
                position=9,
                name="多",
                department_id=field.initiator_id,
            ),
        ):
            refused(change)

    def test_check_items_are_sealed_too(self, cast):
        version = published(cast, LICENCE, kind="items")
        refused(lambda: CheckItem.objects.filter(version=version).update(basis="无"))


def refused(change):
    with pytest.raises(DatabaseError, match="已锁定"), transaction.atomic():
        change()


class TestOffice:
    PAGES = ("/lists/joint/", "/lists/items/")

    @pytest.mark.parametrize(
        ("who", "status"),
        [("zhou", 200), ("shen", 200), ("cheng", 200), ("xu", 200), ("lin", 403), ("sys", 403)],
    )
    def test_by_role(self, cast, sign_in, who, status):
        published(cast)
        client = sign_in(cast.user[who])
        assert [client.get(page).status_code for page in self.PAGES] == [status] * 2

    def test_the_whole_way_through_pages(self, cast, sign_in):
        published(cast)
        client = sign_in(cast.zhou)
        data = {"title": "洛阳市清单（2027 年）", "basis": "条例修订", "document_number": ""}
        response = client.post("/lists/joint/new/", data)
        version = ListVersion.objects.in_work().get()
        assert response["Location"] == f"/lists/joint/{version.pk}/"
        field = version.fields.get(code="JF05")
        form = {
            "code": "JF05",
            "name": "宾馆、旅店和民宿监督抽查",
            "targets": field.targets,
            "tag": "hotel",
            "item_class": "key",
            "methods": ["1"],
            "level": "CX",
            "initiator": field.initiator_id,
            "duty": "competent",
            "cooperators": [cast.department["WJ"].pk, cast.department["XF"].pk],
            "items-TOTAL_FORMS": 3,
            "items-INITIAL_FORMS": 0,
            "items-0-name": "治安安全情况的检查",
            "items-0-department": cast.department["GA"].pk,
            "items-1-name": "卫生情况的检查",
            "items-1-department": cast.department["WJ"].pk,
            "items-2-name": "消防情况的检查",
            "items-2-department": cast.department["XF"].pk,
        }
        address = f"/lists/joint/fields/{field.pk}/"
        without = client.post(address, form)
        assert without.status_code == 422
        assert "的变动要写明依据" in without.content.decode()
        assert client.post(address, form | {"basis": "《条例》修订"}).status_code == 302
        changes = client.get(f"/lists/joint/{version.pk}/?tab=changes").content.decode()
        assert "和民宿" in changes
        assert "《条例》修订" in changes

        client.post(f"/lists/versions/{version.pk}/consult/")
        sign_in(cast.pei).post(f"/lists/versions/{version.pk}/cosign/", {"agrees": "yes"})
        refused = sign_in(cast.zhou).post(f"/lists/versions/{version.pk}/approve/")
        assert refused.status_code == 409
        assert "还没有会签" in refused.content.decode()
        sign_all_but(cast, version, "XF")
        client.post(f"/lists/versions/{version.pk}/approve/")
        client.post(f"/lists/versions/{version.pk}/publish/")
        version.refresh_from_db()
        assert version.state == "published"
        assert client.get(address).status_code == 409
        story = client.get(f"/lists/joint/{version.pk}/?tab=story").content.decode()
        assert "公布" in story

    def test_a_refused_row_keeps_what_was_typed(self, cast, sign_in):
        version = draft(cast, HOTELS)
        field = version.fields.get()
        form = {
            **{"code": "JF05", "name": "新名称", "targets": "宾馆", "tag": "hotel"},
            **{"item_class": "key", "methods": ["1"], "level": "CX"},
            "initiator": cast.department["WJ"].pk,
            "cooperators": [cast.department["GA"].pk],
            "items-TOTAL_FORMS": 1,
            "items-INITIAL_FORMS": 0,
            "items-0-name": "治安",
            "items-0-department": cast.department["GA"].pk,
        }
        response = sign_in(cast.zhou).post(f"/lists/joint/fields/{field.pk}/", form)
        assert response.status_code == 409
        page = response.content.decode()
        assert "不能作为发起部门" in page
        assert "新名称" in page

    def test_departments_edit_their_own_items_only(self, cast, sign_in):
        version = draft(cast, LICENCE, kind="items")
        item = version.items.get()
        form = {
            **{name: getattr(item, name) for name in ("category", "name", "targets", "basis")},
            **{"item_class": "key", "methods": "现场检查", "subject": "县级以上公安机关"},
            "department": cast.department["GA"].pk,
        }
        client = sign_in(cast.shen)
        assert client.post(f"/lists/items/{version.pk}/rows/new/", form).status_code == 302
        theirs = form | {"department": cast.department["WJ"].pk}
        assert client.post(f"/lists/items/{version.pk}/rows/new/", theirs).status_code == 409
        assert client.post(f"/lists/items/rows/{item.pk}/remove/").status_code == 409
        assert version.items.count() == 2

    def test_only_the_office_decides(self, cast, sign_in):
        version = draft(cast, HOTELS)
        client = sign_in(cast.shen)
        for step in ("consult", "approve", "publish"):
            assert client.post(f"/lists/versions/{version.pk}/{step}/").status_code == 403


def sign_all_but(cast, version, code):
    for sign in version.cosigns.exclude(department__code=code).select_related("department"):
        actions.cosign(
            version=version, department=sign.department, by=sign.department.people.first(), at=NOON
        )


class TestPublic:
    def test_anybody_reads_the_list_in_force_with_its_date(self, cast, client):
        version = published(cast)
        index = client.get("/public/lists/").content.decode()
        assert version.title in index
        page = client.get(f"/public/lists/{version.pk}/")
        assert page.status_code == 200
        shown = page.content.decode()
        assert "2026 年 11 月 23 日" in shown
        assert "卫生情况的检查" in shown
        assert "现行有效" in shown

    def test_nobody_outside_reads_a_draft(self, cast, client):
        """Source: clause 8.3."""
        version = draft(cast, HOTELS)
        for end in ("", "xlsx/", "json/"):
            assert client.get(f"/public/lists/{version.pk}/{end}").status_code == 404

    def test_as_a_workbook(self, cast, client):
        """Source: clause 8.3."""
        version = published(cast)
        response = client.get(f"/public/lists/{version.pk}/xlsx/")
        content = io.BytesIO(b"".join(response.streaming_content))
        lines = CalamineWorkbook.from_filelike(content).get_sheet_by_index(0).to_python()
        assert lines[0][0] == "洛阳市抽查清单（第 1 版）"
        assert "公布日期 2026-11-23" in lines[1][0]
        assert "宾馆、旅店监督抽查" in lines[3]

    def test_as_data(self, cast, client):
        """Source: clause 8.3."""
        version = published(cast)
        data = json.loads(client.get(f"/public/lists/{version.pk}/json/").content)
        assert data["published_at"].startswith("2026-11-23T12:00")
        assert [field["code"] for field in data["fields"]] == ["JF05", "JF26"]
        assert data["fields"][0]["items"][0]["department"] == "洛阳市公安局"

    def test_an_old_version_stays_and_leads_to_the_new_one(self, cast, client):
        first = published(cast)
        second = actions.start_version(
            kind="joint", title="新清单", basis="法规修订", by=cast.zhou, at=NOON
        )
        field = second.fields.get(code="JF26")
        actions.remove_field(field=field, basis="本市没有油库", by=cast.zhou, at=NOON)
        actions.consult(version=second, by=cast.zhou, at=NOON)
        sign_all(cast, second)
        actions.approve(version=second, by=cast.zhou, at=NOON)
        actions.publish(version=second, by=cast.zhou, at=NOON)
        old = client.get(f"/public/lists/{first.pk}/").content.decode()
        assert "这一版已被替代" in old
        new = client.get(f"/public/lists/{second.pk}/").content.decode()
        assert "删除：成品油市场抽查" in new
        assert "本市没有油库" in new


def test_a_duty_other_than_competent_or_major_does_not_initiate_on_the_list(cast):
    with pytest.raises(Exception, match="不能作为发起部门"):
        draft(cast, HOTELS | {"duty": Duty.ORDINARY})
