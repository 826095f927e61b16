"""A county's lists through its own pages, whose row is whose, and rows that stand twice."""

from __future__ import annotations

import pytest

from liancha.accounts.models import Department, Grant
from liancha.lists import actions, upper
from liancha.lists.models import FieldDuty, UpperRow
from liancha.rulebook.verdicts import Blocked
from tests.people import NOON, make_cast
from tests.rooms.listings import HOTELS, LICENCE, draft, published

pytestmark = pytest.mark.django_db
COUNTY = "410324"


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture
def office(cast):
    """The coordinator of a county that has no health and no fire department of its own."""
    for system in ("SCJG", "GA"):
        Department.objects.create(
            code=f"{system}-LC",
            name=f"栾川县{cast.department[system].short}局",
            short=f"栾川{cast.department[system].short}",
            level="county",
            region_id=COUNTY,
            system=cast.department[system],
            is_coordinator=system == "SCJG",
        )
    person = cast.xiang
    person.department = Department.objects.get(code="SCJG-LC")
    person.save()
    Grant.objects.create(user=person, role="coordinator", granted_at=NOON, granted_by="sec")
    return person


@pytest.fixture
def sign_in(client):
    def sign(user):
        client.force_login(user, backend="liancha.accounts.backends.WithDepartment")
        return client

    return sign


def begun(office, kind="joint"):
    return actions.start_version(
        kind=kind, title="栾川县清单", basis="本地实际", region=COUNTY, by=office, at=NOON
    )


def shown(form):
    """What a form would send back as it stands."""
    return {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}


class TestFields:
    def test_a_change_without_its_basis_is_told_and_with_it_is_kept(self, cast, office, sign_in):
        """The county's first version too differs from something: from the city's."""
        published(cast, HOTELS)
        field = begun(office).fields.get()
        client = sign_in(office)
        page = client.get(f"/lists/joint/fields/{field.pk}/").context
        form = {name: value for name, value in shown(page["form"]).items() if value is not None}
        form |= {"items-TOTAL_FORMS": 3, "items-INITIAL_FORMS": 0, "ratio_note": "5%"}
        for n, item in enumerate(field.items.all()):
            form |= {f"items-{n}-name": item.name, f"items-{n}-department": item.department_id}
        answer = client.post(f"/lists/joint/fields/{field.pk}/", form)
        assert answer.status_code == 422
        assert "依据" in answer.context["form"].errors["basis"][0]
        saved = form | {"basis": "县里宾馆少"}
        assert client.post(f"/lists/joint/fields/{field.pk}/", saved).status_code == 302
        field.refresh_from_db()
        assert field.ratio_note == "5%"
        assert {d.code for d in field.cooperators.all()} == {"WJ", "XF"}  # none of the county's own

    def test_a_table_of_a_county_records_no_duty(self, cast, office, tmp_path):
        published(cast, HOTELS)
        version, before = begun(office), FieldDuty.objects.count()
        titles = "代码,抽查领域,抽查事项,检查对象,发起部门,配合部门,对象标签,发起部门职责"
        path = tmp_path / "表.csv"
        path.write_text(
            f"{titles}\nLC01,景区,价格,景区,栾川市监,栾川公安,hotel,主管部门\n", "utf-8"
        )
        batch = actions.open_import(
            path=path, file_name="表.csv", version=version, is_whole=False, by=office, at=NOON
        )
        assert batch.added == 0
        assert "没有登记职责" in batch.faults[0]["fault"]
        actions.commit_import(batch=batch, by=office, at=NOON)
        assert FieldDuty.objects.count() == before

    def test_a_basis_is_kept_whole_or_refused(self, cast, office, sign_in):
        published(cast, HOTELS)
        field = begun(office).fields.get()
        client = sign_in(office)
        address = f"/lists/joint/fields/{field.pk}/remove/"
        answer = client.post(address, {"basis": "依" * 301})
        assert answer.status_code == 409
        assert "最多 300 字" in answer.content.decode()
        assert client.post(address, {"basis": "依" * 300}).status_code == 302
        assert field.version.changes.get().basis == "依" * 300

    def test_a_number_no_database_has_is_answered_and_breaks_nothing(self, cast, sign_in):
        version = draft(cast, HOTELS)
        form = HOTELS | {"cooperators": ["9" * 30], "items-TOTAL_FORMS": 0, "methods": ["1"]}
        form |= {"items-INITIAL_FORMS": 0, "initiator": cast.department["GA"].pk, "items": ""}
        answer = sign_in(cast.zhou).post(f"/lists/joint/{version.pk}/fields/new/", form)
        assert answer.status_code in (400, 422)  # SQLite cannot even be asked


