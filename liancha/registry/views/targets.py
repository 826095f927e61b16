"""The list of targets, one target, and what can be done with a chosen few."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from liancha.accounts.again import told
from liancha.accounts.permissions import Permission, requires
from liancha.accounts.picking import chosen
from liancha.papers.downloads import filled, streamed
from liancha.rulebook.verdicts import Blocked

from .. import actions, forms, history, queries, search, sections, sheets
from ..leafing import Leaves
from ..models import Doubt, Release, Target, TargetQuerySet

ROWS = 20
MOST_AT_ONCE = 5_000
LONGEST_WORKBOOK = 50_000  # targets; about twenty seconds of one core


@requires(Permission.REGISTRY_VIEW)
def targets(request: HttpRequest) -> HttpResponse:
    """名录库: query, table, batch bar."""
    form, today = forms.Query(request.GET or None), timezone.localdate()
    found = form.search(
        Target.objects.visible_to(request.user),
        request.GET.get("sort", ""),
        today=today,
        within=Target.home_of(request.user),
    )
    rows = Target.objects.select_related("region")
    rows = rows.prefetch_related("tags", queries.marks_now(today))
    context = {
        "form": form,
        "page_obj": Leaves(found, rows, ROWS).get_page(request.GET.get("page")),
        "library": queries.library(request.user, today),
        "doubts": Doubt.objects.visible_to(request.user).open().count(),
        "most": search.MOST if form.is_cut else 0,
        "may_edit": request.user.may(Permission.REGISTRY_EDIT),
        "may_import": request.user.may(Permission.REGISTRY_IMPORT),
        "tag_form": forms.TagChoice(prefix="tag"),
        "region_form": forms.RegionForm(prefix="region"),
        "flag_form": forms.KeyFlagForm(prefix="flag", initial={"since": today}),
        "export_query": request.GET.urlencode(),
    }
    return render(request, "registry/targets.html", context)


@requires(Permission.REGISTRY_VIEW)
def export(request: HttpRequest) -> HttpResponse:
    """The targets of the query as .xlsx."""
    return _download(request, _again(request)(request.GET), "检查对象名录")


@requires(Permission.REGISTRY_VIEW)
@require_POST
def export_chosen(request: HttpRequest) -> HttpResponse:
    """The ticked targets as .xlsx."""
    found = chosen(request, _visible(request), _again(request))
    return _download(request, found, "检查对象名录（所选）")


@requires(Permission.REGISTRY_VIEW)
def pending(request: HttpRequest) -> HttpResponse:
    """待核: targets whose place somebody must look at."""
    waiting = Target.objects.visible_to(request.user).waiting()
    form = forms.Query(request.GET or None)
    found = form.search(
        waiting,
        request.GET.get("sort", "name"),
        today=timezone.localdate(),
        within=Target.home_of(request.user),
    ).select_related("region")
    context = {
        "form": form,
        "page_obj": Paginator(found, ROWS).get_page(request.GET.get("page")),
        "total": waiting.count(),
        "may_edit": request.user.may(Permission.REGISTRY_EDIT),
        "region_form": forms.RegionForm(prefix="region"),
    }
    return render(request, "registry/pending.html", context)


@requires(Permission.REGISTRY_VIEW)
def target(request: HttpRequest, pk: int) -> HttpResponse:
    """One target; a merged one leads to the one that was kept."""
    found = get_object_or_404(_visible(request).select_related("region", "merged_into"), pk=pk)
    if found.merged_into:
        messages.info(request, f"{found.code} 已并入这一户")
        return redirect(found.merged_into)
    return target_page(request, found)


@requires(Permission.REGISTRY_EDIT)
def new_target(request: HttpRequest) -> HttpResponse:
    return _edit(request, None)


@requires(Permission.REGISTRY_EDIT)
def edit_target(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(_visible(request), pk=pk))


@requires(Permission.REGISTRY_VIEW)
@require_POST
def show_phone(request: HttpRequest, pk: int) -> HttpResponse:
    """The number in full, once, for this page; looking is recorded."""
    found = get_object_or_404(_visible(request).select_related("region"), pk=pk)
    phone = actions.show_phone(target=found, by=request.user, at=timezone.now())
    return target_page(request, found, phone=phone)


@requires(Permission.REGISTRY_EDIT)
@require_POST
def place(request: HttpRequest) -> HttpResponse:
    """Decide the county of the ticked targets, or of the one whose page this is."""
    form = forms.RegionForm(request.POST, prefix="region")
    if not form.is_valid():
        return _told(request, form)
    data = form.cleaned_data
    region = None if data["is_outside"] else data["region"].pk
    count = actions.set_region(
        targets=_keys(request),
        region=region,
        reason=data["reason"],
        by=request.user,
        at=timezone.now(),
    )
    where = "不在本市" if region is None else str(data["region"])
    messages.success(request, f"已核定 {count} 户：{where}")
    return _back(request)


@requires(Permission.REGISTRY_EDIT)
@require_POST
def tag(request: HttpRequest) -> HttpResponse:
    """Put a tag on the ticked targets, or take it off."""
    form = forms.TagChoice(request.POST, prefix="tag")
    if not form.is_valid():
        return _told(request, form)
    is_taken_off = request.POST.get("verb") == "off"
    found = form.cleaned_data["tag"]
    count = actions.tag_targets(
        targets=_keys(request),
        tag=found,
        is_taken_off=is_taken_off,
        by=request.user,
        at=timezone.now(),
    )
    verb = "去掉" if is_taken_off else "加上"
    messages.success(request, f"已给 {count} 户{verb}标签“{found}”")
    return _back(request)


@requires(Permission.REGISTRY_EDIT)
@require_POST
def flag(request: HttpRequest) -> HttpResponse:
    """Mark the ticked targets from one source until a day."""
    form = forms.KeyFlagForm(request.POST, prefix="flag")
    if not form.is_valid():
        return _told(request, form)
    count = actions.set_key_flags(
        targets=_keys(request), **form.cleaned_data, by=request.user, at=timezone.now()
    )
    messages.success(request, f"已给 {count} 户设重点标记")
    return _back(request)


@requires(Permission.REGISTRY_EDIT)
@require_POST
def review(request: HttpRequest) -> HttpResponse:
    """Say that the ticked targets' facts are still so."""
    count = actions.review(targets=_keys(request), by=request.user, at=timezone.now())
    messages.success(request, f"已记为核对过 {count} 户")
    return _back(request)


