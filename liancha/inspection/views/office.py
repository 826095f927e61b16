"""Teams, schedule, notices and the records, for the office."""

from __future__ import annotations

from itertools import groupby

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from liancha.accounts.again import told
from liancha.accounts.models import Department, User
from liancha.accounts.permissions import Permission, requires
from liancha.accounts.picking import chosen
from liancha.accounts.queries import people_of, person
from liancha.draw.models import DrawnTarget
from liancha.ledger.models import Entry
from liancha.roster.models import Inspector
from liancha.rulebook.lifecycles import TaskState
from liancha.rulebook.quiet import Exempted
from liancha.task import quiet_days
from liancha.task.models import Task

from .. import actions, calls, contents, crew, forms
from ..models import Invitation, Notice, Visit, VisitQuerySet

P = Permission
SHOWN_ENTRIES = 80
WHAT = {
    "inspection.set_leader": "更换组长",
    "inspection.plan_visit": "排日程",
    "inspection.notify": "告知企业",
    "inspection.notify_surprise": "办理突击检查",
    "inspection.log_failed_contact": "联系未成",
    "inspection.invite": "邀请专家",
    "inspection.give_opinion": "专家写意见",
    "inspection.check_in": "签到",
    "inspection.start": "开始检查",
    "inspection.answer": "填写事项",
    "inspection.state_refusal": "记录未签字情况",
    "inspection.withdraw_refusal": "撤回未签字说明",
    "inspection.end": "检查结束",
}


def _rows() -> VisitQuerySet:
    return Visit.objects.select_related(
        "team__task", "team__leader__department", "drawn_target__candidate", "notice"
    ).prefetch_related("team__members__department", "parts__department")


def _found(rows: VisitQuerySet, query: QueryDict) -> VisitQuerySet:
    form = forms.VisitQuery(query)
    if not form.is_valid():
        return rows
    asked = form.cleaned_data
    if asked["q"]:
        rows = rows.matching(asked["q"])
    if asked["state"]:
        rows = rows.filter(state=asked["state"])
    if asked["since"]:
        rows = rows.filter(planned_on__gte=asked["since"])
    if asked["until"]:
        rows = rows.filter(planned_on__lte=asked["until"])
    if asked["task"]:
        rows = rows.filter(team__task__name__contains=asked["task"])
    return rows


@requires(P.INSPECTION_VIEW)
def visits(request: HttpRequest) -> HttpResponse:
    """All visits this person may see, by day."""
    form = forms.VisitQuery(request.GET or None)
    rows = _found(Visit.objects.visible_to(request.user), request.GET)
    page = Paginator(
        _rows()
        .filter(pk__in=rows.values("pk"))
        .order_by(F("planned_on").desc(nulls_first=True), "slot", "id"),
        30,
    )
    page_obj = page.get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page_obj": page_obj,
        "clashing": crew.double_booked(page_obj),
        "may_check": request.user.may(P.INSPECTION_CHECK),
        "may_notify": request.user.may(P.INSPECTION_NOTIFY),
        "waiting": Task.objects.initiated_by(request.user).filter(state=TaskState.INSPECTORS_DRAWN)
        if request.user.may(P.INSPECTION_TEAM)
        else [],
    }
    return render(request, "inspection/visits.html", context)


# ── One task: teams and schedule ──────────────────────────────────────────────────────────


