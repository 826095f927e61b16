"""Every page says who may open it, and no page loads or carries what the policy refuses."""

import re
from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

from liancha.accounts.permissions import Permission
from tests.house.source import PACKAGE, shown, tracked

TEMPLATES = [path for path in tracked() if path.suffix == ".html" and "templates" in path.parts]
SCRIPTS = re.compile(r"<script\b(?![^>]*\bsrc=)[^>]*>\s*\S", re.IGNORECASE)
STYLES = re.compile(r"<style\b|\sstyle\s*=", re.IGNORECASE)
HANDLERS = re.compile(r"<[^<>]*?\s(on[a-z]+)\s*=", re.IGNORECASE)
ELSEWHERE = re.compile(r"""\b(?:src|href|action)\s*=\s*["'](?:https?:)?//""", re.IGNORECASE)
SHOUTED = re.compile(r"！|系统错误|您确定要")


def patterns(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for each in resolver.url_patterns:
        place = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from patterns(each, place)
        else:
            yield place, each


def pages() -> list[tuple[str, URLPattern]]:
    return list(patterns(get_resolver()))


def test_every_page_names_a_permission_or_says_that_it_is_public():
    silent = [place for place, page in pages() if not hasattr(page.callback, "permission")]
    assert silent == []


def test_the_permissions_named_exist():
    for place, page in pages():
        wanted = getattr(page.callback, "permission", None)
        assert wanted is None or set(wanted) <= set(Permission), place


def test_every_page_has_a_name_by_which_others_link_to_it():
    nameless = [place for place, page in pages() if not page.name]
    assert nameless == []


def test_no_two_pages_share_a_name():
    def named(resolver: URLResolver, space: str = "") -> Iterator[str]:
        for each in resolver.url_patterns:
            if isinstance(each, URLResolver):
                yield from named(each, f"{space}{each.namespace}:" if each.namespace else space)
            else:
                yield space + str(each.name)

    names = list(named(get_resolver()))
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_templates_carry_no_script_style_or_handler_of_their_own():
    found = [
        f"{shown(path)}: {match[0][:80]}"
        for path in TEMPLATES
        for pattern in (SCRIPTS, STYLES, HANDLERS, ELSEWHERE)
        for match in pattern.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_pages_and_messages_neither_shout_nor_blame():
    shouting = [
        f"{shown(path)}: {match}"
        for path in tracked()
        if path.is_relative_to(PACKAGE) and path.suffix in {".py", ".js", ".html"}
        if "vendor" not in path.parts
        for match in SHOUTED.findall(path.read_text(encoding="utf-8"))
    ]
    assert shouting == []
