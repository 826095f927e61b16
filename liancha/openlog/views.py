"""The public doors of the log: notes as plain text, proofs as JSON, one page for people."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from liancha.accounts.permissions import public
from liancha.ledger import logkeys, publishing
from liancha.ledger.models import Checkpoint
from liancha.rulebook import notes
from liancha.rulebook.form import Refused

from . import queries

SHOWN = 12
LARGEST_NOTE = 64 * 1024

View = Callable[..., HttpResponse]


def answered(view: View) -> View:
    """A question without an answer is told so in words, as JSON."""

    @wraps(view)
    def inner(request: HttpRequest, **asked: int) -> HttpResponse:
        try:
            return view(request, **asked)
        except queries.Unanswerable as problem:
            facts = {"error": problem.status, "message": problem.message}
            return JsonResponse(
                facts, status=problem.status, json_dumps_params={"ensure_ascii": False}
            )

    return inner


@public
@require_safe
@never_cache
def log(request: HttpRequest) -> HttpResponse:
    """What the log is, where it stands, how to witness and to audit it."""
    found = list(Checkpoint.objects.order_by("-size").prefetch_related("cosignatures")[:SHOWN])
    own, witnesses = queries.key_lines()
    last = found[0] if found else None
    return render(
        request,
        "openlog/log.html",
        {
            "checkpoints": found,
            "last": last,
            "cosigned": Checkpoint.objects.cosigned().order_by("-size").first(),
            "total": Checkpoint.objects.count(),
            "keys": own,
            "witnesses": witnesses,
            "origin": logkeys.origin(),
            "address": request.build_absolute_uri("/").rstrip("/"),
        },
    )


@public
@require_safe
@never_cache
@answered
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The last checkpoint as a signed note, with the cosignatures it has."""
    return _note(queries.latest())


@public
@require_safe
@never_cache
@answered
def cosigned(request: HttpRequest) -> HttpResponse:
    """The last checkpoint that a witness has cosigned."""
    return _note(queries.latest_cosigned())


@public
@require_safe
@never_cache
@answered
def checkpoint_of(request: HttpRequest, size: int) -> HttpResponse:
    return _note(queries.checkpoint(size))


@public
@require_safe
@never_cache
@answered
def inclusion(request: HttpRequest) -> HttpResponse:
    """?index=&size=: that the entry is in the tree of that size."""
    index = queries.number(request.GET.get("index"), "index")
    return JsonResponse(queries.inclusion(index, queries.number(request.GET.get("size"), "size")))


@public
@require_safe
@never_cache
@answered
def consistency(request: HttpRequest) -> HttpResponse:
    """?first=&second=: that the smaller tree is the beginning of the larger."""
    first = queries.number(request.GET.get("first"), "first")
    second = queries.number(request.GET.get("second"), "second")
    return JsonResponse(queries.consistency(first, second))


@public
@require_safe
@never_cache
@answered
def entry(request: HttpRequest, index: int) -> HttpResponse:
    """Leaf hash of an entry; its words too, where they are public."""
    return _json(queries.entry(index, timezone.now()))


@public
@require_safe
@never_cache
def keys(request: HttpRequest) -> HttpResponse:
    return _json(queries.keys())


@public
@require_safe
@never_cache
def draws(request: HttpRequest) -> HttpResponse:
    """The draws whose log.json is public."""
    return _json({"draws": list(queries.open_draws(timezone.now()))})


@csrf_exempt
@public
@require_POST
def cosignatures(request: HttpRequest) -> HttpResponse:
    """A witness that fetches hands in a checkpoint with its line. Known keys only.

    No cookie counts here, so there is no form to forge: the signature is the permission.
    """
    if len(request.body) > LARGEST_NOTE:
        return _json({"error": 413, "message": "提交的内容太大。"}, 413)
    try:
        note = notes.read_note(request.body)
        taken = publishing.add_cosignatures(note=note, at=timezone.now())
    except Refused as problem:
        return _json({"error": 403, "message": f"没有收下联签。{problem}。"}, 403)
    return _json({"taken": [row.witness for row in taken]}, 201)


def _note(found: Checkpoint) -> HttpResponse:
    return HttpResponse(found.note, content_type="text/plain; charset=utf-8")


def _json(facts: dict[str, object], status: int = 200) -> JsonResponse:
    return JsonResponse(facts, status=status, json_dumps_params={"ensure_ascii": False})
