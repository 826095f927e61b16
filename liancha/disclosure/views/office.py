"""Results for the department that inspected: enter, audit, publish, correct."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from liancha.accounts.models import User
from liancha.accounts.permissions import Permission, requires
from liancha.accounts.picking import chosen, may_be_key
from liancha.accounts.queries import people_of, person
from liancha.accounts.words import written
from liancha.ledger.models import Entry
from liancha.rulebook.lifecycles import ResultState
from liancha.workdays.queries import calendar

from .. import actions, answers, forms, queries, terms
from ..masking import mask
from ..models import Correction, ItemResult, Publication, Result, ResultQuerySet

A_PAGE = 30
TABS = (
    (ResultState.TO_ENTER, "待录入"),
    (ResultState.RETURNED, "已退回"),
    (ResultState.ENTERED, "待审核"),
    (ResultState.AUDITED, "待公示"),
    (ResultState.PUBLISHED, "已公示"),
)
NEXT = {
    ResultState.TO_ENTER: Permission.DISCLOSURE_ENTER,
    ResultState.RETURNED: Permission.DISCLOSURE_ENTER,
    ResultState.ENTERED: Permission.DISCLOSURE_AUDIT,
    ResultState.AUDITED: Permission.DISCLOSURE_PUBLISH,
}
OFFERS = {
    Permission.DISCLOSURE_ENTER: "录入结果",
    Permission.DISCLOSURE_AUDIT: "审核结果",
    Permission.DISCLOSURE_PUBLISH: "预览公示",
}
HAPPENED = {
    "disclosure.enter": "录入结果，送审核",
    "disclosure.audit": "审核同意",
    "disclosure.send_back": "审核退回",
    "disclosure.ask_correction": "提出更正",
    "disclosure.decline_correction": "不同意更正",
    "disclosure.correct": "公示更正",
    "disclosure.open_follow_up": "建立后续处置",
    "disclosure.close_follow_up": "办结后续处置",
}


@requires(Permission.DISCLOSURE_VIEW)
def results(request: HttpRequest) -> HttpResponse:
    """Results of one's own department by due date, or of all departments of its tasks."""
    days = calendar()
    if terms.are_behind(days):
        # A visit that has just ended, or a year announced since: the job would do it in a moment.
        actions.collect(by="system", at=timezone.now())
    scope = _scope(request)
    counts = dict(scope.order_by().values_list("state").annotate(Count("pk")))
    rows = _found(scope, request.GET)
    page = Paginator(rows.for_lists().to_do_first(), A_PAGE).get_page(request.GET.get("page"))
    state = request.GET.get("state", "")
    wide = "of=all&" if request.GET.get("of") == "all" else ""
    unit = "件" if _is_wide(request) else "户"
    context = {
        "form": forms.ResultQuery(request.GET or None),
        "page_obj": page,
        "rows": [(one, OFFERS.get(_step(one, request.user), "看结果")) for one in page],
        "tabs": [
            ("全部", f"?{wide}", sum(counts.values()), not state),
            *(
                (word, f"?{wide}state={each}", counts.get(each.value, 0), state == each)
                for each, word in TABS
            ),
        ],
        "unit": unit,
        "is_wide": _is_wide(request),
        "may_widen": request.user.department_id and not request.user.sees_all_departments,
        "clock": queries.clock(scope, timezone.localdate(), days, unit=unit),
        "may_pick": state == ResultState.AUDITED
        and not wide
        and request.user.may(Permission.DISCLOSURE_PUBLISH),
    }
    return render(request, "disclosure/results.html", context)


@requires(Permission.DISCLOSURE_VIEW)
def result(request: HttpRequest, pk: int) -> HttpResponse:
    """One result: enter it, audit it, or read it, as role and state allow."""
    one = _result(request, pk)
    rows = forms.item_forms(answers.checked_items(one), stored=_stored(one))
    return _show(request, one, rows)


@requires(Permission.DISCLOSURE_ENTER)
@require_POST
def enter(request: HttpRequest, pk: int) -> HttpResponse:
    one = _result(request, pk)
    rows = forms.item_forms(answers.checked_items(one), request.POST, stored={})
    if not forms.are_valid(rows):
        return _show(request, one, rows, status=422)
    items = {row.answer.item_id: row.form.entered for row in rows}
    entered = actions.enter(
        result=one,
        items=items,
        reason=written(request, article="22"),
        by=request.user,
        at=timezone.now(),
    )
    names = answers.people_on_the_form(one)
    covered = {kind for each in items.values() for kind in mask(each.text, names).kinds}
    if covered:
        messages.warning(request, f"已遮住{'、'.join(sorted(covered))}，公示时不显示。")
    messages.success(request, f"已录入“{entered.get_code_display()}”，等待审核")
    return redirect(one)


