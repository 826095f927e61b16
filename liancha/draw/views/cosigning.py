"""The one act about cosignatures: going on without one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from liancha.accounts.permissions import Permission, requires
from liancha.accounts.words import written

from .. import actions
from ..models import Draw


@requires(Permission.DRAW_RUN, Permission.DRAW_INSPECTORS)
@require_POST
def go_on(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the reveals begin without a cosignature, with a reason that stays."""
    draw = get_object_or_404(Draw.objects.run_by(request.user), pk=pk)
    actions.go_on_uncosigned(draw=draw, reason=written(request), by=request.user, at=timezone.now())
    messages.success(request, "已记录原因，各方可以揭示。")
    return redirect("draw:draw", pk)