@requires(Permission.REGISTRY_EDIT)
@require_POST
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """One's own department has nothing to inspect here (不涉及)."""
    found = get_object_or_404(_visible(request), pk=pk)
    form = forms.ReleaseForm(request.POST)
    if not form.is_valid() or request.user.department is None:
        return target_page(request, found, release_form=form)
    actions.release(
        target=found,
        department=request.user.department,
        reason=form.cleaned_data["reason"],
        by=request.user,
        at=timezone.now(),
    )
    messages.success(request, f"已登记：{request.user.department.short}对这一户不涉及")
    return redirect(found)


@requires(Permission.REGISTRY_EDIT)
@require_POST
def take_back_release(request: HttpRequest, pk: int) -> HttpResponse:
    own = Release.objects.filter(department=request.user.department_id)
    found = get_object_or_404(own.select_related("target", "department"), pk=pk)
    actions.take_back_release(release=found, by=request.user, at=timezone.now())
    messages.success(request, f"已撤回，{found.department.short}照常检查这一户")
    return redirect(found.target)


# ── What several of them need ─────────────────────────────────────────────────────────────


def _visible(request: HttpRequest) -> TargetQuerySet:
    return Target.objects.visible_to(request.user)


def _again(request: HttpRequest) -> Any:
    """The list's query once more, from its query string."""

    def again(query: QueryDict) -> TargetQuerySet:
        return forms.Query(query).search(
            _visible(request),
            query.get("sort", ""),
            today=timezone.localdate(),
            within=Target.home_of(request.user),
        )

    return again


