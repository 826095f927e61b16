"""Lists in the office: the one in force, the one being drawn up, and its way to publication."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from liancha.accounts.again import told
from liancha.accounts.permissions import Permission, requires
from liancha.accounts.words import written
from liancha.papers import downloads
from liancha.rulebook.lifecycles import ListState
from liancha.rulebook.regions import CITY
from liancha.rulebook.verdicts import Blocked, NeedsReason

from .. import actions, forms, queries, sheets, upper
from ..models import CheckItem, Import, JointField, ListVersion

LONGEST_BASIS = 300  # characters, as ListChange and UpperDecision keep it
TABS = ("rows", "changes", "signs", "story")


@requires(Permission.LISTS_VIEW)
def joint(request: HttpRequest) -> HttpResponse:
    return _in_force(request, ListVersion.Kind.JOINT)


@requires(Permission.LISTS_VIEW)
def items(request: HttpRequest) -> HttpResponse:
    return _in_force(request, ListVersion.Kind.ITEMS)


@requires(Permission.LISTS_VIEW)
def version(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """One version: its rows, what it changes, who signed, how it came about."""
    found = _find(request, pk)
    return _show(request, found) if found.kind == kind else redirect(found)


@requires(Permission.LISTS_PUBLISH)
def new_version(request: HttpRequest, kind: str) -> HttpResponse:
    form = forms.StartForm(request.POST or None)
    refused: Blocked | None = None
    if request.method == "POST" and form.is_valid():
        try:
            begun = actions.start_version(
                kind=kind,
                **form.cleaned_data,
                region=region_of(request),
                by=request.user,
                at=timezone.now(),
            )
        except Blocked as blocked:
            refused = blocked
        else:
            messages.success(request, f"已开始编制“{begun}”")
            return redirect(begun)
    context = {"form": form, "kind": ListVersion.Kind(kind), "refused": refused}
    return render(request, "lists/new_version.html", context, status=_status(request, refused))


@requires(Permission.LISTS_EDIT)
def new_field(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit_field(request, draft(request, pk), None)


@requires(Permission.LISTS_EDIT)
def edit_field(request: HttpRequest, pk: int) -> HttpResponse:
    field = get_object_or_404(
        JointField.objects.select_related("version__region").filter(version__in=versions(request)),
        pk=pk,
    )
    return _edit_field(request, draft(request, field.version_id), field)


@requires(Permission.LISTS_EDIT)
@require_POST
def remove_field(request: HttpRequest, pk: int) -> HttpResponse:
    field = get_object_or_404(
        JointField.objects.select_related("version").filter(version__in=versions(request)), pk=pk
    )
    found = field.version
    actions.remove_field(field=field, basis=_reason(request), by=request.user, at=timezone.now())
    messages.success(request, f"已从草稿中删除“{field.name}”")
    return redirect(found)


@requires(Permission.LISTS_EDIT)
def new_item(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit_item(request, draft(request, pk), None)


@requires(Permission.LISTS_EDIT)
def edit_item(request: HttpRequest, pk: int) -> HttpResponse:
    item = get_object_or_404(
        CheckItem.objects.select_related("version__region").filter(version__in=versions(request)),
        pk=pk,
    )
    return _edit_item(request, draft(request, item.version_id), item)


@requires(Permission.LISTS_EDIT)
@require_POST
def remove_item(request: HttpRequest, pk: int) -> HttpResponse:
    item = get_object_or_404(
        CheckItem.objects.select_related("version", "department").filter(
            version__in=versions(request)
        ),
        pk=pk,
    )
    found = item.version
    actions.remove_item(item=item, basis=_reason(request), by=request.user, at=timezone.now())
    messages.success(request, f"已从草稿中删除“{item.name}”")
    return redirect(found)


@requires(Permission.LISTS_PUBLISH)
@require_POST
def consult(request: HttpRequest, pk: int) -> HttpResponse:
    found = actions.consult(version=_find(request, pk), by=request.user, at=timezone.now())
    messages.success(request, f"已送 {found.cosigns.count()} 个部门会签")
    return redirect(found)


@requires(Permission.LISTS_PUBLISH)
@require_POST
def send_back(request: HttpRequest, pk: int) -> HttpResponse:
    found, form = _find(request, pk), forms.NoteForm(request.POST)
    if not form.is_valid():
        return told(request, "lists:version", found.kind, pk, fault=form)
    actions.send_back(
        version=found, note=form.cleaned_data["note"], by=request.user, at=timezone.now()
    )
    messages.success(request, "已退回草稿，会签重新开始")
    return redirect(found)


@requires(Permission.LISTS_COSIGN)
@require_POST
def cosign(request: HttpRequest, pk: int) -> HttpResponse:
    """The word of one's own department."""
    found = _find(request, pk)
    form = forms.CosignForm(request.POST)
    if not form.is_valid() or request.user.department is None:
        return _show(request, found, cosign_form=form)
    agrees = form.cleaned_data["agrees"] == "yes"
    actions.cosign(
        version=found,
        department=request.user.department,
        opinion=form.cleaned_data["opinion"],
        agrees=agrees,
        by=request.user,
        at=timezone.now(),
    )
    messages.success(request, "已会签同意" if agrees else "已记下不同意的意见")
    return redirect(found)


