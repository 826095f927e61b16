"""The page a post came from, once more, with what was typed in it.

For doors without a page of their own. What they cannot take is answered on the page that holds
the form: its fields as they were sent, the fault at its field or over the form, its dialog open.
Nothing is kept between requests, and no page has to know about the forms of other doors.
"""

from __future__ import annotations

import copy
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import PermissionDenied
from django.forms import BoundField
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import Resolver404, resolve, reverse
from django.utils.datastructures import MultiValueDict
from django.utils.http import url_has_allowed_host_and_scheme

from liancha.rulebook.verdicts import Blocked

from .refilling import over_form, refilled


def told(
    request: HttpRequest,
    page: str,
    *args: object,
    fault: str | forms.BaseForm,
    query: str = "",
    head: str = "没有改动",
) -> HttpResponse:
    """The page of this URL name as a refused post left it; 422.

    fault  what is wrong in one sentence, or the form that found it
    query  of the page, when the post did not come from it
    head   that nothing was done, in the words of the act
    """
    path = reverse(page, args=args)
    response = seen(request, path, query)
    if response is None:
        raise Http404
    lines, faults = ([fault], {}) if isinstance(fault, str) else _of(fault, head)
    filled = refill(request, response, path, over_form(lines), faults)
    if filled is None and response.status_code == 200:
        # The page has moved on and no longer asks for this: say so over what it shows now.
        lines = [each for faults_ in faults.values() for each in faults_] or lines
        response.content = _over_main(response.content.decode(), over_form(lines))
    if response.status_code == 200:
        response.status_code = 422
    return response


def came_from(request: HttpRequest) -> tuple[str, str]:
    """Path and query of the page of this site the person came from; empty if unknown."""
    referer = request.headers.get("referer", "")
    if not url_has_allowed_host_and_scheme(referer, allowed_hosts={request.get_host()}):
        return "", ""
    parts = urlsplit(referer)
    return parts.path, parts.query


def seen(request: HttpRequest, path: str, query: str = "") -> HttpResponse | None:
    """What this person sees at a path just now; None where there is no page for them.

    The query is that of the page the post came from if it is the same page.
    """
    before, asked = came_from(request)
    query = asked if before == path else query
    try:
        match = resolve(path)
    except Resolver404:
        return None
    look = copy.copy(request)
    look.method = "GET"
    look.path = look.path_info = path
    look.META = {
        **request.META,
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": query,
    }
    look.GET = QueryDict(query)
    look.POST = QueryDict()
    look._files = MultiValueDict()  # type: ignore[attr-defined]
    look.resolver_match = match
    if hasattr(request, "environ"):  # left out of a copy, as it cannot be pickled
        look.environ = request.environ  # type: ignore[attr-defined]
    try:
        response = match.func(look, *match.args, **match.kwargs)
    except (Http404, PermissionDenied, Blocked):
        return None
    return response if isinstance(response, HttpResponse) else None


def refill(
    request: HttpRequest,
    response: HttpResponse,
    path: str,
    notice: str,
    faults: dict[str, list[str]] | None = None,
) -> HttpResponse | None:
    """A page with the form of this post filled in; None if it has no such form."""
    is_page = response.get("Content-Type", "").startswith("text/html")
    if response.status_code != 200 or response.streaming or not is_page:
        return None
    html = refilled(
        response.content.decode(),
        action=request.path,
        page=path,
        data=request.POST,
        notice=notice,
        faults=faults,
    )
    if html is None:
        return None
    response.content = html.encode()
    return response


def said(bound: BoundField) -> list[str]:
    """The faults of a field. Django's "this field is required" says which field instead."""
    plain = str(forms.Field.default_error_messages["required"])
    is_choice = isinstance(bound.field, (forms.ChoiceField, forms.FileField))
    verb = "请选择" if is_choice else "请填写"
    return [f"{verb}{bound.label}。" if error == plain else str(error) for error in bound.errors]


def _of(form: forms.BaseForm, head: str) -> tuple[list[str], dict[str, list[str]]]:
    """What to say over the form, and what at its fields (by the names they are sent under)."""
    wrong = [bound for bound in form if bound.errors]
    lines = [str(error) for error in form.non_field_errors()]
    beside = (forms.RadioSelect, forms.CheckboxSelectMultiple, forms.CheckboxInput)
    for bound in wrong:
        if bound.is_hidden or isinstance(bound.field.widget, (*beside, forms.FileInput)):
            lines += [f"{bound.label}：{fault}" for fault in said(bound)]
    labels = "、".join(str(bound.label) for bound in wrong)
    first = [f"{head}，填写的内容都还在。请改：{labels}。"] if wrong else []
    return [*first, *lines], {b.html_name: said(b) for b in wrong}


def _over_main(html: str, notice: str) -> bytes:
    start = html.find('id="main"')
    place = html.find(">", start) + 1 if start >= 0 else 0
    return (html[:place] + notice + html[place:]).encode()
