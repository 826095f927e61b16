"""How the form ends: the firm signs, or two officers state why it did not (art. 21)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from liancha.accounts.models import User
from liancha.draw.models import DrawnTarget
from liancha.ledger import actions as ledger
from liancha.queue.actions import later
from liancha.registry import actions as registry
from liancha.roster.models import Inspector
from liancha.rulebook import presence, protocol
from liancha.rulebook.lifecycles import TaskState, VisitState
from liancha.rulebook.verdicts import Blocked
from liancha.task.models import Task

from .. import contents, signature
from ..models import OVER, RecordForm, RefusalWitness, Visit
from ._holding import hold, officer_on_the_spot, refuse_after_end, valid_certificate


@transaction.atomic
def sign(
    *,
    visit: Visit,
    signer: str,
    signer_post: str,
    signature_png_base64: str,
    opinion: str = "",
    actual_address: str = "",
    by: User,
    at: datetime,
) -> RecordForm:
    """The firm's person signs on the screen; the visit is over for all departments.

    signer  anybody the firm sends (A32), not necessarily its 法定代表人

    Raises Blocked (art. 21) while anything on the form is open, signature.BadSignature for a
    picture that cannot be taken.

    Source: clause 21.11.
    """
    visit, form = _open_form(visit, by, at)
    presence.check_ending(presence.Ending.SIGNED, signer=signer)
    drawn = signature.read(signature_png_base64)
    form.witnesses.all().delete()
    form.ending, form.refusal = RecordForm.Ending.SIGNED, ""
    form.signer, form.signer_post = signer.strip(), signer_post.strip()
    form.signature, form.signature_sha256 = drawn.base64, drawn.sha256
    form.opinion, form.actual_address = opinion.strip(), actual_address.strip()
    return _end(visit, form, VisitState.SIGNED, by=by, at=at)


@transaction.atomic
def refuse(
    *,
    visit: Visit,
    ending: str,
    refusal: str,
    inspectors: Sequence[Inspector],
    opinion: str = "",
    actual_address: str = "",
    by: User,
    at: datetime,
) -> RecordForm:
    """Two officers on the spot state that the firm would not or could not sign; the visit ends.

    ending      "refused" or "nobody"
    inspectors  who confirms besides the acting officer, checked in; the second may do so on the
                first's device with their own certificate number

    Raises Blocked (art. 21): fewer than two officers, a statement under ten characters, anything
    on the form still open.
    """
    visit, form = _open_form(visit, by, at)
    confirming = list(dict.fromkeys([officer_on_the_spot(visit, by), *inspectors]))
    presence.check_ending(
        presence.Ending(ending), statement=refusal, officers=[each.number for each in confirming]
    )
    form.ending, form.refusal = ending, refusal.strip()
    form.opinion, form.actual_address = opinion.strip(), actual_address.strip()
    form.witnesses.all().delete()
    for each in confirming:
        _witness(visit, form, each, by=by, at=at)
    return _end(visit, form, VisitState.ANNOTATED, by=by, at=at)


@transaction.atomic
def state_refusal(
    *,
    visit: Visit,
    ending: str,
    refusal: str,
    opinion: str = "",
    actual_address: str = "",
    by: User,
    at: datetime,
) -> RecordForm:
    """The first officer's statement; the visit stays open until a second one confirms it.

    Source: clause 21.12.
    """
    visit, form = _open_form(visit, by, at)
    officer = officer_on_the_spot(visit, by)
    presence.check_ending(
        presence.Ending(ending), statement=refusal, officers=[officer.number, "the second to come"]
    )
    form.ending, form.refusal = ending, refusal.strip()
    form.opinion, form.actual_address = opinion.strip(), actual_address.strip()
    form.save(update_fields=["ending", "refusal", "opinion", "actual_address"])
    form.witnesses.all().delete()
    _witness(visit, form, officer, by=by, at=at)
    ledger.append(
        "inspection.state_refusal",
        by=by,
        at=at,
        about=("visit", visit.pk),
        visit=visit.number,
        ending=ending,
        inspector=officer.number,
    )
    return form


@transaction.atomic
def confirm_refusal(*, visit: Visit, by: User, at: datetime) -> RecordForm:
    """The second officer confirms by their own log-in; the visit ends.

    Raises Blocked (art. 21): nothing stated, the same officer again, anything still open.

    Source: clause 21.12.
    """
    visit, form = _open_form(visit, by, at)
    officer = officer_on_the_spot(visit, by)
    if form.ending not in (RecordForm.Ending.REFUSED, RecordForm.Ending.NOBODY):
        raise Blocked("还没有人记录拒绝签名的情况。请先写明经过。", article="21", paragraph=4)
    confirmed = [each.inspector.number for each in form.witnesses.select_related("inspector")]
    presence.check_ending(
        presence.Ending(form.ending),
        statement=form.refusal,
        officers={*confirmed, officer.number},
    )
    _witness(visit, form, officer, by=by, at=at)
    return _end(visit, form, VisitState.ANNOTATED, by=by, at=at)


@transaction.atomic
def withdraw_refusal(*, visit: Visit, by: User, at: datetime) -> RecordForm:
    """The firm signs after all: the first officer's statement is taken back before the end."""
    visit = hold(visit)
    refuse_after_end(visit)
    officer_on_the_spot(visit, by)
    form = visit.form
    if form.ending not in (RecordForm.Ending.REFUSED, RecordForm.Ending.NOBODY):
        raise Blocked("没有待确认的情况说明，不用撤回。", article="21", paragraph=4)
    form.ending = form.refusal = ""
    form.save(update_fields=["ending", "refusal"])
    form.witnesses.all().delete()
    ledger.append(
        "inspection.withdraw_refusal",
        by=by,
        at=at,
        about=("visit", visit.pk),
        visit=visit.number,
    )
    return form


