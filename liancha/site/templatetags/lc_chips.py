"""Small pieces that stand in a line or a table cell: icon, state, deadline, person, digest."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import segno
from django import template
from django.template import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from liancha.rulebook import lifecycles
from liancha.rulebook.deadlines import RESULT_DAYS, Calendar, Term, days_used
from liancha.site import context as shell
from liancha.site import words

register = template.Library()
EMPTY = mark_safe("")


HIDDEN = mark_safe('aria-hidden="true"')


@register.simple_tag(name="icon")
def draw_icon(name: str, label: str = "", cls: str = "") -> SafeString:
    """A bootstrap icon by name. Beside a word it is hidden from readers; alone it needs a label."""
    spoken = format_html('role="img" aria-label="{}"', label) if label else HIDDEN
    return format_html('<i class="bi bi-{}{}" {}></i>', name, f" {cls}" if cls else "", spoken)


@register.simple_tag
def state_tag(what: Any, word: str = "", icon: str = "", tone: str = "") -> SafeString:
    """The state of a record, a state, or a tone with a word of one's own.

    `{% state_tag task %}` reads `.state` (or `.status`) and its Chinese word;
    `{% state_tag "done" "存续" %}` names the tone itself.
    """
    if what is None or what == "":
        return EMPTY if not word else tag(word)
    record, state = type(what).__name__.removesuffix("State"), what
    for name in ("state", "status"):
        if hasattr(what, name) and not isinstance(what, str):
            record, state = type(what).__name__, getattr(what, name)
            word = word or getattr(what, f"get_{name}_display", lambda: "")()
            break
    look = words.TONES[tone] if tone else words.tone_of(state, record=record)
    return format_html(
        '<span class="lc-tag" data-s="{}"><i class="bi bi-{}" aria-hidden="true"></i>{}</span>',
        look.name,
        icon or look.icon,
        word or _label(state),
    )


def _label(state: Any) -> str:
    """The Chinese word of a state given by itself."""
    if type(state) in lifecycles.LABELS:
        return lifecycles.label(state)
    return str(getattr(state, "label", state))


@register.simple_tag
def tag(word: str) -> SafeString:
    """A plain label without a state: 宾馆旅店."""
    return format_html('<span class="lc-tag plain">{}</span>', word)


@register.simple_tag
def tags(names: Any, shown: int = 2) -> SafeString:
    """At most two labels, then +n with the rest in its title."""
    names = [str(name) for name in names]
    more = names[shown:]
    rest = (
        format_html('<span class="hint" title="{}">+{}</span>', "、".join(more), len(more))
        if more
        else EMPTY
    )
    return format_html("{} {}", mark_safe(" ".join(tag(name) for name in names[:shown])), rest)


# Where the colours turn, by working days used of a 20-day clock, or left for a to-do.
ICONS = {
    "green": "clock",
    "yellow": "clock-history",
    "orange": "alarm",
    "red": "alarm-fill",
    "over": "exclamation-lg",
    "none": "calendar3",
    "done": "check-lg",
}


def light_of(left: int, *, is_result: bool) -> str:
    """The colour of a deadline with so many working days left; negative is over."""
    if left < 0:
        return "over"
    if is_result:
        used = RESULT_DAYS - left
        return (
            "green" if used <= 10 else "yellow" if used <= 15 else "orange" if used <= 18 else "red"
        )
    return "red" if left == 0 else "orange" if left <= 3 else "yellow" if left == 4 else "green"


def working_days_left(on: date, today: date, calendar: Calendar) -> int | None:
    """Working days from tomorrow to the due day; negative when past; None past the calendar."""
    if on >= today:
        return days_used(today, on, calendar)
    over = days_used(on, today, calendar)
    return None if over is None else -max(over, 1)


@register.simple_tag(takes_context=True)
def due(
    context: Context,
    on: date | datetime | Term | None,
    today: date | None = None,
    kind: str = "",
    done: date | datetime | None = None,
    clock: bool = False,
) -> SafeString:
    """A deadline: date, weekday, working days left, in the colour of how close it is.

    on     the day, the moment, a rulebook Term, or None while it cannot be counted yet
    kind   "result" for the 20-day clock of article 22, whose colours go by days used
    done   when it was met: shows that instead of a countdown
    clock  show the hour of a moment that falls today
    """
    day = today or context.get("today") or timezone.localdate()
    if isinstance(on, Term):
        missing = (on.until.year + 1) if on.due is None else 0
        on = on.due
    else:
        missing = 0
    if on is None:
        note = f"{missing} 年工作日未公布" if missing else "工作日未公布"
        return _due("待定", "none", note)
    moment = words.local(on)
    on = moment.date() if isinstance(moment, datetime) else moment
    said = f"{words.day_short(on, today=day)} {words.weekday(on)}"
    if done is not None:
        met = words.local(done)
        met = met.date() if isinstance(met, datetime) else met
        late = met > on
        return _due(
            said, "over" if late else "done", f"{met:%m-%d} {'逾期办结' if late else '办结'}"
        )
    calendar = shell.calendar_of(context.get("request"))
    left = working_days_left(on, day, calendar)
    if left is None:
        return _due(said, "none", f"{on.year} 年工作日未公布")
    light = light_of(left, is_result=kind == "result")
    if clock and isinstance(moment, datetime) and on == day:
        note = f"今天 {moment:%H:%M}"
    elif on == day:
        note = "今天到期"
    elif left < 0:
        note = f"超 {-left} 个工作日"
    else:
        note = f"剩 {left} 个工作日"
    return _due(said, light, note)


def _due(said: str, light: str, note: str) -> SafeString:
    return format_html(
        '<span class="lc-due" data-l="{}">{} <b><i class="bi bi-{}" aria-hidden="true"></i>{}</b>'
        "</span>",
        light,
        said,
        ICONS[light],
        note,
    )


@register.simple_tag
def digest(value: str | None, long: bool = False, copy: bool = True) -> SafeString:
    """A digest or ticket: eight and six digits, the whole in the title, a button that copies it.

    `long=True` writes it out: only where people compare by eye.
    """
    if not value:
        return format_html('<span class="soft">{}</span>', words.ABSENT)
    button = (
        format_html(
            '<button type="button" class="lc-copy" data-copy="{}" aria-label="复制全文">'
            '<i class="bi bi-copy" aria-hidden="true"></i></button>',
            value,
        )
        if copy
        else EMPTY
    )
    mark = EMPTY if long else mark_safe('<i class="bi bi-fingerprint" aria-hidden="true"></i>')
    return format_html(
        '<span class="lc-hash{}" title="{}">{}<span>{}</span>{}</span>',
        " long" if long else "",
        value,
        mark,
        value if long else words.short_digest(value),
        button,
    )


@register.simple_tag
def code(value: str | None, copy: bool = False) -> SafeString:
    """A credit code, document or task number in mono, never wrapped; `copy` adds a button."""
    if not value:
        return format_html('<span class="soft">{}</span>', words.ABSENT)
    button = (
        format_html(
            '<button type="button" class="lc-copy" data-copy="{}" aria-label="复制">'
            '<i class="bi bi-copy" aria-hidden="true"></i></button>',
            value,
        )
        if copy
        else EMPTY
    )
    return format_html('<span class="lc-code nowrap">{}</span>{}', value, button)


def name_of(person: Any) -> str:
    """How a person is called: full name, name, or what they say of themselves."""
    return str(getattr(person, "full_name", "") or getattr(person, "name", "") or person)


def short_of(department: Any) -> str:
    """How a department is called in a line: 市公安局."""
    return words.department(
        str(getattr(department, "name", "") or department), str(getattr(department, "short", ""))
    )


@register.simple_tag
def who(person: Any, sub: str | None = None) -> SafeString:
    """A person with their department. Give text where the ledger knows only text.

    In lists select_related("…__department"), or every row asks for it.
    """
    if not person:
        return format_html('<span class="soft">{}</span>', words.ABSENT)
    name = name_of(person)
    if sub is None:
        department = getattr(person, "department", None)
        sub = short_of(department) if department else str(getattr(person, "body", ""))
    return format_html(
        '<span class="lc-who"><i aria-hidden="true">{}</i>{}{}</span>',
        name[:1],
        name,
        format_html("<span>{}</span>", sub) if sub else EMPTY,
    )


@register.simple_tag
def dept(department: Any) -> SafeString:
    """A department: square, in azurite."""
    if not department:
        return format_html('<span class="soft">{}</span>', words.ABSENT)
    short = short_of(department)
    return format_html(
        '<span class="lc-who dept" title="{}"><i aria-hidden="true">{}</i>{}</span>',
        str(department),
        words.initial(short),
        short,
    )


@register.simple_tag
def credit(letter: str | None) -> SafeString:
    """The credit class in a ring: an internal reference, never on public pages."""
    if not letter:
        return mark_safe(
            '<span class="lc-credit" data-c="–" aria-hidden="true">–</span>'
            ' <span class="hint">未分类</span>'
        )
    if letter not in ("A", "B", "C", "D"):  # a stratum beside the classes: 重点对象, 其余
        return format_html("{}", letter)
    return format_html(
        '<span class="lc-credit" data-c="{0}"><span class="visually-hidden">信用分类 </span>{0}'
        "</span>",
        letter,
    )


@register.simple_tag
def light(colour: str, word: str) -> SafeString:
    """A staleness light: green, yellow, red; always with its word."""
    return format_html('<span class="lc-light" data-l="{}">{}</span>', colour, word)


@register.simple_tag(name="meter")
def draw_meter(percent: float, tone: str = "", label: str = "") -> SafeString:
    """A thin bar filled to `percent` (0 to 100). tone: g, y, r, k black, n grey."""
    width = min(100, max(0, round(float(percent))))
    spoken = format_html('role="img" aria-label="{}"', label) if label else HIDDEN
    return format_html(
        '<span class="lc-meter" {}><i class="w-{}{}"></i></span>',
        spoken,
        width,
        f" {tone}" if tone else "",
    )


@register.simple_tag
def figure(
    label: str,
    value: Any,
    unit: str = "",
    note: str = "",
    url: str = "",
    tone: str = "",
    meter: float | None = None,
    light: str = "",
    icon: str = "",
    current: bool = False,
) -> SafeString:
    """One number with what it counts: label, value, unit, note; a link to the rows behind it.

    tone  good, warn or bad colours the value; `meter` and `light` add a bar under it
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = words.thousands(value)
    parts = (
        draw_icon(icon) if icon else EMPTY,
        label,
        format_html(' class="{}"', tone) if tone else EMPTY,
        value,
        format_html("<small>{}</small>", unit) if unit else EMPTY,
        format_html("<em>{}</em>", note) if note else EMPTY,
        draw_meter(meter, light) if meter is not None else EMPTY,
    )
    inner = format_html("<span>{} {}</span><b{}>{}{}</b>{}{}", *parts)
    if url:
        here = mark_safe(' aria-current="true"') if current else EMPTY
        return format_html(
            '<a class="lc-fig{}" href="{}"{}>{}</a>', " on" if current else "", url, here, inner
        )
    return format_html('<div class="lc-fig">{}</div>', inner)


@register.simple_tag
def qr(text: str, label: str = "二维码") -> SafeString:
    """A QR code as inline svg, black on white, sized by its place."""
    code = segno.make(text, micro=False, error="m")
    drawing = code.svg_inline(omitsize=True, border=2, dark="#17242f", light="#fff", svgclass=None)
    return format_html(
        '<span class="lc-qr" role="img" aria-label="{}">{}</span>', label, mark_safe(drawing)
    )


@register.simple_tag
def sync(state: str, word: str) -> SafeString:
    """The sync state in the bar of a phone page: good, wait, or "" for under way."""
    names = {"good": "cloud-check", "wait": "wifi-off", "": "arrow-repeat"}
    return format_html(
        '<span class="ph-sync" data-l="{}" data-sync role="status">'
        '<i class="bi bi-{}" aria-hidden="true"></i><span>{}</span></span>',
        state,
        names.get(state, "arrow-repeat"),
        word,
    )
