"""Blocks of a page: card, note, article, facts, steps, timeline, difference, tabs, save bar."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django import template
from django.template import Context
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from liancha.rulebook import articles
from liancha.site import words

from .lc_chips import EMPTY, draw_icon

register = template.Library()


def address(place: str) -> str:
    """A URL as it is, or the URL of a name such as `task:tasks`."""
    if not place or place[0] in "/?#" or "//" in place:
        return place
    try:
        return reverse(place)
    except NoReverseMatch:
        return place


@register.simple_tag
def crumb(word: str, place: str = "") -> SafeString:
    """One step of the path in the top bar, after the menu entry, which stands there already."""
    inner = format_html('<a href="{}">{}</a>', address(place), word) if place else word
    return format_html('<li title="{}">{}</li>', word, inner)


@register.simple_block_tag
def card(
    content: str,
    title: str = "",
    hint: str = "",
    end: str = "",
    id: str = "",
    cls: str = "",
    icon: str = "",
    flush: bool = False,
) -> SafeString:
    """A white card. `flush` when a table or list fills it to the edge; `end` stands right."""
    head = EMPTY
    if title:
        head = format_html(
            '<div class="card-header">{}<h2 class="card-title"{}>{}</h2>{}{}</div>',
            draw_icon(icon) if icon else EMPTY,
            format_html(' id="{}-title"', id) if id else EMPTY,
            title,
            format_html('<span class="hint">{}</span>', hint) if hint else EMPTY,
            format_html('<span class="end">{}</span>', end) if end else EMPTY,
        )
    named = format_html(' id="{0}" aria-labelledby="{0}-title"', id) if id and title else EMPTY
    if id and not title:
        named = format_html(' id="{}"', id)
    body = content if flush else format_html('<div class="card-body">{}</div>', content)
    return format_html(
        '<section class="card{}"{}>{}{}</section>', f" {cls}" if cls else "", named, head, body
    )


NOTE_ICONS = {
    "": "info-circle",
    "good": "check-circle",
    "wait": "exclamation-triangle",
    "bad": "x-octagon",
    "proof": "fingerprint",
}


@register.simple_block_tag
def note(content: str, kind: str = "", icon: str = "", end: str = "", cls: str = "") -> SafeString:
    """A strip that stays: "" for information, good, wait, bad, proof. Failures go here."""
    return format_html(
        '<div class="lc-note{}" data-s="{}">{}<div>{}</div>{}</div>',
        f" {cls}" if cls else "",
        kind,
        draw_icon(icon or NOTE_ICONS[kind]),
        content,
        format_html('<div class="end">{}</div>', end) if end else EMPTY,
    )


def quotation(
    number: int | str,
    *,
    paragraph: int | None = None,
    mark: str = "",
    only: bool = False,
    short: bool = False,
) -> SafeString:
    """The exact words of an article, bronze, with the deciding ones marked if they stand there.

    only   nothing but the marked words
    short  第二十一条 without the name of the Measures, where that stands nearby
    `number` may name a paragraph too: "19", "19.3". Unknown numbers give nothing: a quotation is
    right or it is not shown.
    """
    whole, _, part = str(number).partition(".")
    if part.isdecimal() and paragraph is None:
        paragraph = int(part)
    try:
        quote = articles.quote(whole, paragraph=paragraph, deciding=mark)
    except ValueError:
        try:
            quote = articles.quote(whole, paragraph=paragraph)
        except (KeyError, IndexError, ValueError):
            return EMPTY
    except (KeyError, IndexError):
        return EMPTY
    source = quote.source.partition("》")[2] if short else quote.source
    if only and quote.deciding:
        text = format_html("{}", quote.deciding)
        return format_html(
            '<blockquote class="lc-article"><cite>{}</cite><p>{}</p></blockquote>', source, text
        )
    text = format_html(
        "{}{}{}",
        quote.before,
        format_html("<mark>{}</mark>", quote.deciding) if quote.deciding else EMPTY,
        quote.after,
    )
    paragraphs = mark_safe("".join(f"<p>{line}</p>" for line in text.split("\n")))
    return format_html(
        '<blockquote class="lc-article"><cite>{}</cite>{}</blockquote>', source, paragraphs
    )


@register.simple_tag
def article(
    number: int | str,
    paragraph: int | None = None,
    mark: str = "",
    only: bool = False,
    short: bool = False,
) -> SafeString:
    """The words of the Measures. `{% article 19 paragraph=3 mark="…不可更改。" %}`."""
    return quotation(number, paragraph=paragraph, mark=mark, only=only, short=short)


@register.simple_tag
def nothing(
    title: str, text: str = "", icon: str = "inbox", url: str = "", verb: str = ""
) -> SafeString:
    """What is absent, and what comes next. (Not called `empty`: `for` has that word.)"""
    more = format_html('<a href="{}">{}</a>', address(url), verb) if url else EMPTY
    return format_html(
        '<div class="lc-empty">{}<b>{}</b>{} {}</div>', draw_icon(icon), title, text, more
    )


@register.simple_tag
def kv(*pairs: Any, cls: str = "") -> SafeString:
    """Facts as pairs: `{% kv "名称" target.name "住所" target.address %}`, or one list of pairs."""
    rows = pairs[0] if len(pairs) == 1 else list(zip(pairs[::2], pairs[1::2], strict=True))
    if isinstance(rows, Mapping):
        rows = list(rows.items())
    inner = format_html_join(
        "",
        "<dt>{}</dt><dd>{}</dd>",
        ((key, _fact(value)) for key, value in rows),
    )
    return format_html('<dl class="lc-kv{}">{}</dl>', f" {cls}" if cls else "", inner)


def _fact(value: Any) -> Any:
    """A fact as it is read: a moment in the city's time, nothing as —."""
    if isinstance(value, datetime):
        return words.moment(value)
    return words.ABSENT if value is None or value == "" else value


