"""Form fields: label above, star when required, hint, error underneath with its cure."""

from __future__ import annotations

from typing import Any

from django import forms, template
from django.forms import BoundField
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from liancha.accounts.again import said
from liancha.accounts.refilling import over_form, said_at

from .lc_chips import EMPTY, draw_icon

register = template.Library()

SELECTS = (forms.Select, forms.SelectMultiple)
CHOICES = (forms.RadioSelect, forms.CheckboxSelectMultiple)
TYPES: tuple[tuple[type[forms.Field], str], ...] = (
    (forms.DateTimeField, "datetime-local"),
    (forms.DateField, "date"),
    (forms.TimeField, "time"),
)
FORMATS = {"date": "%Y-%m-%d", "datetime-local": "%Y-%m-%dT%H:%M", "time": "%H:%M"}


def error_id(bound: BoundField) -> str:
    return f"{bound.auto_id}_error"


def widget_attributes(bound: BoundField, hint: str) -> dict[str, Any]:
    """What every control carries: its class, its state, and where its words stand."""
    widget = bound.field.widget
    own = str(widget.attrs.get("class", ""))
    if isinstance(widget, (*CHOICES, forms.CheckboxInput)):
        style = "form-check-input"
    elif isinstance(widget, SELECTS):
        style = "form-select"
    else:
        style = "form-control"
    classes = f"{style} {own}".strip() if style not in own.split() else own
    attributes: dict[str, Any] = {"class": classes}
    words = []
    if hint:
        words.append(f"{bound.auto_id}_hint")
    if bound.errors:
        attributes["class"] += " is-invalid"
        words.append(error_id(bound))
    if words:
        attributes["aria-describedby"] = " ".join(words)
    return attributes


def prepare(bound: BoundField) -> None:
    """Give dates and times the browser's own control."""
    widget = bound.field.widget
    if not isinstance(widget, (forms.DateInput, forms.DateTimeInput, forms.TimeInput)):
        return
    for kind, name in TYPES:
        if isinstance(bound.field, kind):
            widget.input_type = name
            widget.format = FORMATS[name]
            return


def options(bound: BoundField, attributes: dict[str, Any], segments: bool) -> SafeString:
    """Radio buttons or tick boxes, each with its own label."""
    bound.field.widget.attrs.update(attributes)
    rows = []
    for choice in bound.subwidgets:
        if segments:
            rows.append(
                format_html(
                    '<label for="{}">{}<span>{}</span></label>',
                    choice.id_for_label,
                    choice.tag(),
                    choice.choice_label,
                )
            )
        else:
            rows.append(
                format_html(
                    '<div class="form-check">{}<label class="form-check-label" for="{}">{}</label>'
                    "</div>",
                    choice.tag(),
                    choice.id_for_label,
                    choice.choice_label,
                )
            )
    style = "lc-seg" if segments else "lc-checks"
    return format_html(
        '<div class="{}" data-n="{}">{}</div>', style, len(rows), mark_safe("".join(rows))
    )


