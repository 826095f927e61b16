"""Lines of a plan: written, shown, adjusted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from liancha.accounts.again import told
from liancha.accounts.models import Department
from liancha.accounts.permissions import Permission, requires
from liancha.accounts.words import written
from liancha.lists.models import JointField
from liancha.rulebook.lifecycles import LineState, PlanState
from liancha.rulebook.verdicts import Blocked, NeedsReason

from .. import actions, bases, columns, forms, queries, quiet_days
from ..models import Adjustment, Plan, PlanLine


@requires(Permission.PLAN_VIEW)
def line(request: HttpRequest, pk: int) -> HttpResponse:
    line = get_object_or_404(_visible(request), pk=pk)
    own = request.user.department
    mine = PlanLine.objects.editable_by(request.user).filter(pk=pk).exists()
    may_plan = mine and request.user.may(Permission.PLAN_EDIT)
    is_first = own is not None and own.pk == line.initiator_id
    context = {
        "line": line,
        "plan": line.plan,
        "texts": columns.columns(line),
        "rates": [
            (each, columns.stratum_word(each.stratum), columns.rate_text(each))
            for each in line.rates.all()
        ],
        "by_credit": line.stratify == PlanLine.Stratify.CREDIT,
        "key_text": columns.percent_text(Fraction(line.key_ratio)) if line.key_ratio else "",
        "filter_text": columns.filter_text(line.target_filter),
        "quiet": quiet_days.of_line(line),
        "adjustments": [
            (each, _pairs(each))
            for each in line.adjustments.select_related("requested_by", "approved_by")
        ],
        "may_edit": may_plan and line.is_editable,
        "may_add": may_plan
        and line.state == LineState.DRAFT
        and line.plan.state == PlanState.PUBLISHED,
        "may_adjust": may_plan and bool(_kinds(line)),
        "may_start": is_first
        and request.user.may(Permission.TASK_EDIT)
        and PlanLine.objects.ready().filter(pk=pk).exists(),
        "may_decide": mine and request.user.may(Permission.PLAN_APPROVE),
    }
    return render(request, "plan/line.html", context)


@requires(Permission.PLAN_EDIT)
def new_line(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a line; without a field in the address, first choose one."""
    plan = get_object_or_404(Plan.objects.visible_to(request.user), pk=pk)
    fields = queries.plannable(plan, request.user)
    if "field" not in request.GET and "field" not in request.POST:
        lines = list(plan.lines.live().select_related("field"))
        rows = [row for row in queries.coverage_of(plan, lines) if row.field in fields]
        rows.sort(key=lambda row: (row.mark != "x", row.field.code))
        return render(request, "plan/choose_field.html", {"plan": plan, "rows": rows})
    asked = request.POST.get("field") or request.GET.get("field", "")
    field = next((each for each in fields if str(each.pk) == asked), None)
    if field is None:
        raise Http404
    return _edit(request, plan, field, None)


@requires(Permission.PLAN_EDIT)
def edit_line(request: HttpRequest, pk: int) -> HttpResponse:
    line = get_object_or_404(
        PlanLine.objects.editable_by(request.user).with_columns().select_related("plan__region"),
        pk=pk,
    )
    if not line.is_editable:
        raise Blocked(
            "这一行现在不能直接改。会签中的请先撤回会签，已公布的请办理计划调整。", article="16"
        )
    return _edit(request, line.plan, line.field, line)


@requires(Permission.PLAN_EDIT)
@require_POST
def rates(request: HttpRequest, pk: int) -> HttpResponse:
    """The rates table again, for other departments or another way to cut (htmx)."""
    plan = get_object_or_404(Plan.objects.visible_to(request.user), pk=pk)
    field = get_object_or_404(plan.list_version.fields, pk=_number(request.POST.get("field")))
    form = _line_form(request.POST, plan, field)
    line = plan.lines.filter(pk=_number(request.GET.get("line") or "0")).first()
    context = _rates_context(plan, field, form, request.POST, line)
    return render(request, "plan/_rates.html", context)


