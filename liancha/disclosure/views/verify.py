"""The page that repeats a draw in the visitor's browser (draw protocol, §6).

It hands out a page and, for one draw, links to the files that are public of it. What a visitor
checks is read and computed by the browser; there is no door here that takes a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from liancha.accounts.models import Region
from liancha.accounts.permissions import public
from liancha.draw.models import Draw

from .. import files


@dataclass(frozen=True, slots=True)
class Link:
    """A public file. is_beside: of another draw, which this one refers to."""

    draw: int
    name: str
    url: str
    is_beside: bool


@public
@require_safe
def verify(request: HttpRequest) -> HttpResponse:
    """Without `?draw=` an empty page for one's own files; with it, that draw's public files too."""
    asked = request.GET.get("draw", "")
    draw, links = None, []
    if asked:
        pk = int(asked) if asked.isdecimal() and len(asked) < 10 else 0
        draw = get_object_or_404(Draw.objects.select_related("task", "of", "supplements"), pk=pk)
        links = _links(draw)
        if not links:
            raise Http404
    regions = dict(Region.objects.values_list("code", "name"))
    context = {"draw": draw, "links": links, "regions": regions}
    return render(request, "disclosure/verify.html", context)


def _links(draw: Draw) -> list[Link]:
    now = timezone.now()
    own = _of(draw, now, is_beside=False)
    others = [one for one in (draw.of, draw.supplements) if one is not None]
    # What is beside a draw is of use only with the draw's own files.
    return own + [link for one in others for link in _of(one, now, is_beside=True) if own]


def _of(draw: Draw, now: datetime, *, is_beside: bool) -> list[Link]:
    return [
        Link(draw.pk, name, reverse("disclosure:public_draw_file", args=[draw.pk, name]), is_beside)
        for name in files.public_files(draw, now)
        if name != files.RULE
    ]
