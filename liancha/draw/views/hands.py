"""A party's own doors: its commitment, its number, its sealed sheet.

Each takes one line or file from the party and does one act with it; what is not even of the right
shape is told on the page of the draw.
"""

from __future__ import annotations

from django import forms as django_forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from liancha.accounts.again import told
from liancha.accounts.permissions import Permission, requires

from .. import actions, forms
from ..models import Draw, Party


def _party(request: HttpRequest, pk: int) -> Party:
    rows = Party.objects.select_related("draw__task", "draw__department").filter(
        draw__in=Draw.objects.visible_to(request.user)
    )
    return get_object_or_404(rows, pk=pk)


def _told(request: HttpRequest, party: Party, form: django_forms.Form) -> HttpResponse:
    """The page of the draw with what is wrong with the one thing the form asks for; 422."""
    return told(request, "draw:draw", party.draw_id, fault=form)


@requires(Permission.DRAW_JOIN)
@require_POST
def commit(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand in one party's commitment."""
    party = _party(request, pk)
    form = forms.Commitment(request.POST)
    if not form.is_valid():
        return _told(request, party, form)
    actions.commit(
        party=party,
        commitment=form.cleaned_data["commitment"],
        is_own_make=request.POST.get("made") == "own",
        by=request.user,
        at=timezone.now(),
    )
    messages.success(request, f"{party.name}的承诺已存证")
    return redirect(party.draw)


@requires(Permission.DRAW_JOIN)
@require_POST
def reveal(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one party's number."""
    party = _party(request, pk)
    form = forms.Nonce(request.POST)
    if not form.is_valid():
        return _told(request, party, form)
    nonce = form.cleaned_data["nonce"]
    actions.reveal(party=party, nonce=nonce, by=request.user, at=timezone.now())
    messages.success(request, f"{party.name}的随机数与承诺相符")
    return redirect(party.draw)


@requires(Permission.DRAW_JOIN)
@require_POST
def seal(request: HttpRequest, pk: int) -> HttpResponse:
    """A party's number as a file for the keeper."""
    party = _party(request, pk)
    form = forms.Seal(request.POST)
    if not form.is_valid():
        return _told(request, party, form)
    sealed = form.cleaned_data["seal"]
    actions.hand_over(party=party, seal=sealed, by=request.user, at=timezone.now())
    messages.success(request, f"{party.name}的随机数已封存交给托管人")
    return redirect(party.draw)


@requires(Permission.DRAW_JOIN)
@never_cache
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The printed sealed sheet. The number is written on it by the party's own browser."""
    party = _party(request, pk)
    draw = party.draw
    if not party.speaks_for(request.user) or not draw.has_keeper or draw.rule_at is None:
        raise Http404
    return render(request, "draw/sheet.html", {"party": party, "draw": draw})
