"""The visit on the phone: today's list, arrival, items, signature."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from liancha.accounts.again import told
from liancha.accounts.permissions import Permission, requires
from liancha.lists.models import JointItem
from liancha.roster.models import Inspector
from liancha.rulebook.lifecycles import VisitState
from liancha.rulebook.quiet import Exempted
from liancha.rulebook.verdicts import Blocked

from .. import actions, calls, contents, crew, forms, phrases
from ..doorcodes import token_of
from ..models import ItemAnswer, Measure, RecordForm, Visit, VisitQuerySet

P = Permission
SOON = timedelta(days=30)


def _officer(request: HttpRequest) -> Inspector:
    """The inspector behind the account. The phone pages are nobody else's."""
    inspector = getattr(request.user, "inspector", None)
    if inspector is None:
        raise PermissionDenied
    return inspector


def _rows() -> VisitQuerySet:
    return Visit.objects.select_related(
        "team__task__initiator",
        "team__leader__department",
        "drawn_target__candidate",
        "drawn_target__target",
        "notice",
        "form",
    )


def _visit(request: HttpRequest, pk: int) -> Visit:
    """A visit of one's own: where this person has a seat now. Others are not there (404)."""
    return get_object_or_404(_rows().attended_by(_officer(request)), pk=pk)


def _card(one: Visit, officer: Inspector, today: date) -> dict[str, object]:
    """What the list says of one visit."""
    sections = contents.sections(one)
    own = [each for each in sections if each.part.department_id == officer.department_id]
    involved = [each for each in sections if each.part.is_involved]
    return {
        "visit": one,
        "here": crew.attendance(one, on=today) if one.started_at else [],
        "own": own[0] if own and own[0].part.is_involved else None,
        "departments": len(involved),
        "items": sum(row.row.is_expected for each in involved for row in each.rows),
        "is_late": one.planned_on is not None and one.planned_on < today,
    }


# ── Lists ─────────────────────────────────────────────────────────────────────────────────


@requires(P.INSPECTION_CHECK)
def today(request: HttpRequest) -> HttpResponse:
    """What this officer has today: planned for it, under way, or left from earlier days."""
    officer, day = _officer(request), timezone.localdate()
    mine = _rows().attended_by(officer)
    due = mine.to_do().filter(planned_on__lte=day)
    under_way = mine.filter(state=VisitState.STARTED)
    over = mine.filter(completed_at__date=day)
    rows = list((due | under_way | over).distinct().order_by("planned_on", "slot", "id"))
    rows.sort(key=lambda each: (each.is_over, each.planned_on != day, each.slot))
    context = {
        "officer": officer,
        "certificate": officer.certificates.first(),
        "today": day,
        "cards": [_card(each, officer, day) for each in rows],
        "later": mine.to_do().filter(planned_on__gt=day).count(),
        "unplanned": mine.to_do().filter(planned_on=None).count(),
        "tab": "today",
    }
    return render(request, "inspection/field/today.html", context)


@requires(P.INSPECTION_CHECK)
def schedule(request: HttpRequest) -> HttpResponse:
    """The days ahead, and what has no day yet."""
    officer, day = _officer(request), timezone.localdate()
    mine = _rows().attended_by(officer).to_do()
    ahead = list(mine.filter(planned_on__gt=day, planned_on__lte=day + SOON))
    context = {
        "officer": officer,
        "ahead": ahead,
        "unplanned": list(mine.filter(planned_on=None)),
        "tab": "schedule",
    }
    return render(request, "inspection/field/schedule.html", context)


@requires(P.INSPECTION_CHECK)
def rules(request: HttpRequest) -> HttpResponse:
    """The two articles that hold on the spot."""
    return render(request, "inspection/field/rules.html", {"tab": "rules"})


@requires(P.INSPECTION_CHECK)
def drafts(request: HttpRequest) -> HttpResponse:
    """What this phone still holds. The list itself is in the phone, not on the server."""
    return render(request, "inspection/field/drafts.html", {"tab": "drafts"})


@requires(P.INSPECTION_CHECK)
def card(request: HttpRequest) -> HttpResponse:
    """亮证: who stands here, to be shown to the firm."""
    officer, day = _officer(request), timezone.localdate()
    certificates = list(officer.certificates.all())
    valid = [each for each in certificates if each.valid_from <= day <= each.valid_to]
    context = {
        "officer": officer,
        "certificate": valid[0] if valid else None,
        "expired": certificates[0] if certificates and not valid else None,
    }
    return render(request, "inspection/field/card.html", context)


# ── Arrival ───────────────────────────────────────────────────────────────────────────────


@requires(P.INSPECTION_CHECK)
def arrive(request: HttpRequest, pk: int) -> HttpResponse:
    """Who is here, who is missing, and which departments may begin."""
    return _arrival(request, _visit(request, pk))


