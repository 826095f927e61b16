"""The simulator: what a plan would ask of firms and departments, before anything is drawn."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST

from liancha.accounts.permissions import Permission, requires
from liancha.accounts.words import written
from liancha.rulebook.lifecycles import PlanState

from .. import actions, quiet_days, trial_shown
from ..models import Plan, Scenario
from ..trial import Trial
from ..trial_form import LADDER_TEXTS, address, read
from .office import XLSX


@requires(Permission.PLAN_VIEW)
def trial(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole page; only the part that changes for the page's own script."""
    plan = _visible(request, pk)
    tried = Trial(plan, today=timezone.localdate())
    form, settings = read(request.GET)
    planned = tried.run(settings.as_planned)
    outcome = tried.run(settings) if settings != settings.as_planned else planned
    department = request.GET.get("department", "")
    kept = list(plan.scenarios.select_related("made_by"))
    columns, rows = trial_shown.compared(planned, outcome, kept)
    user = request.user
    quiet = quiet_days.of_plan(plan)
    own = user.department
    coordinates = own is not None and own.is_coordinator and own.region_id == plan.region_id
    context = {
        "plan": plan,
        "department": department,
        "compared": columns,
        "compared_rows": rows,
        "form": form,
        "class_rows": form.rows(tried.by_class()),
        "quiet": quiet,
        "open_days": quiet_days.open_days(plan) if quiet else [],
        "mine": any(each.made_by_id == user.pk for each in kept),
        "is_part": request.headers.get("X-Part") == "outcome",
        "may_save": user.may(Permission.PLAN_EDIT),
        "may_apply": coordinates
        and user.may(Permission.PLAN_EDIT)
        and plan.state == PlanState.DRAFT
        and bool(settings.rates),
        **trial_shown.shown(tried, outcome, planned, department),
    }
    if context["is_part"]:
        return render(request, "plan/_outcome.html", context)
    context["ladder"] = ",".join(LADDER_TEXTS)
    context["presets"] = trial_shown.presets()
    context["departments"] = sorted(tried.departments.values(), key=lambda one: one.pk)
    return render(request, "plan/trial.html", context)


@requires(Permission.PLAN_VIEW)
def workbook(request: HttpRequest, pk: int) -> HttpResponse:
    plan = _visible(request, pk)
    tried = Trial(plan, today=timezone.localdate())
    _, settings = read(request.GET)
    content = trial_shown.workbook(
        tried,
        tried.run(settings),
        tried.run(settings.as_planned),
        list(plan.scenarios.select_related("made_by")),
    )
    response = HttpResponse(content, content_type=XLSX)
    response.headers["Content-Disposition"] = (
        content_disposition_header(True, f"{plan.title}试算.xlsx") or ""
    )
    return response


@requires(Permission.PLAN_EDIT)
@require_POST
def save(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what is being tried, with its figures of today."""
    plan = _visible(request, pk)
    _, settings = read(QueryDict(request.POST.get("query", "")))
    tried = Trial(plan, today=timezone.localdate())
    outcome = tried.run(settings)
    kept = actions.save_scenario(
        plan=plan,
        name=request.POST.get("name", "")[:60],
        settings=settings.as_json(),
        figures=trial_shown.figures(outcome),
        counted=outcome.counted.state,
        by=request.user,
        at=timezone.now(),
    )
    messages.success(request, f"已保存方案“{kept.name}”")
    return redirect(f"{reverse('plan:trial', args=[pk])}?{address(settings)}")


@requires(Permission.PLAN_EDIT)
@require_POST
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    scenario = get_object_or_404(
        Scenario.objects.filter(plan__in=Plan.objects.visible_to(request.user)), pk=pk
    )
    plan, name = scenario.plan, scenario.name
    actions.drop_scenario(scenario=scenario, by=request.user, at=timezone.now())
    messages.success(request, f"已删去方案“{name}”")
    return redirect("plan:trial", pk=plan.pk)


@requires(Permission.PLAN_EDIT)
@require_POST
def apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the tried rates over into the draft. Dates are moved line by line."""
    plan = _visible(request, pk)
    _, settings = read(QueryDict(request.POST.get("query", "")))
    changed = actions.apply_rates(
        plan=plan,
        rates=settings.rates,
        reason=written(request, article="15"),
        by=request.user,
        at=timezone.now(),
    )
    messages.success(request, f"已把这组比例写入 {changed} 行草稿")
    return redirect(plan)


def _visible(request: HttpRequest, pk: int) -> Plan:
    return get_object_or_404(
        Plan.objects.visible_to(request.user).select_related("region", "list_version"), pk=pk
    )
