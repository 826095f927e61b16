"""A firm's own page: its draws, firm.json, the check in its browser; and who hands out its link."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from liancha.accounts.models import Region
from liancha.accounts.permissions import Permission, public, requires
from liancha.draw import bundles
from liancha.registry.models import Target

from .. import actions, files, firms
from .verify import Link


def _target(token: str) -> Target:
    found = firms.read(token)
    if found is None:
        raise Http404
    return found


def _own(token: str, pk: int) -> firms.OwnDraw:
    """One open draw of the firm's. What is not open is not there, drawn or not."""
    own = firms.own_draws(_target(token), timezone.now())
    found = next((each for each in own if each.draw.pk == pk and each.is_open), None)
    if found is None:
        raise Http404
    return found


@public
@require_safe
@never_cache
def firm(request: HttpRequest, token: str) -> HttpResponse:
    """The draws this firm was in the pool of, and which of them it may check now."""
    target = _target(token)
    own = firms.own_draws(target, timezone.now())
    return render(request, "disclosure/firm.html", {"target": target, "own": own, "token": token})


@public
@require_safe
@never_cache
def firm_file(request: HttpRequest, token: str, pk: int) -> HttpResponse:
    """firm.json, byte for byte."""
    answer = HttpResponse(firms.file_of(_own(token, pk)), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{bundles.FIRM}"'
    return answer


@public
@require_safe
@never_cache
def firm_check(request: HttpRequest, token: str, pk: int) -> HttpResponse:
    """The firm's ticket, threshold and proof, computed in its own browser."""
    draw = _own(token, pk).draw
    links = [
        Link(draw.pk, bundles.FIRM, reverse("disclosure:firm_file", args=[token, pk]), False),
        *(
            Link(draw.pk, name, reverse("disclosure:public_draw_file", args=[pk, name]), False)
            for name in files.public_files(draw, timezone.now())
            if name in (bundles.TRANSCRIPT, bundles.LOG)
        ),
    ]
    regions = dict(Region.objects.values_list("code", "name"))
    context = {"draw": draw, "links": links, "regions": regions, "token": token}
    return render(request, "disclosure/verify.html", context)


@requires(Permission.REGISTRY_EDIT)
@never_cache
def own_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand a firm its link, on paper or as a code on the screen."""
    target = get_object_or_404(Target.objects.editable_by(request.user), pk=pk)
    link = ""
    if request.method == "POST":
        token = actions.hand_link(target=target, by=request.user, at=timezone.now())
        link = request.build_absolute_uri(reverse("disclosure:firm", args=[token]))
    return render(request, "disclosure/own_link.html", {"target": target, "link": link})
