"""The draw itself: one page for everybody in the hall, that follows what the others do."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from liancha.accounts.again import told
from liancha.accounts.permissions import Permission, requires
from liancha.accounts.words import agreed, written
from liancha.rulebook.lifecycles import DrawState
from liancha.rulebook.verdicts import Blocked

from .. import actions, background, beacons, forms, lanes, loads, queries, scenes
from ..models import Dispatch, Draw

PAGE = 30
RUN = (Permission.DRAW_RUN, Permission.DRAW_INSPECTORS)


@requires(Permission.DRAW_WATCH)
def draws(request: HttpRequest) -> HttpResponse:
    """All draws this person may watch; those that wait for a hand first."""
    rows = queries.in_sight(request.user)
    tab = request.GET.get("tab", "")
    if tab == "mine":
        rows = rows.filter(pk__in=queries.waiting_for(request.user).values("pk"))
    elif tab in (Draw.Kind.TARGETS, Draw.Kind.INSPECTORS):
        rows = rows.filter(kind=tab)
    return render(
        request,
        "draw/draws.html",
        {
            "tab": tab,
            "tab_all": not tab,
            "waiting": queries.waiting_for(request.user).distinct().count(),
            "page_obj": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        },
    )


def _scene(request: HttpRequest, draw: Draw) -> scenes.Scene:
    names = queries.may_see_names(draw, request.user) or (
        queries.openness(draw, timezone.now()).codes
    )
    return _reckoned(scenes.Scene(draw, request.user, timezone.now(), names))


def _reckoned(scene: scenes.Scene) -> scenes.Scene:
    """The worker computes a large draw for the first screen that would show it."""
    if scene.is_reckoning:
        background.reckon(draw=scene.draw, seed=scene.seed, at=scene.now)
    return scene


def _visible(request: HttpRequest, pk: int) -> Draw:
    rows = Draw.objects.visible_to(request.user).select_related(
        "task__initiator", "department", "frozen_by", "locked_by", "of"
    )
    return get_object_or_404(rows, pk=pk)


def _own(request: HttpRequest, pk: int) -> Draw:
    return get_object_or_404(Draw.objects.run_by(request.user), pk=pk)


@requires(Permission.DRAW_WATCH)
@never_cache
def draw(request: HttpRequest, pk: int) -> HttpResponse:
    """The ceremony, from the frozen pool to the receipts."""
    found = _visible(request, pk)
    if not found.is_of_targets and found.state == DrawState.LOCKED:
        return redirect("draw:staff", pk)
    scene = _scene(request, found)
    return render(request, "draw/draw.html", _context(request, scene))


@requires(Permission.DRAW_WATCH)
@never_cache
def live(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that changes; nothing when it has not, so that typing is not lost."""
    # A screen that asks by itself is nobody at the keyboard: it must not keep the session alive.
    request.session.save = lambda *args, **kwargs: None  # type: ignore[method-assign]
    scene = _scene(request, _visible(request, pk))
    if request.GET.get("v") == scene.version:
        return HttpResponse(status=204)
    return render(request, "draw/_live.html", _context(request, scene) | {"is_update": True})


def _context(request: HttpRequest, scene: scenes.Scene) -> dict[str, object]:
    context: dict[str, object] = {
        "draw": scene.draw,
        "scene": scene,
        "openness": queries.openness(scene.draw, scene.now),
        "guests": [(who, request.build_absolute_uri(path)) for who, path in scene.invitations],
    }
    if scene.act == "beacon":
        context["beacon_form"] = forms.BeaconValue(draw=scene.draw)
    return context


