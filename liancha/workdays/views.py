from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from liancha.accounts.permissions import Permission, may, requires
from liancha.ledger.models import Entry
from liancha.rulebook.deadlines import DayKind, working_days_after

from . import actions, forms, notices, queries
from .models import CalendarYear, digest_of

FIRST_YEAR = 2020  # the Measures are no older


@requires(Permission.WORKDAYS_VIEW)
def calendar(request: HttpRequest) -> HttpResponse:
    """This year's calendar, or the form's invitation if it is not published."""
    return redirect("workdays:year", timezone.localdate().year)


@requires(Permission.WORKDAYS_VIEW)
def year(request: HttpRequest, year: int) -> HttpResponse:
    """One year, month by month, and a term counted by all published years."""
    _within_reach(year)
    published = CalendarYear.objects.select_related("published_by").filter(year=year).first()
    days = queries.exceptions_of(year)
    form = forms.TermForm(request.GET) if "start" in request.GET else forms.TermForm()
    term = None
    if form.is_bound and form.is_valid():
        term = working_days_after(
            form.cleaned_data["start"], form.cleaned_data["days"], queries.calendar()
        )
    months = queries.months(year, days) if published else ()
    return render(
        request,
        "workdays/year.html",
        {
            "year": year,
            "published": published,
            "months": months,
            "worked": sum(month.worked for month in months),
            "runs": notices.runs(days),
            "years": _years(year),
            "history": [
                {
                    "at": each.at,
                    "text": "公布日历",
                    "note": each.by,
                    "number": each.index,
                    "kind": "proof",
                }
                for each in Entry.objects.about("workdays", year).order_by("-index")[:10]
            ],
            "form": form,
            "term": term,
            "may_edit": may(request.user, Permission.WORKDAYS_EDIT),
        },
    )


@requires(Permission.WORKDAYS_EDIT)
def edit(request: HttpRequest, year: int) -> HttpResponse:
    """Read a notice, show what it changes, publish what was shown."""
    _within_reach(year)
    before = queries.exceptions_of(year)
    published = CalendarYear.objects.filter(year=year).first()
    page: dict[str, Any] = {"year": year, "published": published, "years": _years(year)}
    if request.method != "POST":
        source = (
            published.source if published else f"国务院办公厅关于 {year} 年部分节假日安排的通知"
        )
        initial = {"source": source, "text": notices.written(before)}
        return render(
            request, "workdays/edit.html", page | {"form": forms.YearForm(year, initial=initial)}
        )

    form = forms.YearForm(year, request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "workdays/edit.html", page | {"form": form}, status=422)
    days, remarks = form.reading.days, form.reading.remarks
    shown = digest_of((day.on, day.kind.value, day.name) for day in days)
    if "publish" in request.POST and form.cleaned_data["seen"] == shown:
        actions.publish_year(
            year=year,
            source=form.cleaned_data["source"],
            days=days,
            by=request.user,
            at=timezone.now(),
        )
        messages.success(request, f"已公布 {year} 年工作日历，期限从现在起按它计算")
        return redirect("workdays:year", year)

    after = {day.on: (day.kind, day.name) for day in days}
    months = queries.months(year, after)
    again = forms.YearForm(
        year,
        initial={
            "source": form.cleaned_data["source"],
            "text": notices.written(after),
            "seen": shown,
        },
    )
    return render(
        request,
        "workdays/edit.html",
        page
        | {
            "form": again,
            "months": months,
            "worked": sum(month.worked for month in months),
            "rest": sum(kind is DayKind.REST for kind, _ in after.values()),
            "made_up": sum(kind is DayKind.WORK for kind, _ in after.values()),
            "changes": notices.differences(before, days) if published else (),
            "remarks": remarks,
            "was_changed": "publish" in request.POST,
        },
    )


def _within_reach(year: int) -> None:
    if not FIRST_YEAR <= year <= timezone.localdate().year + 2:
        raise Http404


def _years(shown: int) -> list[tuple[int, bool]]:
    """Years for the tabs, with whether they are published: all known ones, this and the next."""
    known = set(CalendarYear.objects.values_list("year", flat=True))
    today = timezone.localdate().year
    return [(each, each in known) for each in sorted(known | {today, today + 1, shown})]
