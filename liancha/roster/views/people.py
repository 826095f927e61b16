"""People on the roster: who is there, one person with their papers, leave and recusals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from liancha.accounts.models import Department
from liancha.accounts.permissions import Permission, requires
from liancha.ledger.models import Entry
from liancha.papers.downloads import workbook
from liancha.rulebook.eligibility import Span
from liancha.rulebook.verdicts import Blocked

from .. import actions, forms, queries, sheets
from ..models import Certificate, Inspector, InspectorQuerySet, Leave, Recusal

WHAT = {
    "roster.save_inspector": "登记或修改资料",
    "roster.save_certificate": "登记执法证件",
    "roster.remove_certificate": "移除执法证件",
    "roster.grant_leave": "登记请假",
    "roster.cancel_leave": "撤回请假",
    "roster.declare_recusal": "登记执法回避",
    "roster.lift_recusal": "解除执法回避",
}


# ── Lists ─────────────────────────────────────────────────────────────────────────────────


@requires(Permission.ROSTER_VIEW)
def inspectors(request: HttpRequest) -> HttpResponse:
    today = timezone.localdate()
    people = Inspector.objects.visible_to(request.user)
    form = forms.Query(request.GET or None, people=people, user=request.user)
    everybody = queries.standings(people, window=Span(today, today), on=today)
    found = _asked(form, people, everybody)
    page = Paginator(found, 30).get_page(request.GET.get("page"))
    officers = [each for each in everybody if not each.inspector.is_expert]
    lacking = (queries.CertificateState.OVER, queries.CertificateState.NONE)
    without = sum(each.certificate_state in lacking for each in officers)
    context = {
        "form": form,
        "page_obj": page,
        "officers": len(officers),
        "experts": len(everybody) - len(officers),
        "drawable": sum(each.is_drawable for each in officers),
        "expiring": sum(
            each.certificate_state is queries.CertificateState.EXPIRING for each in officers
        ),
        "without": without,
        "without_tone": "bad" if without else "",
        "expiring_note": f"{queries.EXPIRING_DAYS} 天内（本地做法）",
        "sees_all": request.user.sees_all_departments,
        "may_edit": request.user.may(Permission.ROSTER_EDIT),
    }
    return render(request, "roster/inspectors.html", context)


@requires(Permission.ROSTER_VIEW)
def export(request: HttpRequest) -> HttpResponse:
    """The people one may see, as the table one can import again; taking it away is on record."""
    people = Inspector.objects.visible_to(request.user).with_papers()
    actions.note_export(people=people.count(), by=request.user, at=timezone.now())
    return workbook("执法检查人员名录.xlsx", sheets.roster(people))


# ── One person ────────────────────────────────────────────────────────────────────────────


@requires(Permission.ROSTER_VIEW)
def inspector(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(Inspector.objects.visible_to(request.user).with_papers(), pk=pk)
    return _page(request, person)


@requires(Permission.ROSTER_EDIT)
def new_inspector(request: HttpRequest) -> HttpResponse:
    return _edit(request, None)


@requires(Permission.ROSTER_EDIT)
def edit_inspector(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, _mine(request, pk))


@requires(Permission.ROSTER_EDIT)
@require_POST
def add_certificate(request: HttpRequest, pk: int) -> HttpResponse:
    person = _mine(request, pk)
    form = forms.CertificateForm(request.POST)
    if form.is_valid():
        try:
            actions.save_certificate(
                inspector=person, **form.cleaned_data, by=request.user, at=timezone.now()
            )
        except Blocked as refused:
            form.add_error("number", str(refused))
        else:
            messages.success(request, f"已登记 {person} 的执法证件")
            return redirect(person)
    return _page(request, person, certificate_form=form)


@requires(Permission.ROSTER_EDIT)
def edit_certificate(request: HttpRequest, pk: int) -> HttpResponse:
    certificate = get_object_or_404(
        Certificate.objects.filter(inspector__in=Inspector.objects.editable_by(request.user)),
        pk=pk,
    )
    now = {name: getattr(certificate, name) for name in forms.CertificateForm.base_fields}
    form = forms.CertificateForm(posted(request), initial=now)
    if request.method == "POST" and form.is_valid():
        try:
            actions.save_certificate(
                inspector=certificate.inspector,
                certificate=certificate,
                **form.cleaned_data,
                by=request.user,
                at=timezone.now(),
            )
        except Blocked as refused:
            form.add_error("number", str(refused))
        else:
            messages.success(request, "证件已改正")
            return redirect(certificate.inspector)
    return render(
        request,
        "roster/certificate.html",
        {"form": form, "certificate": certificate, "person": certificate.inspector},
        status=422 if request.method == "POST" else 200,
    )


@requires(Permission.ROSTER_EDIT)
@require_POST
def remove_certificate(request: HttpRequest, pk: int) -> HttpResponse:
    certificate = get_object_or_404(
        Certificate.objects.filter(inspector__in=Inspector.objects.editable_by(request.user)),
        pk=pk,
    )
    person = certificate.inspector
    actions.remove_certificate(certificate=certificate, by=request.user, at=timezone.now())
    messages.success(request, f"已移除 {person} 的一个执法证件")
    return redirect(person)


@requires(Permission.ROSTER_EDIT)
@require_POST
def add_leave(request: HttpRequest, pk: int) -> HttpResponse:
    person = _mine(request, pk)
    form = forms.LeaveForm(request.POST)
    if form.is_valid():
        actions.grant_leave(
            inspector=person, **form.cleaned_data, by=request.user, at=timezone.now()
        )
        messages.success(request, f"已登记 {person} 的请假")
        return redirect(person)
    return _page(request, person, leave_form=form)


@requires(Permission.ROSTER_EDIT)
@require_POST
def cancel_leave(request: HttpRequest, pk: int) -> HttpResponse:
    leave = get_object_or_404(
        Leave.objects.filter(inspector__in=Inspector.objects.editable_by(request.user)), pk=pk
    )
    person = leave.inspector
    actions.cancel_leave(leave=leave, by=request.user, at=timezone.now())
    messages.success(request, f"已撤回 {person} 的请假")
    return redirect(person)


@requires(Permission.ROSTER_EDIT)
@require_POST
def add_recusal(request: HttpRequest, pk: int) -> HttpResponse:
    person = _mine(request, pk)
    form = forms.RecusalForm(request.POST)
    if form.is_valid():
        actions.declare_recusal(
            inspector=person, **form.cleaned_data, by=request.user, at=timezone.now()
        )
        messages.success(request, f"已登记，抽取时 {person} 不会派往这一户")
        return redirect(person)
    return _page(request, person, recusal_form=form)


@requires(Permission.ROSTER_EDIT)
@require_POST
def lift_recusal(request: HttpRequest, pk: int) -> HttpResponse:
    recusal = get_object_or_404(
        Recusal.objects.filter(inspector__in=Inspector.objects.editable_by(request.user)), pk=pk
    )
    person = recusal.inspector
    actions.lift_recusal(recusal=recusal, by=request.user, at=timezone.now())
    messages.success(request, f"已解除 {person} 的一项回避")
    return redirect(person)


# ── What several of them need ─────────────────────────────────────────────────────────────


def _asked(
    form: forms.Query, people: InspectorQuerySet, everybody: Iterable[queries.Standing]
) -> list[queries.Standing]:
    """Those of everybody the query asks for."""
    if not form.is_valid():
        return list(everybody)
    asked: dict[str, Any] = form.cleaned_data
    people = people.matching(asked["q"])
    if asked.get("department"):
        people = people.of(asked["department"])
    if asked["post"]:
        people = people.filter(post=asked["post"])
    if asked["status"]:
        people = people.filter(status=asked["status"])
    keys = set(people.values_list("pk", flat=True))
    return [
        each
        for each in everybody
        if each.inspector.pk in keys
        and (not asked["skill"] or asked["skill"] in each.inspector.skills)
        and (not asked["certificate"] or each.certificate_state == asked["certificate"])
        and (not asked["drawable"] or each.is_drawable == (asked["drawable"] == "yes"))
    ]


def _mine(request: HttpRequest, pk: int) -> Inspector:
    return get_object_or_404(Inspector.objects.editable_by(request.user).with_papers(), pk=pk)


def _page(request: HttpRequest, person: Inspector, **open_forms: Any) -> HttpResponse:
    """A person's page; with a form that did not fit, open at that form."""
    today = timezone.localdate()
    window_form = forms.Window(request.GET or None)
    first, last = window_form.days(today)
    window_form.initial = {"first": first, "last": last}
    now = queries.standing(person, window=Span(today, today), on=today)
    then = queries.standing(person, window=Span(first, last), on=today)
    context = {
        "person": person,
        "now": now,
        "then": then,
        "skills": "、".join(person.skills),
        "capacity": f"{person.capacity} 户",
        "leads": "是" if person.may_lead else "否",
        "window": (first, last),
        "window_form": window_form,
        "certificate_form": forms.CertificateForm(),
        "leave_form": forms.LeaveForm(),
        "recusal_form": forms.RecusalForm(),
        "certificates": [
            (each, queries.certificate_state(each, on=today)) for each in person.certificates.all()
        ],
        "recusals": [(each, each.holds(today)) for each in person.recusals.all()],
        "today": today,
        "may_edit": request.user.may(Permission.ROSTER_EDIT)
        and request.user.department_id == person.department_id,
        "entries": [
            {"at": entry.at, "text": WHAT.get(entry.what, entry.what), "number": entry.index}
            for entry in Entry.objects.about("inspector", person.pk).order_by("-index")[:12]
        ],
    }
    status = 422 if open_forms else 200
    return render(request, "roster/inspector.html", context | open_forms, status=status)


def _edit(request: HttpRequest, person: Inspector | None) -> HttpResponse:
    department: Department | None = request.user.department
    if department is None:
        raise Blocked("您的账号没有部门，不能维护人员名录库。", article="11", paragraph=1)
    form = forms.InspectorForm(posted(request), instance=person, department=department)
    if request.method == "POST" and form.is_valid():
        saved = actions.save_inspector(
            inspector=Inspector.objects.get(pk=person.pk) if person else None,
            **form.cleaned_data,
            by=request.user,
            at=timezone.now(),
        )
        messages.success(request, f"已保存 {saved}" + ("" if person else "，请接着登记执法证件"))
        return redirect(saved)
    return render(
        request,
        "roster/edit.html",
        {"form": form, "person": person, "department": department},
        status=422 if request.method == "POST" else 200,
    )


def posted(request: HttpRequest) -> QueryDict | None:
    """What was posted, even if it is nothing; None for a page that is only looked at."""
    return request.POST if request.method == "POST" else None
