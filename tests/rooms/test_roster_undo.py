"""A roster through its pages: look first, write in one step, take back within a day or be told."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from python_calamine import CalamineWorkbook

from liancha.draw.models import Assignment, Replacement
from liancha.ledger import actions as ledger
from liancha.ledger.models import Entry
from liancha.roster import actions
from liancha.roster.actions import importing
from liancha.roster.models import Certificate, Import, ImportChange, Inspector
from liancha.rulebook.lifecycles import ReplacementState
from liancha.rulebook.verdicts import Blocked
from tests.people import NOON
from tests.rooms.tables import csv_file, downloaded, sheet
from tests.rooms.visit_world import make_visit_world

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
TITLES = "姓名,执法证号,有效期自,有效期至,业务专长,岗位"
LIN = "林知遥,16030000001,2024-01-01,2028-12-31,治安,执法科"
TAO = "陶然之,16030000002,2024-01-01,2028-12-31,,"
BAD = "钱有误,16030000003,2024-01-01,明年,,"


def upload(client, *rows, name="名录.csv"):
    return client.post(
        "/inspectors/import/", {"file": csv_file([[TITLES], *([r] for r in rows)], name)}
    )


@pytest.fixture
def bring(cast, tmp_path):
    def bring_in(*rows, at: datetime = NOON):
        path = tmp_path / "名录.csv"
        path.write_text("\n".join((TITLES, *rows)), encoding="utf-8")
        return actions.import_inspectors(path=path, file_name=path.name, by=cast.shen, at=at)

    return bring_in


def everything():
    return (
        list(Inspector.objects.order_by("number").values()),
        list(Certificate.objects.order_by("number").values()),
    )


class TestLookFirst:
    def test_then_write_what_was_looked_at(self, cast, sign_in):
        client = sign_in(cast.shen)
        address = upload(client, LIN, BAD)["Location"]
        batch = Import.objects.get()
        assert (batch.added, batch.faulty, batch.rows) == (1, 1, 2)
        page = client.get(address).content.decode()
        assert "试算完成，尚未写入" in page
        assert "不是日期" in page
        assert "写入 1 名" in page
        assert not Inspector.objects.exists()
        client.post(f"{address}commit/")
        assert Inspector.objects.get().name == "林知遥"
        assert "已写入" in client.get(address).content.decode()
        assert client.post(f"{address}commit/").status_code == 409
        assert [entry.what for entry in Entry.objects.filter(what__startswith="roster.")] == [
            "roster.open_import",
            "roster.import_inspectors",
        ]

    def test_before_and_after_of_what_changes(self, cast, sign_in, bring):
        bring(LIN)
        client = sign_in(cast.shen)
        address = upload(client, LIN.replace("执法科", "法规科").replace("2028", "2030"))[
            "Location"
        ]
        (difference,) = Import.objects.first().differences
        assert difference["kind"] == "changed"
        assert ["岗位", "执法科", "法规科"] in difference["parts"]
        assert "2030-12-31" in client.get(address).content.decode()

    def test_bad_rows_are_kept_with_their_cures_and_can_be_brought_in_mended(self, cast, sign_in):
        client = sign_in(cast.shen)
        address = upload(client, LIN, BAD)["Location"]
        client.post(f"{address}commit/")
        heading, line = sheet(client.get(f"{address}faults.xlsx"))
        assert line[:4] == ["钱有误", "16030000003", "2024-01-01", "明年"]
        assert line[-3:] == [3, "不是日期", "请写成 2026-01-31 这样的日期。"]
        mended = [str(cell).replace("明年", "2029-12-31") for cell in line]
        rows = "\n".join(",".join(map(str, each)) for each in (heading, mended)).encode()
        file = SimpleUploadedFile("改好.csv", rows)
        again = client.post("/inspectors/import/", {"file": file})["Location"]
        client.post(f"{again}commit/")
        assert Inspector.objects.count() == 2

    def test_giving_up_writes_nobody(self, cast, sign_in):
        client = sign_in(cast.shen)
        address = upload(client, LIN, BAD)["Location"]
        client.post(f"{address}give-up/")
        assert not Inspector.objects.exists()
        batch = Import.objects.get()
        assert [number for number, _ in batch.held["lines"]] == [3]
        assert "已放弃" in client.get("/inspectors/imports/").content.decode()

    def test_others_do_not_write_my_file(self, cast, sign_in):
        address = upload(sign_in(cast.shen), LIN)["Location"]
        assert sign_in(cast.lu).get(address).status_code == 404
        assert sign_in(cast.lu).post(f"{address}commit/").status_code == 404

    def test_the_template_has_notes_drop_downs_and_brings_nobody(self, cast, sign_in):
        client = sign_in(cast.shen)
        data = downloaded(client.get("/inspectors/template.xlsx"))
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        assert book.sheet_names[:2] == ["执法检查人员", "填写说明"]
        file = SimpleUploadedFile("模板.xlsx", data)
        assert client.post("/inspectors/import/", {"file": file}).status_code == 302
        assert Import.objects.get().rows == 0

    def test_a_commit_that_dies_leaves_nothing(self, cast, tmp_path, monkeypatch):
        path = tmp_path / "名录.csv"
        path.write_text("\n".join((TITLES, LIN, TAO)), encoding="utf-8")
        batch = actions.open_import(path=path, file_name="名录.csv", by=cast.shen, at=NOON)

        def dies(*args, **kwargs):
            raise SystemExit("killed")

        # the last thing it does is to stand in the ledger
        monkeypatch.setattr(importing, "_log", dies)
        with pytest.raises(SystemExit):
            actions.commit_import(batch=batch, by=cast.shen, at=NOON)
        batch.refresh_from_db()
        assert batch.is_open
        assert len(batch.held["lines"]) == 2
        assert not Inspector.objects.exists()
        assert not ImportChange.objects.exists()


class TestUndo:
    def test_whom_it_changed_and_brought_is_as_before(self, cast, bring):
        bring(LIN)
        before = everything()
        other = LIN.replace("治安", "消防").replace("2028", "2030")
        batch = bring(other, TAO, at=NOON + HOUR)
        assert (batch.added, batch.changed) == (1, 1)
        actions.undo_import(batch=batch, by=cast.shen, at=NOON + 2 * HOUR)
        assert everything() == before
        entry = Entry.objects.get(what="roster.undo_import")
        assert '"removed":1' in entry.body.replace(" ", "")
        with pytest.raises(Blocked, match="已经撤回"):
            actions.undo_import(batch=batch, by=cast.shen, at=NOON + 2 * HOUR)

    def test_after_a_day_it_is_too_late(self, cast, bring):
        batch = bring(LIN)
        late = NOON + timedelta(days=1, seconds=1)
        with pytest.raises(Blocked, match="超过一天"):
            actions.undo_import(batch=batch, by=cast.shen, at=late)
        assert Inspector.objects.count() == 1

    def test_somebody_changed_since_keeps_all_and_is_named(self, cast, bring):
        batch = bring(LIN, TAO)
        person = Inspector.objects.get(name="陶然之")
        actions.grant_leave(
            inspector=person,
            first_on=NOON.date(),
            last_on=NOON.date(),
            by=cast.shen,
            at=NOON + HOUR,
        )
        with pytest.raises(Blocked, match=r"陶然之.*又改动过"):
            actions.undo_import(batch=batch, by=cast.shen, at=NOON + HOUR)
        assert Inspector.objects.count() == 2

    @pytest.mark.parametrize(("whose", "is_refused"), [("GA", True), ("WJ", False)])
    def test_a_roster_frozen_with_a_pool_since_keeps_all(self, cast, bring, whose, is_refused):
        batch = bring(LIN)
        later = NOON + HOUR
        entry = ledger.append("draw.freeze", by=cast.shen, at=later, rosters={whose: "0" * 64})
        ledger.seal("frame", 1, entry=entry)
        if not is_refused:
            actions.undo_import(batch=batch, by=cast.shen, at=later)
            return
        with pytest.raises(Blocked, match="冻结") as refused:
            actions.undo_import(batch=batch, by=cast.shen, at=later)
        assert refused.value.article == "18"
        assert Inspector.objects.exists()

    def test_only_the_department_itself_takes_back(self, cast, bring):
        batch = bring(LIN)
        with pytest.raises(Blocked, match="本部门"):
            actions.undo_import(batch=batch, by=cast.lu, at=NOON + HOUR)

    def test_through_the_page_and_refused_with_the_article(self, cast, sign_in):
        client = sign_in(cast.shen)
        address = upload(client, LIN)["Location"]
        client.post(f"{address}commit/")
        assert "撤回这次导入" in client.get(address).content.decode()
        Inspector.objects.update(updated_at=timezone.now())
        refused = client.post(f"{address}undo/")
        assert refused.status_code == 409
        assert "又改动过" in refused.content.decode()
        Inspector.objects.update(updated_at=Import.objects.get().written_at)
        assert client.post(f"{address}undo/").status_code == 302
        assert not Inspector.objects.exists()
        assert "已撤回" in client.get(address).content.decode()


def test_who_is_sent_out_since_keeps_all_and_who_was_before_does_not_stand_in_the_way(tmp_path):
    world = make_visit_world(hotels=1)
    clerk, drawn = world.cast.shen, world.officers["GA"][0]
    path = tmp_path / "名录.csv"
    certificate = drawn.certificate
    row = f"{drawn.name},{certificate.number},{certificate.valid_from},2031-12-31,,"
    path.write_text("\n".join((TITLES, row, TAO)), encoding="utf-8")
    at = NOON + HOUR
    batch = actions.import_inspectors(path=path, file_name="名录.csv", by=clerk, at=at)
    assert [(one.is_new, one.uses) for one in batch.changes.all()] == [(False, 1), (True, 0)]
    assignment = Assignment.objects.get(inspector=drawn)
    sent = Replacement.objects.create(
        assignment=assignment,
        leaving=drawn,
        coming=Inspector.objects.get(name="陶然之"),
        reason="health",
        state=ReplacementState.APPROVED,
        requested_by=clerk,
        requested_at=at,
        decided_by=world.cast.cheng,
        decided_at=at,
    )
    with pytest.raises(Blocked, match=r"等 2 人已经被抽取或派往检查") as refused:
        actions.undo_import(batch=batch, by=clerk, at=at)
    assert refused.value.article == "19"
    sent.delete()
    actions.undo_import(batch=batch, by=clerk, at=at)
    assert not Inspector.objects.filter(name="陶然之").exists()
    assert Inspector.objects.get(pk=drawn.pk).certificate.valid_to == certificate.valid_to