@requires(Permission.LISTS_PUBLISH)
@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve; when signatures are missing the page asks for the minutes of the meeting."""
    found = actions.approve(
        version=_find(request, pk),
        minutes=_reason(request),
        by=request.user,
        at=timezone.now(),
    )
    messages.success(request, f"已批准“{found}”")
    return redirect(found)


@requires(Permission.LISTS_PUBLISH)
@require_POST
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    found = actions.publish(version=_find(request, pk), by=request.user, at=timezone.now())
    messages.success(request, f"已公布“{found}”，任何人都能看到")
    return redirect(found)


@requires(Permission.LISTS_VIEW)
def export(request: HttpRequest, pk: int) -> HttpResponse:
    return workbook(_find(request, pk))


# ── What several of them need ─────────────────────────────────────────────────────────────


def workbook(found: ListVersion) -> HttpResponse:
    """A version as a download."""
    return downloads.workbook(
        f"{found.title}（第{found.number}版）.xlsx", sheets.version_sheets(found)
    )


def region_of(request: HttpRequest) -> str:
    department = request.user.department
    return department.region_id if department else CITY


def versions(request: HttpRequest) -> Any:
    """The city's versions, one's own county's, and whatever is public."""
    published = ListVersion.objects.published()
    if request.user.sees_all_departments:
        return ListVersion.objects.all()
    return published | ListVersion.objects.filter(region__in=(CITY, region_of(request)))


def _find(request: HttpRequest, pk: int) -> ListVersion:
    return get_object_or_404(
        versions(request).select_related("region", "previous", "created_by"), pk=pk
    )


def draft(request: HttpRequest, pk: int) -> ListVersion:
    found = _find(request, pk)
    if not found.is_draft:
        cure = "编制新的一版" if found.is_public else "先在清单页退回草稿，再修改"
        raise Blocked(
            f"“{found}”的状态是“{found.get_state_display()}”，不能直接改动。请{cure}。",
            article="8",
            paragraph=2,
        )
    return found


def _reason(request: HttpRequest) -> str:
    return written(request, longest=LONGEST_BASIS, article="8") or written(
        request, "basis", longest=LONGEST_BASIS, article="8"
    )


def _status(request: HttpRequest, refused: Blocked | None) -> int:
    return 409 if refused else 422 if request.method == "POST" else 200


def may_write(request: HttpRequest, found: ListVersion) -> bool:
    """Whether this person's department keeps the list."""
    own = request.user.department
    return bool(own and own.is_coordinator and own.region_id == found.region_id)


def _in_force(request: HttpRequest, kind: str) -> HttpResponse:
    """The list in force, those being drawn up, and the earlier ones."""
    region = region_of(request)
    current = ListVersion.objects.in_force(kind, region).select_related("region").first()
    current = current or ListVersion.objects.in_force(kind).select_related("region").first()
    ours = versions(request).filter(kind=kind, region__in=(CITY, region))
    context = {
        "kind": ListVersion.Kind(kind),
        "version": current,
        "in_work": ours.in_work().select_related("region"),
        "earlier": ours.published().order_by("-number").select_related("region"),
        "may_start": request.user.may(Permission.LISTS_PUBLISH)
        and bool(request.user.department and request.user.department.is_coordinator),
        "q": request.GET.get("q", "").strip()[:40],
        "doubtful": queries.doubtful(current) if current else [],
    }
    return render(request, "lists/in_force.html", context | _rows(request, current))


