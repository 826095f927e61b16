"""The plan book: coverage, lines, signatures, publication."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST

from liancha.accounts.again import told
from liancha.accounts.permissions import Permission, requires
from liancha.accounts.queries import people_of, person
from liancha.accounts.words import written
from liancha.ledger.models import Entry
from liancha.rulebook.lifecycles import LineState, PlanState
from liancha.rulebook.verdicts import Blocked

from .. import actions, forms, queries, quiet_days, sheets
from ..beside_forms import FilingForm, ReportForm
from ..models import Adjustment, CoverageException, Plan
from .lines import posted

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WHAT = {
    "plan.start": "开始编制",
    "plan.save_line": "编写计划行",
    "plan.open_import": "试算计划表",
    "plan.check_import": "重新试算计划表",
    "plan.import_lines": "导入计划行",
    "plan.give_up_import": "放弃导入",
    "plan.undo_import": "撤回导入",
    "plan.set_rates": "改抽查比例",
    "plan.drop_line": "删除计划行",
    "plan.recount": "按名录库重算基数",
    "plan.except_field": "签署不安排的原因",
    "plan.withdraw_exception": "撤回不安排的原因",
    "plan.send_for_cosign": "送会签",
    "plan.withdraw": "撤回会签",
    "plan.cosign": "会签",
    "plan.return": "退回",
    "plan.approve": "批准计划",
    "plan.publish": "公布计划",
    "plan.record_platform_number": "登记监管平台编号",
    "plan.adjust": "提出调整",
    "plan.approve_adjustment": "批准并公布调整",
    "plan.decline_adjustment": "退回调整",
    "plan.lock_rates": "名单锁定，比例不再改",
    "plan.derive": "引用其他计划起草",
    "plan.follow_list": "换用现行清单",
    "plan.set_terms": "改频次和范围",
    "plan.file": "登记报送",
    "plan.save_scenario": "保存试算方案",
    "plan.drop_scenario": "删去试算方案",
    "plan.apply_rates": "按试算方案改比例",
}
PROOF = {"plan.publish", "plan.approve_adjustment", "plan.lock_rates"}


@requires(Permission.PLAN_VIEW)
def plans(request: HttpRequest) -> HttpResponse:
    today = timezone.localdate()
    found = Plan.objects.visible_to(request.user).select_related("region")
    page = Paginator(found, 20).get_page(request.GET.get("page"))
    rows = []
    for plan in page:
        lines = list(plan.lines.select_related("field"))
        coverage = queries.coverage_of(plan, lines)
        rows.append(
            {
                "plan": plan,
                "lines": len([line for line in lines if line.state != LineState.CANCELLED]),
                "covered": len(coverage) - len(queries.missing(coverage)),
                "fields": len(coverage),
                "countdown": queries.countdown(plan, today=today),
            }
        )
    may_start = _coordinates(request) and request.user.may(Permission.PLAN_EDIT)
    own = request.user.department
    context = {
        "page_obj": page,
        "rows": rows,
        "may_start": may_start,
        "report": queries.report_row(today.year, own.region_id, today=today)
        if own and may_start
        else None,
        "report_form": ReportForm(initial={"on": today}),
        "last_year": today.year - 1,
        "next_year": today.year + 1,
    }
    return render(request, "plan/plans.html", context)


@requires(Permission.PLAN_EDIT)
def new_plan(request: HttpRequest) -> HttpResponse:
    form = forms.NewPlan(posted(request), initial={"year": timezone.localdate().year + 1})
    refused: Blocked | None = None
    if request.method == "POST" and form.is_valid():
        try:
            plan = actions.start_plan(**form.cleaned_data, by=request.user, at=timezone.now())
        except Blocked as blocked:
            refused = blocked
        else:
            messages.success(request, f"已开始编制{plan}")
            return redirect(plan)
    status = 200 if request.method != "POST" else 409 if refused else 422
    context = {"form": form, "refused": refused}
    return render(request, "plan/new_plan.html", context, status=status)


@requires(Permission.PLAN_VIEW)
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    plan = _visible(request, pk)
    user = request.user
    tab = request.GET.get("tab", "")
    lines = list(plan.lines.with_columns())
    cosigns = list(plan.cosigns.select_related("department", "signed_by"))
    coverage = queries.coverage_of(plan, lines)
    missing = queries.missing(coverage)
    coordinates = _coordinates(request, plan)
    may_edit = user.may(Permission.PLAN_EDIT)
    waiting = queries.is_waiting_for(plan, user)
    signed = [each for each in cosigns if each.signed_at and not each.is_returned]
    adjustments = (
        Adjustment.objects.visible_to(user)
        .filter(line__plan=plan)
        .select_related("line", "requested_by__department", "approved_by")
    )
    context = {
        "plan": plan,
        "tab": tab,
        "rows": queries.line_rows(lines, cosigns),
        "live": len([line for line in lines if line.state != LineState.CANCELLED]),
        "coverage": coverage,
        "missing": missing,
        "missing_first": missing[0] if missing else None,
        "fields": len(coverage),
        "covered": len(coverage) - len(missing),
        "countdown": queries.countdown(plan, today=timezone.localdate()),
        "cosigns": cosigns,
        "signed": len(signed),
        "cosign_count": f"{len(signed)}/{len(cosigns)}" if cosigns else None,
        "state_word": f"第 {plan.version} 稿{plan.get_state_display()}",
        "returned": [each for each in cosigns if each.is_returned],
        "adjustments": adjustments,
        "adjusted": len(adjustments),
        "coordinates": coordinates,
        "may_write": may_edit
        and plan.state in (PlanState.DRAFT, PlanState.PUBLISHED)
        and bool(queries.plannable(plan, user)),
        "may_send": coordinates and may_edit and plan.state == PlanState.DRAFT,
        "may_withdraw": coordinates
        and may_edit
        and plan.state in (PlanState.COSIGNING, PlanState.APPROVED),
        "may_cosign": waiting is not None
        and (user.may(Permission.PLAN_APPROVE) or user.may(Permission.PLAN_EDIT)),
        "may_approve": coordinates
        and user.may(Permission.PLAN_APPROVE)
        and plan.state == PlanState.COSIGNING,
        "may_publish": coordinates
        and user.may(Permission.PLAN_PUBLISH)
        and plan.state == PlanState.APPROVED,
        "publish_form": forms.PublishForm(),
        "matrix": queries.matrix(plan, [row.field for row in coverage])
        if plan.region.kind == "city" and not tab
        else (),
        "filing_rows": queries.filing_rows(plan, today=timezone.localdate())
        if tab == "filing"
        else (),
        "last_year": plan.year - 1,
        "filing_form": FilingForm(initial={"on": timezone.localdate()}),
        "floor": queries.floor_of(lines) if tab == "filing" else None,
        "sources": queries.sources(plan)
        if coordinates and may_edit and plan.state == PlanState.DRAFT and not lines
        else (),
        "left_out": plan.left_out.select_related("line", "signed_by"),
        "entries": _entries(plan) if request.GET.get("tab") == "log" else (),
        "list_in_force": plan.list_version.state == "published",
        "quiet": quiet_days.of_plan(plan),
    }
    return render(request, "plan/plan.html", context)


@requires(Permission.PLAN_VIEW)
def export(request: HttpRequest, pk: int) -> HttpResponse:
    plan = _visible(request, pk)
    content = sheets.workbook(
        plan,
        plan.lines.with_columns(),
        Adjustment.objects.published().filter(line__plan=plan).select_related("line"),
    )
    response = HttpResponse(content, content_type=XLSX)
    response.headers["Content-Disposition"] = (
        content_disposition_header(True, f"{plan.title}.xlsx") or ""
    )
    return response


@requires(Permission.PLAN_EDIT)
@require_POST
def recount(request: HttpRequest, pk: int) -> HttpResponse:
    plan = _visible(request, pk)
    changed = actions.recount(plan=plan, by=request.user, at=timezone.now())
    messages.success(
        request, f"已重算，{changed} 行的基数有变化" if changed else "已重算，基数没有变化"
    )
    return redirect(plan)


@requires(Permission.PLAN_EDIT)
@require_POST
def send(request: HttpRequest, pk: int) -> HttpResponse:
    plan = _visible(request, pk)
    cosigns = actions.send_for_cosign(plan=plan, by=request.user, at=timezone.now())
    waiting = len([each for each in cosigns if each.signed_at is None])
    messages.success(request, f"已送会签，等待 {waiting} 个部门")
    return redirect(plan)


@requires(Permission.PLAN_EDIT)
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    plan = _visible(request, pk)
    actions.withdraw_plan(plan=plan, by=request.user, at=timezone.now())
    messages.success(request, "已退回草稿，可以修改计划行；没有改动的部门不用重新会签")
    return redirect(plan)


@requires(Permission.PLAN_APPROVE, Permission.PLAN_EDIT)
def cosign(request: HttpRequest, pk: int) -> HttpResponse:
    """What the plan asks of one's own department, and its word on it."""
    plan = _visible(request, pk)
    own = get_object_or_404(plan.cosigns, department=request.user.department_id)
    form = forms.OpinionForm(posted(request))
    if request.method == "POST" and form.is_valid():
        actions.cosign(
            plan=plan, opinion=form.cleaned_data["opinion"], by=request.user, at=timezone.now()
        )
        messages.success(request, f"{own.department.short}已会签")
        return redirect(plan)
    lines = [
        line for line in plan.lines.live().with_columns() if own.department in line.departments
    ]
    context = {
        "plan": plan,
        "own": own,
        "form": form,
        "rows": queries.line_rows(lines, [own]),
        "is_open": plan.state == PlanState.COSIGNING and own.signed_at is None,
    }
    return render(request, "plan/cosign.html", context)


