"""督办 for the coordinating office, what is overdue for everybody, and the log."""

from __future__ import annotations

import json
from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from liancha.accounts.models import User
from liancha.accounts.permissions import Permission, requires
from liancha.disclosure import actions as disclosure
from liancha.disclosure import terms
from liancha.ledger.models import Entry
from liancha.rulebook.deadlines import working_days_after
from liancha.workdays.queries import calendar

from .. import actions, forms, queries, reading, solo, verbs
from ..models import Reminder

A_PAGE = 30
ANSWER_WITHIN = 5  # working days offered for an answer; local practice, the writer may change it


@requires(Permission.OVERSIGHT_VIEW)
def overdue(request: HttpRequest) -> HttpResponse:
    """What is over, or due within two working days: one's own, or from the office everybody's."""
    if terms.are_behind(calendar()):
        # A term that nobody has counted yet could be overdue without being on the list.
        disclosure.collect(by="system", at=timezone.now())
    form = forms.OverdueQuery(request.GET or None)
    found = queries.pending(today=timezone.localdate(), user=request.user)
    over = [one for one in found if one.is_over]
    soon = [one for one in found if not one.is_over]
    is_soon = request.GET.get("tab") == "soon"
    shown = soon if is_soon else over
    counts = [
        (
            label,
            sum(one.kind == kind for one in shown),
            f"?tab=soon&kind={kind}" if is_soon else f"?kind={kind}",
        )
        for kind, label in queries.KINDS.items()
    ]
    if form.is_valid():
        if kind := form.cleaned_data["kind"]:
            shown = [one for one in shown if one.kind == kind]
        if department := form.cleaned_data["department"]:
            shown = [one for one in shown if one.department == department]
    page = Paginator(shown, A_PAGE).get_page(request.GET.get("page"))
    rows = [(one, reverse(one.page, args=[one.key] if one.key else [])) for one in page]
    context = {
        "form": form,
        "page_obj": page,
        "rows": rows,
        "counts": counts,
        "over": len(over),
        "soon": len(soon),
        "is_soon": is_soon,
        "is_over": not is_soon,
        "may_remind": _may_remind(request.user),
        "solo": solo.board(request.user, today=timezone.localdate())
        if request.user.may(Permission.REGISTRY_VIEW)
        else None,
    }
    return render(request, "oversight/overdue.html", context)


@requires(Permission.OVERSIGHT_VIEW)
def reminders(request: HttpRequest) -> HttpResponse:
    """Those one's department wrote or received; unanswered ones first."""
    rows = Reminder.objects.visible_to(request.user).select_related("to", "issued_by__department")
    waiting = rows.open().count()
    if request.GET.get("tab") == "open":
        rows = rows.open().order_by("due_on")
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page_obj": page,
        "waiting": waiting,
        "may_remind": _may_remind(request.user),
    }
    return render(request, "oversight/reminders.html", context)


@requires(Permission.OVERSIGHT_VIEW)
def reminder(request: HttpRequest, pk: int) -> HttpResponse:
    return _show(request, _reminder(request, pk), forms.Reply())


@requires(Permission.OVERSIGHT_REPLY)
def reply(request: HttpRequest, pk: int) -> HttpResponse:
    one = _reminder(request, pk)
    form = forms.Reply(request.POST or None)
    if request.method != "POST":
        return redirect(one)
    if not form.is_valid():
        return _show(request, one, form, status=422)
    actions.reply(reminder=one, text=form.cleaned_data["text"], by=request.user, at=timezone.now())
    messages.success(request, "已回复，发出督办的部门能看到")
    return redirect(one)


@requires(Permission.OVERSIGHT_REMIND)
def remind(request: HttpRequest) -> HttpResponse:
    """Write a 督办单; opened from a row of the overdue list it is filled in already."""
    own = request.user.department
    if own is None:
        raise PermissionDenied
    today = timezone.localdate()
    given = {
        key: request.GET[key] for key in ("to", "subject", "basis", "link") if key in request.GET
    }
    initial: dict[str, object] = {**given, "due_on": _offered(today)}
    form = forms.Remind(request.POST or None, initial=initial, own=own, today=today)
    if request.method == "POST" and form.is_valid():
        issued = actions.remind(**form.cleaned_data, by=request.user, at=timezone.now())
        messages.success(request, f"已发出 {issued.number}")
        return redirect(issued)
    status = 422 if request.method == "POST" else 200
    return render(request, "oversight/remind.html", {"form": form}, status=status)


@requires(Permission.LEDGER_VIEW)
def log(request: HttpRequest) -> HttpResponse:
    """The ledger, newest first: who did what and when. What an entry says is another page."""
    form = forms.LogQuery(request.GET or None)
    entries = Entry.objects.order_by("-index")
    if form.is_valid():
        asked = form.cleaned_data
        if asked["q"]:
            entries = entries.filter(reading.find_entries(asked["q"]))
        if asked["draw"]:
            entries = entries.filter(draw__contains=asked["draw"])
        if asked["first"]:
            entries = entries.filter(at__date__gte=asked["first"])
        if asked["last"]:
            entries = entries.filter(at__date__lte=asked["last"])
    page = Paginator(entries, 50).get_page(request.GET.get("page"))
    context = {"form": form, "page_obj": page, "lines": reading.lines_of(page)}
    return render(request, "oversight/log.html", context)


@requires(Permission.LEDGER_VIEW)
def entry(request: HttpRequest, index: int) -> HttpResponse:
    """One entry: how it is chained, and for whom it is meant, what it says."""
    one = get_object_or_404(Entry, index=index)
    [line] = reading.lines_of([one])
    may_read = reading.may_read(one, request.user)
    context = {"entry": one, "line": line, "facts": _facts(one) if may_read else None}
    return render(request, "oversight/entry.html", context)


def _facts(one: Entry) -> list[tuple[str, str, str]]:
    """(key as it is logged, its word if it has one, value) of an entry's body."""
    return [
        (
            key,
            verbs.FACTS.get(key, ""),
            value if isinstance(value, str) else json.dumps(value, ensure_ascii=False),
        )
        for key, value in json.loads(one.body).items()
    ]


def _reminder(request: HttpRequest, pk: int) -> Reminder:
    rows = Reminder.objects.visible_to(request.user)
    found: Reminder = get_object_or_404(
        rows.select_related("to", "issued_by__department", "replied_by__department"), pk=pk
    )
    return found


def _show(
    request: HttpRequest, one: Reminder, form: forms.Reply, *, status: int = 200
) -> HttpResponse:
    may_reply = (
        one.replied_at is None
        and one.to_id == request.user.department_id
        and request.user.may(Permission.OVERSIGHT_REPLY)
    )
    context = {"reminder": one, "form": form, "may_reply": may_reply}
    return render(request, "oversight/reminder.html", context, status=status)


def _may_remind(user: User) -> bool:
    return user.department is not None and user.may(Permission.OVERSIGHT_REMIND)


def _offered(today: date) -> date:
    """The answer's day as the form suggests it; the same weekday next week without a calendar."""
    term = working_days_after(today, ANSWER_WITHIN, calendar())
    return term.due or date.fromordinal(today.toordinal() + 7)
