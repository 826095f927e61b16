"""Solo checks, case checks, and where several departments go to the same places."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from liancha.accounts.again import told
from liancha.accounts.permissions import Permission, requires
from liancha.accounts.words import agreed, written
from liancha.rulebook.verdicts import Blocked, NeedsReason

from .. import actions, complaints, forms, queries
from ..models import SOLO_STATES, CaseCheck, InspectionFact, KeyFlag, Licence, SoloCheck, Target
from .targets import target_page

ROWS = 20


@requires(Permission.REGISTRY_VIEW)
def solo_checks(request: HttpRequest) -> HttpResponse:
    """Daily inspections by one department alone, and who allowed them (art. 8)."""
    seen, state = SoloCheck.objects.visible_to(request.user), request.GET.get("state", "")
    found = seen.standing(state).select_related(
        "target", "department", "decided_by", "reused__department"
    )
    states = [("", "全部", seen.count(), state not in dict(SOLO_STATES))]
    states += [
        (each, word, seen.standing(each).count(), each == state) for each, word in SOLO_STATES
    ]
    page = Paginator(found, ROWS).get_page(request.GET.get("page"))
    facts = InspectionFact.objects.filter(
        target__in=[one.target_id for one in page],
        reference__in=[one.reference for one in page],
    )
    results = {fact.reference: fact for fact in facts}
    context = {
        "states": states,
        "page_obj": page,
        "rows": [(one, results.get(one.reference)) for one in page],
    }
    return render(request, "registry/solo_checks.html", context)


@requires(Permission.REGISTRY_EDIT)
def new_solo(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask to inspect alone; what others found here lately is shown first."""
    target = _target(request, pk)
    form = forms.SoloForm(request.POST or None)
    refused: Blocked | None = None
    if request.method == "POST" and form.is_valid():
        reused = request.POST.get("reused", "")
        fact = (
            target.inspections.filter(pk=reused).first()
            if reused.isdecimal() and len(reused) < 12
            else None
        )
        try:
            made = actions.request_solo(
                target=target,
                **form.cleaned_data,
                reused=fact,
                by=request.user,
                at=timezone.now(),
            )
        except NeedsReason as needs:
            form.add_error("code", str(needs))
        except Blocked as blocked:
            refused = blocked
        else:
            word = "已采用其他部门的结果，不再单独检查" if fact else "已提交，等待本部门负责人批准"
            messages.success(request, word)
            return redirect(made)
    own = request.user.department
    context = {
        "target": target,
        "form": form,
        "refused": refused,
        "fields": actions.covering(target, own) if own else [],
        "recent": target.inspections.recent(timezone.localdate())
        .of_others(own)
        .select_related("department")
        if own
        else [],
    }
    return render(request, "registry/new_solo.html", context, status=_status(request, refused))