@requires(P.INSPECTION_VIEW)
def task(request: HttpRequest, pk: int) -> HttpResponse:
    """The teams of a task, by day."""
    one = get_object_or_404(Task.objects.visible_to(request.user), pk=pk)
    teams = Visit.objects.of_task(one)
    named = teams.named_to(request.user).values("pk")
    rows = list(
        _rows()
        .filter(pk__in=named)
        .order_by(F("planned_on").asc(nulls_first=True), "slot", "team__number")
    )
    drawn = DrawnTarget.objects.of_task(one).count()
    is_own = one.initiator_id == request.user.department_id
    context = {
        "task": one,
        "days": [
            (day, [(each, _people(each)) for each in group])
            for day, group in groupby(rows, lambda visit: visit.planned_on)
        ],
        "total": len(rows),
        "unnamed": (formed := teams.count()) - len(rows),
        "waiting": drawn - formed,
        "clashing": crew.double_booked(rows),
        "quiet": () if one.completed_at else quiet_days.of_task(one),
        "may_team": is_own and request.user.may(P.INSPECTION_TEAM),
        "may_notify": request.user.may(P.INSPECTION_NOTIFY),
        "is_ready": one.state
        in (TaskState.INSPECTORS_DRAWN, TaskState.TEAMS_SET, TaskState.INSPECTING),
        "form": forms.PlanMany(initial={"planned_on": max(one.starts_on, timezone.localdate())}),
        "to_tell": sum(1 for each in rows if each.state == "pending" and each.planned_on),
        "unplanned": sum(1 for each in rows if each.planned_on is None and not each.is_over),
    }
    return render(request, "inspection/task.html", context)


def _people(one: Visit) -> list[tuple[Department, list[Inspector]]]:
    """The members by department, the initiator's first."""
    return crew.by_department(one.team.members.all(), first=one.team.task.initiator_id)


@requires(P.INSPECTION_TEAM)
@require_POST
def form_teams(request: HttpRequest, pk: int) -> HttpResponse:
    one = get_object_or_404(Task.objects.initiated_by(request.user), pk=pk)
    teams = actions.form_teams(task=one, by=request.user, at=timezone.now())
    messages.success(request, f"已组成 {len(teams)} 个检查组，组长先按发起部门第一人确定")
    return redirect("inspection:task", pk=pk)


@requires(P.INSPECTION_TEAM)
@require_POST
def plan_many(request: HttpRequest, pk: int) -> HttpResponse:
    """One day for the chosen visits, in the order of their teams."""
    one = get_object_or_404(Task.objects.initiated_by(request.user), pk=pk)
    own = Visit.objects.of_task(one).to_do().order_by("team__number")
    form = forms.PlanMany(request.POST)
    if not form.is_valid():
        return told(request, "inspection:task", pk, fault=form)
    asked = form.cleaned_data
    picked = list(chosen(request, own, lambda _: own))
    remarks = actions.plan_visits(
        visits=picked,
        planned_on=asked["planned_on"],
        slot=f"{asked['slot']:%H:%M}",
        every=form.gap,
        vehicle=asked["vehicle"],
        exempted=Exempted.of(request.POST),
        by=request.user,
        at=timezone.now(),
    )
    _say(request, remarks)
    messages.success(request, f"已把 {len(picked)} 户排在 {asked['planned_on']}")
    return redirect("inspection:task", pk=pk)


# ── One visit ─────────────────────────────────────────────────────────────────────────────


@requires(P.INSPECTION_VIEW)
def visit(request: HttpRequest, pk: int) -> HttpResponse:
    """One visit: team, notice, who was there, what was found, how it ended."""
    return _show(request, _visit(request, pk))


def _show(request: HttpRequest, one: Visit, status: int = 200, **more: object) -> HttpResponse:
    user = request.user
    is_own = one.team.task.initiator_id == user.department_id
    people = crew.members(one)
    form = getattr(one, "form", None)
    notice = getattr(one, "notice", None)
    context = {
        "visit": one,
        "task": one.team.task,
        "candidate": one.drawn_target.candidate,
        "target": one.drawn_target.target,
        "form": form,
        "notice": notice,
        "sees_clue": notice is not None and notice.is_surprise and _sees_clue(user, notice),
        "people": people,
        "attendance": crew.attendance(one, on=timezone.localdate()),
        "sections": contents.sections(one),
        "companions": calls.companions(one, user),
        "clashes": [] if one.is_over else crew.clashes(one),
        "leaders": [each for each in people if each.pk != one.team.leader_id],
        "may_team": is_own and user.may(P.INSPECTION_TEAM) and not one.is_over,
        "may_notify": user.may(P.INSPECTION_NOTIFY) and not one.started_at,
        "is_member": getattr(user, "inspector", None) in people,
        "own_invitation": Invitation.objects.filter(
            visit=one, expert__user__username=user.get_username()
        ).first(),
        "invite_form": forms.Invite(experts=_experts(one)),
        "try_form": forms.FailedContact(),
        "entries": _timeline(one),
        **more,
    }
    return render(request, "inspection/visit.html", context, status=status)


