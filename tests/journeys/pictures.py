"""Pictures of the demo city, one for each step of the story, in both sizes (docs/screens).

The visit on the phone is not among them: in the city nobody stands at a door just now. That
picture is the journey's.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, expect

from liancha.disclosure.models import Result
from liancha.draw.models import Draw
from liancha.inspection.models import ItemAnswer
from liancha.lists.models import ListVersion
from liancha.plan.models import Plan
from liancha.rulebook.lifecycles import ResultState
from tests.conftest import DESKTOP

from . import city
from .walkers import Album, Opened, Walker

HOTELS, CLUBS = "JF05", "JF09"  # a confidential draw under way; an open one that is over
CLERKS = {"GA": "gongan", "WJ": "weijian", "SCJG": "shijian", "XF": "xiaofang"}


def keep_pictures(
    url: str,
    open_page: Opened,
    album: Album,
    in_database: Callable[[], AbstractContextManager[None]],
) -> None:
    with in_database():
        joint = ListVersion.objects.in_force(ListVersion.Kind.JOINT).get().pk
        plan = Plan.objects.public().get().pk
        hotels = Draw.objects.of_targets().get(task__field__code=HOTELS)
        task, draw = hotels.task_id, hotels.pk
        staff = hotels.inspector_draws.get(department__code="GA").pk
        clubs = Draw.objects.of_targets().get(task__field__code=CLUBS).pk
        shown = _result_with_a_finding()
        clerk, result_page = CLERKS[shown.part.department.code], shown.get_absolute_url()

    def at(account: str, path: str) -> Walker:
        walker = Walker(open_page(DESKTOP), url)
        if account:
            walker.go("/login/")
            with walker.page.expect_navigation():
                walker.page.locator(f'button[name="username"][value="{account}"]').click()
        walker.go(path)
        return walker

    office = at("xieban", "/targets/import/")
    with TemporaryDirectory() as folder:
        file = Path(folder) / "检查对象名录.csv"
        city.write_register(file)
        office.upload("名录文件", file)
        office.press("试算这个文件")
    album.keep(office, "01-import")
    album.keep(at("", f"/public/lists/{joint}/"), "02-lists")
    album.keep(at("gongan", "/inspectors/"), "03-roster")
    album.keep(at("xieban", f"/plans/{plan}/"), "04-plan")
    album.keep(at("gongan", f"/tasks/{task}/"), "05-task")
    album.keep(at("gongan", f"/draws/{draw}/"), "06-draw")
    album.keep(at("gongan", f"/draws/{staff}/staff/"), "07-inspectors")
    album.keep(at(clerk, result_page), "09-result")
    album.keep(at("", f"/public/verify/check/?draw={clubs}"), "10-verify", check_in_the_browser)


def _result_with_a_finding() -> Result:
    """One that waits to be entered by somebody of the cast, if there is any; else a later one."""
    found = ItemAnswer.objects.filter(finding=ItemAnswer.Finding.FOUND)
    results = [
        result
        for answer in found.filter(department__code__in=CLERKS).order_by("pk")
        for result in Result.objects.filter(
            part__visit=answer.form.visit, part__department=answer.department
        ).select_related("part__department")
    ]
    return min(results, key=lambda each: each.state != ResultState.TO_ENTER)


def check_in_the_browser(page: Page) -> None:
    """Press the button, and wait until the visitor's own browser has repeated the draw."""
    page.get_by_role("button", name="用本站公开的文件").click()
    expect(page.locator("#vf-results")).to_contain_text("结果一致")