@requires(*RUN)
def open_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Name the parties and the public value. An old page of it says that it is too late."""
    found = _own(request, pk)
    if found.state not in (DrawState.FROZEN, DrawState.COMMITTING):
        raise Blocked(
            "规则已经存证，各方和公开随机值不能再约定。请看本次抽取进行到哪一步。",
            article="19",
            paragraph=1,
        )
    now = timezone.localtime()
    nexts = queries.next_lotteries(now)
    first = nexts[0]
    form = forms.Rule(
        request.POST if request.method == "POST" else None,
        draw=found,
        initial={"beacon": first.preset.code, "due": first.due, "issue": first.issue},
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        is_kept = given["beacon"] == forms.ESCROW
        beacon = actions.BeaconSpec(given["source"], given["spelling"], given["due"])
        actions.open_rule(
            draw=found,
            parties=_parties(found, given),
            beacon=None if is_kept else beacon,
            escrow=given["keeper"] if is_kept else "",
            place=given["place"],
            by=request.user,
            at=now,
        )
        messages.success(request, "各方已约定，等各方提交承诺")
        return redirect(found)
    status = 422 if form.errors else 200
    return render(
        request,
        "draw/open_rule.html",
        {
            "draw": found,
            "form": form,
            "presets": beacons.PRESETS.values(),
            "nexts": nexts,
            "failed": actions.draw_with_failed_escrow(found),
        },
        status=status,
    )


def _parties(found: Draw, given: dict[str, Any]) -> list[actions.PartySpec]:
    """The operator's own first; where there is a keeper, the chosen one last."""
    own = actions.PartySpec(found.department.name, department=found.department)
    others = [
        (f"department-{each.pk}", actions.PartySpec(each.name, department=each))
        for each in given["departments"]
    ]
    for each in given["witnesses"]:
        name = f"{each}（{each.body}）" if each.body else str(each)
        others.append((f"user-{each.pk}", actions.PartySpec(name, user=each, is_witness=True)))
    for n in range(given["guests"] or 0):
        name = f"{actions.INVITED} {n + 1}"
        others.append(("guest", actions.PartySpec(name, is_witness=True, is_invited=True)))
    last = given["last"] if given["beacon"] == forms.ESCROW else ""
    return [own, *(party for _, party in sorted(others, key=lambda each: each[0] == last))]


@requires(*RUN)
@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    found = _own(request, pk)
    actions.close(draw=found, by=request.user, at=timezone.now())
    messages.success(request, "揭示已截止，等公开随机值公布")
    return redirect(found)