def _arrival(request: HttpRequest, one: Visit, *, refusal: Blocked | None = None) -> HttpResponse:
    officer, day = _officer(request), timezone.localdate()
    attendance = crew.attendance(one, on=day)
    waiting = [row for row in attendance if row.part.started_at is None]
    own = next((row for row in attendance if row.part.department_id == officer.department_id), None)
    context = {
        "visit": one,
        "candidate": one.drawn_target.candidate,
        "officer": officer,
        "attendance": attendance,
        "own": own,
        "is_here": one.checkins.filter(inspector=officer).exists() or not one.is_onsite,
        "is_leader": one.team.leader_id == officer.pk,
        "absent": [each for row in attendance for each in row.absent if each.pk != officer.pk],
        "ready": [row for row in waiting if row.is_enough],
        "short": [row for row in waiting if row.here and not row.is_enough],
        "is_early": one.planned_on is not None and day < one.planned_on,
        "sections": contents.sections(one),
        "companions": calls.companions(one, request.user),
        "check_url": request.build_absolute_uri(reverse("inspection:check", args=[token_of(one)])),
        "refusal": refusal,
        "tried": request.POST,
    }
    return render(request, "inspection/field/arrive.html", context, status=409 if refusal else 200)


@requires(P.INSPECTION_CHECK)
@require_POST
def check_in(request: HttpRequest, pk: int) -> HttpResponse:
    """Oneself, or, by the leader, a colleague with the number on their certificate."""
    one, officer = _visit(request, pk), _officer(request)
    whom = request.POST.get("inspector", "")
    people = {str(each.pk): each for each in crew.members(one)}
    inspector = people.get(whom) if whom else officer
    if inspector is None:
        return told(request, "inspection:arrive", pk, fault="请先选择要代为签到的组员。")
    try:
        actions.check_in(
            visit=one,
            inspector=inspector,
            certificate_number=request.POST.get("certificate_number", ""),
            exempted=Exempted.of(request.POST),
            by=request.user,
            at=timezone.now(),
        )
    except Blocked as refusal:
        return _arrival(request, one, refusal=refusal)
    messages.success(request, f"{inspector}已签到")
    return redirect("inspection:arrive", pk=pk)


@requires(P.INSPECTION_CHECK)
@require_POST
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin with every department that has two officers here."""
    one = _visit(request, pk)
    try:
        names = actions.start(
            visit=one, exempted=Exempted.of(request.POST), by=request.user, at=timezone.now()
        )
    except Blocked as refusal:
        return _arrival(request, one, refusal=refusal)
    messages.success(request, f"{'、'.join(names)}开始检查")
    if _officer(request).department.name in names:
        return redirect("inspection:items", pk=pk)
    return redirect("inspection:arrive", pk=pk)


# ── Items ─────────────────────────────────────────────────────────────────────────────────


@requires(P.INSPECTION_CHECK)
def items(request: HttpRequest, pk: int) -> HttpResponse:
    """The rows of one's own department, one after the other."""
    one, officer = _visit(request, pk), _officer(request)
    sections = contents.sections(one, officer.department)
    if not sections or sections[0].part.started_at is None or one.is_over:
        return redirect("inspection:arrive", pk=pk)
    section = sections[0]
    here = one.checkins.exclude(inspector=officer).select_related("inspector__department")
    context = {
        "visit": one,
        "officer": officer,
        "companions": calls.companions(one, request.user),
        "section": section,
        "rows": [
            {
                "row": row,
                "phrases": phrases.phrases_for(row.row.item.name),
                "measures": {each.kind: each for each in row.measures},
            }
            for row in section.rows
        ],
        "kinds": Measure.Kind.choices,
        "channels": Measure.Channel.choices,
        "findings": ItemAnswer.Finding.choices,
        "witnesses": [each.inspector for each in here],
        "first_day": timezone.localdate(),
        "week_later": timezone.localdate() + timedelta(days=7),
    }
    return render(request, "inspection/field/items.html", context)


@requires(P.INSPECTION_CHECK)
@require_POST
def fill(request: HttpRequest, pk: int, item: int) -> HttpResponse:
    """Take one row from the phone. Another department's row is not there (404)."""
    one, officer = _visit(request, pk), _officer(request)
    row = get_object_or_404(
        JointItem.objects.filter(
            pk__in=[
                each.row.item_id
                for section in contents.sections(one, officer.department)
                for each in section.rows
                if each.row.is_expected
            ]
        ),
        pk=item,
    )
    try:
        filled, seen, tab = forms.read_row(request.body)
    except ValidationError as fault:
        return JsonResponse({"error": "invalid", "message": fault.messages[0]}, status=422)
    try:
        answer = actions.fill(
            visit=one,
            item=row,
            filled=filled,
            seen=seen,
            written_from=tab,
            by=request.user,
            at=timezone.now(),
        )
    except actions.Conflict as conflict:
        return JsonResponse({"error": "conflict", "theirs": _as_json(conflict.answer)}, status=409)
    except Blocked as refusal:
        facts = {"error": "blocked", "message": str(refusal), "article": refusal.article}
        return JsonResponse(facts, status=409)
    section = contents.sections(one, officer.department)[0]
    own = next(each for each in section.rows if each.row.item_id == row.pk)
    return JsonResponse(
        {
            "version": answer.version,
            "missing": own.missing,
            "answered": section.answered,
            "total": len(section.rows),
        }
    )


