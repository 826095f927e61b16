"""Results and follow-ups for the department that inspected."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from liancha.accounts.permissions import Permission, requires
from liancha.accounts.picking import chosen
from liancha.ledger.models import Entry
from liancha.rulebook.lifecycles import ResultState

from .. import actions, forms
from ..masking import mask
from ..models import FollowUp, Publication, Result, ResultCode

WHAT = {
    "disclosure.enter": "录入结果，送审核",
    "disclosure.audit": "审核同意",
    "disclosure.send_back": "退回",
    "disclosure.open_follow_up": "建立后续处置",
    "disclosure.close_follow_up": "办结后续处置",
}


def _found(rows: QuerySet[Result], query: QueryDict) -> QuerySet[Result]:
    form = forms.ResultQuery(query)
    if not form.is_valid():
        return rows
    asked = form.cleaned_data
    if asked["q"]:
        rows = rows.filter(part__visit__drawn_target__candidate__name__contains=asked["q"])
    if asked["state"]:
        rows = rows.filter(state=asked["state"])
    if asked["task"]:
        rows = rows.filter(part__visit__team__task__name__contains=asked["task"])
    if asked["code"]:
        rows = rows.filter(code=asked["code"])
    return rows


@requires(Permission.DISCLOSURE_VIEW)
def results(request: HttpRequest) -> HttpResponse:
    """Results of one's tasks; one's own department's first, by due date."""
    actions.collect(by="system", at=timezone.now())
    scope = request.GET.get("of", "own")
    rows = Result.objects.visible_to(request.user)
    own = rows.of_department(request.user)
    if scope == "own" and request.user.department_id and not request.user.sees_all_departments:
        rows = own
    counts = dict(own.values_list("state").annotate(Count("pk")).order_by())
    rows = _found(rows, request.GET).select_related(
        "part__department", "part__visit__drawn_target__candidate", "part__visit__team__task"
    )
    page = Paginator(rows, 30).get_page(request.GET.get("page"))
    context = {
        "form": forms.ResultQuery(request.GET or None),
        "page_obj": page,
        "tabs": [
            (state.value, label, counts.get(state.value, 0))
            for state, label in (
                (ResultState.TO_ENTER, "待录入"),
                (ResultState.RETURNED, "已退回"),
                (ResultState.ENTERED, "待审核"),
                (ResultState.AUDITED, "待公示"),
                (ResultState.PUBLISHED, "已公示"),
            )
        ],
        "state": request.GET.get("state", ""),
        "scope": scope,
        "may_publish": request.user.may(Permission.DISCLOSURE_PUBLISH),
    }
    return render(request, "disclosure/results.html", context)


@requires(Permission.DISCLOSURE_VIEW)
def result(request: HttpRequest, pk: int) -> HttpResponse:
    """One result: enter it, audit it, or read it, as role and state allow."""
    one = _result(request, pk)
    own = one.part.department_id == request.user.department_id
    stored = {item.item_id: (item.code, item.text) for item in one.items.all()}
    answers = actions.checked_items(one)
    is_open = one.state in (ResultState.TO_ENTER, ResultState.RETURNED)
    return _show(
        request,
        one,
        item_forms=forms.item_forms(answers, stored=stored),
        text_form=forms.EnterText(initial={"text": one.text}),
        may_enter=own and is_open and request.user.may(Permission.DISCLOSURE_ENTER),
    )


@requires(Permission.DISCLOSURE_ENTER)
@require_POST
def enter(request: HttpRequest, pk: int) -> HttpResponse:
    one = _result(request, pk)
    pairs = forms.item_forms(actions.checked_items(one), request.POST, stored={})
    text_form = forms.EnterText(request.POST)
    valid = all([form.is_valid() for _, form in pairs])
    if not (valid and text_form.is_valid()):
        return _show(
            request, one, item_forms=pairs, text_form=text_form, may_enter=True, status=422
        )
    items = {
        answer.item_id: (form.cleaned_data["code"], form.cleaned_data["text"])
        for answer, form in pairs
    }
    actions.enter(
        result=one,
        items=items,
        text=text_form.cleaned_data["text"],
        reason=request.POST.get("reason", ""),
        by=request.user,
        at=timezone.now(),
    )
    covered = {kind for _, text in items.values() for kind in mask(text).kinds}
    if covered:
        messages.warning(request, f"已遮住{'、'.join(sorted(covered))}，公示时不显示。")
    messages.success(request, "已录入，等待审核")
    return redirect("disclosure:result", pk)


@requires(Permission.DISCLOSURE_AUDIT)
@require_POST
def audit(request: HttpRequest, pk: int) -> HttpResponse:
    one = _result(request, pk)
    actions.audit(result=one, by=request.user, at=timezone.now())
    messages.success(request, "已审核，可以公示")
    return redirect("disclosure:result", pk)


