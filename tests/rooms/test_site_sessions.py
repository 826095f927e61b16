"""Sessions end after idle minutes, and nobody who only reads waits for whoever writes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from tests.people import make_cast

IDLE = timedelta(seconds=settings.SESSION_COOKIE_AGE)


@pytest.fixture
def cast(db):
    return make_cast()


def _ended(minutes: float) -> None:
    """As if the last request had been so long ago."""
    Session.objects.update(expire_date=timezone.now() + IDLE - timedelta(minutes=minutes))


def _left() -> timedelta:
    return Session.objects.get().expire_date - timezone.now()


class TestIdleMinutes:
    def test_a_page_starts_the_count_again(self, client, cast):
        client.force_login(cast.lin)
        _ended(29)
        assert client.get("/").status_code == 200
        assert _left() > IDLE - timedelta(seconds=30)

    def test_also_one_that_never_asks_who_it_is_for(self, client, cast):
        client.force_login(cast.lin)
        _ended(29)
        client.get("/public/verify/")
        assert _left() > IDLE - timedelta(seconds=30)

    def test_within_a_minute_nothing_is_written(self, client, cast, django_assert_num_queries):
        client.force_login(cast.lin)
        client.get("/no/such/page/")
        _ended(0.5)
        before = Session.objects.get().expire_date
        with django_assert_num_queries(3):  # session, user with department, roles
            client.get("/no/such/page/")
        assert Session.objects.get().expire_date == before

    def test_after_thirty_minutes_it_is_over(self, client, cast):
        client.force_login(cast.lin)
        _ended(30.1)
        assert client.get("/").status_code == 302

    def test_whoever_left_is_not_let_in_again(self, client, cast):
        client.force_login(cast.lin)
        key = client.cookies[settings.SESSION_COOKIE_NAME].value
        client.get("/")
        client.post("/logout/")
        assert not Session.objects.filter(session_key=key).exists()


def test_who_reads_does_not_wait_for_who_writes(client, in_database):
    with in_database():
        cast = make_cast()
        client.force_login(cast.lin)
        _ended(29)
        writer = connection.copy()
        with writer.cursor() as cursor, connection.cursor() as own:
            if connection.vendor == "sqlite":
                own.execute("PRAGMA busy_timeout = 2000")  # how long waiting would take
            cursor.execute("BEGIN IMMEDIATE" if connection.vendor == "sqlite" else "BEGIN")
            cursor.execute("UPDATE accounts_user SET full_name = 'x' WHERE username = 'zhou'")
            assert client.get("/").status_code == 200
            cursor.execute("ROLLBACK")
        writer.close()
        assert client.get("/").status_code == 200
        assert _left() > IDLE - timedelta(seconds=30)