@requires(Permission.DISCLOSURE_ENTER)
@require_POST
def covered(request: HttpRequest, pk: int) -> JsonResponse:
    """What the public would read of a text that is being typed. Keeps nothing."""
    one = _result(request, pk)
    text = request.POST.get("text", "")[: actions.LONGEST]
    masked = mask(text, answers.people_on_the_form(one))
    return JsonResponse({"text": masked.text, "found": masked.found})


@requires(Permission.DISCLOSURE_AUDIT)
@require_POST
def audit(request: HttpRequest, pk: int) -> HttpResponse:
    one = _result(request, pk)
    actions.audit(result=one, by=request.user, at=timezone.now())
    messages.success(request, "已审核，可以公示")
    return redirect(one)


@requires(Permission.DISCLOSURE_AUDIT)
@require_POST
def send_back(request: HttpRequest, pk: int) -> HttpResponse:
    one = _result(request, pk)
    note = request.POST.get("note") or request.POST.get("reason", "")
    actions.send_back(result=one, note=note, by=request.user, at=timezone.now())
    messages.success(request, "已退回，录入人会看到意见")
    return redirect(one)


@requires(Permission.DISCLOSURE_PUBLISH)
@require_POST
def publish(request: HttpRequest) -> HttpResponse:
    """Publish the chosen results, all of them or none."""
    scope = _scope(request)
    if "one" in request.POST:
        picked = scope.filter(pk__in=[pk for pk in [request.POST["one"]] if may_be_key(pk)])
    else:
        picked = chosen(request, scope, lambda query: _found(scope, query))
    published = actions.publish(results=picked, by=request.user, at=timezone.now())
    url = reverse("disclosure:public_results")
    messages.success(
        request, format_html('已公示 {} 户<a href="{}">看公示页</a>', len(published), url)
    )
    return redirect("disclosure:results")


# ── Corrections ───────────────────────────────────────────────────────────────────────────────


@requires(Permission.DISCLOSURE_PUBLISH)
def ask_correction(request: HttpRequest, serial: int) -> HttpResponse:
    """Say what should have been said; published once a second person agrees."""
    own = Publication.objects.filter(department=request.user.department_id)
    old = get_object_or_404(own.select_related("task", "department"), serial=serial)
    one = Result.objects.for_lists().get(pk=old.result_id)
    posted = request.POST if request.method == "POST" else None
    rows = forms.item_forms(answers.checked_items(one), posted, stored=_stored(one))
    form = forms.AskCorrection(posted)
    if posted is not None and forms.are_valid(rows) and form.is_valid():
        actions.ask_correction(
            publication=old,
            items={
                row.answer.item_id: (row.form.entered.code, row.form.entered.text) for row in rows
            },
            reason=form.cleaned_data["reason"],
            by=request.user,
            at=timezone.now(),
        )
        messages.success(request, "已送审核，同意后公示更正")
        return redirect(one)
    context = {"old": old, "result": one, "rows": rows, "form": form}
    status = 200 if posted is None else 422
    return render(request, "disclosure/correct.html", context, status=status)


@requires(Permission.DISCLOSURE_AUDIT)
@require_POST
def decide_correction(request: HttpRequest, pk: int) -> HttpResponse:
    """agree=1 publishes it; otherwise `note` says why not."""
    own = Correction.objects.filter(publication__department=request.user.department_id)
    one = get_object_or_404(own.select_related("publication__result"), pk=pk)
    new = actions.decide_correction(
        correction=one,
        agree=request.POST.get("agree") == "1",
        note=request.POST.get("note") or request.POST.get("reason", ""),
        by=request.user,
        at=timezone.now(),
    )
    messages.success(request, "已公示更正，更正前后都保留" if new else "没有同意，提出人会看到原因")
    return redirect(one.publication.result)


# ── What is shown ─────────────────────────────────────────────────────────────────────────────


def _is_wide(request: HttpRequest) -> bool:
    """All departments of the tasks one sees, rather than one's own."""
    own = request.user.department_id and not request.user.sees_all_departments
    return not own or request.GET.get("of") == "all"


def _scope(request: HttpRequest) -> ResultQuerySet:
    rows = Result.objects.visible_to(request.user)
    return rows if _is_wide(request) else rows.of_department(request.user)


def _step(one: Result, user: User) -> Permission | None:
    """The next step, where it is this person's; None where there is only something to read."""
    step = NEXT.get(ResultState(one.state))
    if step is None or one.part.department_id != user.department_id or not user.may(step):
        return None
    is_own_entry = one.state == ResultState.ENTERED and one.entered_by_id == user.pk
    return None if is_own_entry else step


def _found(rows: ResultQuerySet, query: QueryDict) -> ResultQuerySet:
    form = forms.ResultQuery(query)
    if not form.is_valid():
        return rows
    asked = form.cleaned_data
    if asked["q"]:
        rows = rows.matching(asked["q"])
    if asked["state"]:
        rows = rows.filter(state=asked["state"])
    if asked["task"]:
        rows = rows.filter(part__visit__team__task__name__contains=asked["task"])
    if asked["code"]:
        rows = rows.filter(code=asked["code"])
    if asked["used"]:
        rows = rows.filter(queries.within(asked["used"], timezone.localdate(), calendar()))
    return rows


