"""The demo city: it is built, everybody of its cast walks in, and nothing is told too early.

LIANCHA_SCREENS=folder builds the city in full size and keeps pictures of its steps there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from subprocess import CompletedProcess
from urllib.parse import urldefrag, urljoin

import pytest
from django.utils import timezone
from playwright.sync_api import APIRequestContext, Page

from liancha.accounts.queries import STORY
from liancha.disclosure.models import Publication
from liancha.draw.models import Draw, DrawnTarget
from liancha.ledger.models import Entry
from liancha.plan.models import Campaign, Filing
from liancha.registry.models import CreditBatch, Licence
from liancha.rulebook.lifecycles import TaskState
from tests.conftest import PHONE
from tests.servers import Server

from .pictures import keep_pictures
from .walkers import Album, Walker

DEMO = {"LIANCHA_DEMO": "1"}
OVER = (TaskState.COMPLETED, TaskState.RESULTS_PUBLISHED, TaskState.ARCHIVED)
TODOS = 4  # of a workbench that are opened, per person
MONTH = timedelta(days=30)
MOST = 400  # public pages and files that are read
LINKS = re.compile(rb'(?:href|src)="([^"]+)"')

In = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def city(cli: Callable[..., CompletedProcess[str]], start_site: Callable[..., Server]) -> Server:
    """A real server on a demo city; the smallest one, unless it is for pictures."""
    size = () if os.environ.get("LIANCHA_SCREENS") else ("--size", "2000")
    said = cli("demo", *size, env=DEMO)
    assert said.returncode == 0, said.stdout + said.stderr
    return start_site(**DEMO)


def test_everybody_walks_in_and_nothing_is_told_too_early(
    city: Server, new_page: Callable[..., Page], in_database: In
) -> None:
    assert _lacking(in_database) == []
    visitor = Walker(new_page(PHONE), city.url)
    faults: list[str] = []
    for account in (name for _, people in STORY for name, _ in people):
        faults += _walk_in(visitor, account)
    assert not faults, "\n".join(faults)

    secrets = _names_that_are_not_public(in_database)
    assert len(secrets) > 20
    told, pages = _told_in_public(visitor.page.context.request, city.url, secrets)
    assert not told, "\n".join(told)
    assert pages > 40

    if folder := os.environ.get("LIANCHA_SCREENS"):
        album = Album(new_page, Path(folder))
        keep_pictures(city.url, new_page, album, in_database)
        assert not album.faults, "\n".join(album.faults)


def _lacking(in_database: In) -> list[str]:
    """What the year lacks: a void draw and the one after it, a further batch, a keeper who
    revealed, a witness who did not, what stands beside tasks; and the ledger's days in order."""
    with in_database():
        draws, today = Draw.objects.of_targets(), timezone.localdate()
        lacking = [
            words
            for words, found in (
                ("void, and computed all the same", draws.filter(state="void", transcript__gt=0)),
                ("the next after a void one", draws.locked().filter(task__draws__state="void")),
                ("a further batch", draws.locked().exclude(supplements=None)),
                ("a keeper revealed", draws.locked().exclude(keeper=None)),
                ("a party is missing", draws.locked().filter(parties__is_missing=True)),
                ("a licence that ends soon", Licence.objects.ending(today, today + MONTH)),
                ("a licence that is over", Licence.objects.over(today)),
                ("two months of classes", CreditBatch.objects.standing()[1:]),
                ("last year's figures", Filing.objects.filter(kind=Filing.Kind.REPORT)),
                ("a campaign", Campaign.objects.all()),
            )
            if not found.exists()
        ]
        people = Entry.objects.exclude(by="system")  # the worker's clock is today's
        told = list(people.order_by("index").values_list("at", "what"))
    back = [(before, after) for before, after in pairwise(told) if after[0] < before[0]]
    return lacking + [f"{after} told after {before}" for before, after in back]


def _walk_in(visitor: Walker, account: str) -> list[str]:
    """Step in, open every entry of the menu and the first things to do; what is wrong with them."""
    visitor.page.context.clear_cookies()
    visitor.go("/login/")
    with visitor.page.expect_navigation() as coming:
        visitor.page.locator(f'button[name="username"][value="{account}"]').click()
    assert coming.value is not None
    assert coming.value.status == 200, account
    entries = _hrefs(visitor, '[aria-label="主菜单"] a')
    todos = _hrefs(visitor, "main a")[:TODOS]
    assert entries, account
    faults = []
    for path in dict.fromkeys([*entries, *todos]):
        answer = visitor.page.goto(visitor.url + path)
        status = answer.status if answer else 0
        wide = visitor.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if status != 200 or wide > 0 or not visitor.page.locator("h1").count():
            faults.append(f"{account} at {path}: status {status}, {wide} px too wide")
    return faults


def _hrefs(visitor: Walker, selector: str) -> list[str]:
    found = visitor.page.locator(selector).evaluate_all(
        "all => all.map(a => a.pathname + a.search)"
    )
    return [path for path in found if path.startswith("/")]


def _names_that_are_not_public(in_database: In) -> set[str]:
    """Names and codes of firms drawn for tasks whose visits are not over, unless they are public
    for another task or by a result of their own."""
    with in_database():
        rows = DrawnTarget.objects.values_list(
            "candidate__name", "candidate__code", "draw__task__state"
        )
        hidden = {each for name, code, state in rows if state not in OVER for each in (name, code)}
        shown = {each for name, code, state in rows if state in OVER for each in (name, code)}
        shown |= {
            each
            for pair in Publication.objects.values_list("target_name", "target_code")
            for each in pair
        }
    return hidden - shown


def _told_in_public(
    visitor: APIRequestContext, url: str, secrets: set[str]
) -> tuple[list[str], int]:
    """Read every page and file that can be reached without an account; what they give away."""
    words = [each.encode() for each in secrets]
    waiting, seen, told = [f"{url}/public/"], set[str](), []
    while waiting and len(seen) < MOST:
        address = waiting.pop(0)
        if address in seen:
            continue
        seen.add(address)
        answer = visitor.get(address)
        if answer.url.startswith(f"{url}/login/"):
            continue
        assert answer.status < 500, address
        body = answer.body()
        told += [f"{address}: {word.decode()}" for word in words if word in body]
        if "html" in answer.headers.get("content-type", ""):
            for link in LINKS.findall(body):
                target = urldefrag(urljoin(address, link.decode().replace("&amp;", "&"))).url
                if target.startswith(f"{url}/public/") and "?q=" not in target:
                    waiting.append(target)
    return told, len(seen)
