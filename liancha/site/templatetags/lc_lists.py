"""Lists: query row, found-count with chips, batch bar, ticks, sorting, pager."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms, template
from django.core.paginator import Page
from django.db.models import Model, QuerySet
from django.forms import BoundField
from django.http import HttpRequest, QueryDict
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from liancha.site import words

from .lc_chips import EMPTY, draw_icon
from .lc_forms import SELECTS, field

register = template.Library()
SHOWN_FIELDS = 5


def _query(context: Context) -> QueryDict:
    request: HttpRequest | None = context.get("request")
    return request.GET.copy() if request is not None else QueryDict(mutable=True)


def _with(query: QueryDict, **changes: Any) -> str:
    """The query string with some keys changed; None takes a key away."""
    query = query.copy()
    for key, value in changes.items():
        if value is None:
            query.pop(key, None)
        else:
            query[key] = str(value)
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def query(context: Context, form: forms.BaseForm, shown: int = SHOWN_FIELDS) -> SafeString:
    """A GET form as one row above a table: fields, 重置, 查询. What does not fit folds away."""
    visible = form.visible_fields()
    parts = []
    for place, bound in enumerate(visible):
        wide = place == 0 and not isinstance(bound.field.widget, SELECTS)
        parts.append(field(bound, box="tg-q" if wide else ""))
    first, rest = parts[:shown], parts[shown:]
    folded = EMPTY
    if rest:
        filled = any(bound.data for bound in visible[shown:])
        folded = format_html(
            '<details class="lc-fold"{}><summary class="btn btn-quiet">{}更多条件</summary>'
            '<div class="lc-query-more">{}</div></details>',
            mark_safe(" open") if filled else EMPTY,
            draw_icon("chevron-down"),
            mark_safe("".join(rest)),
        )
    kept = format_html_join(
        "",
        '<input type="hidden" name="{}" value="{}">',
        ((key, _query(context)[key]) for key in ("sort", "tab") if key in _query(context)),
    )
    tab = _query(context).get("tab", "")
    return format_html(
        '<form class="lc-query" role="search" method="get">{}{}{}{}<div class="go">'
        '<a class="btn" href="{}">重置</a><button class="btn btn-primary">查询</button>'
        "</div></form>",
        kept,
        mark_safe("".join(str(bound) for bound in form.hidden_fields())),
        mark_safe("".join(first)),
        folded,
        f"?tab={tab}" if tab else "?",
    )


def _shown(bound: BoundField, raw: str) -> str:
    """How one value of a query field is called."""
    cleaned = getattr(bound.form, "cleaned_data", {}).get(bound.name)
    if isinstance(cleaned, Model):
        return str(cleaned)
    if isinstance(cleaned, QuerySet):
        return next((str(each) for each in cleaned if str(each.pk) == raw), raw)
    for value, label in getattr(bound.field, "choices", ()):
        pairs = label if isinstance(label, (list, tuple)) else [(value, label)]
        for inner, word in pairs:
            if str(inner) == raw:
                return str(word)
    if isinstance(bound.field, forms.BooleanField):
        return str(bound.label)
    if isinstance(bound.field.widget, SELECTS):
        return raw
    return f"{bound.label} {raw}" if isinstance(bound.field, forms.DateField) else raw


def chips(form: forms.BaseForm | None, query: QueryDict) -> Iterator[tuple[str, str]]:
    """(word, address without it) for everything asked for."""
    if form is None:
        return
    for bound in form.visible_fields():
        for raw in query.getlist(bound.html_name):
            if not raw or bound.errors:
                continue
            left = query.copy()
            left.setlist(bound.html_name, [v for v in query.getlist(bound.html_name) if v != raw])
            if not left.getlist(bound.html_name):
                left.pop(bound.html_name, None)
            left.pop("page", None)
            yield _shown(bound, raw), f"?{left.urlencode()}"


def _found(
    context: Context, count: int, unit: str, form: forms.BaseForm | None, end: str
) -> SafeString:
    removable = format_html_join(
        "",
        '<a class="lc-chip" href="{}" aria-label="去掉条件 {}">{}{}</a>',
        ((url, word, word, draw_icon("x")) for word, url in chips(form, _query(context))),
    )
    return format_html(
        '<div class="lc-bar"><span role="status">找到 <b class="ink">{}</b> {}</span>{}{}</div>',
        words.thousands(count),
        unit,
        removable,
        format_html('<span class="end">{}</span>', end) if end else EMPTY,
    )


@register.simple_tag(takes_context=True)
def found(
    context: Context, count: int, unit: str, form: forms.BaseForm | None = None
) -> SafeString:
    """找到 1,286 户, with a chip for each condition that takes it away."""
    return _found(context, count, unit, form, "")


@register.simple_block_tag(takes_context=True)
def foundbar(
    context: Context, content: str, count: int, unit: str, form: forms.BaseForm | None = None
) -> SafeString:
    """The same, with buttons at its end."""
    return _found(context, count, unit, form, content)


@register.simple_block_tag(takes_context=True)
def batch(
    context: Context, content: str, total: int, unit: str = "户", id: str = "batch"
) -> SafeString:
    """The bar that appears when rows are ticked: the count, 选中全部, what can be done with them.

    Its form is called `id`; ticks made by `{% pick %}` belong to it wherever they stand. Posts
    pick=…, or all=1 with query=…; see liancha.accounts.picking.
    """
    return format_html(
        # Fields of closed dialogs belong to it too: what is asked for is checked by the view.
        '<form class="lc-bar lc-batch" method="post" id="{0}" data-batch data-total="{1}"'
        ' data-unit="{2}" novalidate hidden>'
        '<input type="hidden" name="csrfmiddlewaretoken" value="{3}">'
        '<input type="hidden" name="all" value=""><input type="hidden" name="query" value="{4}">'
        '<b data-batch-count role="status"></b>'
        '<button type="button" class="lc-link" data-batch-all>选中全部 {5} {2}</button>'
        '<span class="end">{6}<button type="button" class="btn btn-sm btn-quiet" data-batch-none>'
        "取消选择</button></span></form>",
        id,
        total,
        unit,
        context.get("csrf_token") or "",
        _query(context).urlencode(),
        words.thousands(total),
        content,
    )


@register.simple_tag
def pick(value: Any, name: str, form: str = "batch") -> SafeString:
    """The tick box of a row."""
    return format_html(
        '<input class="form-check-input m-0" type="checkbox" name="pick" value="{}" form="{}"'
        ' data-pick aria-label="选择 {}">',
        value,
        form,
        name,
    )


@register.simple_tag
def pick_all(form: str = "batch") -> SafeString:
    """The tick box in the head: the rows of this page."""
    return format_html(
        '<input class="form-check-input m-0" type="checkbox" data-pick-all="{}"'
        ' aria-label="选择本页">',
        form,
    )


@register.simple_tag(takes_context=True)
def sort(context: Context, key: str, word: str, default: str = "") -> SafeString:
    """A column head that sorts: first up, then down (`?sort=name`, `?sort=-name`)."""
    query = _query(context)
    query.pop("page", None)
    now = query.get("sort", default)
    down = now == key
    arrow = draw_icon("arrow-down-short" if now == f"-{key}" else "arrow-up-short")
    active = now in (key, f"-{key}")
    return format_html(
        '<a class="lc-sort{}" href="{}" title="{}">{}{}</a>',
        " on" if active else "",
        _with(query, sort=f"-{key}" if down else key),
        "改为从大到小" if down else "改为从小到大",
        word,
        arrow if active else EMPTY,
    )


def places(page: Page[Any], around: int = 2) -> Iterator[int | None]:
    """The page numbers worth showing: first, last, some around here; None for a gap."""
    last, number = page.paginator.num_pages, page.number
    wanted = sorted(
        {1, last} | {n for n in range(number - around, number + around + 1) if 1 <= n <= last}
    )
    before = 0
    for n in wanted:
        if n - before == 2:
            yield n - 1
        elif n - before > 2:
            yield None
        yield n
        before = n


@register.simple_tag(takes_context=True)
def pager(context: Context, page: Page[Any], unit: str = "条", key: str = "page") -> SafeString:
    """第 1 至 10 户，共 1,286 户, and the pages; keeps whatever else was asked for."""
    query, paginator = _query(context), page.paginator
    if paginator.count == 0:
        return EMPTY
    said = (
        f"第 {page.start_index():,} 至 {page.end_index():,} {unit}，共 {paginator.count:,} {unit}"
    )
    if paginator.num_pages == 1:
        return format_html(
            '<div class="lc-pager">共 {} {}</div>', words.thousands(paginator.count), unit
        )
    links = []
    if page.has_previous():
        links.append(_arrow(_with(query, **{key: page.previous_page_number()}), "left", "上一页"))
    for n in places(page):
        if n is None:
            links.append(mark_safe('<span class="gap">…</span>'))
        elif n == page.number:
            links.append(format_html('<span class="on" aria-current="page">{}</span>', n))
        else:
            links.append(
                format_html(
                    '<a href="{}" aria-label="第 {} 页">{}</a>', _with(query, **{key: n}), n, n
                )
            )
    if page.has_next():
        links.append(_arrow(_with(query, **{key: page.next_page_number()}), "right", "下一页"))
    return format_html(
        '<nav class="lc-pager" aria-label="翻页"><span>{}</span><div class="end">{}</div></nav>',
        said,
        mark_safe("".join(links)),
    )


def _arrow(url: str, way: str, label: str) -> SafeString:
    return format_html(
        '<a href="{}" aria-label="{}">{}</a>', url, label, draw_icon(f"chevron-{way}")
    )
