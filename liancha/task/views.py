from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST

from liancha.accounts.again import told
from liancha.accounts.models import Department
from liancha.accounts.permissions import Permission, requires
from liancha.accounts.queries import people_of
from liancha.accounts.words import written
from liancha.lists.models import JointField, ListVersion
from liancha.plan import columns
from liancha.plan.models import PlanLine
from liancha.rulebook.lifecycles import TaskState
from liancha.rulebook.quiet import Exempted
from liancha.rulebook.verdicts import Blocked, NeedsReason

from . import actions, forms, proposals, queries, quiet_days, sheets
from .models import Scheme, Task, TaskQuerySet

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@requires(Permission.TASK_VIEW)
def tasks(request: HttpRequest) -> HttpResponse:
    seen = Task.objects.visible_to(request.user)
    years = sorted(
        {each.year for each in seen.order_by().dates("created_at", "year")}, reverse=True
    )
    form = forms.Query(request.GET or None, years=years)
    found = _asked(form, seen, request).select_related("initiator", "line", "scheme", "field")
    page = Paginator(found.prefetch_related("departments"), 30).get_page(request.GET.get("page"))
    waiting = seen.confirmable_by(request.user)
    context = {
        "form": form,
        "page_obj": page,
        "rows": [(each, queries.next_step(each), _dots(each)) for each in page],
        "waiting": waiting.count() if request.user.may(Permission.TASK_CONFIRM) else 0,
        "may_create": request.user.may(Permission.TASK_EDIT),
        "ready": queries.lines_to_start(request.user).count()
        if request.user.may(Permission.TASK_EDIT)
        else 0,
        "today": timezone.localdate(),
    }
    return render(request, "task/tasks.html", context)


@requires(Permission.TASK_EDIT)
@require_POST
def from_line(request: HttpRequest, pk: int) -> HttpResponse:
    """One click from a plan line to a task."""
    line = get_object_or_404(PlanLine.objects.initiated_by(request.user), pk=pk)
    task = actions.create_task(line=line, by=request.user, at=timezone.now())
    messages.success(request, "已建立任务，各参与部门会收到确认的待办")
    _say_quiet(request, task)
    return redirect(task)


@requires(Permission.TASK_EDIT)
def new_task(request: HttpRequest) -> HttpResponse:
    """Plan lines that wait to be set going, and the form of a task outside the plan."""
    own = request.user.department
    fields = JointField.objects.filter(
        version__in=ListVersion.objects.in_force(ListVersion.Kind.JOINT)
    )
    departments = Department.objects.qualified()
    if own is not None:
        departments = departments.filter(level=own.level).exclude(pk=own.pk)
        departments |= fields_departments(fields).exclude(pk=own.pk)
    form = forms.TemporaryTask(posted(request), fields=fields, departments=departments.distinct())
    refused: Blocked | None = None
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            task = actions.create_task(
                source=said["source"],
                source_document=said["source_document"],
                source_reason=said["source_reason"],
                field=list(said["field"]),
                name=said["name"],
                departments=list(said["departments"]),
                starts_on=said["starts_on"],
                ends_on=said["ends_on"],
                by=request.user,
                at=timezone.now(),
            )
        except Blocked as blocked:
            refused = blocked
        else:
            messages.success(request, "已建立临时任务，各参与部门会收到确认的待办")
            _say_quiet(request, task)
            return redirect(task)
    lines = PlanLine.objects.ready().initiated_by(request.user).with_columns()
    context = {
        "form": form,
        "refused": refused,
        "lines": [
            (line, columns.departments_text(line.departments), line.tasks.count()) for line in lines
        ],
        "own": own,
    }
    status = 200 if request.method != "POST" else 409 if refused else 422
    return render(request, "task/new_task.html", context, status=status)


@requires(Permission.TASK_VIEW)
def task(request: HttpRequest, pk: int) -> HttpResponse:
    task = _visible(request, pk)
    user, today = request.user, timezone.localdate()
    entries = queries.entries_of(task)
    people = people_of(entries)
    seats = queries.seats(task, today=today)
    labels, bars = queries.bars(task)
    shown = queries.timeline(
        entries, people, shown=len(entries) if request.GET.get("log") else queries.SHOWN
    )
    following = queries.next_step(task)
    is_first = user.department_id == task.initiator_id
    own = next((s for s in seats if s.participation.department_id == user.department_id), None)
    scheme = getattr(task, "scheme", None)
    context = {
        "task": task,
        "scheme": scheme,
        "steps": queries.steps(task, entries, people),
        "seats": seats,
        "item_count": sum(len(seat.items) for seat in seats),
        "labels": labels,
        "bars": bars,
        "window": task.window,
        "quiet": () if task.completed_at else quiet_days.of_task(task),
        "exempted": task.quiet_exemptions.select_related("target", "recorded_by"),
        "next": following,
        "next_url": _first_url(following.pages, task.pk) if following else "",
        "entries": shown,
        "first_index": entries[0].index if entries else None,
        "chapters": _chapters(task, scheme, seats),
        "pool": queries.frozen_pool(entries),
        "pool_url": _first_url(("draw:pool",), task.pk),
        "batches_url": _first_url(("draw:batches",), task.pk)
        if user.may(Permission.DRAW_WATCH)
        else "",
        "earlier": len(entries) - len(shown),
        "may_edit": is_first and user.may(Permission.TASK_EDIT) and task.state == TaskState.CREATED,
        "may_submit": is_first
        and user.may(Permission.TASK_EDIT)
        and task.state == TaskState.CREATED
        and scheme is not None,
        "may_approve": is_first
        and user.may(Permission.TASK_APPROVE)
        and task.state == TaskState.SCHEME_SUBMITTED
        and scheme is not None
        and user.pk not in (scheme.submitted_by_id, task.created_by_id),
        "unconfirmed": [s.participation for s in seats if s.participation.confirmed_at is None],
        "may_confirm": own is not None
        and own.participation.confirmed_at is None
        and user.may(Permission.TASK_CONFIRM)
        and task.state in (TaskState.CREATED, TaskState.SCHEME_SUBMITTED),
        "may_number": is_first and user.may(Permission.TASK_EDIT),
        "is_first": is_first,
        "today": today,
    }
    return render(request, "task/task.html", context)