@requires(*RUN)
@require_POST
def beacon(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter the public value with its proof."""
    found = _own(request, pk)
    form = forms.BeaconValue(request.POST, request.FILES, draw=found)
    if not form.is_valid():
        scene = _scene(request, _visible(request, pk))
        if scene.act != "beacon":
            return told(
                request, "draw:draw", pk, fault="公开随机值没有录入，请看本页进行到哪一步。"
            )
        context = _context(request, scene) | {"beacon_form": form}
        return render(request, "draw/draw.html", context, status=422)
    actions.enter_beacon(
        draw=found,
        value=form.cleaned_data["value"],
        evidence=form.cleaned_data["evidence"],
        picture=form.cleaned_data["picture"],
        reason=written(request),
        by=request.user,
        at=timezone.now(),
    )
    messages.success(request, "公开随机值已存证，结果已算出，请核对后锁定")
    return redirect(found)


@requires(*RUN)
@require_POST
def lock(request: HttpRequest, pk: int) -> HttpResponse:
    """Lock what was drawn, for ever."""
    found, now = _own(request, pk), timezone.now()
    if found.is_of_targets and background.is_large(found.frame_size):
        background.lock(draw=found, by=request.user, at=now)
        return redirect(found)
    found = actions.lock(draw=found, by=request.user, at=now)
    messages.success(request, f"名单已锁定，抽取记录可以下载和验证（{found.number}）")
    return redirect(found)


@requires(Permission.DRAW_RUN)
@require_POST
def dispatch(request: HttpRequest, pk: int) -> HttpResponse:
    found = _own(request, pk)
    sent = actions.dispatch(draw=found, reason=written(request), by=request.user, at=timezone.now())
    messages.success(request, f"名单已派发到 {len(sent)} 个部门")
    return redirect(found)


@requires(Permission.DRAW_ACKNOWLEDGE)
@require_POST
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign for the list on behalf of one's own department."""
    rows = Dispatch.objects.filter(department=request.user.department_id)
    found = get_object_or_404(rows.select_related("draw"), pk=pk)
    actions.acknowledge(dispatch=found, by=request.user, at=timezone.now())
    messages.success(request, "已签收，可以抽取本部门的执法检查人员")
    return redirect(found.draw)


@requires(*RUN)
def ask_void(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the head to void this draw. Nobody writes a request that cannot be granted."""
    found = _own(request, pk)
    if found.state in (DrawState.LOCKED, DrawState.VOID):
        raise Blocked("这次抽取已经锁定或作废，不能申请作废。", article="19", paragraph=3)
    form = forms.Void(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        actions.ask_void(draw=found, by=request.user, at=timezone.now(), **form.cleaned_data)
        messages.success(request, "作废申请已提交，等本部门负责人批准")
        return redirect(found)
    status = 422 if form.errors else 200
    return render(request, "draw/ask_void.html", {"draw": found, "form": form}, status=status)


@requires(Permission.DRAW_VOID)
@require_POST
def void(request: HttpRequest, pk: int) -> HttpResponse:
    """The head's word on a request to void."""
    found = actions.void(
        draw=_own(request, pk),
        note=written(request, "note"),
        agree=agreed(request),
        by=request.user,
        at=timezone.now(),
    )
    word = "已作废，编号不再使用" if found.state == DrawState.VOID else "已退回作废申请，抽取继续"
    messages.success(request, word)
    return redirect(found)


@requires(*RUN)
@require_POST
def compute_void(request: HttpRequest, pk: int) -> HttpResponse:
    """Compute what a void draw would have come to."""
    found = _own(request, pk)
    actions.compute_void(draw=found, by=request.user, at=timezone.now())
    messages.success(request, "已补算，抽取记录随作废编号一直公开")
    return redirect(found)


@requires(Permission.DRAW_WATCH)
@never_cache
def rule(request: HttpRequest, pk: int) -> HttpResponse:
    """The logged rule, word for word: a party looks for its commitment here before it reveals."""
    rows = Draw.objects.visible_to(request.user).filter(rule__isnull=False)
    found = get_object_or_404(rows, pk=pk)
    return HttpResponse(found.rule.text, content_type="application/json; charset=utf-8")


@requires(Permission.DRAW_WATCH)
def picture(request: HttpRequest, pk: int) -> FileResponse:
    """The photograph of the public value."""
    found = get_object_or_404(Draw.objects.visible_to(request.user).exclude(picture=""), pk=pk)
    kind = "image/png" if found.picture.name.endswith(".png") else "image/jpeg"
    return FileResponse(found.picture.open("rb"), content_type=kind)


@requires(Permission.DRAW_WATCH)
@never_cache
def hall(request: HttpRequest, pk: int) -> HttpResponse:
    """The big screen: counts, hands, tickets falling below the line. No class and no code; names
    only where the scheme has them public at once. As long as it is shown its session goes on.
    """
    rows = Draw.objects.visible_to(request.user)
    found = get_object_or_404(
        rows.select_related("task__initiator", "department", "rule", "of"), pk=pk
    )
    now = timezone.now()
    openness = queries.openness(found, now)
    scene = _reckoned(scenes.Scene(found, request.user, now, openness.codes))
    if request.GET.get("v") == scene.version:
        return HttpResponse(status=204)
    is_update = request.headers.get("HX-Request") == "true"
    return render(
        request,
        "draw/_hall.html" if is_update else "draw/hall.html",
        {
            "draw": found,
            "scene": scene,
            "lanes": lanes.lanes(scene) if found.is_of_targets else (),
            "bench": None if found.is_of_targets else loads.bench(scene),
            "shows_all": found.frame_size <= lanes.MOST_DOTS,
            "others": found.task.departments.exclude(pk=found.department_id),
            "openness": openness,
            "public_page": request.build_absolute_uri(
                reverse("disclosure:public_draw", args=[found.pk])
            )
            if openness.transcript
            else "",
        },
    )
