"""What anybody may see without logging in: draws, results, and how to check them.

Names of the drawn are read here from two places only: publications, and the list of a draw once
the draw's own room says that it is open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    JsonResponse,
    QueryDict,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from liancha.accounts.permissions import public
from liancha.draw import chronicle, pools, scenes
from liancha.draw.models import Draw, DrawnTarget
from liancha.draw.queries import Openness, openness
from liancha.lists.models import ListVersion
from liancha.papers.writers import stream_csv
from liancha.plan.models import Adjustment, Plan, PlanLine
from liancha.rulebook.lifecycles import DrawState

from .. import files, queries
from ..models import Publication, PublicationQuerySet, ResultCode

A_PAGE = 20
NOTICES = 5
# Columns of the public table (domain §i.6), one row for each item.
COLUMNS = (
    "公示编号", "抽查计划编号", "抽查任务编号", "抽查任务名称", "抽查类型", "检查对象名称",
    "统一社会信用代码", "抽查机关", "抽查完成日期", "抽查事项", "抽查结果代码", "抽查结果", "说明",
    "公示日期", "更正编号",
)  # fmt: skip
KIND = "双随机、一公开部门联合抽查"


@public
@require_safe
def portal(request: HttpRequest) -> HttpResponse:
    recent = list(_draws()[:3])
    context = {
        "year": timezone.localdate().year,
        "figures": queries.figures(timezone.localdate().year),
        "rows": _opened(recent),
        "latest": queries.latest_results(NOTICES),
        "notices": _notices(NOTICES),
    }
    return render(request, "disclosure/portal.html", context)


# ── Draws ─────────────────────────────────────────────────────────────────────────────────────


@public
@require_safe
def draws(request: HttpRequest) -> HttpResponse:
    rows = _draws()
    words = request.GET.get("q", "").strip()[:60]
    if words:
        rows = rows.filter(Q(task__name__contains=words) | Q(number__contains=words))
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    context = {"page_obj": page, "rows": _opened(list(page)), "q": words}
    return render(request, "disclosure/draws.html", context)


@public
@require_safe
def draw(request: HttpRequest, pk: int) -> HttpResponse:
    """One draw: its counts, its digests, its files, and when its list opens."""
    one = get_object_or_404(_public_draws(), pk=pk)
    now = timezone.now()
    opens = openness(one, now)
    found = files.public_files(one, now)
    context = {
        "draw": one,
        "task": one.task,
        "opens": opens,
        "layers": _layers(one),
        "hollow": 0 if one.is_confidential else sum(not each["size"] for each in one.strata),
        "count": _count(one),
        "parties": one.parties.order_by("position"),
        "corrections": chronicle.corrections(one),
        "uncosigned": chronicle.uncosigned(one),
        "excluded": [(pools.REASONS.get(code, code), number) for code, number in one.excluded],
        "kept_out": sum(number for _, number in one.excluded),
        "files": [each for name, each in found.items() if name != files.RULE],
        "rule_file": found.get(files.RULE),
        "drawn": _drawn(one) if opens.codes else None,
        "has_layers": _has_layers(one),
        "added": one.supplementary.of_targets().filter(pk__in=_public_draws()),
        "successor": _successor(one),
        "singles": one.task.single_randoms.filter(is_agreed=True).select_related("department"),
        "inspector_draws": one.inspector_draws.locked().select_related("department"),
    }
    return render(request, "disclosure/draw.html", context)


@public
@require_safe
def draw_file(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """One published file of a draw, byte for byte. What is not public yet is not there."""
    one = get_object_or_404(_public_draws(), pk=pk)
    found = files.public_files(one, timezone.now()).get(name)
    if found is None:
        raise Http404
    kind = "application/json" if name.endswith(".json") else "text/plain"
    return _download(found.build(), name, f"{kind}; charset=utf-8")


@public
@require_safe
def draw_picture(request: HttpRequest, pk: int) -> FileResponse:
    """The photograph of the public value, from the moment the transcript is public."""
    one = get_object_or_404(_public_draws().exclude(picture=""), pk=pk)
    if not openness(one, timezone.now()).transcript:
        raise Http404
    kind = "image/png" if one.picture.name.endswith(".png") else "image/jpeg"
    return FileResponse(one.picture.open("rb"), content_type=kind)


@public
@require_safe
def draw_bundle(request: HttpRequest, pk: int) -> HttpResponse:
    """All that is public of a draw, as the verifier wants it: every file in it is checked.

    The rule by itself is there until the transcript, which has all of it.
    """
    one = get_object_or_404(_public_draws(), pk=pk)
    found = files.public_files(one, timezone.now())
    if len(found) > 1:
        found.pop(files.RULE, None)
    if not found:
        raise Http404
    return _download(files.archive(found), f"draw-{one.pk}.zip", "application/zip")


# ── Results ───────────────────────────────────────────────────────────────────────────────────


@public
@require_safe
def results(request: HttpRequest) -> HttpResponse:
    page = _page(request)
    context = {
        "page_obj": page,
        "q": request.GET.get("q", "")[:60],
        "code": request.GET.get("code", ""),
        "task": page.object_list[0].task if request.GET.get("task") and page.object_list else None,
        "codes": ResultCode.choices,
        "query": request.GET.urlencode(),
    }
    return render(request, "disclosure/public_results.html", context)


@public
@require_safe
def results_json(request: HttpRequest) -> JsonResponse:
    """The same page for programs; `page` turns it."""
    page = _page(request)
    return JsonResponse(
        {
            "count": page.paginator.count,
            "page": page.number,
            "pages": page.paginator.num_pages,
            "results": [_as_json(one) for one in page],
        },
        json_dumps_params={"ensure_ascii": False},
    )


@public
@require_safe
def results_csv(request: HttpRequest) -> StreamingHttpResponse:
    """All that the query finds, a row for each item: the columns of the public table."""
    answer = StreamingHttpResponse(
        stream_csv(COLUMNS, _rows(_asked(request.GET))), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = 'attachment; filename="results.csv"'
    return answer


@public
@require_safe
def publication(request: HttpRequest, serial: int) -> HttpResponse:
    """One publication, what it corrects or was corrected by, and the other departments'."""
    one = get_object_or_404(
        Publication.objects.select_related("department", "task__line", "corrects"), serial=serial
    )
    others = Publication.objects.filter(task=one.task, target_code=one.target_code)
    others = others.exclude(result=one.result_id).in_force().select_related("department")
    context = {
        "one": one,
        "rows": one.rows.all(),
        "others": others.order_by("serial"),
        "corrected_by": one.corrections.first(),
        "before": one.corrects.rows.all() if one.corrects else None,
        "draw": _draws().filter(task=one.task, state=DrawState.LOCKED).first(),
    }
    return render(request, "disclosure/publication.html", context)


