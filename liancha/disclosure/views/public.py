"""What anybody may see without logging in: draws, results, and how to check them."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from liancha.accounts.permissions import public
from liancha.draw import bundles
from liancha.draw.models import Draw
from liancha.draw.queries import openness
from liancha.lists.models import ListVersion
from liancha.plan.models import Adjustment, Plan

from .. import queries
from ..models import Publication, ResultCode

KINDS = {"transcript.json": "application/json", "log.json": "application/json"}
PLAIN = "text/plain; charset=utf-8"


@public
def portal(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    year = timezone.localdate(now).year
    recent = _draws()[:3]
    notices = [
        *((p.published_at, f"{p.title}", p, "plan") for p in Plan.objects.public()),
        *((v.published_at, str(v), v, "list") for v in ListVersion.objects.published()),
        *(
            (
                a.published_at,
                f"{a.get_kind_display()}：{a.line.name}",
                a.line.plan,
                "plan",
            )
            for a in Adjustment.objects.filter(published_at__isnull=False).select_related(
                "line__plan"
            )
        ),
    ]
    notices.sort(key=lambda notice: notice[0], reverse=True)
    context = {
        "figures": queries.figures(year),
        "recent": [(draw, openness(draw, now)) for draw in recent],
        "latest": queries.latest_results(5),
        "notices": notices[:5],
    }
    return render(request, "disclosure/portal.html", context)


@public
def draws(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    rows = _draws()
    words = request.GET.get("q", "").strip()
    if words:
        rows = rows.filter(task__name__contains=words) | rows.filter(number__contains=words)
    page = Paginator(rows, 20).get_page(request.GET.get("page"))
    context = {
        "page_obj": page,
        "rows": [(draw, openness(draw, now)) for draw in page],
        "q": words,
    }
    return render(request, "disclosure/draws.html", context)


@public
def draw(request: HttpRequest, pk: int) -> HttpResponse:
    """One draw: its counts, its digests, its files, and when its list opens."""
    one = get_object_or_404(_public_draws(), pk=pk)
    now = timezone.now()
    opens = openness(one, now)
    strata = [
        {**stratum, "label": f"第 {n} 层" if one.task.is_confidential else stratum["name"]}
        for n, stratum in enumerate(one.strata, start=1)
    ]
    context = {
        "draw": one,
        "task": one.task,
        "opens": opens,
        "strata": strata,
        "count": sum(stratum["count"] for stratum in strata),
        "parties": one.parties.all(),
        "files": bundles.public_files(one, now),
        "drawn": one.drawn.select_related("candidate").order_by("candidate__code")
        if opens.lists
        else None,
        "inspector_draws": one.inspector_draws.select_related("department"),
        "cooperators": one.task.participations.select_related("department"),
    }
    return render(request, "disclosure/draw.html", context)


@public
def draw_file(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """One published file of a draw, byte for byte. What is not public yet is not there."""
    one = get_object_or_404(_public_draws(), pk=pk)
    content = bundles.public_file(one, name, timezone.now())
    if content is None:
        raise Http404
    response = HttpResponse(content, content_type=KINDS.get(name, PLAIN))
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@public
def results(request: HttpRequest) -> HttpResponse:
    rows = Publication.objects.select_related("department", "task", "corrects").prefetch_related(
        "corrections"
    )
    words = request.GET.get("q", "")[:60]
    rows = queries.matching(rows, words)
    code = request.GET.get("code", "")
    if code in ResultCode.values:
        rows = rows.filter(code=code)
    task = request.GET.get("task", "")
    if task.isdecimal():
        rows = rows.filter(task=task)
    page = Paginator(rows, 20).get_page(request.GET.get("page"))
    if request.GET.get("format") == "json":
        return JsonResponse(
            {"count": page.paginator.count, "results": [_as_json(one) for one in page]},
            json_dumps_params={"ensure_ascii": False},
        )
    context = {"page_obj": page, "q": words, "code": code, "codes": ResultCode.choices}
    return render(request, "disclosure/public_results.html", context)


@public
def publication(request: HttpRequest, serial: int) -> HttpResponse:
    one = get_object_or_404(
        Publication.objects.select_related("department", "task", "corrects"), serial=serial
    )
    others = (
        Publication.objects.filter(task=one.task, target_code=one.target_code)
        .exclude(pk=one.pk)
        .select_related("department")
    )
    context = {
        "one": one,
        "rows": one.rows.all(),
        "others": others,
        "corrected_by": one.corrections.first(),
        "draw": _public_draws().filter(task=one.task, kind=Draw.Kind.TARGETS).first(),
    }
    return render(request, "disclosure/publication.html", context)


@public
def how_to_verify(request: HttpRequest) -> HttpResponse:
    return render(request, "disclosure/how_to_verify.html")


@public
def data(request: HttpRequest) -> HttpResponse:
    context = {
        "plans": Plan.objects.public(),
        "lists": ListVersion.objects.published(),
        "recent": _draws()[:10],
    }
    return render(request, "disclosure/data.html", context)


def _public_draws():  # type: ignore[no-untyped-def]
    """Draws whose transcript is public: locked ones, and void ones for ever."""
    return (
        Draw.objects.filter(transcript__isnull=False) | Draw.objects.filter(state="void")
    ).select_related("task__field", "task__initiator", "department")


def _draws():  # type: ignore[no-untyped-def]
    return (
        _public_draws()
        .filter(kind=Draw.Kind.TARGETS)
        .prefetch_related("task__participations__department")
        .order_by("-frozen_at")
    )


def _as_json(one: Publication) -> dict[str, object]:
    return {
        "serial": one.serial,
        "task": one.task.number,
        "task_name": one.task.name,
        "target": one.target_name,
        "code": one.target_code,
        "department": one.department.name,
        "completed_on": one.completed_on.isoformat(),
        "published_at": one.published_at.isoformat(),
        "result": one.code,
        "corrects": one.corrects.serial if one.corrects else None,
        "digest": one.digest,
        "rows": [
            {"item": row.item, "result": row.code, "text": row.text} for row in one.rows.all()
        ],
    }
