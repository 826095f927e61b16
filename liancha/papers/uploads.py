"""Files that somebody uploaded, below the media folder: for as long as they are read, or until a
second look.

One that waits belongs to a record that names its path, and goes when that is written or given up.
A process that was killed in between leaves a file that nobody names: it goes with a later upload.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.files import File

STRAY = timedelta(hours=1)  # after which a file that no record names is nobody's
FOLDER = "uploads"  # of files that are read once


@contextmanager
def on_disk(file: File, *, at: datetime) -> Iterator[Path]:
    """A copy that is gone afterwards; small uploads lie in memory and have no path."""
    sweep_strays(FOLDER, (), at=at)
    path = keep(file, FOLDER, "")
    try:
        yield Path(settings.MEDIA_ROOT) / path
    finally:
        drop(path)


def keep(file: File, folder: str, suffix: str) -> str:
    """Put an upload into a folder below MEDIA_ROOT, under a name of its own; returns its path."""
    path = f"{folder}/{uuid.uuid4().hex}{suffix}"
    place = Path(settings.MEDIA_ROOT) / path
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        with place.open("wb") as target:
            for piece in file.chunks():
                target.write(piece)
    except OSError:  # the disk is full
        place.unlink(missing_ok=True)
        raise
    return path


def drop(path: str) -> None:
    (Path(settings.MEDIA_ROOT) / path).unlink(missing_ok=True)


def sweep_strays(folder: str, named: Iterable[str], *, at: datetime) -> None:
    """Remove files of a folder that no record names and that are no upload of just now."""
    known = set(named)
    for place in (Path(settings.MEDIA_ROOT) / folder).glob("*"):
        try:
            is_old = place.stat().st_mtime < (at - STRAY).timestamp()
        except FileNotFoundError:  # read to its end meanwhile
            continue
        if is_old and f"{folder}/{place.name}" not in known:
            place.unlink(missing_ok=True)
