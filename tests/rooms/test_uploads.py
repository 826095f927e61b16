"""An uploaded table lies below the media folder while it is read, and nothing is left of it."""

from __future__ import annotations

import os

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from liancha.papers import uploads
from liancha.roster import actions
from liancha.roster.models import Import
from tests.people import NOON

TABLE = "姓名,执法证号,有效期自,有效期至\n张三,豫C001,2025-01-01,2030-01-01\n".encode()


@pytest.fixture
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path / uploads.FOLDER


def test_it_is_gone_once_it_is_read_also_when_it_could_not_be(folder):
    with uploads.on_disk(SimpleUploadedFile("表.csv", TABLE), at=NOON) as path:
        assert path.parent == folder
        assert path.read_bytes() == TABLE
    with (
        pytest.raises(ValueError, match="no table"),
        uploads.on_disk(SimpleUploadedFile("表.csv", TABLE), at=NOON),
    ):
        raise ValueError("no table")
    assert list(folder.iterdir()) == []


@pytest.mark.django_db
def test_what_a_killed_server_left_goes_with_the_next_look(folder, client, cast, monkeypatch):
    """Killed in mid-read: neither an import nor a second look names the file."""
    client.force_login(cast.shen)

    def killed(**_):
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(actions, "open_import", killed)
        patched.setattr(uploads, "drop", lambda path: None)  # nothing runs after a kill
        with pytest.raises(SystemExit):
            client.post("/inspectors/import/", {"file": SimpleUploadedFile("表.csv", TABLE)})
    (left,) = folder.iterdir()
    others = folder / "another-being-read"
    others.touch()
    long_ago = (timezone.now() - 2 * uploads.STRAY).timestamp()
    os.utime(left, (long_ago, long_ago))
    client.post("/inspectors/import/", {"file": SimpleUploadedFile("表.csv", TABLE)})
    assert list(folder.iterdir()) == [others]
    assert Import.objects.get().rows == 1