@requires(Permission.DISCLOSURE_AUDIT)
@require_POST
def send_back(request: HttpRequest, pk: int) -> HttpResponse:
    one = _result(request, pk)
    form = forms.SendBack(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    actions.send_back(result=one, note=note, by=request.user, at=timezone.now())
    messages.success(request, "已退回，录入人会看到意见")
    return redirect("disclosure:result", pk)


@requires(Permission.DISCLOSURE_PUBLISH)
@require_POST
def publish(request: HttpRequest) -> HttpResponse:
    """Publish the chosen results, all of them or none."""
    rows = Result.objects.visible_to(request.user)
    picked = chosen(request, rows, lambda query: _found(rows, query))
    if "one" in request.POST:
        picked = (
            rows.filter(pk=request.POST["one"]) if request.POST["one"].isdecimal() else rows.none()
        )
    published = actions.publish(results=picked, by=request.user, at=timezone.now())
    url = reverse("disclosure:public_results")
    messages.success(
        request,
        format_html('已公示 {} 户<a href="{}">看公示页</a>', len(published), url),
    )
    return redirect("disclosure:results")


@requires(Permission.DISCLOSURE_PUBLISH)
def correct(request: HttpRequest, serial: int) -> HttpResponse:
    """Publish a correction beside a publication of one's own department."""
    old = get_object_or_404(
        Publication.objects.filter(department=request.user.department_id), serial=serial
    )
    stored = {item.item_id: (item.code, item.text) for item in old.result.items.all()}
    answers = actions.checked_items(old.result)
    pairs = forms.item_forms(answers, request.POST or None, stored=stored)
    if request.method == "POST" and all([form.is_valid() for _, form in pairs]):
        new = actions.correct(
            publication=old,
            items={
                answer.item_id: (form.cleaned_data["code"], form.cleaned_data["text"])
                for answer, form in pairs
            },
            reason=request.POST.get("reason", ""),
            by=request.user,
            at=timezone.now(),
        )
        messages.success(request, "已公示更正，更正前后都保留")
        return redirect("disclosure:publication", new.serial)
    context = {"old": old, "item_forms": pairs}
    status = 422 if request.method == "POST" else 200
    return render(request, "disclosure/correct.html", context, status=status)


@requires(Permission.DISCLOSURE_VIEW)
def followups(request: HttpRequest) -> HttpResponse:
    form = forms.FollowUpQuery(request.GET or None)
    rows = FollowUp.objects.visible_to(request.user).select_related(
        "department", "result__part__visit__drawn_target__candidate"
    )
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
    page = Paginator(rows.order_by("-state", "due_on", "id"), 30).get_page(request.GET.get("page"))
    return render(request, "disclosure/followups.html", {"form": form, "page_obj": page})


@requires(Permission.DISCLOSURE_VIEW)
def follow_up(request: HttpRequest, pk: int) -> HttpResponse:
    one = get_object_or_404(FollowUp.objects.visible_to(request.user), pk=pk)
    may_close = (
        one.state == "open"
        and one.department_id == request.user.department_id
        and request.user.may(Permission.DISCLOSURE_FOLLOW_UP)
    )
    context = {"one": one, "form": forms.CloseFollowUp(), "may_close": may_close}
    return render(request, "disclosure/follow_up.html", context)


@requires(Permission.DISCLOSURE_FOLLOW_UP)
@require_POST
def close_follow_up(request: HttpRequest, pk: int) -> HttpResponse:
    one = get_object_or_404(FollowUp.objects.visible_to(request.user), pk=pk)
    form = forms.CloseFollowUp(request.POST)
    if not form.is_valid():
        context = {"one": one, "form": form, "may_close": True}
        return render(request, "disclosure/follow_up.html", context, status=422)
    actions.close_follow_up(
        follow_up=one, note=form.cleaned_data["note"], by=request.user, at=timezone.now()
    )
    messages.success(request, "已办结")
    return redirect("disclosure:follow_up", pk)


@requires(Permission.DISCLOSURE_FOLLOW_UP)
def open_follow_up(request: HttpRequest, pk: int) -> HttpResponse:
    one = _result(request, pk)
    form = forms.OpenFollowUp(
        request.POST or None, initial={"department": request.user.department_id}
    )
    if request.method == "POST" and form.is_valid():
        opened = actions.open_follow_up(
            result=one, **form.cleaned_data, by=request.user, at=timezone.now()
        )
        messages.success(request, f"已交{opened.department}办理")
        return redirect("disclosure:result", pk)
    status = 422 if request.method == "POST" else 200
    context = {"result": one, "form": form}
    return render(request, "disclosure/open_follow_up.html", context, status=status)


def _result(request: HttpRequest, pk: int) -> Result:
    rows = Result.objects.visible_to(request.user).select_related(
        "part__department", "part__visit__drawn_target__candidate", "part__visit__team__task"
    )
    found: Result = get_object_or_404(rows, pk=pk)
    return found


def _show(
    request: HttpRequest,
    one: Result,
    *,
    item_forms: list[tuple[object, forms.EnterItem]],
    text_form: forms.EnterText,
    may_enter: bool,
    status: int = 200,
) -> HttpResponse:
    own = one.part.department_id == request.user.department_id
    visit = one.part.visit
    entries = Entry.objects.about("result", one.pk)
    others = (
        Result.objects.filter(part__visit=visit)
        .select_related("part__department")
        .order_by("part__id")
    )
    context = {
        "result": one,
        "visit": visit,
        "candidate": visit.drawn_target.candidate,
        "task": visit.team.task,
        "item_forms": item_forms,
        "text_form": text_form,
        "may_enter": may_enter,
        "may_audit": own
        and one.state == ResultState.ENTERED
        and one.entered_by_id != request.user.pk
        and request.user.may(Permission.DISCLOSURE_AUDIT),
        "may_publish": own
        and one.state == ResultState.AUDITED
        and request.user.may(Permission.DISCLOSURE_PUBLISH),
        "may_follow_up": own and request.user.may(Permission.DISCLOSURE_FOLLOW_UP),
        "items": one.items.select_related("item"),
        "others": others,
        "published": sum(other.state == ResultState.PUBLISHED for other in others),
        "follow_ups": one.follow_ups.select_related("department"),
        "publication": one.publications.order_by("-serial").first(),
        "codes": ResultCode.choices,
        "timeline_of": [
            {
                "at": entry.at,
                "text": WHAT.get(entry.what, entry.what),
                "note": entry.by,
                "number": entry.index,
            }
            for entry in entries
        ],
    }
    return render(request, "disclosure/result.html", context, status=status)
