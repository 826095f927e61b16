"""What the lists rest on: laws, lists from above, duties, mechanisms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from liancha.accounts.again import told
from liancha.accounts.permissions import Permission, requires
from liancha.rulebook.lifecycles import ListState
from liancha.rulebook.regions import CITY
from liancha.rulebook.verdicts import Blocked

from .. import actions, forms, queries, upper
from ..models import FieldDuty, Import, LegalBasis, ListVersion, Mechanism, UpperList
from .imports import received
from .office import may_write, region_of, versions

ROWS = 40  # duties on a page


@requires(Permission.LISTS_VIEW)
def bases(request: HttpRequest) -> HttpResponse:
    """Laws and their status; which rows of the lists in force cite one that has ended."""
    form = forms.BasisForm(request.POST or None, initial=_edited_basis(request))
    today = timezone.localdate()
    current = [
        (version, [(row, [(each, each.standing(today)) for each in row.bases]) for row in found])
        for version in ListVersion.objects.filter(region=CITY).exclude(state="superseded")
        if (found := queries.doubtful(version))
    ]
    bases = [(each, each.standing(today)) for each in LegalBasis.objects.select_related("by")]
    context = {"bases": bases, "doubtful": current}
    return _recorded(request, form, actions.record_basis, "lists:bases", "bases", context)


@requires(Permission.LISTS_VIEW)
def duties(request: HttpRequest) -> HttpResponse:
    """Who holds which duty in which field: only two kinds of duty initiate (art. 10)."""
    form = forms.DutyForm(request.POST or None, initial={"duty": "major"})
    found = FieldDuty.objects.select_related("department")
    asked = request.GET.get("q", "").strip()[:40]
    if asked:
        found = found.filter(name__contains=asked) | found.filter(department__short=asked)
    context = {"page_obj": Paginator(found, ROWS).get_page(request.GET.get("page")), "q": asked}
    return _recorded(request, form, actions.record_duty, "lists:duties", "duties", context)


@requires(Permission.LISTS_VIEW)
def mechanisms(request: HttpRequest) -> HttpResponse:
    """Mechanisms of joint work, and those that could become a field (art. 9)."""
    region = region_of(request)
    there = Mechanism.objects.filter(region=region, pk=_number(request, "edit")).first()
    form = forms.MechanismForm(request.POST or None, instance=None if request.POST else there)
    context = {
        "mechanisms": Mechanism.objects.filter(region=region).select_related("lead"),
        "gaps": {one.pk for one in queries.gaps(region)},
        "draft": ListVersion.objects.in_work()
        .filter(kind=ListVersion.Kind.JOINT, region=region, state=ListState.DRAFT)
        .first(),
    }
    return _recorded(
        request, form, actions.record_mechanism, "lists:mechanisms", "mechanisms", context
    )


@requires(Permission.LISTS_VIEW)
def uppers(request: HttpRequest) -> HttpResponse:
    """Lists of the nation and the province, and how far the newest version answers them."""
    form = forms.UpperForm(request.POST or None, request.FILES or None)
    refused: Blocked | None = None
    if request.method == "POST" and not _keeps(request):
        raise PermissionDenied
    if request.method == "POST" and form.is_valid():
        try:
            batch = received(
                request,
                form,
                level=form.cleaned_data["level"],
                title=form.cleaned_data["title"],
                document_number=form.cleaned_data["document_number"],
            )
        except Blocked as blocked:
            refused = blocked
        else:
            if batch:
                return redirect(batch)
    in_work = ListVersion.objects.in_work().filter(kind=ListVersion.Kind.JOINT, region=CITY).first()
    context = {
        "came_in": Import.objects.visible_to(request.user)
        .filter(kind=Import.Kind.UPPER)
        .select_related("by__department")[:8],
        "uppers": UpperList.objects.filter(is_over=False).prefetch_related("rows"),
        "form": form,
        "refused": refused,
        "in_work": in_work,
        "open": sum(row.is_open for row in upper.above(in_work)) if in_work else 0,
        "may_load": _keeps(request),
    }
    return render(request, "lists/uppers.html", context, status=_status(request, refused))


@requires(Permission.LISTS_VIEW)
def decisions(request: HttpRequest, pk: int) -> HttpResponse:
    """Rows from above that a version answers: adopted, or left out with a reason."""
    found = _version(request, pk)
    rows = upper.above(found)
    may_decide = (
        request.user.may(Permission.LISTS_PUBLISH)
        and may_write(request, found)
        and not found.is_settled
    )
    names = {field.name: field.code for field in found.fields.all()}
    context = {
        "version": found,
        "rows": [
            (
                row,
                forms.DecisionForm(
                    version=found,
                    initial={
                        "key": row.key,
                        "adopted_as": row.ours or names.get(row.name, ""),
                        "cause": row.decision.cause if row.decision else "",
                        "reason": row.decision.reason if row.decision else "",
                    },
                    auto_id=f"id_{n}_%s",
                )
                if may_decide
                else None,
            )
            for n, row in enumerate(rows)
        ],
        "open": sum(row.is_open for row in rows),
        "is_county": found.region_id != CITY,
        "may_decide": may_decide,
    }
    return render(request, "lists/decisions.html", context)


@requires(Permission.LISTS_PUBLISH)
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    found = _version(request, pk)
    form = forms.DecisionForm(request.POST, version=found)
    if not form.is_valid():
        return told(request, "lists:decisions", pk, fault=form)
    data = form.cleaned_data
    decision = actions.decide_upper(
        version=found,
        key=data["key"],
        adopted_as=data["adopted_as"],
        cause=data["cause"],
        reason=data["reason"],
        by=request.user,
        at=timezone.now(),
    )
    word = f"纳入为 {decision.adopted_as}" if decision.adopted_as else "不纳入"
    messages.success(request, f"“{decision.name}”已记为{word}")
    return redirect("lists:decisions", found.pk)


# ── What several of them need ─────────────────────────────────────────────────────────────


def _recorded(
    request: HttpRequest,
    form: Any,
    record: Callable[..., Any],
    place: str,
    page: str,
    context: dict[str, Any],
) -> HttpResponse:
    """Save what the page's own form says with one action, or show the page."""
    refused: Blocked | None = None
    if request.method == "POST" and not _keeps(request):
        raise PermissionDenied
    if request.method == "POST" and form.is_valid():
        try:
            saved = record(**form.cleaned_data, by=request.user, at=timezone.now())
        except Blocked as blocked:
            refused = blocked
        else:
            messages.success(request, f"已登记{saved}")
            return redirect(place)
    context |= {"form": form, "refused": refused, "may_record": _keeps(request)}
    return render(request, f"lists/{page}.html", context, status=_status(request, refused))


def _keeps(request: HttpRequest) -> bool:
    """Whether this person keeps the lists of their own region."""
    own = request.user.department
    return bool(own and own.is_coordinator) and request.user.may(Permission.LISTS_PUBLISH)


def _version(request: HttpRequest, pk: int) -> ListVersion:
    return get_object_or_404(
        versions(request).filter(kind=ListVersion.Kind.JOINT).select_related("region"), pk=pk
    )


def _edited_basis(request: HttpRequest) -> dict[str, Any]:
    there = LegalBasis.objects.filter(pk=_number(request, "edit")).values().first()
    return dict(there) if there else {"status": LegalBasis.Status.IN_FORCE}


def _number(request: HttpRequest, name: str) -> int:
    asked = request.GET.get(name, "")
    return int(asked) if asked.isdecimal() and len(asked) < 12 else 0


def _status(request: HttpRequest, refused: Blocked | None) -> int:
    return 409 if refused else 422 if request.method == "POST" else 200
