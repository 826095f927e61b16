"""What a firm may scan: who stands at the door, and whether a printed form is the original."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from liancha.accounts.permissions import public

from .. import calls, contents, crew, doorcodes
from ..models import RecordForm

DIGITS = 64


@public
def check(request: HttpRequest, token: str) -> HttpResponse:
    """Who comes, what they check, on what ground. Open from check-in to the end of that day.

    Of a surprise visit it says only that it is one: the clue is confidential (art. 21).
    """
    one, day = doorcodes.read(token), timezone.localdate()
    if one is None or not doorcodes.is_open(one, day):  # one answer, so that no guess tells
        return render(request, "inspection/check.html", {"is_open": False}, status=404)
    asked = {
        section.part.pk: [each.row.item.name for each in section.rows if each.row.is_expected]
        for section in contents.sections(one)
    }
    context = {
        "is_open": True,
        "visit": one,
        "task": one.team.task,
        "token": token,
        "beside": calls.beside(one),
        "departments": [(each, asked[each.part.pk]) for each in crew.attendance(one, on=day)],
    }
    return render(request, "inspection/check.html", context)


@public
def check_record(request: HttpRequest, digest: str) -> HttpResponse:
    """Whether a record form with this digest exists. Says when and which task, not who."""
    form = None
    if len(digest) == DIGITS:
        form = (
            RecordForm.objects.select_related("visit__team__task")
            .filter(digest=digest.lower(), ended_at__isnull=False)
            .first()
        )
    context = {"form": form, "digest": digest}
    return render(request, "inspection/check_record.html", context, status=200 if form else 404)