@register.simple_tag
def field(
    bound: BoundField,
    label: str = "",
    hint: str | None = None,
    cls: str = "",
    placeholder: str = "",
    rows: int = 0,
    drop: str = "",
    autofocus: bool = False,
    box: str = "",
    **more: Any,
) -> SafeString:
    """One field with all that belongs to it. `{% field form.code cls="mono" hint="…" %}`.

    hint  overrides the field's help_text; "" drops it
    cls   a class of the control; `box` of what stands around it
    rows  height of a textarea
    drop  the line in the drop zone of a file field
    as="segments"  choices as big buttons
    Other keywords become attributes of the control, with - for _ (data_autosubmit="1").
    """
    looks = more.pop("as", "")  # a keyword of Python, so not a parameter
    if bound.is_hidden:
        return format_html("{}", bound)
    prepare(bound)
    hint = str(bound.help_text) if hint is None else hint
    label = label or str(bound.label)
    widget = bound.field.widget
    attributes = widget_attributes(bound, hint)
    attributes |= {key.rstrip("_").replace("_", "-"): value for key, value in more.items()}
    if cls:
        attributes["class"] += f" {cls}"
    if placeholder:
        attributes["placeholder"] = placeholder
    if rows:
        attributes["rows"] = rows
    elif isinstance(widget, forms.Textarea):
        attributes["rows"] = widget.attrs.get("rows") if widget.attrs.get("rows") != "10" else 3
    if autofocus:
        attributes["autofocus"] = True
    star = " req" if bound.field.required and not isinstance(widget, forms.CheckboxInput) else ""
    below = format_html(
        "{}{}",
        format_html('<div class="hint mt-1" id="{}_hint">{}</div>', bound.auto_id, hint)
        if hint
        else EMPTY,
        errors(bound),
    )
    around = f"lc-field {box}".strip()
    if isinstance(widget, forms.CheckboxInput):
        return format_html(
            '<div class="{}"><div class="form-check">{}<label class="form-check-label" for="{}">'
            "{}</label></div>{}</div>",
            around,
            bound.as_widget(attrs=attributes),
            bound.id_for_label,
            label,
            below,
        )
    if isinstance(widget, CHOICES):
        described = attributes.pop("aria-describedby", "")
        return format_html(
            '<fieldset class="{}"{}{}><legend class="form-label{}">{}</legend>{}{}</fieldset>',
            around,
            format_html(' id="{}"', bound.auto_id),
            format_html(' aria-describedby="{}"', described) if described else EMPTY,
            star,
            label,
            options(bound, attributes, looks == "segments"),
            below,
        )
    control = bound.as_widget(attrs=attributes)
    if isinstance(bound.field, forms.FileField):
        control = drop_zone(bound, control, drop)
    return format_html(
        '<div class="{}"><label class="form-label{}" for="{}">{}</label>{}{}</div>',
        around,
        star,
        bound.id_for_label,
        label,
        control,
        below,
    )


def drop_zone(bound: BoundField, control: SafeString, line: str) -> SafeString:
    """A place to drop a file, around the real control; says what it takes and what was chosen."""
    takes = str(bound.field.widget.attrs.get("accept", "")).replace(".", "").replace(",", "、")
    return format_html(
        '<div class="lc-drop" data-drop>{}<b data-drop-name>{}</b><span>{}</span>{}</div>',
        draw_icon("file-earmark-arrow-up"),
        line or "把文件拖到这里，或选择文件",
        takes,
        control,
    )


def errors(bound: BoundField) -> SafeString:
    """What is wrong with a field, in its own words."""
    return said_at(said(bound), error_id(bound)) if bound.errors else EMPTY


@register.simple_tag
def fields(form: forms.BaseForm, box: str = "") -> SafeString:
    """All fields of a form in their order, hidden ones too."""
    parts = [field(bound, box=box) for bound in form.visible_fields()]
    parts += [format_html("{}", bound) for bound in form.hidden_fields()]
    return mark_safe("".join(parts))


@register.simple_tag
def form_errors(form: forms.BaseForm | None) -> SafeString:
    """What is wrong, above the form: its own errors, and a link to each field that has some."""
    if form is None or not form.errors:
        return EMPTY
    wrong = [bound for bound in form if bound.errors]
    lines = [str(error) for error in form.non_field_errors()]
    lines += [f"{b.label}：{'；'.join(said(b))}" for b in wrong if b.is_hidden]
    shown = [bound for bound in wrong if not bound.is_hidden]
    links = format_html_join(
        "、", '<a href="#{}">{}</a>', ((b.id_for_label or b.auto_id, b.label) for b in shown)
    )
    if shown:
        lines.append(format_html("<b>{} 处要改，改好再交：</b>{}", len(shown), links))
    return over_form(lines)
