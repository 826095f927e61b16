"""A firm is handed the link to its own page (art. 19; draw protocol, §6)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from liancha.accounts.models import User
from liancha.ledger import actions as ledger
from liancha.registry.models import Target

from .. import firms


@transaction.atomic
def hand_link(*, target: Target, by: User, at: datetime) -> str:
    """The token of the firm's link, given to whom the official has before him; on record."""
    ledger.append(
        "disclosure.hand_link", by=by, at=at, about=("target", target.pk), target=target.code
    )
    return firms.token_of(target)
