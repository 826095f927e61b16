"""The door of those who come by a link: an invited witness, the keeper."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import authenticate, login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from liancha.accounts.models import User
from liancha.accounts.permissions import public

from .. import actions, forms, invitations
from ..models import Draw, Party

BACKEND = "liancha.accounts.backends.WithDepartment"


@public
@never_cache
@sensitive_post_parameters("password")
def guest(request: HttpRequest, token: str) -> HttpResponse:
    """Say who you are, once; afterwards come back with the password chosen then.

    Of a link that is over: why, and who gives another; to what is no link of ours, one answer.
    """
    found = invitations.read(token)
    if isinstance(found, invitations.Dead):
        return _over(request, found)
    draw = found if isinstance(found, Draw) else found.draw
    known = found.keeper if isinstance(found, Draw) else found.user
    if known is not None:
        return _again(request, draw, known)
    is_keeper = isinstance(found, Draw)
    form = forms.Guest(request.POST or None, is_keeper=is_keeper)
    if request.method == "POST" and form.is_valid():
        person = _accept(found, form)
        login(request, person, backend=BACKEND)
        messages.success(request, "已登记，姓名、单位、身份记入存证日志")
        return redirect("draw:keeper", draw.pk) if is_keeper else redirect(draw)
    context = {"draw": draw, "form": form, "is_keeper": is_keeper, "is_new": True}
    return render(request, "draw/guest.html", context, status=422 if form.errors else 200)


def _over(request: HttpRequest, dead: invitations.Dead) -> HttpResponse:
    is_ours = dead.end != invitations.End.FOREIGN
    context = {"end": str(dead.end), "draw": dead.draw, "days": invitations.LASTS.days}
    return render(request, "draw/guest_over.html", context, status=410 if is_ours else 404)


def _accept(found: Party | Draw, form: forms.Guest) -> User:
    told, now = form.cleaned_data, timezone.now()
    if isinstance(found, Draw):
        keeping = actions.accept_keeping(
            draw=found, role=told["role"], password=told["password"], at=now
        )
        assert keeping.keeper is not None
        return keeping.keeper
    party = actions.accept_invitation(
        party=found,
        name=told["name"],
        body=told["body"],
        role=told["role"],
        password=told["password"],
        at=now,
    )
    assert party.user is not None
    return party.user


def _again(request: HttpRequest, draw: Draw, known: User) -> HttpResponse:
    goal = redirect("draw:keeper", draw.pk) if draw.keeper_id == known.pk else redirect(draw)
    if request.user == known:
        return goal
    form = forms.GuestAgain(request.POST or None)
    if request.method == "POST" and form.is_valid():
        person = authenticate(
            request, username=known.username, password=form.cleaned_data["password"]
        )
        if person is not None:
            login(request, person)
            return goal
        form.add_error("password", "口令不对。连续 5 次不对，要等 15 分钟再试。")
    context = {"draw": draw, "form": form, "is_new": False, "known": known}
    return render(request, "draw/guest.html", context, status=422 if form.errors else 200)
