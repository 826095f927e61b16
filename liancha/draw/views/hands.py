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

from liancha.accounts.permissions import Permission, requires

from .. import actions, forms
from ..models import Draw, Party


def _party(request: HttpRequest, pk: int) -> Party:
    rows = Party.objects.select_related("draw__task", "draw__department").filter(
        draw__in=Draw.objects.visible_to(request.user)
    )
    return get_object_or_404(rows, pk=pk)


def _given(request: HttpRequest, form: django_forms.Form) -> str | None:
    """The one thing the form asks for; None where it is not that, and the page will say why."""
    [name] = form.fields
    if form.is_valid():
        return str(form.cleaned_data[name])
    messages.error(request, form.errors[name][0])
    return None


@requires(Permission.DRAW_JOIN)
@require_POST
def commit(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand in one party's commitment."""
    party = _party(request, pk)
    if (commitment := _given(request, forms.Commitment(request.POST))) is not None:
        actions.commit(
            party=party,
            commitment=commitment,
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
    if (nonce := _given(request, forms.Nonce(request.POST))) is not None:
        actions.reveal(party=party, nonce=nonce, by=request.user, at=timezone.now())
        messages.success(request, f"{party.name}的随机数与承诺相符")
    return redirect(party.draw)


@requires(Permission.DRAW_JOIN)
@require_POST
def seal(request: HttpRequest, pk: int) -> HttpResponse:
    """A party's number as a file for the keeper."""
    party = _party(request, pk)
    if (sealed := _given(request, forms.Seal(request.POST))) is not None:
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
