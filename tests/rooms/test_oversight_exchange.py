"""Pages of the exchange with the provincial platform, and of the year's figures."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from liancha.oversight.models import PlatformEntry, PlatformFile
from tests.rooms.plan_world import make_plan_world


@pytest.fixture
def world(db):
    world = make_plan_world(people=0)
    world.published()
    return world


def test_a_file_goes_out_is_filled_in_and_comes_back(client, world):
    client.force_login(world.cast.zhou)
    assert "待补录" in client.get("/exchange/").content.decode()
    sent = client.post("/exchange/line/file/", {"as": "csv", "which": "missing"})
    rows = list(csv.reader(io.StringIO(sent.content.decode("utf-8-sig"))))
    assert len(rows) == 4
    place = rows[0].index("监管平台编号")
    for n, row in enumerate(rows[1:], 1):
        row[place] = f"HN-{n}"
    rows.append(["没有的编号", *[""] * (place - 1), "HN-9"])
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    upload = SimpleUploadedFile("填好.csv", text.getvalue().encode("gb18030"))
    seen = client.post("/exchange/back/", {"kind": "line", "file": upload}, follow=True)
    page = seen.content.decode()
    assert "没有这个编号，或不归您办理" in page
    batch = PlatformFile.objects.get()
    assert client.get(f"/exchange/files/{batch.pk}/faults.xlsx").status_code == 200
    client.post(f"/exchange/files/{batch.pk}/commit/")
    assert PlatformEntry.objects.count() == 3
    assert "没有待补录的" in client.get("/exchange/line/").content.decode()
    client.post(f"/exchange/files/{batch.pk}/undo/")
    assert PlatformEntry.objects.count() == 0


def test_a_file_that_is_no_table_is_said_and_nothing_is_kept(client, world):
    client.force_login(world.cast.zhou)
    upload = SimpleUploadedFile("说明.csv", "没有标题\n".encode())
    answer = client.post("/exchange/back/", {"kind": "line", "file": upload})
    assert answer.status_code == 422
    assert "没有找到标题行" in answer.content.decode()
    assert client.post("/exchange/back/", {"kind": "line"}).status_code == 422
    assert client.post("/exchange/back/", {"kind": "?"}).status_code == 404
    assert not PlatformFile.objects.exists()


def test_the_office_sets_the_columns_and_others_do_not(client, world):
    client.force_login(world.cast.zhou)
    page = client.get("/exchange/line/columns/")
    form = page.context["form"]
    said = {name: form[name].value() or "" for name in form.fields}
    said = {name: value for name, value in said.items() if value is not False}
    answer = client.post("/exchange/line/columns/", said | {"title_own": "JHBH"})
    assert answer.status_code == 302
    sent = client.post("/exchange/line/file/", {"as": "csv", "which": "all"})
    assert sent.content.decode("utf-8-sig").startswith("JHBH,")
    del said["use_own"]
    refused = client.post("/exchange/line/columns/", said)
    assert (refused.status_code, "认得出是哪一条" in refused.content.decode()) == (409, True)
    client.post("/exchange/line/columns/reset/")
    client.force_login(world.cast.lu)
    assert client.get("/exchange/line/columns/").status_code == 403
    assert client.get("/exchange/nonsense/").status_code == 404


def test_somebody_elses_file_is_not_there(client, world):
    batch = PlatformFile.objects.create(
        kind="line", file_name="x.csv", by=world.cast.zhou, at="2026-11-23T12:00:00+08:00"
    )
    client.force_login(world.cast.lu)
    assert client.get(f"/exchange/files/{batch.pk}/").status_code == 404


def test_the_years_figures_are_a_page_a_document_and_a_table(client, world):
    client.force_login(world.cast.zhou)
    page = client.get("/reports/2026/")
    assert "2026 年度执法数据" in page.content.decode()
    assert client.get("/reports/2026/report.docx").content[:2] == b"PK"
    assert client.get("/reports/2026/report.xlsx").content[:2] == b"PK"
    assert client.get("/reports/1999/").status_code == 404