@requires(Permission.TASK_CONFIRM)
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """What a task asks of one's own department, and its word on it."""
    task = _visible(request, pk)
    seats = queries.seats(task, today=timezone.localdate())
    own = next(
        (s for s in seats if s.participation.department_id == request.user.department_id), None
    )
    if own is None:
        raise Blocked("您的部门没有参加这个任务，不需要确认。", article="17", paragraph=1)
    if request.method == "POST":
        actions.confirm(task=task, by=request.user, at=timezone.now())
        messages.success(request, f"{own.participation.department.short}已确认参与")
        return redirect(task)
    context = {"task": task, "own": own, "seats": seats, "scheme": getattr(task, "scheme", None)}
    return render(request, "task/confirm.html", context)


@requires(Permission.TASK_EDIT)
@require_POST
def platform(request: HttpRequest, pk: int) -> HttpResponse:
    task = get_object_or_404(Task.objects.initiated_by(request.user), pk=pk)
    form = forms.PlatformForm(request.POST)
    if not form.is_valid():
        return told(request, "task:task", pk, fault=form)
    given = form.cleaned_data
    actions.record_platform_number(task=task, **given, by=request.user, at=timezone.now())
    messages.success(request, "已登记")
    return redirect(task)


# ── The scheme ────────────────────────────────────────────────────────────────────────────


@requires(Permission.TASK_VIEW)
def scheme(request: HttpRequest, pk: int) -> HttpResponse:
    task = _visible(request, pk)
    found = get_object_or_404(Scheme, task=task)
    context = {
        "task": task,
        "scheme": found,
        "seats": queries.seats(task, today=timezone.localdate()),
        "rates": sheets.rate_rows(task),
        "offsite": sheets.offsite_text(found),
        "beacon": sheets.beacon_text(found),
        "quiet": sheets.quiet_text(task),
        "opens": sheets.opening_text(task),
        "resting": sheets.resting_text(task),
    }
    return render(request, "task/scheme.html", context)


@requires(Permission.TASK_EDIT)
def edit_scheme(request: HttpRequest, pk: int) -> HttpResponse:
    task = get_object_or_404(_with_records(Task.objects.initiated_by(request.user)), pk=pk)
    if task.state != TaskState.CREATED:
        raise Blocked(
            "实施方案已经提交，不能再改。需要修改的，请由负责人退回。", article="17", paragraph=1
        )
    written = getattr(task, "scheme", None)
    form = forms.SchemeForm(posted(request), initial=_initial(task, written))
    refused: Blocked | None = None
    if request.method == "POST" and form.is_valid():
        said = {name: form.cleaned_data[name] for name in forms.SchemeForm.base_fields}
        try:
            with transaction.atomic():  # refused to submit, nothing is saved either
                actions.save_scheme(
                    task=task,
                    **said,
                    stages=form.stages,
                    exempted=Exempted.of(request.POST),
                    by=request.user,
                    at=timezone.now(),
                )
                if "submit" in request.POST:
                    actions.submit_scheme(task=task, by=request.user, at=timezone.now())
        except NeedsReason:
            raise  # the page that asks posts all of this again
        except Blocked as blocked:
            refused = blocked
        else:
            sent = "submit" in request.POST
            messages.success(request, "已提交，请负责人批准" if sent else "方案已保存")
            return redirect(task)
    context = {
        "task": task,
        "form": form,
        "stage_rows": form.stage_rows(),
        "window": task.window,
        "refused": refused,
        "is_written": written is not None,
        "returned": written.returned_note if written else "",
    }
    status = 200 if request.method != "POST" else 409 if refused else 422
    return render(request, "task/edit_scheme.html", context, status=status)


@requires(Permission.TASK_VIEW)
def scheme_docx(request: HttpRequest, pk: int) -> HttpResponse:
    task = _visible(request, pk)
    get_object_or_404(Scheme, task=task)
    seats = queries.seats(task, today=timezone.localdate())
    response = HttpResponse(sheets.scheme_document(task, seats), content_type=DOCX)
    response.headers["Content-Disposition"] = (
        content_disposition_header(True, f"{task.name}实施方案.docx") or ""
    )
    return response


