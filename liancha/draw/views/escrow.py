"""The keeper's own page: key, sheets, opening."""

from __future__ import annotations

import io
import zipfile

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from liancha.accounts.again import told
from liancha.accounts.permissions import Permission, requires
from liancha.rulebook.lifecycles import DrawState
from liancha.rulebook.verdicts import Blocked, NeedsReason

from .. import actions, bundles, forms
from ..models import Draw, Party


def _kept(request: HttpRequest, pk: int) -> Draw:
    rows = Draw.objects.filter(keeper=request.user.pk).select_related("task", "department")
    return get_object_or_404(rows, pk=pk)


@requires(Permission.DRAW_JOIN)
@never_cache
def keeper(request: HttpRequest, pk: int) -> HttpResponse:
    """The keeper's page: key, sheets, opening."""
    draw = _kept(request, pk)
    return _keeper_page(request, draw, forms.Sheets(parties=list(draw.parties.all())))


def _keeper_page(
    request: HttpRequest,
    draw: Draw,
    form: forms.Sheets,
    status: int = 200,
    refusal: Blocked | None = None,
) -> HttpResponse:
    rows = [(party, form[f"nonce-{party.pk}"]) for party in form.parties]
    is_void_but_sealed = draw.state == DrawState.VOID and draw.closed_at is None
    may_open = draw.state == DrawState.RULE_LOGGED or is_void_but_sealed
    return render(
        request,
        "draw/keeper.html",
        {
            "draw": draw,
            "rows": rows,
            "form": form,
            "refusal": refusal,
            "in_hand": sum(1 for party in form.parties if party.sealed_at),
            "files": sum(1 for party in form.parties if party.seal),
            "is_sealing": draw.state == DrawState.RULE_LOGGED and draw.escrow_fault is None,
            "may_open": may_open and draw.sealed_at is not None and draw.escrow_fault is None,
            "may_name_key": not any(party.seal for party in form.parties)
            and draw.state in (DrawState.COMMITTING, DrawState.RULE_LOGGED),
        },
        status=status,
    )


@requires(Permission.DRAW_JOIN)
@require_POST
def name_key(request: HttpRequest, pk: int) -> HttpResponse:
    draw = _kept(request, pk)
    form = forms.KeeperKey(request.POST)
    if not form.is_valid():
        return told(request, "draw:keeper", pk, fault=form)
    actions.name_key(draw=draw, key=form.cleaned_data["key"], by=request.user, at=timezone.now())
    messages.success(request, "公钥已存证，各方可以用它封存随机数")
    return redirect("draw:keeper", pk)


@requires(Permission.DRAW_JOIN)
@require_POST
def take_envelope(request: HttpRequest, pk: int) -> HttpResponse:
    """The keeper has a printed sheet in hand."""
    rows = Party.objects.filter(draw__keeper=request.user.pk).select_related("draw")
    party = get_object_or_404(rows, pk=pk)
    actions.take_envelope(party=party, by=request.user, at=timezone.now())
    messages.success(request, f"已记录收到{party.name}的封件")
    return redirect("draw:keeper", party.draw_id)


@requires(Permission.DRAW_JOIN)
@never_cache
def seals(request: HttpRequest, pk: int) -> HttpResponse:
    """The sealed files and the logged rule, for `liancha escrow open`.

    While a sheet is lacking only for the report that it is: whoever takes them so early stands in
    the ledger for it.
    """
    draw = _kept(request, pk)
    parties = [party for party in draw.parties.all() if party.seal]
    if draw.rule_at is None or not parties:
        raise Http404
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(bundles.RULE, draw.rule.text)
        for party in parties:
            file.writestr(f"{party.position + 1}-{party.name}.age", party.seal)
    if draw.sealed_at is None:
        actions.note_reading(draw=draw, name="sheets.zip", by=request.user, at=timezone.now())
    response = HttpResponse(target.getvalue(), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="sheets-{draw.pk}.zip"'
    return response


@requires(Permission.DRAW_JOIN)
@require_POST
@sensitive_post_parameters()
def open_sheets(request: HttpRequest, pk: int) -> HttpResponse:
    """Compare every sheet with its commitment, and reveal them; or report the escrow failed."""
    draw = _kept(request, pk)
    form = forms.Sheets(request.POST, parties=list(draw.parties.all()))
    if not form.is_valid():
        return _keeper_page(request, draw, form, 422)
    try:
        return _opened(request, draw, form)
    except NeedsReason:
        raise
    except Blocked as refusal:  # what was typed off the sheets stays where it was typed
        return _keeper_page(request, draw, form, 409, refusal)


def _opened(request: HttpRequest, draw: Draw, form: forms.Sheets) -> HttpResponse:
    if request.POST.get("act") == "fail":
        actions.fail_escrow(
            draw=draw,
            nonces=form.nonces(),
            lacking=form.lacking(),
            by=request.user,
            at=timezone.now(),
        )
        messages.success(request, f"托管失败已存证，等{draw.department}负责人确认作废")
    else:
        actions.open_sheets(draw=draw, nonces=form.nonces(), by=request.user, at=timezone.now())
        messages.success(request, "各份与承诺相符，已一并揭示")
    return redirect("draw:keeper", draw.pk)