def _timeline(one: Visit) -> list[dict[str, object]]:
    """What happened, newest first; the rows of the form filled one after another are one line."""
    entries = list(Entry.objects.about("visit", one.pk).order_by("-index")[:SHOWN_ENTRIES])
    people = people_of(entries)
    lines = []
    for what, group in groupby(entries, key=lambda entry: (entry.what, entry.by)):
        same = list(group)
        times = f" {len(same)} 次" if len(same) > 1 else ""
        lines.append(
            {
                "at": same[0].at,
                "text": WHAT.get(what[0], what[0]) + times,
                "note": person(what[1], people),
                "number": same[0].index,
                "kind": "proof" if what[0] == "inspection.end" else "",
            }
        )
    return lines


@requires(P.INSPECTION_TEAM, P.INSPECTION_CHECK)
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """Day, time, method and car of one visit: the initiator's office or the leader."""
    one = _visit(request, pk)
    form = forms.PlanOne(request.POST or None, instance=Visit.objects.get(pk=pk))
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        remarks = actions.plan_visit(
            visit=one,
            planned_on=asked["planned_on"],
            slot=f"{asked['slot']:%H:%M}",
            method=asked["method"],
            vehicle=asked["vehicle"],
            exempted=Exempted.of(request.POST),
            by=request.user,
            at=timezone.now(),
        )
        _say(request, remarks)
        messages.success(request, f"已排在 {asked['planned_on']} {asked['slot']:%H:%M}")
        return redirect(one)
    status = 422 if request.method == "POST" else 200
    return render(request, "inspection/plan.html", {"visit": one, "form": form}, status=status)


@requires(P.INSPECTION_TEAM)
@require_POST
def leader(request: HttpRequest, pk: int) -> HttpResponse:
    one = _visit(request, pk)
    inspector = get_object_or_404(
        Inspector.objects.filter(pk__in=[each.pk for each in crew.members(one)]),
        pk=request.POST.get("leader") if request.POST.get("leader", "").isdecimal() else 0,
    )
    actions.set_leader(team=one.team, inspector=inspector, by=request.user, at=timezone.now())
    messages.success(request, f"组长已定为{inspector}")
    return redirect(one)


@requires(P.INSPECTION_NOTIFY)
def notify(request: HttpRequest, pk: int) -> HttpResponse:
    """The one notice of a visit, filled in from the task and the schedule."""
    one = _visit(request, pk)
    there = getattr(one, "notice", None)
    told = there if there and not there.is_surprise else None
    form = forms.Notify(
        request.POST or None,
        instance=told and Notice.objects.get(pk=told.pk),
        initial={} if told else _first_words(one),
    )
    if request.method == "POST" and form.is_valid():
        remarks = actions.notify(visit=one, by=request.user, at=timezone.now(), **form.cleaned_data)
        _say(request, remarks)
        messages.success(request, f"已登记对{one}的告知")
        return redirect(one)
    status = 422 if request.method == "POST" else 200
    return render(
        request, "inspection/notify.html", {"visit": one, "form": form, "told": told}, status=status
    )


@requires(P.INSPECTION_NOTIFY)
@require_POST
def notify_many(request: HttpRequest) -> HttpResponse:
    """Several notices by the same channel: first the page that asks whom, then all at once."""
    own = _rows().visible_to(request.user).filter(state="pending", planned_on__isnull=False)
    picked = list(chosen(request, own, lambda _: own))
    is_sent = "send" in request.POST
    shared = forms.NotifyMany(request.POST if is_sent else None)
    firms = [
        (
            each,
            forms.Contact(
                request.POST if is_sent else None,
                prefix=str(each.pk),
                initial={"contact_phone": each.drawn_target.target.phone},
            ),
        )
        for each in picked
    ]
    if is_sent and firms and all([shared.is_valid(), *(form.is_valid() for _, form in firms)]):
        told = [
            (each, _first_words(each) | shared.cleaned_data | form.cleaned_data)
            for each, form in firms
        ]
        remarks = actions.notify_many(notices=told, by=request.user, at=timezone.now())
        _say(request, remarks)
        messages.success(request, f"已登记 {len(told)} 户的告知")
        return redirect("inspection:task", pk=picked[0].team.task_id)
    context = {"shared": shared, "firms": firms, "back": request.headers.get("referer", "")}
    return render(request, "inspection/notify_many.html", context, status=422 if is_sent else 200)


