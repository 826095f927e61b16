"""A firm's own page: its draws, firm.json, the check in its browser; and who hands out its link."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from liancha.accounts.models import Region
from liancha.accounts.permissions import Permission, public, requires
from liancha.draw import bundles
from liancha.inspection import doorcodes
from liancha.registry.models import Target

from .. import actions, files, firms
from ..models import OwnLink
from .verify import Link

Page = Callable[..., HttpResponse]


def by_link(view: Page) -> Page:
    """The page of the firm whose link it is; of a link that is over, only how to get another.

    A text that we never signed gets one answer, whatever firms there are.
    """

    @wraps(view)
    def inner(request: HttpRequest, token: str, **asked: int) -> HttpResponse:
        link, now = firms.read(token), timezone.now()
        if link is None or not link.is_in_force(now):
            status = 404 if link is None else 410
            return render(request, "disclosure/firm_over.html", {"link": link}, status=status)
        return view(request, link, token, now, **asked)

    return inner


def _own(link: OwnLink, pk: int, now: datetime) -> firms.OwnDraw:
    found = firms.own_draw(link.target, pk, now)
    if found is None:
        raise Http404
    return found


@public
@require_safe
@never_cache
@by_link
def firm(request: HttpRequest, link: OwnLink, token: str, now: datetime) -> HttpResponse:
    """The draws of one year this firm was in the pool of, and which of them it may check now."""
    years, asked = firms.years(), request.GET.get("year", "")
    year = next((each for each in years if str(each) == asked), years[0] if years else now.year)
    context = {
        "link": link,
        "target": link.target,
        "own": firms.own_draws(link.target, year, now),
        "token": token,
        "years": [(f"{each} 年", f"?year={each}", each == year) for each in years],
    }
    return render(request, "disclosure/firm.html", context)


@public
@require_safe
@never_cache
@by_link
def firm_file(
    request: HttpRequest, link: OwnLink, token: str, now: datetime, pk: int
) -> HttpResponse:
    """firm.json, byte for byte."""
    own = _own(link, pk, now)
    answer = HttpResponse(firms.file_of(own), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{bundles.FIRM}"'
    return answer


@public
@require_safe
@never_cache
@by_link
def firm_check(
    request: HttpRequest, link: OwnLink, token: str, now: datetime, pk: int
) -> HttpResponse:
    """The firm's ticket, threshold and proof, computed in its own browser."""
    draw = _own(link, pk, now).draw
    links = [
        Link(draw.pk, bundles.FIRM, reverse("disclosure:firm_file", args=[token, pk]), False),
        *(
            Link(draw.pk, name, reverse("disclosure:public_draw_file", args=[pk, name]), False)
            for name in files.public_files(draw, now)
            if name in (bundles.TRANSCRIPT, bundles.LOG)
        ),
    ]
    regions = dict(Region.objects.values_list("code", "name"))
    context = {"draw": draw, "links": links, "regions": regions, "token": token}
    return render(request, "disclosure/verify.html", context)


@public
@require_POST
@never_cache
def take_link(request: HttpRequest, token: str) -> HttpResponse:
    """From the page that a firm opened at its visit, by the visit's code, to its own page."""
    visit, now = doorcodes.read(token), timezone.now()
    if visit is None or not doorcodes.is_open(visit, timezone.localdate(now)):
        return render(request, "inspection/check.html", {"is_open": False}, status=404)
    link = actions.take_link(visit=visit, at=now)
    return redirect("disclosure:firm", firms.token_of(link))


@requires(Permission.REGISTRY_EDIT)
@never_cache
def own_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand a firm its link, on paper or as a code on the screen; the links it was given so far."""
    target = get_object_or_404(Target.objects.editable_by(request.user), pk=pk)
    now, address, link = timezone.now(), "", None
    if request.method == "POST":
        link = actions.hand_link(target=target, by=request.user, at=now)
        address = request.build_absolute_uri(
            reverse("disclosure:firm", args=[firms.token_of(link)])
        )
    given = target.own_links.select_related("handed_by", "revoked_by", "visit")
    context = {
        "target": target,
        "link": link,
        "address": address,
        "given": [(each, each.is_in_force(now)) for each in given],
    }
    return render(request, "disclosure/own_link.html", context)


@requires(Permission.REGISTRY_EDIT)
@require_POST
def revoke_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one link of a firm back."""
    targets = Target.objects.editable_by(request.user)
    link = get_object_or_404(OwnLink.objects.filter(target__in=targets), pk=pk)
    actions.revoke_link(link=link, by=request.user, at=timezone.now())
    messages.success(request, "自查链接已收回，不能再打开企业的页面")
    return redirect("disclosure:own_link", link.target_id)
