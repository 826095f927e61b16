"""The start page, and the page that shows every component."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from liancha.accounts.permissions import Permission, may, public, requires

from . import gallery, menu, todos, workbench
from . import search as searching
from .context import calendar_of
from .desk import Desk

A_PAGE = 12
A_FEW = 6


@public
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """工作台 for people with work here; everybody else is shown what is public."""
    if not request.user.is_authenticated or not may(request.user, Permission.SITE_WORKBENCH):
        return redirect(menu.url_of("disclosure:portal", "accounts:login") or "/design/")
    desk = Desk(request.user, timezone.localdate(), calendar_of(request))
    waiting = todos.waiting_at(desk)
    asked = todos.asked_by(desk)
    late = [todo for todo in waiting if todo.due_on is not None and todo.due_on < desk.today]
    tab = request.GET.get("tab", "")
    shown = {"late": late, "asked": asked}.get(tab, waiting)
    page = Paginator([(todo, todo.is_pressing(desk.today)) for todo in shown], A_PAGE)
    around = _day_asked(request) or desk.today
    calendar = calendar_of(request)
    return render(
        request,
        "site/workbench.html",
        {
            "page_obj": page.get_page(request.GET.get("page")),
            "tab": tab,
            "waiting": len(waiting),
            "asked": len(asked),
            "late": len(late),
            "due_today": sum(todo.due_on == desk.today for todo in waiting),
            "week": workbench.week(
                waiting,
                desk.today,
                calendar,
                around=around,
                visits=desk.visits_by_day(workbench.monday_of(around)),
            ),
            "nth": workbench.working_day_number(desk.today, calendar),
            "tasks": [
                workbench.progress_of(running.task, todos.how_far(running))
                for running in desk.tasks[:A_FEW]
            ],
            "task_count": len(desk.tasks),
            "clock": workbench.result_clock(request.user, desk.today, calendar),
            "saved": desk.saved,
            "start_url": workbench.page_at("task:new_task")
            if desk.may(Permission.TASK_EDIT)
            else "",
            "now": timezone.localtime(),
        },
    )


def _day_asked(request: HttpRequest) -> date | None:
    """Which week is looked at; None for this one, and for what is no day."""
    try:
        return date.fromisoformat(request.GET.get("week", ""))
    except ValueError:
        return None


@requires(Permission.SITE_WORKBENCH)
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What the search box of the top bar leads to. A single hit is opened at once."""
    text = request.GET.get("q", "").strip()[:60]
    found = searching.search(request.user, text)
    if len(found) == 1 and len(found[0].hits) == 1:
        return redirect(found[0].hits[0].url)
    return render(request, "site/search.html", {"text": text, "found": found})


def _only_for_looking() -> None:
    if not (settings.DEBUG or settings.LIANCHA_DEMO):
        raise Http404


@public
@require_safe
def design(request: HttpRequest) -> HttpResponse:
    """Every component once. Only in a demo or while developing."""
    _only_for_looking()
    page = request.GET.get("page", "1")
    return render(request, "site/design.html", gallery.samples(page, request.GET))


@public
def design_blocked(request: HttpRequest) -> HttpResponse:
    """The refusal page, as a step meets it; ?reason=1 for the one that asks for a reason."""
    _only_for_looking()
    if "reason" in request.GET and not request.POST.get("reason"):
        raise gallery.asks()
    raise gallery.samples("1", {})["blocked"]


@public
@require_safe
def design_layout(request: HttpRequest, layout: str) -> HttpResponse:
    """The other layouts, empty but for a few components."""
    _only_for_looking()
    if layout not in ("public", "field", "hall", "paper"):
        raise Http404
    return render(request, f"site/design_{layout}.html", gallery.samples("1", {}))
