"""后续处置: what findings led to, department by department."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from liancha.accounts.permissions import Permission, requires
from liancha.rulebook.lifecycles import FollowUpState

from .. import actions, forms
from ..models import FollowUp, Result

A_PAGE = 30
RELATED = "department", "result__part__department", "result__part__visit__drawn_target__candidate"


@requires(Permission.DISCLOSURE_VIEW)
def followups(request: HttpRequest) -> HttpResponse:
    """What is open first, what is due soonest first."""
    form = forms.FollowUpQuery(request.GET or None)
    rows = FollowUp.objects.visible_to(request.user).select_related(*RELATED)
    if form.is_valid():
        asked = form.cleaned_data
        if asked["q"]:
            rows = rows.filter(
                result__part__visit__drawn_target__candidate__name__contains=asked["q"]
            )
        if asked["state"]:
            rows = rows.filter(state=asked["state"])
        if asked["kind"]:
            rows = rows.filter(kind=asked["kind"])
    rows = rows.order_by("-state", F("due_on").asc(nulls_last=True), "id")
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    return render(request, "disclosure/followups.html", {"form": form, "page_obj": page})


@requires(Permission.DISCLOSURE_VIEW)
def follow_up(request: HttpRequest, pk: int) -> HttpResponse:
    return _show(request, _follow_up(request, pk), forms.CloseFollowUp())


@requires(Permission.DISCLOSURE_FOLLOW_UP)
@require_POST
def close_follow_up(request: HttpRequest, pk: int) -> HttpResponse:
    one = _follow_up(request, pk)
    form = forms.CloseFollowUp(request.POST)
    if not form.is_valid():
        return _show(request, one, form, status=422)
    actions.close_follow_up(
        follow_up=one, note=form.cleaned_data["note"], by=request.user, at=timezone.now()
    )
    messages.success(request, "已办结")
    return redirect(one)


@requires(Permission.DISCLOSURE_FOLLOW_UP)
def open_follow_up(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Result.objects.visible_to(request.user).of_department(request.user)
    one = get_object_or_404(rows.for_lists(), pk=pk)
    form = forms.OpenFollowUp(
        request.POST or None, initial={"department": request.user.department_id}
    )
    if request.method == "POST" and form.is_valid():
        opened = actions.open_follow_up(
            result=one, **form.cleaned_data, by=request.user, at=timezone.now()
        )
        done = opened.state == FollowUpState.CLOSED
        messages.success(request, "已写明无需后续处置" if done else f"已交{opened.department}办理")
        return redirect(one)
    context = {"result": one, "form": form}
    status = 422 if request.method == "POST" else 200
    return render(request, "disclosure/open_follow_up.html", context, status=status)


def _follow_up(request: HttpRequest, pk: int) -> FollowUp:
    rows = FollowUp.objects.visible_to(request.user).select_related(
        *RELATED, "result__part__visit__team__task", "opened_by", "closed_by"
    )
    found: FollowUp = get_object_or_404(rows, pk=pk)
    return found


def _show(
    request: HttpRequest, one: FollowUp, form: forms.CloseFollowUp, *, status: int = 200
) -> HttpResponse:
    may_close = (
        one.state == FollowUpState.OPEN
        and one.department_id == request.user.department_id
        and request.user.may(Permission.DISCLOSURE_FOLLOW_UP)
    )
    context = {"one": one, "form": form, "may_close": may_close}
    return render(request, "disclosure/follow_up.html", context, status=status)
