"""Departments' own parts of the plan book: looked at, written, published (arts. 12 and 14)."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from liancha.accounts.again import told
from liancha.accounts.permissions import Permission, requires
from liancha.rulebook.verdicts import Blocked, NeedsReason

from .. import actions, columns
from ..models import DepartmentLine, DepartmentPart
from ..parts_forms import NewPart, OwnLineForm
from .lines import posted


@requires(Permission.PLAN_VIEW)
def parts(request: HttpRequest) -> HttpResponse:
    found = (
        DepartmentPart.objects.visible_to(request.user)
        .select_related("department__region")
        .annotate(n=Count("lines"))
        .order_by("-year", "department", "-version")
    )
    context = {
        "page_obj": Paginator(found, 20).get_page(request.GET.get("page")),
        "may_start": request.user.may(Permission.PLAN_EDIT) and request.user.department is not None,
        "form": NewPart(initial={"year": timezone.localdate().year + 1}),
    }
    return render(request, "plan/parts.html", context)


@requires(Permission.PLAN_EDIT)
@require_POST
def new_part(request: HttpRequest) -> HttpResponse:
    form = NewPart(request.POST)
    if not form.is_valid():
        return told(request, "plan:parts", fault=form)
    part = actions.start_part(year=form.cleaned_data["year"], by=request.user, at=timezone.now())
    messages.success(request, f"已开始编制{part}")
    return redirect(part)


@requires(Permission.PLAN_VIEW)
def part(request: HttpRequest, pk: int) -> HttpResponse:
    part = _part(request, pk)
    is_own = part.department_id == request.user.department_id
    context = {
        "part": part,
        "rows": [(line, columns.own_columns(line)) for line in part.lines.all()],
        "may_edit": is_own and part.is_draft and request.user.may(Permission.PLAN_EDIT),
        "may_publish": is_own and part.is_draft and request.user.may(Permission.PLAN_APPROVE),
    }
    return render(request, "plan/part.html", context)


@requires(Permission.PLAN_EDIT)
def new_own_line(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, _part(request, pk), None)


@requires(Permission.PLAN_EDIT)
def edit_own_line(request: HttpRequest, pk: int) -> HttpResponse:
    line = _line(request, pk)
    return _edit(request, line.part, line)


@requires(Permission.PLAN_EDIT)
@require_POST
def drop_own_line(request: HttpRequest, pk: int) -> HttpResponse:
    line = _line(request, pk)
    actions.drop_own_line(line=line, by=request.user, at=timezone.now())
    messages.success(request, f"已删除计划行“{line.name}”")
    return redirect(line.part)


@requires(Permission.PLAN_APPROVE)
@require_POST
def publish_part(request: HttpRequest, pk: int) -> HttpResponse:
    part = actions.publish_part(part=_part(request, pk), by=request.user, at=timezone.now())
    messages.success(request, f"已公布{part}")
    return redirect(part)


def _edit(request: HttpRequest, part: DepartmentPart, line: DepartmentLine | None) -> HttpResponse:
    listed = actions.items_of(part.department)
    first = OwnLineForm.first(line) if line is not None else {}
    form = OwnLineForm(posted(request), items=listed, initial=first)
    refused: Blocked | None = None
    if request.method == "POST" and form.is_valid():
        try:
            saved = actions.save_own_line(
                part=part,
                line=line,
                data=actions.OwnLineData(**form.cleaned_data),
                by=request.user,
                at=timezone.now(),
            )
        except NeedsReason as needs:
            form.add_error("reason", str(needs))
        except Blocked as blocked:
            refused = blocked
        else:
            messages.success(request, f"已保存计划行“{saved.name}”")
            return redirect(part)
    context = {"part": part, "line": line, "form": form, "refused": refused, "listed": listed}
    status = 200 if request.method != "POST" else 409 if refused else 422
    return render(request, "plan/edit_own_line.html", context, status=status)


def _part(request: HttpRequest, pk: int) -> DepartmentPart:
    found = DepartmentPart.objects.visible_to(request.user).select_related("department__region")
    return get_object_or_404(found.prefetch_related("lines__part__department"), pk=pk)


def _line(request: HttpRequest, pk: int) -> DepartmentLine:
    found = DepartmentLine.objects.filter(part__department=request.user.department_id)
    return get_object_or_404(found.select_related("part__department"), pk=pk)
