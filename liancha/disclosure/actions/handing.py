"""A firm is given the link to its own page, at the desk or at its visit (art. 19; protocol, §6)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from liancha.accounts.models import User
from liancha.inspection.models import Visit
from liancha.ledger import actions as ledger
from liancha.registry.models import Target
from liancha.rulebook.verdicts import Blocked

from ..models import OwnLink

CODE = "inspection.check"  # who gives the link at a visit: nobody, the code that was scanned


@transaction.atomic
def hand_link(*, target: Target, by: User, at: datetime) -> OwnLink:
    """A link for whom the official has before him. Those given before it are taken back.

    Source: draw protocol, §6, to that firm and no other; how long it holds is local practice.
    """
    target = Target.objects.select_for_update(of=("self",)).get(pk=target.pk)
    before = list(target.own_links.in_force(at))
    for each in before:
        _revoke(each, by, at)
    link = OwnLink.objects.create(
        target=target, handed_by=by, handed_at=at, expires_at=_expires_at(at)
    )
    ledger.append(
        "disclosure.hand_link",
        by=by,
        at=at,
        about=("target", target.pk),
        target=target.code,
        link=link.pk,
        expires_at=link.expires_at.isoformat(),
        instead_of=[each.pk for each in before],
    )
    return link


@transaction.atomic
def take_link(*, visit: Visit, by: str = CODE, at: datetime) -> OwnLink:
    """The link of a firm that scanned the code at its own visit: one a visit, the same each time.

    Raises Blocked once the desk has taken it back, or it has expired.
    Source: draw protocol, §6, right after its own visit.
    """
    visit = Visit.objects.select_for_update(of=("self",)).get(pk=visit.pk)
    link = OwnLink.objects.filter(visit=visit).first()
    if link is not None:
        if not link.is_in_force(at):
            raise Blocked(
                "这次检查的自查链接已经失效。请带营业执照到登记窗口重新领取。", article="19"
            )
        return link
    target = visit.drawn_target.target
    link = OwnLink.objects.create(
        target=target, visit=visit, handed_at=at, expires_at=_expires_at(at)
    )
    ledger.append(
        "disclosure.take_link",
        by=by,
        at=at,
        about=("target", target.pk),
        target=target.code,
        visit=visit.pk,
        link=link.pk,
        expires_at=link.expires_at.isoformat(),
    )
    return link


@transaction.atomic
def revoke_link(*, link: OwnLink, by: User, at: datetime) -> OwnLink:
    """Take a link back: from now on it opens nothing. Raises Blocked when it opens nothing now."""
    link = OwnLink.objects.select_for_update(of=("self",)).select_related("target").get(pk=link.pk)
    if not link.is_in_force(at):
        raise Blocked("这个自查链接已经失效，不用再收回。", article="19")
    _revoke(link, by, at)
    ledger.append(
        "disclosure.revoke_link",
        by=by,
        at=at,
        about=("target", link.target_id),
        target=link.target.code,
        link=link.pk,
    )
    return link


def _revoke(link: OwnLink, by: User, at: datetime) -> None:
    link.revoked_by, link.revoked_at = by, at
    link.save(update_fields=["revoked_by", "revoked_at"])


def _expires_at(at: datetime) -> datetime:
    return at + timedelta(days=settings.LIANCHA_OWN_LINK_DAYS)
