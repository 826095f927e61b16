"""A page's own form, filled once more with what was typed into it.

A door that takes a post without having a page of its own (a line in a dialog, a small form beside
a table) answers what it cannot take with the page the post came from. That page knows nothing of
the post; this module writes into its HTML: the values as they were sent, the faults at their
fields, the reason over the form, and it opens the dialog or the fold the form stands in. One way
for every such door, so that no view has to remember to keep what somebody wrote.

It reads the page's HTML, never the database. Passwords, files and hidden values are left as the
page made them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

from django.http import QueryDict
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

Attributes = dict[str, str | None]
TICKED = ("checkbox", "radio")
NOT_TYPED = frozenset({"hidden", "password", "file", "submit", "button", "image", "reset"})
TOKEN = "csrfmiddlewaretoken"


@dataclass(slots=True, eq=False)
class Tag:
    """One tag of the page: where its start stands, and its end; of a select, what it offers."""

    name: str
    attributes: Attributes
    start: int
    body: int
    end: int = -1
    inside: tuple[Tag, ...] = ()
    options: list[Tag] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return (self.attributes.get("type") or "text").lower() if self.name == "input" else ""

    def within(self, name: str) -> Tag | None:
        return next((each for each in reversed(self.inside) if each.name == name), None)


@dataclass(slots=True)
class Form:
    """A form with its controls and buttons, those too that name it from elsewhere."""

    tag: Tag
    controls: list[Tag] = field(default_factory=list)
    buttons: list[Tag] = field(default_factory=list)

    def typed(self, data: QueryDict) -> list[Tag]:
        """The controls a person fills in that this post could have come from."""
        return [
            each
            for each in self.controls
            if each.kind not in NOT_TYPED
            and (each.attributes.get("name") in data or each.kind in TICKED)
        ]


class Page(HTMLParser):
    """The tags of a page that make up its forms."""

    WANTED = ("form", "dialog", "details", "input", "select", "option", "textarea", "button")

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=False)
        self.html = html
        self.lines = [0]
        for line in html.split("\n"):
            self.lines.append(self.lines[-1] + len(line) + 1)
        self.open: list[Tag] = []
        self.tags: list[Tag] = []
        self.feed(html)
        self.close()

    def place(self) -> int:
        line, column = self.getpos()
        return self.lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.WANTED:
            return
        start = self.place()
        body = start + len(self.get_starttag_text() or "")
        found = Tag(tag, dict(attrs), start, body, inside=tuple(self.open))
        self.tags.append(found)
        if tag == "option" and (select := found.within("select")):
            select.options.append(found)
        if tag != "input":  # the only one of them that holds nothing and has no end
            self.open.append(found)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.WANTED or all(each.name != tag for each in self.open):
            return
        while self.open:
            last = self.open.pop()
            last.end = self.place()
            if last.name == tag:
                return

    def forms(self) -> list[Form]:
        found = {tag: Form(tag) for tag in self.tags if tag.name == "form"}
        named = {form.tag.attributes.get("id"): form for form in found.values()}
        for tag in self.tags:
            if tag.name not in ("input", "select", "textarea", "button"):
                continue
            outside = tag.attributes.get("form")
            around = tag.within("form")
            owner = named.get(outside) if outside else found.get(around) if around else None
            if owner is not None:
                (owner.buttons if tag.name == "button" else owner.controls).append(tag)
        return list(found.values())


def refilled(
    html: str,
    *,
    action: str,
    page: str,
    data: QueryDict,
    notice: str,
    faults: Mapping[str, list[str]] | None = None,
) -> str | None:
    """The page with its form for `action` filled from `data`, the notice over it; None if the
    page has no form with typed fields that this post could have come from.

    action  path the form posts to;  page  path of the page, where a form without action posts
    faults  by name of a control; they stand under it, and what has no control on the page stays
            to be said in the notice
    """
    read = Page(html)
    fitting = [
        (_likeness(form, data), form)
        for form in read.forms()
        if _posts_to(form, action, page) and form.typed(data)
    ]
    if not fitting:
        return None
    form = max(fitting, key=lambda each: each[0])[1]
    edits: dict[int, list[tuple[int, str]]] = {}
    left = {name: list(data.getlist(name)) for name in data}

    def edit(start: int, end: int, text: str) -> None:
        edits.setdefault(start, []).append((end, text))

    faults = faults or {}
    marked: set[str] = set()
    for control in form.controls:
        if control.kind in NOT_TYPED:
            continue
        name = control.attributes.get("name") or ""
        wrong = faults.get(name) if control.kind not in TICKED else None
        _fill(read, control, left.get(name, []), bool(wrong), edit)
        if wrong and name not in marked:
            marked.add(name)
            after = read.html.find(">", control.end) + 1 if control.end >= 0 else control.body
            edit(after, after, said_at(wrong))
    button = next((b for b in form.buttons if _path(b, "formaction", "") == action), None)
    place = button if button is not None else form.tag
    for each in (*place.inside, *form.tag.inside):
        if each.name in ("dialog", "details") and "open" not in each.attributes:
            each.attributes["open"] = None
            edit(each.start, each.body, _written(each))
    dialog = place.within("dialog")
    is_beside = dialog is not None and dialog is not form.tag.within("dialog")
    over = dialog.body if is_beside and dialog is not None else form.tag.start
    unplaced = [fault for name, each in faults.items() if name not in marked for fault in each]
    unsaid = [fault for fault in unplaced if escape(fault) not in notice]
    edit(over, over, notice + (over_form(unsaid) if unsaid else ""))
    return _applied(html, edits)


def over_form(lines: Sequence[str]) -> SafeString:
    """The strip over a form that was not taken: what is wrong with it as a whole."""
    rows = format_html_join("", "<p>{}</p>", ((line,) for line in lines))
    return format_html(
        '<div class="lc-note mb-3" data-s="bad" role="alert" tabindex="-1" data-focus>'
        '<i class="bi bi-x-octagon" aria-hidden="true"></i><div>{}</div></div>',
        rows,
    )


def said_at(faults: Sequence[str], key: str = "") -> SafeString:
    """The faults of one field, under it; key: the id by which its control points here."""
    return format_html(
        '<div class="field-error"{}><i class="bi bi-exclamation-circle" aria-hidden="true"></i>'
        "<div>{}</div></div>",
        format_html(' id="{}"', key) if key else "",
        format_html_join("", "<span>{}</span>", ((fault,) for fault in faults)),
    )


def _path(tag: Tag, name: str, otherwise: str) -> str:
    return (tag.attributes.get(name) or otherwise).partition("?")[0].partition("#")[0]


def _posts_to(form: Form, action: str, page: str) -> bool:
    if (form.tag.attributes.get("method") or "").lower() != "post":
        return False
    own = _path(form.tag, "action", page) or page
    return own == action or any(_path(each, "formaction", "") == action for each in form.buttons)


def _likeness(form: Form, data: QueryDict) -> tuple[int, int]:
    """How well a form fits: hidden values that agree less those that do not; then its fields."""
    hidden = 0
    for each in form.controls:
        name = each.attributes.get("name") or ""
        if each.kind == "hidden" and name != TOKEN:
            hidden += 1 if (each.attributes.get("value") or "") in data.getlist(name) else -1
    return hidden, len({each.attributes.get("name") for each in form.typed(data)} & set(data))


def _fill(
    read: Page,
    control: Tag,
    values: list[str],
    is_wrong: bool,
    edit: Callable[[int, int, str], None],
) -> None:
    """One control as it was sent; of several with one name, each takes its own value in turn."""
    before = dict(control.attributes)
    if is_wrong:
        control.attributes["class"] = f"{before.get('class') or ''} is-invalid".strip()
        control.attributes["aria-invalid"] = "true"
    if control.kind in TICKED:
        _flag(control, "checked", (control.attributes.get("value") or "on") in values)
    elif control.name == "input" and values:
        control.attributes["value"] = values.pop(0)
    elif control.name == "textarea" and values and control.end >= 0:
        edit(control.body, control.end, "\n" + escape(values.pop(0)))
    elif control.name == "select" and values:
        for option in control.options:
            text = read.html[option.body : option.end] if option.end >= 0 else ""
            value = option.attributes.get("value")
            _flag(option, "selected", (text.strip() if value is None else value) in values)
            edit(option.start, option.body, _written(option))
    if control.attributes != before:
        edit(control.start, control.body, _written(control))


def _flag(tag: Tag, name: str, is_set: bool) -> None:
    if is_set:
        tag.attributes[name] = None
    else:
        tag.attributes.pop(name, None)


def _written(tag: Tag) -> str:
    inner = "".join(
        f" {name}" if value is None else f' {name}="{escape(value)}"'
        for name, value in tag.attributes.items()
    )
    return f"<{tag.name}{inner}>"


def _applied(html: str, edits: Mapping[int, list[tuple[int, str]]]) -> str:
    pieces: list[str] = []
    at = 0
    for start in sorted(edits):
        pieces.append(html[at:start])
        at = start
        for end, text in sorted(edits[start], key=lambda each: each[0]):
            pieces.append(text)
            at = max(at, end)
    pieces.append(html[at:])
    return "".join(pieces)
