"""The page's verifier in a real browser, and the same questions put to the command's.

Two implementations of one text: the rulebook in Python, `static/disclosure/verify` in JavaScript.
Nothing is shared between them but the protocol. The modules are served from the working tree under
a name that no network knows.
"""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liancha.rulebook import verify
from liancha.rulebook.findings import Mark

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

ROOT = Path(__file__).resolve().parents[2]
STATIC = (ROOT / "liancha/disclosure/static", ROOT / "liancha/site/static")
HOST = "http://verify.test"

# The verifier is asked many times in one visit to the page: starting a browser costs more.
RUN = """async ([url, base, changes, earlier]) => {
  const { check } = await import(url);
  const bytes = (text) => Uint8Array.from(atob(text), (mark) => mark.charCodeAt(0));
  const read = (files) => Object.entries(files).map(([name, text]) => [name, bytes(text)]);
  const held = read(base);
  const others = earlier.map((files) => new Map(read(files)));
  return changes.map((change) => {
    const files = new Map(held);
    for (const [name, text] of Object.entries(change)) files.set(name, bytes(text));
    const { isGood, failed, levels, findings } = check(files, others);
    const bad = findings.filter(({ mark, part }) => mark === 'bad' && part);
    return { isGood, failed, levels, parts: bad.map(({ part }) => part) };
  });
}"""

Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Answer:
    """What a verifier says: accepted or not, levels, topics and parts that fail."""

    is_good: bool
    levels: frozenset[str]
    failed: frozenset[str]
    parts: frozenset[str]


def serve(page: Page) -> None:
    """Give the page the modules as they are in the working tree, and nothing else."""

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(HOST).removeprefix("/static/")
        for folder in STATIC:
            if path and (folder / path).is_file():
                kind = mimetypes.guess_type(path)[0] or "text/javascript"
                route.fulfill(body=(folder / path).read_bytes(), content_type=kind)
                return
        route.fulfill(body="<!doctype html><title>verify</title>", content_type="text/html")

    page.context.route(f"{HOST}/**", answer)
    page.goto(f"{HOST}/")


def in_browser(
    page: Page, base: Files, changes: Iterable[Files] = ({},), earlier: Iterable[Files] = ()
) -> list[Answer]:
    """Check `base` with each of the changes in turn; `earlier` are other draws at hand."""
    url = f"{HOST}/static/disclosure/verify/check.js"
    spoilt, others = [_text(one) for one in changes], [_text(one) for one in earlier]
    found: list[Any] = page.evaluate(RUN, [url, _text(base), spoilt, others])
    return [
        Answer(
            is_good=one["isGood"],
            levels=frozenset(one["levels"]),
            failed=frozenset(one["failed"]),
            parts=frozenset(one["parts"]),
        )
        for one in found
    ]


def in_python(files: Files, earlier: Sequence[Files] = ()) -> Answer:
    report = verify.check(files, earlier=earlier)
    bad = [finding.text for finding in report.findings if finding.mark is Mark.BAD]
    return Answer(
        is_good=report.is_good,
        levels=frozenset(level.value for level in report.levels),
        failed=frozenset(topic.value for topic in report.failed),
        parts=frozenset(text.split("：")[0] for text in bad) - {"不能复算"},
    )


def _text(files: Files) -> dict[str, str]:
    return {name: base64.b64encode(data).decode() for name, data in files.items()}