def _keys(request: HttpRequest) -> list[int]:
    found = chosen(request, _visible(request), _again(request))
    keys = list(found.order_by("pk").values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
    if len(keys) > MOST_AT_ONCE:
        raise Blocked(
            f"一次最多处理 {MOST_AT_ONCE} 户。请加条件分批办理。", article="11", paragraph=1
        )
    if not keys:
        raise Blocked("还没有选中检查对象。请先勾选。", article="11", paragraph=1)
    return keys


def _page_of(request: HttpRequest) -> tuple[str, tuple[int, ...], str]:
    """The page the batch was on, by name, arguments and query; never anywhere else."""
    page, query = request.POST.get("page", ""), request.POST.get("query", "")
    if page.isdecimal():
        return "registry:target", (int(page),), ""
    name = "registry:pending" if page == "pending" else "registry:targets"
    return name, (), QueryDict(query).urlencode()


def _back(request: HttpRequest) -> HttpResponse:
    name, args, query = _page_of(request)
    url = redirect(name, *args)
    if query:
        url["Location"] += f"?{query}"
    return url


def _told(request: HttpRequest, form: Form) -> HttpResponse:
    """The page the batch was on, its dialog open as it was filled in."""
    name, args, query = _page_of(request)
    return told(request, name, *args, fault=form, query=query)


def _download(request: HttpRequest, found: TargetQuerySet, name: str) -> HttpResponse:
    """The targets as a table; that they were taken away is on record.

    Of very many no workbook is made, which is only handed out when its last row is in it: their
    rows go out one by one, as CSV.
    """
    number, today = found.count(), timezone.localdate()
    actions.note_export(targets=number, by=request.user, at=timezone.now())
    if number > LONGEST_WORKBOOK:
        return streamed(f"{name}{today:%Y%m%d}.csv", sheets.stream_targets(found, today))
    return filled(
        f"{name}{today:%Y%m%d}.xlsx", lambda file: sheets.write_targets(file, found, today)
    )


def target_page(request: HttpRequest, found: Target, **more: Any) -> HttpResponse:
    """The page of one target; with a form that was refused, as it was filled in."""
    user = request.user
    mine = Target.objects.editable_by(user).filter(pk=found.pk).exists()
    supervisors = queries.supervisors(found)
    own = user.department
    today = timezone.localdate()
    context = {
        "target": found,
        "tags": found.taggings.select_related("tag").order_by("tag"),
        "supervisors": supervisors,
        "releases": found.released.select_related("department", "by"),
        "events": history.story(found),
        "industry": sections.in_words(found.industry),
        "phone": queries.mask_phone(found.phone) if found.phone else "",
        "may_edit": mine and user.may(Permission.REGISTRY_EDIT),
        "may_release": user.may(Permission.REGISTRY_EDIT)
        and own is not None
        and any(d.pk == own.pk and not gone for d, gone in supervisors),
        "tag_form": forms.TagChoice(prefix="tag"),
        "region_form": forms.RegionForm(prefix="region", initial={"region": found.region_id}),
        "release_form": forms.ReleaseForm(),
        "fresh": queries.freshness(found, today),
        "statuses": history.status_history(found),
        "licences": [(each, queries.licence_state(each, today)) for each in found.licences.all()],
        "licence_form": forms.LicenceForm(),
        "flags": found.key_flags.filter(lifted_at=None, until__gte=today).select_related(
            "department"
        ),
        "flag_form": forms.KeyFlagForm(initial={"since": today}),
        "inspections": found.inspections.select_related("department")[:10],
        "former": found.former_codes.all(),
        "doubts": Doubt.objects.open().filter(Q(left=found) | Q(right=found)),
        "may_check": user.may(Permission.REGISTRY_EDIT) and own is not None,
    }
    refused = more.keys() & {"release_form", "licence_form", "flag_form"}
    return render(request, "registry/target.html", context | more, status=422 if refused else 200)


def _edit(request: HttpRequest, found: Target | None) -> HttpResponse:
    if found and not Target.objects.editable_by(request.user).filter(pk=found.pk).exists():
        where = found.region or "其他县区"
        raise Blocked(
            f"“{found.name}”在{where}，不在本部门的管辖范围，不能修改。请联系当地部门或市级部门。",
            article="11",
            paragraph=1,
        )
    form = forms.TargetForm(request.POST or None, instance=found)
    refused: Blocked | None = None
    if request.method == "POST" and form.is_valid():
        try:
            saved = actions.save_target(
                data=form.cleaned_data, target=found, by=request.user, at=timezone.now()
            )
        except Blocked as blocked:
            refused = blocked
        else:
            messages.success(request, f"已保存“{saved.name}”")
            return redirect(saved)
    bad = request.method == "POST"
    return render(
        request,
        "registry/edit_target.html",
        {"form": form, "target": found, "refused": refused},
        status=409 if refused else 422 if bad else 200,
    )