# ── How to check, what to take away ───────────────────────────────────────────────────────────


@public
@require_safe
def how_to_verify(request: HttpRequest) -> HttpResponse:
    return render(request, "disclosure/how_to_verify.html")


@public
@require_safe
def data(request: HttpRequest) -> HttpResponse:
    context = {
        "recent": _draws()[:10],
        "notices": _notices(30),
    }
    return render(request, "disclosure/data.html", context)


# ── What is read ──────────────────────────────────────────────────────────────────────────────


def _public_draws() -> QuerySet[Draw]:
    """Draws whose rule is logged, void ones for ever: everything about them but the names."""
    return Draw.objects.filter(Q(rule_at__isnull=False) | Q(state=DrawState.VOID)).select_related(
        "task__field", "task__initiator", "task__line", "department", "of"
    )


def _successor(one: Draw) -> Draw | None:
    """The draw that came in the place of a void one: the next of the same task and department.

    One whose rule is not logged yet is not known here.
    """
    if one.state != DrawState.VOID:
        return None
    same = {"kind": one.kind, "department": one.department_id, "supplements": one.supplements_id}
    later = _public_draws().filter(task=one.task_id, of=one.of_id, pk__gt=one.pk, **same)
    return later.order_by("pk").first()


def _draws() -> QuerySet[Draw]:
    return (
        _public_draws()
        .filter(kind=Draw.Kind.TARGETS)
        .prefetch_related("task__participations__department")
        .order_by("-frozen_at", "-pk")
    )


