"""Beside the lines of a plan: drafts derived, terms of a line, filings, campaigns."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from liancha.accounts.again import told
from liancha.accounts.permissions import Permission, requires
from liancha.accounts.picking import may_be_key
from liancha.lists.models import JointField, ListVersion
from liancha.registry.models import KeyFlag
from liancha.rulebook.verdicts import Blocked, NeedsReason

from .. import actions, bases, queries
from ..beside_forms import CampaignForm, FilingForm, ReportForm, TermsForm
from ..models import Campaign, Plan, PlanLine, SavedFilter
from .lines import posted


@requires(Permission.PLAN_EDIT)
@require_POST
def derive(request: HttpRequest, pk: int) -> HttpResponse:
    """Draft lines from the city's plan of the year, or from last year's own."""
    plan = _visible(request, pk)
    asked = request.POST.get("source", "")
    source = get_object_or_404(queries.sources(plan), pk=asked if may_be_key(asked) else 0)
    done = actions.derive(plan=plan, source=source, by=request.user, at=timezone.now())
    messages.success(
        request,
        f"已起草 {len(done.lines)} 行"
        + (f"，{len(done.received)} 个领域由市级统一实施" if done.received else ""),
    )
    if done.failed:
        names = "；".join(f"{name}：{why}" for name, why in done.failed[:5])
        more = f"等 {len(done.failed)} 行" if len(done.failed) > 5 else ""
        messages.warning(request, f"没有起草：{names}{more}。")
    return redirect(plan)


@requires(Permission.PLAN_EDIT)
def terms(request: HttpRequest, pk: int) -> HttpResponse:
    """Range, caps, cool-down and key targets of a draft line."""
    line = get_object_or_404(
        PlanLine.objects.editable_by(request.user).with_columns().select_related("plan__region"),
        pk=pk,
    )
    kept = SavedFilter.objects.filter(department=request.user.department_id)
    first = TermsForm.first(line)
    chosen = next((each for each in kept if str(each.pk) == request.GET.get("filter")), None)
    if chosen is not None:
        first |= TermsForm.range_of(chosen.rules)
    form = TermsForm(posted(request), initial=first)
    refused: Blocked | None = None
    if request.method == "POST" and form.is_valid():
        try:
            _keep(request, line, form)
        except NeedsReason as needs:
            is_of_cap = isinstance(needs, actions.NeedsCapReason)
            form.add_error("cap_reason" if is_of_cap else "ratio_reason", str(needs))
        except Blocked as blocked:
            refused = blocked
        else:
            messages.success(request, "已保存频次和范围")
            return redirect(line)
    marked = bases.candidates(line.field.tag, line.departments, region=line.plan.region_id).filter(
        key_flags__in=KeyFlag.objects.holding(line.starts_on, line.ends_on)
    )
    context = {
        "line": line,
        "plan": line.plan,
        "form": form,
        "refused": refused,
        "kept": kept,
        "marked": bases.narrowed(marked, line.target_filter, first=line.starts_on)
        .distinct()
        .count(),
    }
    status = 200 if request.method != "POST" else 409 if refused else 422
    return render(request, "plan/terms.html", context, status=status)


@transaction.atomic
def _keep(request: HttpRequest, line: PlanLine, form: TermsForm) -> None:
    """The terms, and their range under a name if one was typed: both or neither."""
    said, now = form.cleaned_data, timezone.now()
    terms = actions.Terms(
        target_filter=form.rules,
        cap_per_year=said["cap_per_year"],
        cap_reason=said["cap_reason"],
        cooldown_months=said["cooldown_months"] or 0,
        key_ratio=said["key_ratio"],
        key_source=said["key_source"],
        ratio_reason=said["ratio_reason"],
    )
    actions.set_terms(line=line, terms=terms, by=request.user, at=now)
    if said["filter_name"].strip():
        actions.save_filter(name=said["filter_name"], rules=form.rules, by=request.user, at=now)


@requires(Permission.PLAN_EDIT)
@require_POST
def file_plan(request: HttpRequest, pk: int) -> HttpResponse:
    plan = _visible(request, pk)
    form = FilingForm(request.POST)
    if not form.is_valid():
        return told(request, "plan:plan", pk, fault=form, query="tab=filing", head="没有登记")
    actions.file_plan(plan=plan, **form.cleaned_data, by=request.user, at=timezone.now())
    messages.success(request, "已登记报送")
    return redirect(f"{plan.get_absolute_url()}?tab=filing")


@requires(Permission.PLAN_EDIT)
@require_POST
def file_report(request: HttpRequest) -> HttpResponse:
    """Last year's figures are due in January, whether or not the new plan is begun."""
    form = ReportForm(request.POST)
    now = timezone.localtime()
    if not form.is_valid():
        return told(request, "plan:plans", fault=form, head="没有登记")
    actions.file_report(year=now.year, **form.cleaned_data, by=request.user, at=now)
    messages.success(request, "已登记报送")
    return redirect("plan:plans")


@requires(Permission.PLAN_VIEW)
def campaigns(request: HttpRequest) -> HttpResponse:
    found = (
        Campaign.objects.visible_to(request.user)
        .select_related("department", "by")
        .prefetch_related("fields")
    )
    context = {
        "page_obj": Paginator(found, 20).get_page(request.GET.get("page")),
        "may_register": request.user.may(Permission.PLAN_EDIT)
        and request.user.department is not None,
    }
    return render(request, "plan/campaigns.html", context)


@requires(Permission.PLAN_EDIT)
def new_campaign(request: HttpRequest) -> HttpResponse:
    own = request.user.department
    version = ListVersion.objects.in_force(ListVersion.Kind.JOINT).first()
    joint = version.fields.all() if version else JointField.objects.none()
    form = CampaignForm(posted(request), joint_fields=joint, own=own)
    refused: Blocked | None = None
    if request.method == "POST" and form.is_valid() and own is not None:
        said = dict(form.cleaned_data)
        touched = list(said.pop("fields_touched"))
        try:
            made = actions.register_campaign(
                **said, fields=touched, department=own, by=request.user, at=timezone.now()
            )
        except NeedsReason as needs:
            form.add_error("solo_reason", str(needs))
        except Blocked as blocked:
            refused = blocked
        else:
            messages.success(request, f"已登记专项整治“{made.title}”")
            return redirect("plan:campaigns")
    context = {"form": form, "refused": refused, "own": own}
    status = 200 if request.method != "POST" else 409 if refused else 422
    return render(request, "plan/new_campaign.html", context, status=status)


def _visible(request: HttpRequest, pk: int) -> Plan:
    return get_object_or_404(
        Plan.objects.visible_to(request.user).select_related("region", "list_version"), pk=pk
    )