class TestItems:
    def test_the_countys_own_departments_take_the_citys_place(self, cast, office):
        published(cast, LICENCE, LICENCE | {"name": "卫生许可", "department": "WJ"}, kind="items")
        held = begun(office, "items").items.values_list("department__code", flat=True)
        assert list(held) == ["SCJG-LC", "WJ"]

    def test_a_row_of_another_department_is_not_taken_over(self, cast, sign_in):
        version = draft(cast, LICENCE, kind="items")
        item = version.items.get()
        form = {name: getattr(item, name) for name in LICENCE if name != "department"}
        form |= {"name": "改名", "department": cast.department["GA"].pk}
        client = sign_in(cast.shen)
        assert client.post(f"/lists/items/rows/{item.pk}/", form).status_code == 409
        item.refresh_from_db()
        assert (item.name, item.department.code) == (LICENCE["name"], "SCJG")
        assert sign_in(cast.zhou).post(f"/lists/items/rows/{item.pk}/", form).status_code == 302

    def test_the_same_item_of_a_department_stands_once(self, cast, sign_in):
        version = draft(cast, LICENCE, kind="items")
        form = LICENCE | {"department": cast.department["SCJG"].pk}
        client = sign_in(cast.zhou)
        answer = client.post(f"/lists/items/{version.pk}/rows/new/", form)
        assert answer.status_code == 409
        assert "已有同名的事项" in answer.content.decode()
        assert version.items.count() == 1

    def test_a_draft_with_a_row_twice_is_as_before_when_its_import_is_taken_back(
        self, cast, tmp_path
    ):
        version = draft(cast, LICENCE, LICENCE, kind="items")
        before = list(version.items.values_list("position", "name", "basis"))
        path = tmp_path / "表.csv"
        titles = "抽查类别,抽查事项,检查对象,事项类别,检查方式,检查主体,检查依据"
        path.write_text(f"{titles}\n年报,年报公示,企业,一般,现场检查,市监,条例\n", encoding="utf-8")
        batch = actions.open_import(
            path=path, file_name="表.csv", version=version, is_whole=False, by=cast.zhou, at=NOON
        )
        batch = actions.commit_import(batch=batch, by=cast.zhou, at=NOON)
        assert version.items.count() == 3
        actions.undo_import(batch=batch, by=cast.zhou, at=NOON)
        assert list(version.items.values_list("position", "name", "basis")) == before


class TestFromAbove:
    @pytest.mark.parametrize("key", ["x:JF05", ":", f"{'9' * 30}:JF05", "JF99"])
    def test_a_row_that_is_not_there_is_refused(self, cast, key):
        version = draft(cast, HOTELS)
        with pytest.raises(Blocked, match="没有这个领域"):
            actions.decide_upper(version=version, key=key, reason="无", by=cast.zhou, at=NOON)

    def test_what_a_public_version_answered_is_read_at_once(
        self, cast, django_assert_max_num_queries
    ):
        actions.load_upper(
            level="P",
            title="省清单",
            rows=[{"code": f"P{n}", "name": f"领域{n}"} for n in range(6)],
            by=cast.zhou,
            at=NOON,
        )
        version = draft(cast, HOTELS)
        for row in UpperRow.objects.all():
            actions.decide_upper(version=version, key=row.key, reason="无", by=cast.zhou, at=NOON)
        type(version).objects.filter(pk=version.pk).update(state="published", published_at=NOON)
        version.refresh_from_db()
        with django_assert_max_num_queries(2):
            assert len(upper.above(version)) == 6