def _as_json(answer: ItemAnswer) -> dict[str, object]:
    """A row as another has written it, for the person who has to choose."""
    stored = actions.as_filled(answer)
    return {
        "version": answer.version,
        "by": answer.by.name,
        "at": f"{timezone.localtime(answer.at):%H:%M}",
        "finding": stored.finding,
        "situation": stored.situation,
        "measures": [
            {
                "kind": each.kind,
                "channel": each.channel,
                "detail": each.detail,
                "basis": each.basis,
                "deadline_on": each.deadline_on.isoformat() if each.deadline_on else "",
                "document_number": each.document_number,
                "witness": each.witness,
            }
            for each in stored.measures
        ],
    }


# ── Signature ─────────────────────────────────────────────────────────────────────────────


@requires(P.INSPECTION_CHECK)
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    """The firm signs, or two officers write down why not."""
    one, officer = _visit(request, pk), _officer(request)
    if one.is_over or not one.started_at:
        return redirect("inspection:arrive", pk=pk)
    colleagues = Inspector.objects.filter(
        pk__in=one.checkins.exclude(inspector=officer).values("inspector")
    )
    waiting = one.form if one.form.ending else None
    form = forms.Ending(
        request.POST or None,
        colleagues=colleagues,
        initial={"ending": RecordForm.Ending.SIGNED if one.is_onsite else RecordForm.Ending.NOBODY},
    )
    refusal = None
    if request.method == "POST" and form.is_valid():
        try:
            return _ended(request, one, form)
        except Blocked as blocked:
            refusal = blocked
    sections = contents.sections(one)
    findings = [each.finding for section in sections for each in section.rows]
    context = {
        "visit": one,
        "officer": officer,
        "form": form,
        "refusal": refusal,
        "waiting": waiting,
        "witnesses": list(one.form.witnesses.select_related("inspector", "by")),
        "has_confirmed": one.form.witnesses.filter(inspector=officer).exists(),
        "hindrances": contents.hindrances(one, on=timezone.localdate()),
        "total": len(findings),
        "fine": findings.count("fine"),
        "found": findings.count("found"),
        "none": findings.count("none"),
        "open": findings.count(""),
        "colleagues": colleagues,
        "endings": RecordForm.Ending.choices,
        "phrases": {"refused": phrases.REFUSED, "nobody": phrases.NOBODY},
    }
    status = 409 if refusal else 422 if request.method == "POST" else 200
    return render(request, "inspection/field/sign.html", context, status=status)


def _ended(request: HttpRequest, one: Visit, form: forms.Ending) -> HttpResponse:
    """Carry out what the signature page asks for."""
    asked, at = form.cleaned_data, timezone.now()
    shared = {"opinion": asked["opinion"], "actual_address": asked["actual_address"]}
    if asked["ending"] == RecordForm.Ending.SIGNED:
        actions.sign(
            visit=one,
            signer=asked["signer"],
            signer_post=asked["signer_post"],
            signature_png_base64=asked["signature"],
            by=request.user,
            at=at,
            **shared,
        )
    elif asked["colleague"]:
        actions.refuse(
            visit=one,
            ending=asked["ending"],
            refusal=asked["refusal"],
            inspectors=[asked["colleague"]],
            by=request.user,
            at=at,
            **shared,
        )
    else:
        actions.state_refusal(
            visit=one,
            ending=asked["ending"],
            refusal=asked["refusal"],
            by=request.user,
            at=at,
            **shared,
        )
        messages.success(request, "已记下情况说明，请第二名执法人员在自己的手机上确认")
        return redirect("inspection:sign", pk=one.pk)
    messages.success(request, "检查完成，记录表已存证")
    return redirect("inspection:arrive", pk=one.pk)


@requires(P.INSPECTION_CHECK)
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """The second officer's word, by their own log-in."""
    one = _visit(request, pk)
    actions.confirm_refusal(visit=one, by=request.user, at=timezone.now())
    messages.success(request, "已确认，检查完成，记录表已存证")
    return redirect("inspection:arrive", pk=pk)


@requires(P.INSPECTION_CHECK)
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """The firm will sign after all."""
    one = _visit(request, pk)
    actions.withdraw_refusal(visit=one, by=request.user, at=timezone.now())
    messages.success(request, "已撤回情况说明，可以请企业签字")
    return redirect("inspection:sign", pk=pk)