@requires(Permission.REGISTRY_VIEW)
def solo_check(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(
        SoloCheck.objects.visible_to(request.user).select_related(
            "target", "department", "by", "decided_by", "reused__department"
        ),
        pk=pk,
    )
    context = {
        "check": found,
        "form": forms.DecideSoloForm(),
        "result": (result := found.result),
        "close_form": forms.CloseCaseForm(),
        "may_close": request.user.may(Permission.REGISTRY_EDIT)
        and found.department_id == request.user.department_id
        and bool(found.is_approved)
        and result is None,
        "may_decide": request.user.may(Permission.TASK_APPROVE)
        and found.department_id == request.user.department_id
        and found.by_id != request.user.pk
        and found.decided_at is None
        and found.reused_id is None,
    }
    return render(request, "registry/solo_check.html", context)


@requires(Permission.TASK_APPROVE)
@require_POST
def decide_solo(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SoloCheck.objects.visible_to(request.user), pk=pk)
    is_approved = agreed(request, "verb", article="8")
    actions.decide_solo(
        check=found,
        is_approved=is_approved,
        opinion=written(request, "opinion", longest=300, article="8"),
        by=request.user,
        at=timezone.now(),
    )
    messages.success(request, "已批准单独检查" if is_approved else "已退回，不单独检查")
    return redirect(found)


@requires(Permission.REGISTRY_EDIT)
@require_POST
def close_solo(request: HttpRequest, pk: int) -> HttpResponse:
    """What an agreed inspection alone found."""
    found = get_object_or_404(SoloCheck.objects.visible_to(request.user), pk=pk)
    form = forms.CloseCaseForm(request.POST)
    if not form.is_valid():
        return told(request, "registry:solo_check", pk, fault=form)
    actions.close_solo(check=found, **form.cleaned_data, by=request.user, at=timezone.now())
    messages.success(request, "已填写检查结果")
    return redirect(found)


@requires(Permission.REGISTRY_VIEW)
def case_checks(request: HttpRequest) -> HttpResponse:
    """Complaints and clues: each answered by itself, none of them drawn (E26)."""
    found = CaseCheck.objects.visible_to(request.user).select_related("target", "department")
    context = {
        "page_obj": Paginator(found, ROWS).get_page(request.GET.get("page")),
        "close_form": forms.CloseCaseForm(),
        "many": complaints.many(request.user, today=timezone.localdate()),
        "may_weigh": request.user.may(Permission.REGISTRY_EDIT),
        "half_a_year": timezone.localdate() + timedelta(days=183),
    }
    return render(request, "registry/case_checks.html", context)


@requires(Permission.REGISTRY_EDIT)
@require_POST
def weigh_complaints(request: HttpRequest, pk: int) -> HttpResponse:
    """A person's word on many complaints: a mark with an end, or none, with the reason."""
    target = _target(request, pk)
    form = forms.WeighForm(request.POST)
    found = complaints.many(request.user, today=timezone.localdate())
    number = next((each.complaints for each in found if each.target.pk == target.pk), 0)
    if not form.is_valid():
        return told(request, "registry:case_checks", fault=form)
    decision = actions.weigh_complaints(
        target=target,
        complaints=number,
        **form.cleaned_data,
        by=request.user,
        at=timezone.now(),
    )
    word = "已设重点标记" if decision.flag_id else "已记下不设标记的理由"
    messages.success(request, f"{target.name}：{word}")
    return redirect("registry:case_checks")


@requires(Permission.REGISTRY_EDIT)
def new_case(request: HttpRequest, pk: int) -> HttpResponse:
    target = _target(request, pk)
    form = forms.CaseForm(request.POST or None, initial={"received_on": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        actions.register_case(
            target=target, **form.cleaned_data, by=request.user, at=timezone.now()
        )
        messages.success(request, "已登记个案，不进入任何抽检库")
        return redirect("registry:case_checks")
    context = {"target": target, "form": form}
    return render(request, "registry/new_case.html", context, status=_status(request, None))


@requires(Permission.REGISTRY_EDIT)
@require_POST
def close_case(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(CaseCheck.objects.visible_to(request.user), pk=pk)
    form = forms.CloseCaseForm(request.POST)
    if not form.is_valid():
        return told(request, "registry:case_checks", fault=form)
    actions.close_case(case=found, **form.cleaned_data, by=request.user, at=timezone.now())
    messages.success(request, "已填写检查结果")
    return redirect("registry:case_checks")


@requires(Permission.LISTS_VIEW)
def overlap(request: HttpRequest) -> HttpResponse:
    """Kinds of targets that several departments inspect apart: proposals for the list (art. 9)."""
    context = {
        "rows": queries.overlaps(timezone.localdate()),
        "draft": queries.joint_draft(request.user),
    }
    return render(request, "registry/overlap.html", context)


@requires(Permission.REGISTRY_EDIT)
@require_POST
def save_licence(request: HttpRequest, pk: int) -> HttpResponse:
    target = _target(request, pk)
    form = forms.LicenceForm(request.POST)
    if not form.is_valid():
        return target_page(request, target, licence_form=form)
    actions.save_licence(target=target, **form.cleaned_data, by=request.user, at=timezone.now())
    messages.success(request, "已登记许可证")
    return redirect(target)


@requires(Permission.REGISTRY_EDIT)
@require_POST
def remove_licence(request: HttpRequest, pk: int) -> HttpResponse:
    """Take away a licence entered by mistake, with the reason."""
    licence = get_object_or_404(
        Licence.objects.filter(target__in=Target.objects.visible_to(request.user)).select_related(
            "target"
        ),
        pk=pk,
    )
    target, word = licence.target, str(licence)
    reason = request.POST.get("reason", "")
    actions.remove_licence(licence=licence, reason=reason, by=request.user, at=timezone.now())
    messages.success(request, f"已移除“{word}”")
    return redirect(target)


@requires(Permission.REGISTRY_EDIT)
@require_POST
def set_key_flag(request: HttpRequest, pk: int) -> HttpResponse:
    target = _target(request, pk)
    form = forms.KeyFlagForm(request.POST)
    if not form.is_valid():
        return target_page(request, target, flag_form=form)
    actions.set_key_flag(target=target, **form.cleaned_data, by=request.user, at=timezone.now())
    messages.success(request, "已设标记")
    return redirect(target)


@requires(Permission.REGISTRY_EDIT)
@require_POST
def lift_key_flag(request: HttpRequest, pk: int) -> HttpResponse:
    flag = get_object_or_404(
        KeyFlag.objects.filter(
            lifted_at=None, target__in=Target.objects.visible_to(request.user)
        ).select_related("target", "department"),
        pk=pk,
    )
    actions.lift_key_flag(flag=flag, by=request.user, at=timezone.now())
    messages.success(request, f"已解除“{flag.get_kind_display()}”")
    return redirect(flag.target)


def _target(request: HttpRequest, pk: int) -> Target:
    return get_object_or_404(
        Target.objects.visible_to(request.user).select_related("region"), pk=pk
    )


def _status(request: HttpRequest, refused: Blocked | None) -> int:
    return 409 if refused else 422 if request.method == "POST" else 200
