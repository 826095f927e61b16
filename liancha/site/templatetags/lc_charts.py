"""Charts: the data as JSON in the page, drawn by static/site/js/charts.js."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join, json_script
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def chart(
    kind: str, data: Mapping[str, Any], label: str, height: int = 240, table: bool = False
) -> SafeString:
    """A chart with its data as JSON, and, one click away, a table of the same numbers.

    kind  bars, hist, heat, lines or rank; static/site/js/charts.js says what each wants
    """
    figure = format_html(
        '<figure class="lc-chart h-{}" data-chart="{}" role="img" aria-label="{}">{}</figure>',
        height,
        kind,
        label,
        json_script(dict(data)),
    )
    if not table:
        return figure
    columns = list(data.get("x") or data.get("y") or ())
    series = data.get("series") or [{"name": label, "data": data.get("data", [])}]
    head = format_html_join(
        "", '<th scope="col" class="num">{}</th>', ((s["name"],) for s in series)
    )
    rows = format_html_join(
        "",
        '<tr><th scope="row">{}</th>{}</tr>',
        (
            (
                column,
                format_html_join("", '<td class="num">{}</td>', ((s["data"][n],) for s in series)),
            )
            for n, column in enumerate(columns)
        ),
    )
    return format_html(
        '{}<details class="lc-numbers"><summary>看数字</summary><div class="lc-scroll">'
        '<table class="lc-table"><thead><tr><th scope="col">{}</th>{}</tr></thead>'
        "<tbody>{}</tbody></table></div></details>",
        figure,
        label,
        head,
        rows,
    )


@register.simple_tag
def chart_scripts() -> SafeString:
    """ECharts and our theme; in `block scripts` of pages with a chart."""
    return format_html(
        '<script src="{}" defer></script><script type="module" src="{}"></script>',
        static("vendor/echarts/echarts.min.js"),
        static("site/js/charts.js"),
    )