@requires(Permission.PLAN_APPROVE, Permission.PLAN_EDIT)
@require_POST
def return_plan(request: HttpRequest, pk: int) -> HttpResponse:
    plan = _visible(request, pk)
    form = forms.OpinionForm(request.POST)
    if not form.is_valid():
        return told(request, "plan:cosign", pk, fault=form)
    opinion = form.cleaned_data["opinion"]
    actions.return_plan(plan=plan, opinion=opinion, by=request.user, at=timezone.now())
    messages.success(request, "已退回，联席会议办公室会看到意见")
    return redirect(plan)


@requires(Permission.PLAN_APPROVE)
@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    plan = _visible(request, pk)
    actions.approve(
        plan=plan,
        minutes=written(request, longest=120, article="12")
        or written(request, "minutes", longest=120, article="12"),
        by=request.user,
        at=timezone.now(),
    )
    messages.success(request, "已批准，可以公布")
    return redirect(plan)


@requires(Permission.PLAN_PUBLISH)
@require_POST
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    plan = _visible(request, pk)
    form = forms.PublishForm(request.POST)
    if not form.is_valid():
        return told(request, "plan:plan", pk, fault=form)
    actions.publish(plan=plan, **form.cleaned_data, by=request.user, at=timezone.now())
    shown = reverse("plan:public_plan", args=[plan.pk])
    messages.success(request, format_html('计划已公布<a href="{}">看公示页</a>', shown))
    return redirect(plan)


