"""Sessions that end after idle minutes, without a write for every page that is opened.

On SQLite one writer keeps all others waiting; if each page wrote its session, nobody could even
read while a large import is written. So the end of a session is put off at most once a minute,
and not at all while somebody else writes: the next page will do it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from django.contrib.sessions.backends import db
from django.db import OperationalError, connections, router

AT_MOST_EVERY = timedelta(minutes=1)  # local practice; idle minutes are right to within it


class SessionStore(db.SessionStore):
    """Django's, but for how a session that did not change is kept alive."""

    ends_at: datetime | None = None

    def load(self) -> dict[str, object]:
        found = self._get_session_from_db()  # type: ignore[attr-defined]
        if found is None:
            return {}
        self.ends_at = found.expire_date
        data: dict[str, object] = self.decode(found.session_data)
        return data

    def save(self, must_create: bool = False) -> None:
        if not must_create and self.session_key:
            self.keys()  # a page that never looked into it has not loaded it
        if must_create or self.modified or self.ends_at is None:
            super().save(must_create=must_create)
            self.ends_at = None
        elif self.get_expiry_date() - self.ends_at >= AT_MOST_EVERY:
            self._put_off()

    def _put_off(self) -> None:
        """Let the idle minutes begin anew; passed over where it would have to wait."""
        using = router.db_for_write(self.model)
        found = self.model.objects.using(using).filter(session_key=self.session_key)
        with suppress(OperationalError), _without_waiting(using):
            found.update(expire_date=self.get_expiry_date())


@contextmanager
def _without_waiting(using: str) -> Iterator[None]:
    """On SQLite: refused at once where another one writes. Elsewhere rows are locked one by one."""
    connection = connections[using]
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        before = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {int(before)}")
