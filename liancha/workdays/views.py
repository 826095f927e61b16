from __future__ import annotations

import json
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from liancha.accounts.again import told
from liancha.accounts.models import Region
from liancha.accounts.permissions import Permission, may, public, requires
from liancha.accounts.queries import people_of, person
from liancha.accounts.words import written
from liancha.ledger.models import Entry
from liancha.rulebook import quiet as rules
from liancha.rulebook.deadlines import DayKind, working_days_after
from liancha.rulebook.quiet import Exemption, Strength
from liancha.rulebook.verdicts import Blocked

from . import actions, forms, notices, queries
from .models import CalendarYear, QuietPeriod, digest_of, regions_kept_by

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
    own = request.user.department
    periods = queries.quiet_periods(own.region_id if own else None)
    months = queries.months(year, days, periods) if published else ()
    return render(
        request,
        "workdays/year.html",
        {
            "year": year,
            "published": published,
            "months": months,
            "periods": rules.met(periods, date(year, 1, 1), date(year, 12, 31)),
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


# ── Quiet periods ─────────────────────────────────────────────────────────────────────────

QUIET_WORDS = {
    "workdays.add_quiet_period": "登记",
    "workdays.set_quiet_strength": "改为“{}”",
    "workdays.end_quiet_period": "终止",
}


@requires(Permission.WORKDAYS_VIEW)
def quiet_periods(request: HttpRequest) -> HttpResponse:
    """Every region's periods, what they ask, and what happened to them."""
    today = timezone.localdate()
    rows = QuietPeriod.objects.select_related("region", "added_by", "ended_by")
    standing = list(rows.not_over(today))
    kept = set(QuietPeriod.objects.kept_by(request.user).values_list("pk", flat=True))
    may_keep = (
        may(request.user, Permission.WORKDAYS_QUIET) and regions_kept_by(request.user).exists()
    )
    context = {
        "rows": [(each, each.as_quiet, may_keep and each.pk in kept) for each in standing],
        "over": [
            (each, each.as_quiet)
            for each in rows.exclude(pk__in=[one.pk for one in standing]).order_by("-starts_on")[
                :50
            ]
        ],
        "exemptions": list(Exemption),
        "strengths": list(Strength),
        "history": _quiet_history(),
        "may_keep": may_keep,
        "today": today,
    }
    return render(request, "workdays/quiet.html", context)


@requires(Permission.WORKDAYS_QUIET)
def new_quiet(request: HttpRequest) -> HttpResponse:
    form = forms.QuietForm(
        request.POST if request.method == "POST" else None,
        regions=regions_kept_by(request.user),
        initial={"starts_on": timezone.localdate()},
    )
    refused: Blocked | None = None
    if form.is_bound and form.is_valid():
        try:
            added = actions.add_quiet_period(
                **form.cleaned_data, by=request.user, at=timezone.now()
            )
        except Blocked as blocked:
            refused = blocked
        else:
            messages.success(request, f"已登记安静期“{added}”")
            return redirect("workdays:quiet")
    status = 409 if refused else 422 if form.is_bound else 200
    context = {"form": form, "refused": refused}
    return render(request, "workdays/new_quiet.html", context, status=status)


@requires(Permission.WORKDAYS_QUIET)
@require_POST
def quiet_strength(request: HttpRequest, pk: int) -> HttpResponse:
    period = get_object_or_404(QuietPeriod.objects.kept_by(request.user), pk=pk)
    form = forms.StrengthForm(request.POST)
    if not form.is_valid():
        return told(request, "workdays:quiet", fault="没有改动：请从列出的几种里选一种。")
    period = actions.set_quiet_strength(
        period=period, strength=form.cleaned_data["strength"], by=request.user, at=timezone.now()
    )
    messages.success(request, f"“{period}”遇到时：{Strength(period.strength).label}")
    return redirect("workdays:quiet")


@requires(Permission.WORKDAYS_QUIET)
@require_POST
def end_quiet(request: HttpRequest, pk: int) -> HttpResponse:
    period = get_object_or_404(QuietPeriod.objects.kept_by(request.user), pk=pk)
    note = written(request, "note", longest=200, article="6")
    actions.end_quiet_period(period=period, note=note, by=request.user, at=timezone.now())
    messages.success(request, f"“{period}”从明天起不再适用")
    return redirect("workdays:quiet")


@public
def public_quiet(request: HttpRequest) -> HttpResponse:
    """When firms are left alone, region by region, and what goes there all the same."""
    today = timezone.localdate()
    rows = list(QuietPeriod.objects.switched_on().not_over(today).select_related("region"))
    regions = sorted({each.region for each in rows}, key=lambda each: each.pk)
    asked = request.GET.get("region", "")
    chosen = next((each for each in regions if each.pk == asked), None)
    if asked and chosen is None:
        raise Http404
    periods = queries.quiet_periods(asked or None)
    days = queries.exceptions_of(today.year)
    context = {
        "rows": [(each, each.as_quiet) for each in rows],
        "regions": [each for each in regions if each.kind != Region.Kind.CITY],
        "chosen": chosen,
        "exemptions": [each for each in Exemption if each is not Exemption.OTHER],
        "months": queries.months(today.year, days, periods)[today.month - 1 :],
        "year": today.year,
        "now": rules.holding(periods, today),
        "has_periods": bool(periods),
    }
    return render(request, "workdays/public_quiet.html", context)


def _quiet_history() -> list[dict[str, Any]]:
    entries = list(Entry.objects.filter(what__in=QUIET_WORDS).order_by("-index")[:20])
    people = people_of(entries)
    lines = []
    for each in entries:
        facts = json.loads(each.body)
        word = next((s.label for s in Strength if s == facts.get("strength")), "")
        lines.append(
            {
                "at": each.at,
                "text": f"{facts['title']}：{QUIET_WORDS[each.what].format(word)}",
                "note": person(each.by, people),
                "number": each.index,
                "kind": "proof",
            }
        )
    return lines


def _within_reach(year: int) -> None:
    if not FIRST_YEAR <= year <= timezone.localdate().year + 2:
        raise Http404


def _years(shown: int) -> list[tuple[int, bool]]:
    """Years for the tabs, with whether they are published: all known ones, this and the next."""
    known = set(CalendarYear.objects.values_list("year", flat=True))
    today = timezone.localdate().year
    return [(each, each in known) for each in sorted(known | {today, today + 1, shown})]