@requires(Permission.TASK_EDIT)
@require_POST
def submit(request: HttpRequest, pk: int) -> HttpResponse:
    task = get_object_or_404(Task.objects.initiated_by(request.user), pk=pk)
    actions.submit_scheme(
        task=task, exempted=Exempted.of(request.POST), by=request.user, at=timezone.now()
    )
    messages.success(request, "已提交，请负责人批准")
    return redirect(task)


@requires(Permission.TASK_APPROVE)
@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    task = get_object_or_404(Task.objects.initiated_by(request.user), pk=pk)
    actions.approve_scheme(task=task, by=request.user, at=timezone.now())
    pool = _first_url(("draw:pool",), task.pk)
    said = format_html('<a href="{}">去建库</a>', pool) if pool else ""
    messages.success(request, format_html("方案已批准{}", said))
    return redirect(task)


@requires(Permission.TASK_APPROVE)
@require_POST
def return_scheme(request: HttpRequest, pk: int) -> HttpResponse:
    task = get_object_or_404(Task.objects.initiated_by(request.user), pk=pk)
    note = written(request, "note", longest=300, article="17")
    actions.return_scheme(task=task, note=note, by=request.user, at=timezone.now())
    messages.success(request, "已退回，拟定人会看到意见")
    return redirect(task)


# ── What several of them need ─────────────────────────────────────────────────────────────


def fields_departments(fields: Any) -> Any:
    """Departments that the list names as cooperators anywhere, whatever their qualification.

    One without 执法主体资格 may be ticked, and is refused with the reason (art. 2).
    """
    return Department.objects.active().filter(pk__in=fields.values("cooperators"))


def _say_quiet(request: HttpRequest, task: Task) -> None:
    for remark in quiet_days.of_task(task):
        messages.warning(request, remark)


def _visible(request: HttpRequest, pk: int) -> Task:
    return get_object_or_404(_with_records(Task.objects.visible_to(request.user)), pk=pk)


def _with_records(tasks: TaskQuerySet) -> TaskQuerySet:
    return tasks.select_related(
        "initiator",
        "field",
        "line__plan",
        "created_by",
        "scheme__submitted_by",
        "scheme__approved_by",
    )


def _asked(form: forms.Query, seen: TaskQuerySet, request: HttpRequest) -> TaskQuerySet:
    if not form.is_valid():
        return seen
    asked = form.cleaned_data
    found = seen.matching(asked["q"])
    if asked["state"]:
        found = found.filter(state=asked["state"])
    if asked["source"]:
        found = found.filter(source=asked["source"])
    if asked["year"]:
        found = found.filter(created_at__year=int(asked["year"]))
    if asked["mine"] == "first":
        found = found.initiated_by(request.user)
    elif asked["mine"] == "join":
        found = found.filter(departments=request.user.department_id).exclude(
            initiator=request.user.department_id
        )
    elif asked["mine"] == "wait":
        found = found.confirmable_by(request.user)
    return found


def _dots(task: Task) -> list[str]:
    """One letter a step: d done, n now."""
    now = queries.step_of(task)
    return ["d" if n < now else "n" if n == now else "" for n in range(len(queries.STEPS))]


def _first_url(pages: tuple[str, ...], pk: int) -> str:
    """The address of the first of these pages that exists for the task; "" if none does."""
    for page in pages:
        try:
            return reverse(page, args=[pk])
        except NoReverseMatch:
            continue
    return ""


def _initial(task: Task, written: Scheme | None) -> dict[str, Any]:
    if written is None:
        proposed = proposals.proposed_scheme(task, today=timezone.localdate())
        return proposed | forms.SchemeForm.stages_initial(proposed["stages"])
    kept = {
        name: getattr(written, name)
        for name in forms.SchemeForm.base_fields
        if hasattr(written, name)
    }
    kept["lists_open_on"] = task.lists_open_on
    return kept | forms.SchemeForm.stages_initial(written.periods)


def _chapters(
    task: Task, written: Scheme | None, seats: list[queries.Seat]
) -> list[tuple[str, str]]:
    """The chapters of the scheme with what each fixes, for the card."""
    if written is None:
        return []
    periods = written.periods
    span = "未安排"
    if periods:
        last = max(each.ends_on for each in periods)
        span = queries.columns_span(periods[0].starts_on, last)
    items = sum(len(seat.items) for seat in seats)
    return [
        ("目标任务", f"{task.field.code} {task.field.name}"),
        ("职责分工", f"{len(seats)} 部门 {items} 项"),
        ("工作阶段", f"{len(periods)} 段，{span}"),
        ("实施方式", written.get_method_display()),
        ("工作要求", "每部门不少于 2 人"),
    ]


def posted(request: HttpRequest) -> QueryDict | None:
    """What was posted, even if it is nothing; None for a page that is only looked at."""
    return request.POST if request.method == "POST" else None
