"""信用风险分类: the monthly file, what it changed, how the classes are spread (art. 15)."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from liancha.accounts.permissions import Permission, requires
from liancha.papers.faults import Unreadable
from liancha.queue.actions import later
from liancha.rulebook.coverage import is_class_stale
from liancha.rulebook.verdicts import Blocked

from .. import actions, queries
from ..forms import UploadForm, suffix_of
from ..models import CreditBatch, Target
from .imports import SMALL

FOLDER = "registry/credit"


class CreditForm(UploadForm):
    source = forms.CharField(label="来源", max_length=60, help_text="如：省级通用型分类。")
    on = forms.DateField(label="分类日期", help_text="模型算出结果的日子，不是导入的日子。")


@requires(Permission.REGISTRY_VIEW)
def credit(request: HttpRequest) -> HttpResponse:
    """The spread of now, the history, and the form for the next monthly file."""
    may_import = request.user.may(Permission.REGISTRY_IMPORT)
    form = CreditForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and may_import and form.is_valid():
        try:
            return _take(request, form)
        except (Unreadable, Blocked) as fault:
            form.add_error("file", str(fault))
    spread = queries.distribution()
    total = sum(n for _, _, n in spread)
    newest = CreditBatch.objects.order_by("-on", "-id").first()
    today = timezone.localdate()
    context = {
        "form": form,
        "may_import": may_import,
        "spread": [(value, word, n, 100 * n // total if total else 0) for value, word, n in spread],
        "total": total,
        "newest": newest,
        "is_stale": is_class_stale(newest.on if newest else None, on=today),
        "days": (today - newest.on).days if newest else None,
        "history": queries.credit_history(),
        "page_obj": Paginator(CreditBatch.objects.select_related("by"), 12).get_page(
            request.GET.get("page")
        ),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "registry/credit.html", context, status=status)


@requires(Permission.REGISTRY_VIEW)
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """One batch: whose class changed, and rows that were not taken."""
    found = get_object_or_404(CreditBatch.objects.select_related("by"), pk=pk)
    changes = found.changes.filter(
        target__in=Target.objects.visible_to(request.user)
    ).select_related("target")
    context = {"batch": found, "page_obj": Paginator(changes, 20).get_page(request.GET.get("page"))}
    return render(request, "registry/credit_batch.html", context)


def _take(request: HttpRequest, form: CreditForm) -> HttpResponse:
    """A small file at once, a large one in the worker."""
    file, said = form.cleaned_data["file"], form.cleaned_data
    path = f"{FOLDER}/{uuid.uuid4().hex}{suffix_of(file.name)}"
    place = Path(settings.MEDIA_ROOT) / path
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("wb") as target:
        shutil.copyfileobj(file, target, 2**20)
    if file.size > SMALL:
        later(
            "registry.import_credit",
            path,
            file.name,
            said["source"],
            said["on"].isoformat(),
            request.user.pk,
        )
        messages.success(request, "文件较大，正在后台读取，读完列在下表")
        return redirect("registry:credit")
    try:
        done = actions.import_credit(
            path=place,
            file_name=file.name,
            source=said["source"],
            on=said["on"],
            by=request.user,
            at=timezone.now(),
        )
    finally:
        place.unlink(missing_ok=True)
    messages.success(request, f"已更新分类，{done.changed} 户有变化")
    return redirect("registry:credit_batch", pk=done.pk)