def _rows(request: HttpRequest, found: ListVersion | None) -> dict[str, Any]:
    """Fields or items of a version, those matching ?q=."""
    if found is None:
        return {"fields": [], "items": []}
    asked = request.GET.get("q", "").strip()
    if found.is_joint:
        fields = [
            field
            for field in sheets.fields_of(found)
            if not asked
            or asked in field.name
            or asked in field.targets
            or any(asked in item.name for item in field.items.all())
            or asked in field.initiator.name
        ]
        return {"fields": fields, "items": []}
    items = found.items.select_related("department")
    if asked:
        items = items.filter(name__contains=asked) | items.filter(targets__contains=asked)
    return {"fields": [], "items": items}


def _show(request: HttpRequest, found: ListVersion, **more: Any) -> HttpResponse:
    user = request.user
    signs = list(found.cosigns.select_related("department", "signed_by").order_by("department"))
    mine = next((one for one in signs if one.department_id == user.department_id), None)
    keeps = may_write(request, found)
    signed = sum(bool(one.agrees) for one in signs)
    asked = request.GET.get("tab", "")
    tab = asked if asked in TABS else TABS[0]
    context = {
        "version": found,
        "steps": queries.steps(found),
        "signs": signs,
        "changes": queries.differences(found),
        "events": queries.story(found),
        **{f"at_{name}": name == tab for name in TABS},
        "signed_word": f"已同意 {signed}/{len(signs)}",
        "no_difference": "与上一版内容相同" if found.previous else "这是第一版",
        "q": request.GET.get("q", "").strip()[:40],
        "may_edit": user.may(Permission.LISTS_EDIT) and found.is_draft,
        "may_edit_all": user.may(Permission.LISTS_EDIT) and found.is_draft and keeps,
        "may_load": user.may(Permission.LISTS_PUBLISH) and found.is_draft and keeps,
        "may_decide": user.may(Permission.LISTS_PUBLISH) and keeps,
        "may_sign": user.may(Permission.LISTS_COSIGN)
        and found.state == ListState.CONSULTING
        and mine is not None
        and not mine.agrees,
        "cosign_form": forms.CosignForm(),
        "came_in": Import.objects.filter(version=found)[:5] if keeps else (),
        "note_form": forms.NoteForm(),
        "upper_open": sum(row.is_open for row in upper.above(found)) if not found.is_public else 0,
        "doubtful": queries.doubtful(found),
    }
    return render(
        request,
        "lists/version.html",
        context | _rows(request, found) | more,
        status=422 if more else 200,
    )


def _edit_field(request: HttpRequest, found: ListVersion, field: JointField | None) -> HttpResponse:
    data = request.POST or None
    proposed = {
        name: request.GET[name] for name in ("name", "tag", "targets") if name in request.GET
    }
    form = forms.FieldForm(data, version=found, field=field, proposed=proposed)
    item_forms = forms.item_forms(found, field, data)
    refused: Blocked | None = None
    if request.method == "POST" and form.is_valid() and item_forms.is_valid():
        try:
            saved, remarks = actions.save_field(
                version=found,
                field=field,
                row=form.row(forms.items_of(item_forms), field.source if field else ""),
                basis=form.cleaned_data.get("basis", ""),
                by=request.user,
                at=timezone.now(),
            )
        except NeedsReason as needs:
            form.add_error("basis", str(needs))
        except Blocked as blocked:
            refused = blocked
        else:
            for remark in remarks:
                messages.warning(request, remark)
            messages.success(request, f"已保存“{saved.name}”")
            return redirect(found)
    context = {
        "version": found,
        "field": field,
        "form": form,
        "item_forms": item_forms,
        "refused": refused,
    }
    return render(request, "lists/edit_field.html", context, status=_status(request, refused))


def _edit_item(request: HttpRequest, found: ListVersion, item: CheckItem | None) -> HttpResponse:
    initial: dict[str, Any] = (
        {
            name: getattr(item, name)
            for name in (
                *("category", "name", "targets", "item_class", "methods", "subject", "basis"),
                "department",
            )
        }
        if item
        else {"item_class": "general", "department": request.user.department}
    )
    form = forms.CheckItemForm(request.POST or None, version=found, item=item, initial=initial)
    refused: Blocked | None = None
    if request.method == "POST" and form.is_valid():
        try:
            saved = actions.save_item(
                version=found,
                item=item,
                row=form.row(),
                basis=form.cleaned_data.get("change_basis", ""),
                by=request.user,
                at=timezone.now(),
            )
        except NeedsReason as needs:
            form.add_error("change_basis", str(needs))
        except Blocked as blocked:
            refused = blocked
        else:
            messages.success(request, f"已保存“{saved.name}”")
            return redirect(found)
    context = {"version": found, "item": item, "form": form, "refused": refused}
    return render(request, "lists/edit_item.html", context, status=_status(request, refused))