@requires(Permission.PLAN_EDIT)
@require_POST
def drop_line(request: HttpRequest, pk: int) -> HttpResponse:
    line = get_object_or_404(PlanLine.objects.editable_by(request.user), pk=pk)
    plan = line.plan
    actions.drop_line(
        line=line, reason=written(request, article="16"), by=request.user, at=timezone.now()
    )
    messages.success(request, f"已删除计划行“{line.name}”")
    return redirect(plan)


@requires(Permission.PLAN_EDIT)
def adjust(request: HttpRequest, pk: int) -> HttpResponse:
    line = get_object_or_404(
        PlanLine.objects.editable_by(request.user).with_columns().select_related("plan__region"),
        pk=pk,
    )
    kinds = _kinds(line)
    if not kinds:
        raise Http404
    found = {each.stratum: each.base for each in line.rates.all()}
    now = {each.stratum: queries.rate_input(each) for each in line.rates.all()}
    form = forms.AdjustForm(posted(request), line=line, kinds=kinds)
    rates_form = forms.RatesForm(posted(request), found=found, initial_rates=now)
    refused: Blocked | None = None
    if request.method == "POST":
        wants_rates = request.POST.get("kind") == Adjustment.Kind.RATIO
        fits = form.is_valid() and (not wants_rates or rates_form.is_valid())
        if fits:
            after = dict(form.cleaned_data) | ({"rates": rates_form.rates} if wants_rates else {})
            try:
                actions.adjust(
                    line=line,
                    kind=form.cleaned_data["kind"],
                    after=after,
                    reason=form.cleaned_data["reason"],
                    by=request.user,
                    at=timezone.now(),
                )
            except NeedsReason as needs:
                if form.cleaned_data["kind"] == Adjustment.Kind.FREQUENCY:
                    form.add_error("cap_reason", str(needs))
                else:
                    refused = needs
            except Blocked as blocked:
                refused = blocked
            else:
                messages.success(request, "已提出调整，批准后生效并公布")
                return redirect(line)
    context = {
        "line": line,
        "plan": line.plan,
        "form": form,
        "rates_form": rates_form,
        "rate_rows": rates_form.rows(),
        "by_credit": line.stratify == PlanLine.Stratify.CREDIT,
        "presets": (),
        "lacking": (),
        "refused": refused,
        "is_published": True,
        "may_ratio": Adjustment.Kind.RATIO in kinds,
        "moves_marks": bool(line.key_ratio or line.target_filter.get("flags")),
    }
    return render(request, "plan/adjust.html", context, status=_status(request, refused))


@requires(Permission.PLAN_APPROVE)
@require_POST
def approve_adjustment(request: HttpRequest, pk: int) -> HttpResponse:
    adjustment = get_object_or_404(Adjustment.objects.decidable_by(request.user), pk=pk)
    actions.approve_adjustment(adjustment=adjustment, by=request.user, at=timezone.now())
    messages.success(request, "已批准，调整已生效并公布")
    return redirect(adjustment.line)


@requires(Permission.PLAN_APPROVE)
@require_POST
def decline_adjustment(request: HttpRequest, pk: int) -> HttpResponse:
    adjustment = get_object_or_404(Adjustment.objects.decidable_by(request.user), pk=pk)
    form = forms.DeclineForm(request.POST)
    if not form.is_valid():
        return told(request, "plan:line", adjustment.line_id, fault=form)
    actions.decline_adjustment(
        adjustment=adjustment,
        note=form.cleaned_data["note"],
        by=request.user,
        at=timezone.now(),
    )
    messages.success(request, "已退回，计划行不变")
    return redirect(adjustment.line)


# ── What several of them need ─────────────────────────────────────────────────────────────


def _visible(request: HttpRequest) -> Any:
    return PlanLine.objects.filter(plan__in=Plan.objects.visible_to(request.user)).with_columns()