@requires(Permission.PLAN_EDIT)
@require_POST
def platform(request: HttpRequest, pk: int) -> HttpResponse:
    plan = _visible(request, pk)
    form = forms.PlatformForm(request.POST)
    if not form.is_valid():
        return told(request, "plan:plan", pk, fault=form)
    actions.record_platform_number(
        plan=plan, number=form.cleaned_data["number"], by=request.user, at=timezone.now()
    )
    messages.success(request, "已登记监管平台编号")
    return redirect(plan)


@requires(Permission.PLAN_APPROVE)
def exceptions(request: HttpRequest, pk: int) -> HttpResponse:
    """Fields without a line, each with a reason signed by the coordinating office (art. 13)."""
    plan = _visible(request, pk)
    form = forms.ExceptionForm(posted(request), plan=plan)
    if request.method == "POST" and form.is_valid():
        actions.except_field(plan=plan, **form.cleaned_data, by=request.user, at=timezone.now())
        messages.success(request, f"已签署：{form.cleaned_data['field']}本年度不安排")
        return redirect("plan:exceptions", pk=plan.pk)
    rows = queries.coverage_of(plan, list(plan.lines.select_related("field")))
    context = {
        "plan": plan,
        "form": form,
        "missing": queries.missing(rows),
        "signed": [row for row in rows if row.exception],
        "reasons": CoverageException.Reason.choices,
        "may_sign": _coordinates(request, plan) and plan.state != PlanState.SUPERSEDED,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "plan/exceptions.html", context, status=status)


@requires(Permission.PLAN_APPROVE)
@require_POST
def withdraw_exception(request: HttpRequest, pk: int) -> HttpResponse:
    exception = get_object_or_404(
        CoverageException.objects.filter(plan__in=Plan.objects.visible_to(request.user)), pk=pk
    )
    plan = exception.plan
    actions.withdraw_exception(exception=exception, by=request.user, at=timezone.now())
    messages.success(request, "已撤回，这个领域要编计划行")
    return redirect("plan:exceptions", pk=plan.pk)


def _visible(request: HttpRequest, pk: int) -> Plan:
    return get_object_or_404(
        Plan.objects.visible_to(request.user).select_related("region", "list_version"), pk=pk
    )


def _coordinates(request: HttpRequest, plan: Plan | None = None) -> bool:
    """Whether this person belongs to the coordinating office (of the plan's level)."""
    own = request.user.department
    if own is None or not own.is_coordinator:
        return False
    return plan is None or own.region_id == plan.region_id


def _entries(plan: Plan) -> list[dict[str, object]]:
    entries = list(Entry.objects.about("plan", plan.pk).order_by("-index")[:60])
    people = people_of(entries)
    return [
        {
            "at": entry.at,
            "text": WHAT.get(entry.what, entry.what),
            "note": person(entry.by, people),
            "number": entry.index,
            "kind": "proof" if entry.what in PROOF else "",
        }
        for entry in entries
    ]
