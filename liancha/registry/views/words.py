"""The tables behind the registry: tags with their words, place names."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from liancha.accounts.permissions import Permission, requires
from liancha.queue import actions as queue
from liancha.queue.models import Job
from liancha.rulebook.verdicts import Blocked

from .. import actions, forms, queries
from ..models import PlaceName, Tag, Target

FEW = 30_000  # targets tagged again while the person waits


@requires(Permission.REGISTRY_VIEW)
def tags(request: HttpRequest) -> HttpResponse:
    """Every tag, its words, how many targets carry it, who supervises them."""
    found = (
        Tag.objects.annotate(n=Count("taggings"))
        .prefetch_related("keywords", "supervisors")
        .order_by("pk")
    )
    rows = [(tag, *_words(tag)) for tag in found]
    context = {"rows": rows, "may_edit": request.user.may(Permission.REGISTRY_EDIT)}
    return render(request, "registry/tags.html", context)


@requires(Permission.REGISTRY_EDIT)
def new_tag(request: HttpRequest) -> HttpResponse:
    return _edit_tag(request, None)


@requires(Permission.REGISTRY_EDIT)
def edit_tag(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit_tag(request, get_object_or_404(Tag, pk=pk))


@requires(Permission.REGISTRY_EDIT)
def retag(request: HttpRequest) -> HttpResponse:
    """What the words would change now; posting applies them."""
    running = Job.objects.live().about(ABOUT).order_by("pk").last()
    if request.method == "POST":
        now = timezone.now()
        if Target.objects.count() > FEW:
            with suppress(queue.Twice), transaction.atomic():
                job = queue.start_job(name=RETAG, about=ABOUT, by=request.user, at=now)
                queue.later("registry.retag", job.pk, request.user.pk)
            return redirect("registry:retag")
        given, taken = actions.retag(by=request.user, at=now)
        messages.success(request, f"已重新标注：加上 {given} 个标签，去掉 {taken} 个")
        return redirect("registry:tags")
    total = Target.objects.count()
    is_part = "HX-Request" in request.headers and "HX-Boosted" not in request.headers
    # Looking at many takes seconds: the page comes at once, and what would change follows.
    if running or (total > FEW and not is_part):
        is_mine = running is not None and running.owner_id == request.user.pk
        begun = {"total": total, "running": running, "is_mine": is_mine}
        return render(request, "registry/retag.html", begun)
    changes = queries.preview_retag()
    context = {
        "changes": changes,
        "given": sum(change.given for change in changes),
        "taken": sum(change.taken for change in changes),
        "total": total,
        "is_counted": True,
    }
    return render(request, "registry/_retag.html" if is_part else "registry/retag.html", context)


@requires(Permission.REGISTRY_VIEW)
def places(request: HttpRequest) -> HttpResponse:
    """Place names by which addresses are read; a new one can be taught."""
    may_edit = request.user.may(Permission.REGISTRY_EDIT)
    form = forms.PlaceForm(request.POST or None)
    if request.method == "POST" and may_edit and form.is_valid():
        data: dict[str, Any] = dict(form.cleaned_data)
        region = data.pop("region")
        actions.save_place(**data, region=region.pk, by=request.user, at=timezone.now())
        messages.success(request, f"已记下“{data['name']}”属于{region}，下次导入起生效")
        return redirect("registry:places")
    found = PlaceName.objects.select_related("region").order_by("region", "kind", "pk")
    if wanted := request.GET.get("q", "").strip():
        found = found.filter(name__contains=wanted[:40])
    context = {
        "form": form,
        "q": wanted,
        "page_obj": Paginator(found, 40).get_page(request.GET.get("page")),
        "may_edit": may_edit,
    }
    return render(
        request, "registry/places.html", context, status=422 if request.method == "POST" else 200
    )


RETAG = "重新标注"
ABOUT = "registry.retag"


def _words(tag: Tag) -> tuple[list[str], list[str], list[str]]:
    """Words anywhere, words in the name, exclusions."""
    words: tuple[list[str], list[str], list[str]] = ([], [], [])
    for row in tag.keywords.all():
        words[2 if row.is_exclusion else 1 if row.in_name_only else 0].append(row.word)
    return words


def _edit_tag(request: HttpRequest, tag: Tag | None) -> HttpResponse:
    initial: dict[str, Any] = {}
    if tag:
        words, name_words, exclusions = _words(tag)
        initial = {
            "name": tag.name,
            "words": words,
            "name_words": name_words,
            "exclusions": exclusions,
            "kinds": tag.kinds.split(),
        }
    form = forms.TagForm(request.POST or None, initial=initial, tag=tag)
    if request.method == "POST" and form.is_valid():
        try:
            actions.save_tag(tag=tag, **form.cleaned_data, by=request.user, at=timezone.now())
        except Blocked as refused:
            form.add_error("name", str(refused))
        else:
            messages.success(request, "已保存关键词。核对影响后再重新标注")
            return redirect("registry:retag")
    return render(
        request,
        "registry/edit_tag.html",
        {"form": form, "tag": tag},
        status=422 if request.method == "POST" else 200,
    )
