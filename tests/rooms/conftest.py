"""What many of these tests begin with: the few people everywhere, one of them signed in.

A file that wants another cast or another way in says so itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.people import Cast, make_cast


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def sign_in(client: Client) -> Callable[[Any], Client]:
    """The browser with this person signed in."""

    def sign(user: Any) -> Client:
        client.force_login(user, backend="liancha.accounts.backends.WithDepartment")
        return client

    return sign