def _edit(
    request: HttpRequest, plan: Plan, field: JointField, line: PlanLine | None
) -> HttpResponse:
    """The form of a line, with the refusal in it when the Measures say no: typed text stays."""
    data = request.POST if request.method == "POST" else None
    form = _line_form(data, plan, field, line, request.user.department)
    context = _rates_context(plan, field, form, data, line)
    form.asks_anew = form.is_bound and "is_reason_kept" in form.data
    refused: Blocked | None = None
    if data is not None:
        rates_form = context["rates_form"]
        if form.is_valid() and rates_form.is_valid():
            try:
                saved = actions.save_line(
                    plan=plan,
                    line=line,
                    data=_data(field, form, rates_form),
                    by=request.user,
                    at=timezone.now(),
                )
            except NeedsReason as needs:
                form.add_error(_asked_for(needs), str(needs))
                said = form.data.get("ratio_reason", "").strip()
                form.asks_anew = bool(said) and _asked_for(needs) == "ratio_reason"
            except Blocked as blocked:
                refused = blocked
            else:
                messages.success(request, f"已保存计划行“{saved.name}”")
                return redirect(saved if plan.state == PlanState.PUBLISHED else plan)
    context |= {"plan": plan, "field": field, "line": line, "form": form, "refused": refused}
    return render(request, "plan/edit_line.html", context, status=_status(request, refused))


def _line_form(
    data: QueryDict | None,
    plan: Plan,
    field: JointField,
    line: PlanLine | None = None,
    own: Department | None = None,
) -> forms.LineForm:
    departments = queries.choosable(field, plan)
    initiators = [d for d in departments if actions.duty_of(d, field) is not None]
    form = forms.LineForm(
        data,
        field=field,
        departments=departments,
        initiators=initiators,
        initial=_initial(plan, field, line, own, initiators),
    )
    if line is None or line.cap_per_year is None:
        del form.fields["cap_reason"]  # there is no cap that it could be about
    return form


def _initial(
    plan: Plan,
    field: JointField,
    line: PlanLine | None,
    own: Department | None,
    initiators: list[Department],
) -> dict[str, Any]:
    """What the form says before anybody types: the line, or a first wording from the list."""
    if line is not None:
        ticked = [each.pk for each in line.cooperators.all()]
        return {
            name: getattr(line, name)
            for name in (
                *("name", "org_mode", "targets", "executor", "starts_on", "ends_on"),
                *("frequency", "initiator", "participants_reason", "duties", "stratify"),
                *("ratio_reason", "cap_reason"),
            )
        } | {
            "strata_tags": "、".join(line.strata_tags),
            "listed": ticked,
            "outside": ticked,
            "items": [item.pk for item in line.items.all()],
        }
    first = own if own in initiators else (initiators or [field.initiator])[0]
    mode = PlanLine.OrgMode.CITY_CITY
    return {
        "name": field.name,
        "org_mode": mode,
        "targets": field.targets,
        "executor": actions.executor_text(mode),
        "frequency": 1,
        "initiator": first,
        "listed": [each.pk for each in field.cooperators.all()],
        "items": [item.pk for item in field.items.all()],
        "stratify": PlanLine.Stratify.CREDIT,
        "duties": queries.proposed_duties(field, [first, *field.cooperators.all()]),
    }


def _rates_context(
    plan: Plan,
    field: JointField,
    form: forms.LineForm,
    data: QueryDict | None,
    line: PlanLine | None,
) -> dict[str, Any]:
    """The rates table for the departments and the way of cutting that the form has now."""
    stratify, tags, departments = _chosen(form)
    rules = line.target_filter if line is not None else {}
    found = bases.count(
        field.tag,
        departments,
        stratify=stratify,
        region=plan.region_id,
        tags=tags,
        rules=rules,
        first=_first_day(form, line),
    )
    now = queries.initial_rates(stratify, region=plan.region_id, tags=tags)
    if line is not None and line.stratify == stratify:
        now |= {each.stratum: queries.rate_input(each) for each in line.rates.all()}
    # Another way of cutting has other inputs: those that came along unfilled are not faults yet.
    answered = data is not None and all(f"rate_{stratum}" in data for stratum in found)
    rates_form = forms.RatesForm(data if answered else None, found=found, initial_rates=now)
    return {
        "rates_form": rates_form,
        "rate_rows": rates_form.rows(),
        "by_credit": stratify == PlanLine.Stratify.CREDIT,
        "presets": queries.PRESETS if stratify == PlanLine.Stratify.CREDIT else (),
        "lacking": bases.not_supervising(field.tag, departments),
        "field": field,
        "plan": plan,
    }