def _part(thing: Any, name: str, place: int | None = None) -> Any:
    """A part of a mapping, an object, or a tuple."""
    if isinstance(thing, Mapping):
        return thing.get(name, "")
    if isinstance(thing, (tuple, list)):
        return thing[place] if place is not None and place < len(thing) else ""
    return getattr(thing, name, "")


@register.simple_tag
def steps(items: Iterable[Any], cls: str = "") -> SafeString:
    """Steps: done ones say who or when, the next what it waits for.

    items  (word, note, state) or things with .word .note .state; state "done", "now" or ""
    """
    inner = format_html_join(
        "",
        '<li class="{}"{}><b>{}</b><small>{}</small></li>',
        (
            (
                _part(item, "state", 2) or "",
                mark_safe(' aria-current="step"') if _part(item, "state", 2) == "now" else EMPTY,
                _part(item, "word", 0),
                _part(item, "note", 1) or "",
            )
            for item in items
        ),
    )
    return format_html('<ol class="lc-steps{}">{}</ol>', f" {cls}" if cls else "", inner)


@register.simple_tag
def timeline(entries: Iterable[Any], cls: str = "") -> SafeString:
    """What happened, newest first: round = happened, square = in the public log, hollow = to come.

    entries  mappings or objects with at (date, datetime or text), text, note, number, kind
             ("", "proof" or "next") and url
    """

    def row(entry: Any) -> tuple[Any, ...]:
        at, text, number = (_part(entry, name) for name in ("at", "text", "number"))
        if isinstance(at, datetime):
            at = f"{words.day_short(at)} {words.clock(at)}"
        elif isinstance(at, date):
            at = words.day_short(at)
        if url := _part(entry, "url"):
            text = format_html('<a href="{}">{}</a>', url, text)
        small = _part(entry, "note") or ""
        if number not in ("", None):
            count = words.thousands(number) if isinstance(number, int) else number
            small = format_html("{}{}#{}", small, "　" if small else "", count)
        return (
            _part(entry, "kind") or "",
            format_html("<time>{}</time>", at) if at else EMPTY,
            text,
            format_html("<small>{}</small>", small) if small else EMPTY,
        )

    inner = format_html_join("", '<li class="{}">{}{}{}</li>', (row(entry) for entry in entries))
    return format_html('<ol class="lc-log{}">{}</ol>', f" {cls}" if cls else "", inner)


TOKENS = re.compile(r"[A-Za-z0-9.]+|\s+|.", re.DOTALL)


@register.simple_tag
def diff(old: str, new: str) -> SafeString:
    """What was struck and what was added, word by word."""
    before, after = TOKENS.findall(str(old or "")), TOKENS.findall(str(new or ""))
    pieces: list[SafeString] = []
    for kind, a1, a2, b1, b2 in difflib.SequenceMatcher(None, before, after, False).get_opcodes():
        was, now = "".join(before[a1:a2]), "".join(after[b1:b2])
        if kind == "equal":
            pieces.append(format_html("{}", was))
            continue
        if was:
            pieces.append(format_html("<del>{}</del>", was))
        if now:
            pieces.append(format_html("<ins>{}</ins>", now))
    return format_html('<span class="lc-diff">{}</span>', mark_safe("".join(pieces)))


@register.simple_block_tag
def tabs(content: str, label: str = "分页", cls: str = "") -> SafeString:
    """A row of `{% tab %}`."""
    return format_html(
        '<nav aria-label="{}"><ul class="nav nav-tabs{}">{}</ul></nav>',
        label,
        f" {cls}" if cls else "",
        content,
    )


@register.simple_tag(takes_context=True)
def tab(
    context: Context,
    word: str,
    place: str = "",
    count: int | str | None = None,
    active: bool | None = None,
    tone: str = "",
) -> SafeString:
    """One tab: a link. Which one is open is read off the address unless `active` says it."""
    url = address(place)
    request = context.get("request")
    if active is None and request is not None:
        path, _, query = url.partition("?")
        if path not in ("", request.path):
            active = False
        else:
            wanted = dict(pair.split("=", 1) for pair in query.split("&") if "=" in pair)
            key = next(iter(wanted), "tab")
            active = request.GET.get(key, "") == wanted.get(key, "")
    number = EMPTY
    if count is not None:
        shown = words.thousands(count) if isinstance(count, int) else count
        number = format_html(
            " <b{}>{}</b>", format_html(' class="{}"', tone) if tone else EMPTY, shown
        )
    return format_html(
        '<li><a class="nav-link{}" href="{}"{}>{}{}</a></li>',
        " active" if active else "",
        url or "?",
        mark_safe(' aria-current="page"') if active else EMPTY,
        word,
        number,
    )


@register.simple_block_tag
def more(content: str, label: str = "更多", word: str = "", cls: str = "") -> SafeString:
    """The … menu of a row or a page: links and buttons inside, opened by click or Enter."""
    face = format_html("{}{}", word, draw_icon("chevron-down")) if word else draw_icon("three-dots")
    return format_html(
        '<details class="lc-more"><summary class="{}" aria-label="{}">{}</summary>'
        '<div class="lc-pop">{}</div></details>',
        cls or "btn btn-sm btn-quiet",
        label,
        face,
        content,
    )


@register.simple_block_tag
def savebar(content: str) -> SafeString:
    """The bar that sticks below a form: what the act does (a <p>), then its buttons."""
    return format_html('<div class="lc-go">{}</div>', content)