@requires(P.INSPECTION_NOTIFY)
def surprise(request: HttpRequest, pk: int) -> HttpResponse:
    """A visit without notice, because there is a clue."""
    one = _visit(request, pk)
    form = forms.Surprise(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.notify_surprise(visit=one, by=request.user, at=timezone.now(), **form.cleaned_data)
        messages.success(request, f"{one}按突击检查办理，不告知企业")
        return redirect(one)
    status = 422 if request.method == "POST" else 200
    return render(request, "inspection/surprise.html", {"visit": one, "form": form}, status=status)


@requires(P.INSPECTION_NOTIFY)
@require_POST
def failed_contact(request: HttpRequest, pk: int) -> HttpResponse:
    one = _visit(request, pk)
    form = forms.FailedContact(request.POST)
    if not form.is_valid():
        return _show(request, one, status=422, try_form=form)
    actions.log_failed_contact(visit=one, by=request.user, at=timezone.now(), **form.cleaned_data)
    messages.success(request, "已记下这次联系")
    return redirect(one)


@requires(P.INSPECTION_TEAM)
@require_POST
def invite(request: HttpRequest, pk: int) -> HttpResponse:
    one = _visit(request, pk)
    form = forms.Invite(request.POST, experts=_experts(one))
    if not form.is_valid():
        return _show(request, one, status=422, invite_form=form)
    asked = form.cleaned_data
    actions.invite(visit=one, by=request.user, at=timezone.now(), **asked)
    messages.success(request, f"已邀请{asked['expert']}，专家不计入执法人数")
    return redirect(one)


@requires(P.INSPECTION_VIEW)
def opinion(request: HttpRequest, pk: int) -> HttpResponse:
    """The invited expert's own page: what they think, nothing more."""
    one = _visit(request, pk)
    invitation = get_object_or_404(
        Invitation, visit=one, expert__user__username=request.user.get_username()
    )
    form = forms.Opinion(request.POST or None, initial={"opinion": invitation.opinion})
    if request.method == "POST" and form.is_valid():
        actions.give_opinion(
            invitation=invitation,
            opinion=form.cleaned_data["opinion"],
            by=request.user,
            at=timezone.now(),
        )
        messages.success(request, "意见已写入记录表")
        return redirect(one)
    status = 422 if request.method == "POST" else 200
    return render(request, "inspection/opinion.html", {"visit": one, "form": form}, status=status)


# ── shared by the pages above ─────────────────────────────────────────────────────────────


def _visit(request: HttpRequest, pk: int) -> Visit:
    return get_object_or_404(
        _rows()
        .select_related("form", "drawn_target__target__region", "team__task__initiator")
        .visible_to(request.user),
        pk=pk,
    )


def _first_words(one: Visit) -> dict[str, str]:
    """What a notice says before anybody edits it: all departments' items, the planned time."""
    when = f"{one.planned_on:%Y年%m月%d日} {one.slot}" if one.planned_on else ""
    return {
        "items": contents.items_text(contents.sections(one)),
        "when": when.strip(),
        "papers": forms.PAPERS,
        "contact_phone": one.drawn_target.target.phone,
    }


def _experts(one: Visit) -> QuerySet[Inspector]:
    return Inspector.objects.filter(is_expert=True, status=Inspector.Status.ON_DUTY).exclude(
        invitations__visit=one
    )


def _sees_clue(user: User, notice: Notice) -> bool:
    """The clue is for those who notify in the department that holds it."""
    return user.may(P.INSPECTION_NOTIFY) and user.department_id == notice.sent_by.department_id


def _say(request: HttpRequest, remarks: tuple[str, ...]) -> None:
    for each in remarks:
        messages.warning(request, each)
