"""People at browsers: each has an account, a window of their own, and two hands.

They find things as a person does, by the words on them, so a page that lost a label or a button
fails. What a step looks like is kept by the Album, which has axe look at it in both sizes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Locator, Page, Response, expect

from tests.conftest import DESKTOP, PHONE
from tests.people import PASSWORD

Opened = Callable[..., Page]  # the fixture new_page
# WCAG 2.1 A and AA, what the pages promise.
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
COLOURS, FREQUENT = 256, 192  # of a kept picture; a page of ours has few
TALLEST = 1600  # of a kept picture, in CSS pixels; what is below is more of the same


@dataclass
class Walker:
    """One window; `url` is the site without a slash at the end."""

    page: Page
    url: str

    def log_in(self, account: str, password: str = PASSWORD) -> Walker:
        self.go("/login/")
        self.fill("账号", account)
        self.fill("密码", password)
        self.press("登录")
        assert self.path != "/login/", f"{account} cannot log in"
        return self

    def go(self, path: str, *, status: int = 200) -> Response:
        """Open an address of the site and look at the answer's status."""
        answer = self.page.goto(path if path.startswith("http") else self.url + path)
        assert answer is not None
        assert answer.status == status, f"{answer.status} at {path}"
        assert path == "/login/" or self.path.split("?")[0] != "/login/", f"asked to log in: {path}"
        return answer

    def follow(self, words: str, *, among: Locator | None = None) -> None:
        """Click a link."""
        with self.page.expect_navigation():
            (among or self._here()).get_by_role("link", name=words, exact=True).first.click()

    def press(self, words: str, *, status: int = 200, among: Locator | None = None) -> Response:
        """Press a button that sends something, and look at the status of what comes back."""
        button = (among or self._here()).get_by_role("button", name=words, exact=True).first
        with self.page.expect_navigation() as coming:
            button.click()
        answer = coming.value
        assert answer is not None
        assert answer.status == status, f"{answer.status} after {words} at {self.page.url}"
        return answer

    def touch(self, words: str) -> None:
        """Press a button that only changes the page, such as one that opens a dialog."""
        self._here().get_by_role("button", name=words, exact=True).first.click()

    def unfold(self, words: str) -> None:
        """Open what is folded behind these words."""
        self._here().locator("summary").filter(has_text=words).first.click()

    def fill(self, label: str, value: str) -> None:
        self._field(label).fill(value)

    def choose(self, label: str, option: str | re.Pattern[str]) -> None:
        """Take an option of a select by its words."""
        select = self._field(label)
        found = select.locator("option").filter(has_text=option).first.text_content() or ""
        select.select_option(label=found.strip())

    def tick(self, label: str, *, off: bool = False) -> None:
        self._here().get_by_label(label, exact=True).set_checked(not off)

    def pick(self, words: str, *, among: Locator | None = None) -> None:
        """Take one of several, or one more, by the words beside its mark."""
        label = (among or self._here()).locator("label").filter(has_text=words).first
        label.click()
        assert label.evaluate("label => label.control.checked"), words

    def pick_all(self) -> None:
        """Tick every row of the table."""
        self._here().locator("[data-pick-all]").first.check()

    def upload(self, label: str, path: Path) -> None:
        self._field(label).set_input_files(path)

    def download(self, words: str) -> bytes:
        """Take what a link gives to keep."""
        with self.page.expect_download() as coming:
            self._here().get_by_role("link", name=words, exact=True).first.click()
        return coming.value.path().read_bytes()

    def get(self, path: str) -> bytes:
        """The bytes at an address, with this person's cookies."""
        answer = self.page.request.get(self.url + path)
        assert answer.status == 200, f"{answer.status} at {path}"
        return answer.body()

    def post(self, path: str, **fields: str) -> int:
        """Send a form that the page does not offer; returns the status of the answer."""
        token = self.page.locator("[name=csrfmiddlewaretoken]").first.get_attribute("value") or ""
        answer = self.page.request.post(
            self.url + path,
            form={"csrfmiddlewaretoken": token, **fields},
            headers={"Referer": self.page.url},
        )
        return answer.status

    def sees(self, *words: str) -> None:
        for each in words:
            expect(self.page.get_by_text(each).first).to_be_visible()

    def misses(self, *words: str) -> None:
        text = self.page.content()
        for each in words:
            assert each not in text, f"“{each}” at {self.page.url}"

    def is_refused(self, *words: str, article: str) -> None:
        """The refusal on the page says this, and shows the article it rests on."""
        panel = self.page.locator(".bk")
        for each in (*words, f"第{article}条"):
            expect(panel).to_contain_text(each)

    @property
    def path(self) -> str:
        return self.page.url.removeprefix(self.url)

    def _field(self, label: str) -> Locator:
        return self._here().get_by_label(label, exact=True).first

    def _here(self) -> Locator:
        """The open dialog if there is one, since nothing else can be reached then."""
        dialog = self.page.locator("dialog[open]")
        return dialog.last if dialog.count() else self.page.locator("body")


@dataclass
class Album:
    """Has axe look at a page at 1440 and 360 px; keeps pictures if there is a folder for them."""

    open_page: Opened
    folder: Path | None = None
    faults: list[str] = field(default_factory=list)

    def keep(
        self, walker: Walker, name: str, prepare: Callable[[Page], object] = lambda page: None
    ) -> None:
        """Look at the page this walker is at, in both sizes, in windows that know the walker.

        prepare  what has to be done on the page before it is worth looking at
        """
        memory = walker.page.context.storage_state()
        for size, suffix in ((DESKTOP, ""), (PHONE, "-phone")):
            page = self.open_page(size, storage_state=memory)
            page.goto(walker.page.url)
            prepare(page)
            self.look(page, f"{name}{suffix}")
            page.context.close()

    def look(self, page: Page, name: str) -> None:
        page.wait_for_load_state("networkidle")
        self.faults += [f"{name}: {each}" for each in violations(page)]
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            self.faults.append(f"{name}: {wide} px wider than the screen")
        if self.folder:
            self.folder.mkdir(parents=True, exist_ok=True)
            save_small(shot(page), self.folder / f"{name}.png")


def violations(page: Page) -> list[str]:
    """What axe has against the page: the rule, and the first element that breaks it."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{each['id']}, {each['nodes'][0]['html'][:200]}" for each in found]


def shot(page: Page) -> bytes:
    """The page from its top, bars at the foot where a reader would see them."""
    size = page.viewport_size
    assert size is not None
    page.evaluate("scrollTo(0, 0)")
    tall = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size(
        {"width": size["width"], "height": max(size["height"], min(tall, TALLEST))}
    )
    taken = page.screenshot()
    page.set_viewport_size(size)
    return taken


def save_small(png: bytes, path: Path) -> None:
    """Keep a picture in 256 colours: the frequent ones as they are, the rest by a near one."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    counted = sorted(picture.getcolors(picture.width * picture.height) or (), reverse=True)
    frequent = [colour for _, colour in counted[:FREQUENT]]
    others = picture.quantize(COLOURS - FREQUENT, dither=Image.Dither.NONE).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*(part for colour in frequent for part in colour), *others])
    small = picture.quantize(palette=palette, dither=Image.Dither.NONE)
    exact = {colour: place for place, colour in enumerate(frequent)}  # quantize only comes close
    near = small.get_flattened_data()
    small.putdata(
        [exact.get(*pair) for pair in zip(picture.get_flattened_data(), near, strict=True)]
    )
    small.save(path, optimize=True)