# ── what must hold, and what follows ──────────────────────────────────────────────────────


def _open_form(visit: Visit, by: User, at: datetime) -> tuple[Visit, RecordForm]:
    """The locked visit and its form, if every department's rows are complete."""
    visit = hold(visit)
    refuse_after_end(visit)
    officer_on_the_spot(visit, by)
    if visit.state != VisitState.STARTED:
        raise Blocked("还没有开始检查，不能签字。请先到场签到。", article="21", paragraph=4)
    if hindrances := contents.hindrances(visit, on=timezone.localdate(at)):
        raise hindrances[0]
    return visit, visit.form


def _witness(
    visit: Visit, form: RecordForm, inspector: Inspector, *, by: User, at: datetime
) -> None:
    """One officer's word, with the certificate it rests on."""
    if visit.is_onsite and not visit.checkins.filter(inspector=inspector).exists():
        raise Blocked(f"{inspector}没有在现场签到，不能确认。", article="21", paragraph=4)
    certificate = valid_certificate(inspector, timezone.localdate(at))
    RefusalWitness.objects.create(
        form=form, inspector=inspector, certificate_number=certificate.number, at=at, by=by
    )


def _end(
    visit: Visit, form: RecordForm, state: VisitState, *, by: User, at: datetime
) -> RecordForm:
    """Close the form for good, and whatever is thereby over: the parts, the visit, the task."""
    # Rows first, the ledger's turn last: the other way round two endings could wait for each other.
    task = Task.objects.select_for_update().get(pk=visit.team.task_id)
    form.ended_at = at
    form.digest = sha256(protocol.canonical(contents.record_facts(visit)).encode()).hexdigest()
    form.save()
    visit.parts.filter(is_involved=True).update(completed_at=at)
    visit.advance(state)
    visit.completed_at = at
    visit.save(update_fields=["completed_at"])
    _complete_if_last(task, at)
    registry.mark_inspected(
        target_ids=[visit.drawn_target.target_id], on=timezone.localdate(at), by=by, at=at
    )
    entry = ledger.append(
        "inspection.end",
        by=by,
        at=at,
        about=("visit", visit.pk),
        visit=visit.number,
        ending=form.ending,
        record=form.digest,
        signature=form.signature_sha256,
    )
    ledger.seal("record", form.pk, entry=entry)
    later("disclosure.collect")
    return form


@transaction.atomic
def settle(*, task: Task, by: User | str, at: datetime) -> None:
    """Complete a task whose visits are over and whose last supplementary batch came to nothing."""
    task = Task.objects.select_for_update().get(pk=task.pk)
    if _complete_if_last(task, at):
        ledger.append("inspection.settle", by=by, at=at, about=("task", task.pk), task=task.number)


def _complete_if_last(task: Task, at: datetime) -> bool:
    """The last visit completes the task, unless a supplementary batch is being drawn. The caller
    holds the task's row.
    """
    is_open = DrawnTarget.objects.of_task(task).exclude(visit__state__in=OVER).exists()
    is_open = is_open or task.draws.of_targets().open().exists()
    if is_open or task.state != TaskState.INSPECTING:
        return False
    task.advance(TaskState.COMPLETED)
    task.completed_at = at
    task.save(update_fields=["completed_at"])
    return True
