"""An uploaded table as a file with a path, for as long as somebody reads it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.files.uploadedfile import UploadedFile


@contextmanager
def on_disk(file: UploadedFile) -> Iterator[Path]:
    """A copy that is gone afterwards; small uploads lie in memory and have no path."""
    with tempfile.NamedTemporaryFile(prefix="liancha-upload-") as copy:
        for piece in file.chunks():
            copy.write(piece)
        copy.flush()
        yield Path(copy.name)
