from __future__ import annotations

import json
from datetime import timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from liancha.accounts.permissions import Permission, requires
from liancha.ledger.models import Entry

from . import actions, forms, queries
from .models import Reminder


@requires(Permission.OVERSIGHT_VIEW)
def overdue(request: HttpRequest) -> HttpResponse:
    """What is overdue, for one's own department or, from the office, for all."""
    form = forms.OverdueQuery(request.GET or None)
    found = queries.overdue(today=timezone.localdate(), user=request.user)
    counts = [
        (kind, label, sum(one.kind == kind for one in found))
        for kind, label in queries.KINDS.items()
    ]
    if form.is_valid():
        if kind := form.cleaned_data["kind"]:
            found = [one for one in found if one.kind == kind]
        if department := form.cleaned_data["department"]:
            found = [one for one in found if one.department == department]
    page = Paginator(found, 30).get_page(request.GET.get("page"))
    rows = [(one, reverse(one.page, args=[one.key] if one.key else [])) for one in page]
    context = {
        "form": form,
        "page_obj": page,
        "rows": rows,
        "counts": counts,
        "may_remind": request.user.may(Permission.OVERSIGHT_REMIND) and request.user.department,
    }
    return render(request, "oversight/overdue.html", context)


@requires(Permission.OVERSIGHT_VIEW)
def reminders(request: HttpRequest) -> HttpResponse:
    rows = Reminder.objects.visible_to(request.user).select_related("to", "issued_by")
    page = Paginator(rows, 30).get_page(request.GET.get("page"))
    context = {
        "page_obj": page,
        "today": timezone.localdate(),
        "may_remind": request.user.may(Permission.OVERSIGHT_REMIND) and request.user.department,
    }
    return render(request, "oversight/reminders.html", context)


@requires(Permission.OVERSIGHT_VIEW)
def reminder(request: HttpRequest, pk: int) -> HttpResponse:
    one = get_object_or_404(Reminder.objects.visible_to(request.user), pk=pk)
    may_reply = (
        one.replied_at is None
        and one.to_id == request.user.department_id
        and request.user.may(Permission.OVERSIGHT_REPLY)
    )
    context = {"reminder": one, "form": forms.Reply(), "may_reply": may_reply}
    return render(request, "oversight/reminder.html", context)


@requires(Permission.OVERSIGHT_REPLY)
def reply(request: HttpRequest, pk: int) -> HttpResponse:
    one = get_object_or_404(Reminder.objects.visible_to(request.user), pk=pk)
    form = forms.Reply(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        context = {"reminder": one, "form": form, "may_reply": True}
        return render(request, "oversight/reminder.html", context, status=422)
    actions.reply(reminder=one, text=form.cleaned_data["text"], by=request.user, at=timezone.now())
    messages.success(request, "已回复，联席会议办公室能看到")
    return redirect("oversight:reminder", pk)


@requires(Permission.OVERSIGHT_REMIND)
def remind(request: HttpRequest) -> HttpResponse:
    """Write a 督办单; opened from a row of the overdue list it is filled in already."""
    given = {
        key: request.GET[key] for key in ("to", "subject", "basis", "link") if key in request.GET
    }
    given["due_on"] = timezone.localdate() + timedelta(days=7)
    form = forms.Remind(request.POST or None, initial=given)
    if request.method == "POST" and form.is_valid():
        issued = actions.remind(**form.cleaned_data, by=request.user, at=timezone.now())
        messages.success(request, f"已发出 {issued.number}")
        return redirect("oversight:reminder", issued.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "oversight/remind.html", {"form": form}, status=status)


@requires(Permission.LEDGER_VIEW)
def log(request: HttpRequest) -> HttpResponse:
    """The ledger, newest first. Bodies may name drawn targets, so only their words for whom they
    are meant: the list shows who did what, not the facts.
    """
    form = forms.LogQuery(request.GET or None)
    entries = Entry.objects.order_by("-index")
    if form.is_valid():
        asked = form.cleaned_data
        if asked["q"]:
            entries = entries.filter(Q(by__contains=asked["q"]) | Q(what__contains=asked["q"]))
        if asked["draw"]:
            entries = entries.filter(draw__contains=asked["draw"])
        if asked["first"]:
            entries = entries.filter(at__date__gte=asked["first"])
        if asked["last"]:
            entries = entries.filter(at__date__lte=asked["last"])
    page = Paginator(entries, 50).get_page(request.GET.get("page"))
    return render(request, "oversight/log.html", {"form": form, "page_obj": page})


@requires(Permission.LEDGER_VIEW)
def entry(request: HttpRequest, index: int) -> HttpResponse:
    one = get_object_or_404(Entry, index=index)
    facts = [
        (key, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for key, value in json.loads(one.body).items()
    ]
    return render(request, "oversight/entry.html", {"entry": one, "facts": facts})
