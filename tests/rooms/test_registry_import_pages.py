"""Bringing in a register through pages: look first, then write; and what hostile files get."""

import io
import os
import zipfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from python_calamine import CalamineWorkbook

from liancha.papers import uploads
from liancha.registry.models import Import, Target
from liancha.registry.views import imports
from tests.rooms.registers import firm, rows, text
from tests.rooms.tables import downloaded, workbook

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path


def upload(client, content, name="名录.csv"):
    content = content if isinstance(content, bytes) else content.encode()
    return client.post("/targets/import/", {"file": SimpleUploadedFile(name, content)})


def test_look_first_then_write(cast, sign_in, django_capture_on_commit_callbacks):
    client = sign_in(cast.zhou)
    response = upload(client, text([*rows(3), firm(4, 成立日期="2026-02-30")]))
    batch = Import.objects.get()
    assert response["Location"] == f"/targets/imports/{batch.pk}/"
    page = client.get(response["Location"]).content.decode()
    assert "试算完成，尚未写入" in page
    assert "2 月没有 30 日" in page
    assert "写入 3 户" in page
    assert not Target.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"/targets/imports/{batch.pk}/commit/")
    assert Target.objects.count() == 3
    assert "已写入" in client.get(f"/targets/imports/{batch.pk}/").content.decode()
    again = client.post(f"/targets/imports/{batch.pk}/commit/")
    assert (again.status_code, "已经写入" in again.content.decode()) == (409, True)


def test_the_error_table_comes_with_cures(cast, sign_in):
    client = sign_in(cast.zhou)
    upload(client, text([firm(1), firm(2, 登记状态="开张")]))
    response = client.get(f"/targets/imports/{Import.objects.get().pk}/errors/")
    book = workbook(response)
    assert book.sheet_names == ["有误的行", "逐项清单", "已导入但请留意"]
    line = book.get_sheet_by_index(0).to_python()[1]
    assert line[-2:] == ["不在字典中", "改为“存续”；可用：存续、歇业、吊销、注销、撤销、迁出"]


def test_every_heading_of_the_template_has_a_note(cast, sign_in):
    data = downloaded(sign_in(cast.zhou).get("/targets/import/template/"))
    book = zipfile.ZipFile(io.BytesIO(data))
    headings = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
    notes = book.read("xl/comments1.xml").decode()
    assert notes.count("<comment ref=") == len(headings.to_python()[0])


def test_the_template_is_known_when_it_comes_back(cast, sign_in):
    client = sign_in(cast.zhou)
    response = upload(client, downloaded(client.get("/targets/import/template/")), "模板.xlsx")
    assert response.status_code == 302
    assert Import.objects.get().rows == 0


def test_giving_up_leaves_no_file(cast, sign_in, tmp_path, django_capture_on_commit_callbacks):
    client = sign_in(cast.zhou)
    upload(client, text(rows(1)))
    batch = Import.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"/targets/imports/{batch.pk}/give-up/")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert "已放弃" in client.get("/targets/imports/").content.decode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "空的"),
        (b"%PDF-1.7 and so on", "不是表格"),
        ("只有一列\n甲\n乙\n", "统一社会信用代码"),
        ("名称,名称,统一社会信用代码\n甲,乙,1\n", "都是“名称”"),
        (b"PK\x03\x04\x00\x00", "不完整"),
        ("名称,统一社会信用代码\n甲\x00,1\n" * 400, "二进制"),
        ('名称,统一社会信用代码\n甲,"1\n' + "乙,2\n" * 300, "双引号没有成对"),
    ],
)
def test_what_is_no_register_is_refused_under_the_field(cast, sign_in, tmp_path, content, said):
    response = upload(sign_in(cast.zhou), content)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not Import.objects.filter(given_up_at=None).exists()


def test_a_hostile_file_name_stays_a_name(cast, sign_in, tmp_path):
    name = "../../etc/<script>alert(1)</script>.csv"
    response = upload(sign_in(cast.zhou), text(rows(1)), name)
    page = sign_in(cast.zhou).get(response["Location"]).content.decode()
    assert "<script>alert" not in page
    (kept,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert kept.parent == tmp_path / "registry" / "imports"


def test_a_large_file_is_looked_at_and_written_by_the_worker(
    cast, sign_in, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(imports, "SMALL", 10)
    monkeypatch.setattr(imports, "FEW", 1)
    client = sign_in(cast.zhou)
    with django_capture_on_commit_callbacks(execute=True):
        upload(client, text(rows(3)))
    batch = Import.objects.get()
    assert (batch.added, batch.job.state) == (3, "done")
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"/targets/imports/{batch.pk}/commit/")
    batch.refresh_from_db()
    assert batch.written_at is not None
    assert Target.objects.count() == 3


def test_others_do_not_write_my_file(cast, sign_in):
    upload(sign_in(cast.zhou), text(rows(1)))
    batch = Import.objects.get()
    other = sign_in(cast.xiang)  # same department
    assert other.get(f"/targets/imports/{batch.pk}/").status_code == 200
    assert other.post(f"/targets/imports/{batch.pk}/commit/").status_code == 404
    assert sign_in(cast.shen).get(f"/targets/imports/{batch.pk}/").status_code == 404


def test_an_upload_that_nobody_names_goes_with_the_next(cast, sign_in, tmp_path):
    """The server was killed between keeping a file and the record of it."""
    folder = tmp_path / imports.FOLDER
    folder.mkdir(parents=True)
    now = timezone.now()
    for name, at in (("old.csv", now - 2 * uploads.STRAY), ("new.csv", now)):
        (folder / name).touch()
        os.utime(folder / name, (at.timestamp(),) * 2)
    upload(sign_in(cast.zhou), text(rows(1)))
    named = Path(Import.objects.get().path).name
    assert {each.name for each in folder.iterdir()} == {"new.csv", named}
