"""平台对接: files out, numbers and receipts back, what has no number yet, and the columns."""

from __future__ import annotations

import io

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST

from liancha.accounts.permissions import Permission, requires
from liancha.papers.faults import Unreadable
from liancha.papers.uploads import on_disk
from liancha.papers.writers import Bad, Sheet, write_workbook
from liancha.rulebook.verdicts import Blocked

from .. import actions, exchange
from ..exchange_forms import BackForm, MapForm
from ..models import ExchangeKind, ExchangeMap, PlatformFile

A_PAGE = 30
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@requires(Permission.OVERSIGHT_VIEW)
def overview(request: HttpRequest, kind: str = ExchangeKind.LINE) -> HttpResponse:
    return _overview(request, _kind(kind), BackForm(initial={"kind": kind}))


@requires(Permission.OVERSIGHT_VIEW)
@require_POST
def export(request: HttpRequest, kind: str) -> HttpResponse:
    """A file for the platform; the ledger notes that it was made."""
    is_csv = request.POST.get("as") == "csv"
    data, _ = actions.export_file(
        kind=_kind(kind),
        is_csv=is_csv,
        only_missing=request.POST.get("which") == "missing",
        by=request.user,
        at=timezone.now(),
    )
    day = timezone.localdate().isoformat()
    name = f"平台对接-{ExchangeKind(kind).label}-{day}.{'csv' if is_csv else 'xlsx'}"
    return _file(data, name, "text/csv; charset=utf-8" if is_csv else XLSX)


@requires(Permission.PLAN_EDIT)
@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """What a file that came back would write. Nothing is written yet."""
    form = BackForm(request.POST, request.FILES)
    if not form.is_valid():
        kind = request.POST.get("kind", "")
        return _overview(request, _kind(kind), form, status=422)
    uploaded = form.cleaned_data["file"]
    with on_disk(uploaded, at=timezone.now()) as path:
        try:
            batch = actions.check_file(
                kind=form.cleaned_data["kind"],
                path=path,
                file_name=uploaded.name,
                by=request.user,
                at=timezone.now(),
            )
        except Unreadable as unreadable:
            form.add_error("file", str(unreadable))
            return _overview(request, form.cleaned_data["kind"], form, status=422)
    return redirect(batch)


@requires(Permission.OVERSIGHT_VIEW)
def platform_file(request: HttpRequest, pk: int) -> HttpResponse:
    batch = _batch(request, pk)
    is_own = request.user.department_id == batch.by.department_id
    may_write = is_own and request.user.may(Permission.PLAN_EDIT)
    now = timezone.now()
    context = {
        "batch": batch,
        "page_obj": Paginator(batch.rows, A_PAGE).get_page(request.GET.get("page")),
        "may_commit": may_write and batch.committed_at is None and bool(batch.rows),
        "may_undo": may_write
        and batch.committed_at is not None
        and batch.undone_at is None
        and now - batch.committed_at <= actions.UNDO_WITHIN,
    }
    return render(request, "oversight/platform_file.html", context)


@requires(Permission.PLAN_EDIT)
@require_POST
def commit(request: HttpRequest, pk: int) -> HttpResponse:
    batch = actions.commit_file(
        batch=_batch(request, pk, own=True), by=request.user, at=timezone.now()
    )
    messages.success(request, f"已写入 {len(batch.rows)} 条编号和回执，一天内可以撤回")
    return redirect(batch)


@requires(Permission.PLAN_EDIT)
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    batch = actions.undo_file(
        batch=_batch(request, pk, own=True), by=request.user, at=timezone.now()
    )
    messages.success(request, "已撤回，各条恢复为写入以前的编号")
    return redirect(batch)


@requires(Permission.OVERSIGHT_VIEW)
def faults(request: HttpRequest, pk: int) -> HttpResponse:
    batch = _batch(request, pk)
    rows = [
        (
            each["row"],
            each["own"],
            each["column"],
            Bad(each["value"], each["fault"]),
            each["fault"],
            each["cure"],
        )
        for each in batch.faults
    ]
    target = io.BytesIO()
    titles = ("行", "编号", "列", "原值", "问题", "怎么改")
    write_workbook(target, [Sheet("有误的行", titles, rows, (), (6, 24, 16, 24, 30, 34))])
    return _file(target.getvalue(), f"平台回执问题-{batch.pk}.xlsx", XLSX)


@requires(Permission.PLAN_PUBLISH)
def columns(request: HttpRequest, kind: str) -> HttpResponse:
    """The columns of a kind's files, kept by the coordinating office."""
    kind = _kind(kind)
    form = MapForm(request.POST if request.method == "POST" else None, kind=kind)
    refused: Blocked | None = None
    if request.method == "POST" and form.is_valid():
        try:
            actions.save_map(
                kind=kind,
                columns=form.columns,
                date_format=form.cleaned_data["date_format"],
                by=request.user,
                at=timezone.now(),
            )
        except Blocked as blocked:
            refused = blocked
        else:
            messages.success(request, f"已保存{ExchangeKind(kind).label}的对接列")
            return redirect("oversight:exchange_kind", kind)
    context = {
        "form": form,
        "kind": kind,
        "word": ExchangeKind(kind).label,
        "refused": refused,
        "kept": ExchangeMap.objects.filter(kind=kind).select_related("changed_by").first(),
    }
    status = 200 if request.method != "POST" else 409 if refused else 422
    return render(request, "oversight/exchange_map.html", context, status=status)


@requires(Permission.PLAN_PUBLISH)
@require_POST
def reset(request: HttpRequest, kind: str) -> HttpResponse:
    actions.reset_map(kind=_kind(kind), by=request.user, at=timezone.now())
    messages.success(request, "已恢复为全部字段、本系统的列名")
    return redirect("oversight:exchange_map", kind)


def _overview(
    request: HttpRequest, kind: str, form: BackForm, *, status: int = 200
) -> HttpResponse:
    known = exchange.known(kind, request.user)
    is_all = request.GET.get("tab") == "all"
    missing = [one for one in known if not (one.entered and one.entered.number)]
    page = Paginator(known if is_all else missing, A_PAGE).get_page(request.GET.get("page"))
    files = PlatformFile.objects.visible_to(request.user).filter(kind=kind)
    user = request.user
    context = {
        "kind": kind,
        "word": ExchangeKind(kind).label,
        "kinds": [
            (label, n, lacking, reverse("oversight:exchange_kind", args=[value]), value == kind)
            for value, label, n, lacking in exchange.counts(user)
        ],
        "page_obj": page,
        "all": len(known),
        "missing": len(missing),
        "is_all": is_all,
        "form": form,
        "files": files.select_related("by")[:8],
        "titles": [each.title for each in exchange.columns_of(kind)[0]],
        "may_import": user.may(Permission.PLAN_EDIT),
        "may_map": user.may(Permission.PLAN_PUBLISH)
        and user.department is not None
        and user.department.is_coordinator,
    }
    return render(request, "oversight/exchange.html", context, status=status)


def _batch(request: HttpRequest, pk: int, *, own: bool = False) -> PlatformFile:
    found = PlatformFile.objects.visible_to(request.user).select_related("by__department")
    if own:
        found = found.filter(by__department=request.user.department_id)
    return get_object_or_404(found, pk=pk)


def _kind(kind: str) -> str:
    if kind not in ExchangeKind.values:
        raise Http404
    return kind


def _file(content: bytes, name: str, kind: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or ""
    return response
