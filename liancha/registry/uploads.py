"""Files that somebody uploaded and that wait below the media folder for a second look.

Each belongs to a record that names its path, and goes when that is written or given up. A process
that was killed between the two leaves a file nobody names: it goes with a later upload.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.files import File

STRAY = timedelta(hours=1)  # after which a file that no record names is nobody's


def keep(file: File, folder: str, suffix: str) -> str:
    """Put an upload into a folder below MEDIA_ROOT, under a name of its own; returns its path."""
    path = f"{folder}/{uuid.uuid4().hex}{suffix}"
    place = Path(settings.MEDIA_ROOT) / path
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        with place.open("wb") as target:
            shutil.copyfileobj(file, target, 2**20)
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
        is_old = place.stat().st_mtime < (at - STRAY).timestamp()
        if is_old and f"{folder}/{place.name}" not in known:
            place.unlink(missing_ok=True)