def _result(request: HttpRequest, pk: int) -> Result:
    rows = Result.objects.visible_to(request.user).for_lists()
    found: Result = get_object_or_404(rows, pk=pk)
    return found


def _stored(one: Result) -> dict[int, answers.Entered]:
    return {item.item_id: _as_entered(item) for item in one.items.all()}


def _as_entered(item: ItemResult) -> answers.Entered:
    return answers.Entered(item.code, item.text, item.order_number, item.deadline_on)


def _show(
    request: HttpRequest, one: Result, rows: list[forms.ItemForm], *, status: int = 200
) -> HttpResponse:
    user = request.user
    is_own = one.part.department_id == user.department_id
    step = _step(one, user)

    def may(permission: Permission, *states: ResultState) -> bool:
        return is_own and (not states or one.state in states) and user.may(permission)

    others = list(
        Result.objects.filter(part__visit=one.visit)
        .select_related("part__department")
        .order_by("part__id")
    )
    correction = Correction.objects.filter(publication__result=one).waiting().first()
    publication = one.publications.first()
    context = {
        "result": one,
        "visit": one.visit,
        "candidate": one.candidate,
        "task": one.task,
        "rows": rows,
        "is_own": is_own,
        "may_enter": step == Permission.DISCLOSURE_ENTER,
        "may_audit": step == Permission.DISCLOSURE_AUDIT,
        "may_publish": step == Permission.DISCLOSURE_PUBLISH,
        "may_follow_up": may(
            Permission.DISCLOSURE_FOLLOW_UP,
            ResultState.ENTERED,
            ResultState.AUDITED,
            ResultState.PUBLISHED,
        ),
        "may_correct": may(Permission.DISCLOSURE_PUBLISH, ResultState.PUBLISHED)
        and correction is None,
        "items": one.items.select_related("item"),
        "others": others,
        "published": sum(other.state == ResultState.PUBLISHED for other in others),
        "follow_ups": one.follow_ups.select_related("department"),
        "publication": publication,
        "correction": correction,
        "asked": _asked(correction, one),
        "may_decide": correction is not None
        and may(Permission.DISCLOSURE_AUDIT)
        and correction.asked_by_id != user.pk,
        "clocks": terms.clocks_of(one, timezone.localdate(), calendar()),
        "timeline_of": _happened(one) + _to_come(one),
    }
    return render(request, "disclosure/result.html", context, status=status)


def _asked(correction: Correction | None, one: Result) -> list[dict[str, object]]:
    """Before and after of each item a correction would change."""
    if correction is None:
        return []
    after = {pk: (code, text) for pk, code, text in correction.items}
    return [
        {
            "item": each.item.name,
            "old": f"{each.code} {each.text}",
            "new": " ".join(after[each.item_id]),
        }
        for each in one.items.select_related("item")
        if after.get(each.item_id, (each.code, each.text)) != (each.code, each.text)
    ]


def _moment(entry: dict[str, Any]) -> datetime:
    moment: datetime = entry["at"]
    return moment


def _happened(one: Result) -> list[dict[str, Any]]:
    found = list(Entry.objects.about("result", one.pk))
    people = people_of(found)
    entries: list[dict[str, Any]] = [
        {
            "at": entry.at,
            "text": HAPPENED.get(entry.what, entry.what),
            "note": person(entry.by, people),
            "number": entry.index,
        }
        for entry in found
    ]
    first = one.publications.filter(edition=1).select_related("published_by").first()
    if first is not None:
        url = reverse("disclosure:publication", args=[first.serial])
        entries.append(
            {
                "at": first.published_at,
                "text": f"公示，第 {first.serial} 号",
                "note": str(first.published_by),
                "kind": "proof",
                "url": url,
            }
        )
    return sorted(entries, key=_moment)


def _to_come(one: Result) -> list[dict[str, Any]]:
    steps = {
        ResultState.TO_ENTER: (("录入", "由本部门经办人"),),
        ResultState.RETURNED: (("修改后重新送审核", "由录入人"),),
        ResultState.ENTERED: (),
        ResultState.AUDITED: (),
        ResultState.PUBLISHED: (),
    }[ResultState(one.state)]
    if one.state in (ResultState.TO_ENTER, ResultState.RETURNED, ResultState.ENTERED):
        steps += (("审核", "须由另一人：部门负责人或法制审核"),)
    if one.state != ResultState.PUBLISHED:
        steps += (("公示", "任何人都能查到，发现问题的自动建后续处置"),)
    return [{"text": word, "note": note, "kind": "next"} for word, note in steps]