@dataclass(frozen=True, slots=True)
class Row:
    """A draw in a list. cooperators: 卫健、市监、消防."""

    draw: Draw
    opens: Openness
    count: int
    cooperators: str


def _opened(rows: list[Draw]) -> list[Row]:
    now = timezone.now()
    return [Row(one, openness(one, now), _count(one), _cooperators(one)) for one in rows]


def _cooperators(one: Draw) -> str:
    taking_part = one.task.participations.all()
    return "、".join(each.department.short for each in taking_part if each.role == "cooperator")


def _count(one: Draw) -> int:
    return sum(stratum["count"] for stratum in one.strata)


def _layers(one: Draw) -> list[dict[str, object]]:
    """The strata of a draw: by number only where they are an internal reference (A33)."""
    names = scenes.labels_of(one)
    return [
        {
            **stratum,
            "rate": Fraction(stratum["ratio"]),
            "label": scenes.ordinal(n, len(one.strata))
            if one.is_confidential
            else names.get(stratum["name"], stratum["name"]),
        }
        for n, stratum in enumerate(one.strata)
    ]


def _has_layers(one: Draw) -> bool:
    """Whether the list says the stratum of each: it may be known, and is not the district."""
    is_by_region = one.stratify == PlanLine.Stratify.REGION
    return not (one.is_confidential or is_by_region or len(one.strata) < 2)


def _drawn(one: Draw) -> list[tuple[DrawnTarget, str]]:
    """The list once it is open, by code; with the stratum only where that may be known."""
    names = scenes.labels_of(one)
    rows = one.drawn.select_related("candidate").order_by("candidate__code")
    if not _has_layers(one):
        return [(each, "") for each in rows]
    return [(each, names.get(each.stratum, each.stratum)) for each in rows]


def _notices(count: int) -> list[tuple[datetime, str, str, int]]:
    """(when, words, page, key) of plans, their changes and lists, newest first."""
    adjustments = Adjustment.objects.published().select_related("line")
    found = [
        *(
            (each.published_at, each.title, "plan:public_plan", each.pk)
            for each in Plan.objects.public()
        ),
        *(
            (each.published_at, str(each), "lists:public_version", each.pk)
            for each in ListVersion.objects.published()
        ),
        *(
            (each.published_at, str(each), "plan:public_plan", each.line.plan_id)
            for each in adjustments.order_by("-published_at")[:count]
        ),
    ]
    dated = [(at, words, page, key) for at, words, page, key in found if at is not None]
    return sorted(dated, key=lambda notice: notice[0], reverse=True)[:count]


def _asked(query: QueryDict) -> PublicationQuerySet:
    rows = Publication.objects.matching(query.get("q", "")[:60])
    if (code := query.get("code", "")) in ResultCode.values:
        rows = rows.filter(code=code)
    if (task := query.get("task", "")).isdecimal() and len(task) < 19:
        rows = rows.filter(task=int(task))
    return rows.select_related("department", "task__line", "corrects").prefetch_related(
        "corrections", "rows"
    )


def _page(request: HttpRequest) -> Page:
    return Paginator(_asked(request.GET), A_PAGE).get_page(request.GET.get("page"))


def _rows(found: PublicationQuerySet) -> Iterator[tuple[str | int, ...]]:
    for one in found.iterator(chunk_size=500):
        for row in one.rows.all():
            yield (
                one.serial,
                one.task.line.number if one.task.line else "",
                one.task.number,
                one.task.name,
                KIND,
                one.target_name,
                one.target_code,
                one.department.name,
                one.completed_on.isoformat(),
                row.item,
                row.code,
                row.get_code_display(),
                row.text,
                timezone.localdate(one.published_at).isoformat(),
                one.corrects.serial if one.corrects else "",
            )


def _as_json(one: Publication) -> dict[str, object]:
    """What was said, as its digest covers it, and the digest."""
    return {
        "facts": one.facts(),
        "digest": one.digest,
        "department_name": one.department.name,
        "task_name": one.task.name,
        "published_at": timezone.localtime(one.published_at).isoformat(timespec="seconds"),
        "corrected_by": [each.serial for each in one.corrections.all()],
    }


def _download(data: bytes, name: str, kind: str) -> HttpResponse:
    answer = HttpResponse(data, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
