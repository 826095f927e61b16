"""What leads to an act: a button that posts, a dialog that says what will happen, long work."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from liancha.site.blocked import Refusal, ask

from .lc_blocks import address
from .lc_chips import EMPTY, draw_icon

register = template.Library()


@register.simple_block_tag(takes_context=True)
def confirm(
    context: Context,
    content: str,
    id: str,
    title: str,
    action: str = "",
    verb: str = "",
    lead: str = "",
    hint: str = "",
    tone: str = "primary",
    back: str = "再看看",
    form: str = "",
    files: bool = False,
) -> SafeString:
    """A dialog that says what the act will do; its button repeats the verb.

    Opened by `data-dialog-open="<id>"`. Posts its own form to `action`, or, with `form="batch"`,
    submits that form there. Inside: <li> for what happens at once, fields, or both.
    """
    items = content.strip()
    if items.startswith("<li"):
        head, _, rest = items.rpartition("</li>")
        content = mark_safe(f"<ul>{head}</li></ul>{rest}")
    return mark_safe(
        render_to_string(
            "components/confirm.html",
            {
                "id": id,
                "title": title,
                "action": address(action),
                "verb": verb or title.rstrip("？"),
                "lead": lead,
                "hint": hint,
                "tone": tone,
                "back": back,
                "form": form,
                "files": files,
                "content": content,
                "csrf_token": context.get("csrf_token"),
            },
        )
    )


@register.simple_tag(takes_context=True)
def post(
    context: Context,
    place: str,
    word: str,
    cls: str = "btn",
    icon: str = "",
    form_cls: str = "",
    **values: Any,
) -> SafeString:
    """A button that posts by itself: its form, the token, hidden values, one click only."""
    hidden = format_html_join(
        "", '<input type="hidden" name="{}" value="{}">', ((k, v) for k, v in values.items())
    )
    return format_html(
        '<form method="post" action="{}" class="lc-post{}" data-once>'
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}">{}'
        '<button class="{}">{}{}</button></form>',
        address(place),
        f" {form_cls}" if form_cls else "",
        context.get("csrf_token") or "",
        hidden,
        cls if cls.startswith("btn ") or cls == "btn" else f"btn {cls}",
        draw_icon(icon) if icon else EMPTY,
        word,
    )


@register.inclusion_tag("components/work.html", takes_context=True)
def work(
    context: Context, url: str, title: str, stop: str = "", next: str = "", percent: int = 0
) -> dict[str, Any]:
    """Long work: the bar asks `url` for its state once a second and leads on when it is done."""
    return {
        "url": url,
        "title": title,
        "stop": stop,
        "next": next,
        "percent": percent,
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("components/refusal.html", takes_context=True)
def refusal(
    context: Context, blocked: Any, heading: str = "h2", asks: bool = False
) -> dict[str, Any]:
    """A Blocked as a panel: what was refused, the words it rests on, that nothing changed.

    asks  a NeedsReason has its form, too, which posts all of this again: for a view that reads
          `reason` from what is posted
    """
    shown = Refusal.of(blocked)
    if asks and shown.needs_reason:
        shown = replace(shown, form=ask(blocked, context["request"]))
    return {"refusal": shown, "heading": heading}
