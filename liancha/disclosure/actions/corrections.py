"""A publication is never changed: a correction stands beside it, and two people agree to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from liancha.accounts.models import User
from liancha.ledger import actions as ledger
from liancha.rulebook.verdicts import Blocked, NeedsReason

from ..answers import people_on_the_form
from ..masking import mask
from ..models import Correction, Publication, Result, ResultCode
from ._own import held
from .publishing import open_what_follows, write
from .results import IN_WORDS, LONGEST, worst


@transaction.atomic
def ask_correction(
    *,
    publication: Publication,
    items: Mapping[int, tuple[str, str]],
    reason: str,
    by: User,
    at: datetime,
) -> Correction:
    """Ask that something else be said. Nothing changes before a second person agrees.

    items   joint item pk → (code, text), all items of the publication
    reason  is published together with the correction

    Raises Blocked for another department's, for one that is corrected already or has a request
    waiting, and when nothing would change.
    Source: art. 22, paragraph 1; 行政处罚法 48 and PIPL 46 for why there must be a way.
    """
    result = held(publication.result, by)
    if not reason.strip():
        raise NeedsReason("更正要写明理由，理由与更正前后一起公开。", article="22", paragraph=1)
    if publication.corrections.exists():
        raise Blocked("这条公示已有更正。请在最新的一条上办理。", article="22", paragraph=1)
    if publication.asked_corrections.waiting().exists():
        raise Blocked("这条公示已有一项更正等待审核。请先办结那一项。", article="22", paragraph=1)
    correction = Correction.objects.create(
        publication=publication,
        items=_changed(result, items),
        reason=mask(reason.strip(), people_on_the_form(result)).text[:300],
        asked_by=by,
        asked_at=at,
    )
    ledger.append(
        "disclosure.ask_correction",
        by=by,
        at=at,
        about=("result", result.pk),
        publication=publication.serial,
        reason=correction.reason,
    )
    return correction


@transaction.atomic
def decide_correction(
    *, correction: Correction, agree: bool, note: str = "", by: User, at: datetime
) -> Publication | None:
    """Agree, and it is published beside the old one; or do not, and say why.

    Raises Blocked for whoever asked for it, for another department, and when it is decided.
    """
    result = held(correction.publication.result, by)
    correction = (
        Correction.objects.select_for_update(of=("self",))
        .select_related("publication")
        .get(pk=correction.pk)
    )
    if correction.decided_at:
        raise Blocked("这项更正已经办结。请刷新页面看结果。", article="22", paragraph=1)
    if correction.asked_by_id == by.pk:
        raise Blocked(
            "不能审核自己提出的更正。请本部门负责人或法制审核人员办理。",
            article="22",
            paragraph=1,
        )
    if not agree and not note.strip():
        raise NeedsReason("不同意更正要写明原因，提出人会看到。", article="22", paragraph=1)
    correction.is_agreed, correction.note = agree, note.strip()[:300]
    correction.decided_by, correction.decided_at = by, at
    if not agree:
        correction.save()
        ledger.append(
            "disclosure.decline_correction",
            by=by,
            at=at,
            about=("result", result.pk),
            publication=correction.publication.serial,
            note=correction.note,
        )
        return None
    return _publish(correction, result, by=by, at=at)


def _publish(correction: Correction, result: Result, *, by: User, at: datetime) -> Publication:
    old = correction.publication
    said = {pk: (code, text) for pk, code, text in correction.items}
    for item in result.items.all():
        item.code, item.text = said[item.item_id]
        item.save(update_fields=["code", "text"])
    result.code = worst([code for code, _ in said.values()])
    result.save(update_fields=["code"])
    open_what_follows(result, by=by, at=at)
    ledger.take_turn()
    [new] = write([result], corrects=old, reason=correction.reason, by=by, at=at)
    correction.published = new
    correction.save()
    entry = ledger.append(
        "disclosure.correct",
        by=by,
        at=at,
        about=("result", result.pk),
        corrects=old.serial,
        publication=[new.serial, new.digest],
        reason=new.reason,
    )
    ledger.seal("publication", new.pk, entry=entry)
    return new


def _changed(result: Result, items: Mapping[int, tuple[str, str]]) -> list[list[int | str]]:
    """What is to be said instead, covered. Raises Blocked for gaps, and when all is as it was."""
    names = people_on_the_form(result)
    before = {each.item_id: (each.code, each.text) for each in result.items.all()}
    if set(items) != set(before) or any(
        code not in ResultCode.values for code, _ in items.values()
    ):
        raise Blocked("更正要写全每一项的结果。请刷新页面后重填。", article="22", paragraph=1)
    after = {
        pk: (str(code), mask(text.strip(), names).text[:LONGEST])
        for pk, (code, text) in items.items()
    }
    if wordless := [code for code, text in after.values() if code in IN_WORDS and not text]:
        raise Blocked(
            f"结果是“{ResultCode(wordless[0]).label}”的，还没有检查情况。请写明具体情况。",
            article="22",
            paragraph=1,
        )
    if after == before:
        raise Blocked("内容没有变化，不用更正。", article="22", paragraph=1)
    return [[pk, code, text] for pk, (code, text) in sorted(after.items())]
