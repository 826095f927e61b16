"""The door through which a draft goes over to the list in force."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from liancha.accounts.permissions import Permission, requires

from .. import actions
from ..models import Plan


@requires(Permission.PLAN_EDIT)
@require_POST
def follow_list(request: HttpRequest, pk: int) -> HttpResponse:
    plan = get_object_or_404(Plan.objects.visible_to(request.user), pk=pk)
    done = actions.follow_list(plan=plan, by=request.user, at=timezone.now())
    words = ["已换用现行清单"]
    if done.changed:
        words.append(f"清单内容有变、请核对的计划行：{'、'.join(done.changed)}")
    if done.new:
        words.append(f"新增的领域：{'、'.join(done.new)}，请补上计划行")
    messages.success(request, "；".join(words))
    return redirect(plan)