def _first_day(form: forms.LineForm, line: PlanLine | None) -> date | None:
    """The day the form says the line begins, or the one it has."""
    said = form.cleaned_data.get("starts_on") if form.is_bound else None
    return said or (line.starts_on if line is not None else None)


def _chosen(form: forms.LineForm) -> tuple[str, list[str], list[Department]]:
    """How to cut, and who takes part, as posted or as proposed; what is not there is left out."""
    if form.is_bound:
        form.is_valid()
        said: Mapping[str, Any] = form.cleaned_data
        first = said.get("initiator")
        others = [*said.get("listed", ()), *said.get("outside", ())]
        stratify = said.get("stratify") or PlanLine.Stratify.NONE
        tags = said.get("strata_tags") or []
    else:
        first = form.initial["initiator"]
        ticked = {*form.initial.get("listed", ()), *form.initial.get("outside", ())}
        others = list(Department.objects.filter(pk__in=ticked))
        stratify = form.initial["stratify"]
        tags = (form.initial.get("strata_tags") or "").split("、")
    departments = {each.pk: each for each in (first, *others) if each is not None}
    return stratify, [each for each in tags if each], list(departments.values())


def _data(field: JointField, form: forms.LineForm, rates_form: forms.RatesForm) -> actions.LineData:
    said = form.cleaned_data
    return actions.LineData(
        field=field,
        initiator=said["initiator"],
        cooperators=form.cooperators,
        items=list(said["items"]),
        rates=rates_form.rates,
        bases=rates_form.found,
        cap_reason=said.get("cap_reason"),
        **{
            name: said[name]
            for name in (
                *("name", "org_mode", "targets", "executor", "starts_on", "ends_on"),
                *("frequency", "participants_reason", "duties", "stratify", "ratio_reason"),
                *("strata_tags", "is_reason_kept"),
            )
        },
    )


def _asked_for(needs: NeedsReason) -> str:
    """The field a reason belongs in: art. 13 asks about departments, art. 15 about the rest."""
    if isinstance(needs, actions.NeedsCapReason):
        return "cap_reason"
    return "participants_reason" if needs.article == "13" else "ratio_reason"


def _kinds(line: PlanLine) -> list[str]:
    """Which adjustments the line can have now (art. 16); the action checks again."""
    if line.plan.state != PlanState.PUBLISHED or line.adjustments.waiting().exists():
        return []
    kinds = Adjustment.Kind
    if line.state == LineState.DRAFT:
        return [kinds.ADD]
    if line.state in (LineState.CANCELLED, LineState.DONE):
        return []
    found = [kinds.DELAY, kinds.FREQUENCY]
    if line.rates_locked_at is None:
        found.insert(0, kinds.RATIO)
    if line.state != LineState.IN_PROGRESS:
        found.append(kinds.CANCEL)
    return [str(each) for each in found]


def _pairs(adjustment: Adjustment) -> list[tuple[str, str, str]]:
    """(what, before, after) of an adjustment."""
    keys = dict.fromkeys([*adjustment.before, *adjustment.after])
    return [(key, adjustment.before.get(key, ""), adjustment.after.get(key, "")) for key in keys]


def _number(text: str | None) -> int:
    if text is None or not text.isascii() or not text.isdecimal():
        raise Http404
    return int(text)


def _status(request: HttpRequest, refused: Blocked | None) -> int:
    if request.method != "POST":
        return 200
    return 409 if refused is not None else 422


def posted(request: HttpRequest) -> QueryDict | None:
    """What was posted, even if it is nothing; None for a page that is only looked at."""
    return request.POST if request.method == "POST" else None
