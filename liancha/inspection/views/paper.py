"""What is printed: the notice to the firm, the record form, the signature on it."""

from __future__ import annotations

import base64

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control

from liancha.accounts.permissions import Permission, requires
from liancha.lists.models import Method
from liancha.rulebook.deadlines import results_due
from liancha.workdays import queries as workdays

from .. import calls, crew, sheets
from ..contents import people_of
from ..models import RecordForm, Visit

P = Permission


def _visit(request: HttpRequest, pk: int) -> Visit:
    return get_object_or_404(
        Visit.objects.select_related(
            "team__task__field__version",
            "team__task__initiator",
            "team__task__line",
            "team__leader__department",
            "drawn_target__candidate",
            "drawn_target__draw",
            "notice",
            "form",
        ).visible_to(request.user),
        pk=pk,
    )


@requires(P.INSPECTION_VIEW)
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """联合抽查通知书 (domain §i.2). A surprise visit has none."""
    one = _visit(request, pk)
    told = getattr(one, "notice", None)
    if told is None or told.is_surprise:
        raise Http404
    people = crew.members(one)
    context = {
        "visit": one,
        "notice": told,
        "task": one.team.task,
        "candidate": one.drawn_target.candidate,
        "beside": calls.announced(one),
        "people": [(each, next(iter(each.certificates.all()), None)) for each in people],
        "departments": [each.part.department for each in crew.attendance(one, on=one.planned_on)]
        if one.planned_on
        else [],
    }
    return render(request, "inspection/notice.html", context)


@requires(P.INSPECTION_VIEW)
def record(request: HttpRequest, pk: int) -> HttpResponse:
    """实地抽查记录表 (domain §i.3), in the official order, page x of y. Blank before the visit."""
    one = _visit(request, pk)
    form = getattr(one, "form", None)
    here = {each.inspector_id: each for each in one.checkins.select_related("by")}
    officers = [(each, here.get(each.pk)) for each in crew.members(one)]
    pages = sheets.pages(one, officers)
    results = sheets.ticked_results(one) if one.is_over else set()
    follow_ups = sheets.ticked_follow_ups(results)
    representative, contact = people_of(one)
    context = {
        "visit": one,
        "form": form,
        "task": one.team.task,
        "candidate": one.drawn_target.candidate,
        "representative": representative,
        "contact": contact,
        "notice": getattr(one, "notice", None),
        "pages": pages,
        "drawn_total": one.drawn_target.draw.drawn.count(),
        "methods": [(label, code == one.method) for code, label in Method.choices],
        "results": [(code, word, code in results) for code, word in sheets.RESULTS],
        "follow_ups": [(word, code in follow_ups) for code, word in sheets.FOLLOW_UPS],
        "witnesses": list(form.witnesses.select_related("inspector", "by")) if form else [],
        "due": _due(one),
        "departments": [
            each.department for each in one.parts.select_related("department") if each.is_involved
        ],
        "check_url": request.build_absolute_uri(
            reverse("inspection:check_record", args=[form.digest])
        )
        if form and form.digest
        else "",
        "is_field": request.GET.get("from") == "field",
    }
    return render(request, "inspection/record.html", context)


def _due(one: Visit) -> str:
    """The last day to publish, as far as the calendar is known (art. 22)."""
    if one.completed_at is None:
        return ""
    task = one.team.task
    return results_due(
        target_completed_on=timezone.localdate(one.completed_at),
        task_completed_on=timezone.localdate(task.completed_at) if task.completed_at else None,
        task_planned_end=task.ends_on,
        calendar=workdays.calendar(),
    ).label


@requires(P.INSPECTION_VIEW)
@cache_control(private=True, max_age=3600)
def signature(request: HttpRequest, pk: int) -> HttpResponse:
    """The drawn signature as a picture, for those who may see the form."""
    form = get_object_or_404(RecordForm.objects.exclude(signature=""), visit=_visit(request, pk))
    response = HttpResponse(base64.b64decode(form.signature), content_type="image/png")
    response["X-Content-Type-Options"] = "nosniff"
    return response
