"""One target, or a chosen few: saved, placed, tagged, reviewed, released, classified, inspected.

A department works on targets of its own area only (art. 11); whose they are is asked here again,
since a page may have been open for an hour.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.timezone import localdate

from liancha.accounts.models import Department, Region, User
from liancha.ledger import actions as ledger
from liancha.rulebook.regions import check_region, is_county
from liancha.rulebook.verdicts import Blocked

from .. import codes, search, tables
from ..columns import FIRST_DAY
from ..kinds import WITHOUT_CODE
from ..models import Release, Tag, Tagging, Target, TargetQuerySet, Touched
from .tagging import retag

EDITED = (
    *("name", "kind", "address", "status", "scope", "industry", "registered_on", "capital"),
    *("legal_form", "authority", "phone", "credit_class", "credit_on", "credit_source"),
    *("representative", "contact", "registered_address"),
)
DECIDES_TAGS = frozenset({"name", "scope", "kind"})


def _check_days(data: Mapping[str, Any], today: date) -> None:
    """Raise Blocked for a day to come, or one before there were registers."""
    for name, word in (("registered_on", "成立日期"), ("credit_on", "分类日期")):
        day = data.get(name)
        if day and day > today:
            raise Blocked(f"{word} {day} 还没有到。请核对年份。", article="11", paragraph=1)
        if day and day < FIRST_DAY:
            raise Blocked(f"{word} {day} 太早。请核对年份。", article="11", paragraph=1)


@transaction.atomic
def save_target(
    *, data: Mapping[str, Any], target: Target | None = None, by: User, at: datetime
) -> Target:
    """Enter a target by hand, or change one.

    data  any of EDITED, and for a new one `code` ("" only for sites, projects and other kinds
          without one). The region follows the address until somebody decides it by hand.

    Raises Blocked for a wrong or known code, for a day that cannot be (as imports do), and for a
    target outside one's area.
    Source: art. 11. Clauses 11.1 and 11.3.
    """
    _check_days(data, localdate(at))
    is_new = target is None
    if target is None:
        target = _new_target(data)
    else:
        target = _own(Target.objects.filter(pk=target.pk), by).select_for_update(
            of=("self",)
        ).first() or _refuse_foreign(target)
    before = {name: getattr(target, name) for name in EDITED}
    for name in EDITED:
        if name in data:
            setattr(target, name, data[name])
    target.drop_same_address()
    differs = [name for name in EDITED if getattr(target, name) != before[name]]
    if is_new or ("address" in differs and not target.is_region_by_hand):
        _place(target)
    if is_new and target.region_id and not _may_hold(by, target.region_id):
        _refuse_foreign(target)
    if not is_new and not differs:
        return target
    target.updated_at = at
    _keep(target)
    if is_new or DECIDES_TAGS & set(differs):
        retag(tables.tagger(), [target])
    ledger.append(
        "registry.save",
        by=by,
        at=at,
        about=("target", target.pk),
        code=target.code,
        name=target.name,
        new=is_new,
        changed={
            name: [_word(before[name]), _word(getattr(target, name))]
            for name in ([] if is_new else differs)
        },
    )
    return target


@transaction.atomic
def set_region(
    *, targets: Collection[int], region: str | None, reason: str = "", by: User, at: datetime
) -> int:
    """Decide by hand where these targets operate; None: not in this city. Returns how many.

    A target that is not in the city stays 待核 and enters no pool.
    Raises Blocked for a place of another city, or another county's target.
    Source: arts. 2 and 11. Clause 11.3.
    """
    if region is not None:
        check_region(region)
        if not is_county(region):
            raise Blocked("请选到区、县或功能区，不能只选洛阳市。", article="11", paragraph=1)
        if not _may_hold(by, region):
            named = Region.objects.get(pk=region)
            raise Blocked(
                f"{named}不在本部门的管辖范围。请转{named}或市级部门核定。",
                article="11",
                paragraph=1,
            )
    chosen = _all_own(targets, by)
    words = f"{by.full_name or by.username}核定" + (f"：{reason}" if reason else "")
    if region is None:
        words = f"核定不在本市{f'：{reason}' if reason else ''}"
    count = chosen.update(
        region=region,
        is_pending=region is None,
        is_region_by_hand=True,
        region_reason=words[:160],
        updated_at=at,
    )
    search.put_keys(targets)
    _log("registry.place", chosen_keys=targets, by=by, at=at, region=region or "", reason=reason)
    return count


@transaction.atomic
def tag_targets(
    *,
    targets: Collection[int],
    tag: Tag,
    is_taken_off: bool = False,
    by: User,
    at: datetime,
) -> int:
    """Put a tag on these targets by hand, or take it off for good. Returns how many changed."""
    chosen = _all_own(targets, by)
    keys = set(chosen.values_list("pk", flat=True))
    carrying = set(
        Tagging.objects.filter(tag=tag, target__in=keys).values_list("target_id", flat=True)
    )
    refused = Target.untagged.through.objects
    if is_taken_off:
        changed = carrying
        Tagging.objects.filter(tag=tag, target__in=keys).delete()
        refused.bulk_create(
            (refused.model(target_id=key, tag_id=tag.pk) for key in keys), ignore_conflicts=True
        )
    else:
        changed = keys - carrying
        Tagging.objects.bulk_create(
            Tagging(target_id=key, tag=tag, is_by_hand=True) for key in sorted(changed)
        )
        refused.filter(tag=tag, target__in=keys).delete()
    Target.objects.filter(pk__in=changed).update(updated_at=at)
    _log(
        "registry.untag" if is_taken_off else "registry.tag",
        chosen_keys=sorted(changed),
        by=by,
        at=at,
        tag=tag.code,
    )
    return len(changed)


@transaction.atomic
def review(*, targets: Collection[int], by: User, at: datetime) -> int:
    """Say that all that is known of these targets is still so.

    Source: art. 11, 实行动态更新. Clause 11.4.
    """
    count = _all_own(targets, by).update(reviewed_at=at)
    _log("registry.review", chosen_keys=targets, by=by, at=at)
    return count


@transaction.atomic
def release(
    *, target: Target, department: Department, reason: str, by: User, at: datetime
) -> Release:
    """Say that a department has nothing to inspect at this target, whatever its tag says (A10).

    Raises Blocked without a reason, or for another department than one's own.
    Source: art. 18, paragraph 1, 共同的监管对象.
    """
    if not reason.strip():
        raise Blocked("请写明不涉及的理由，例如：没有电梯等特种设备。", article="18", paragraph=1)
    if by.department_id != department.pk:
        raise Blocked(
            f"只有{department}自己能说它不涉及这一户。请由该部门办理。", article="18", paragraph=1
        )
    found, is_new = Release.objects.get_or_create(
        target=target,
        department=department,
        defaults={"reason": reason.strip()[:200], "by": by, "at": at},
    )
    if is_new:
        ledger.append(
            "registry.release",
            by=by,
            at=at,
            about=("target", target.pk),
            department=department.code,
            reason=found.reason,
        )
    return found


@transaction.atomic
def take_back_release(*, release: Release, by: User, at: datetime) -> None:
    """The department supervises this target after all."""
    if by.department_id != release.department_id:
        raise Blocked(
            f"只有{release.department}自己能撤回。请由该部门办理。", article="18", paragraph=1
        )
    target, code = release.target_id, release.department.code
    release.delete()
    ledger.append(
        "registry.take_back_release", by=by, at=at, about=("target", target), department=code
    )


@transaction.atomic
def mark_inspected(*, target_ids: Collection[int], on: date, by: User | str, at: datetime) -> int:
    """Note the day of an inspection, unless a later one is known. Returns how many changed."""
    count = (
        Target.objects.filter(pk__in=target_ids)
        .filter(Q(last_inspected_on=None) | Q(last_inspected_on__lt=on))
        .update(last_inspected_on=on)
    )
    entry = ledger.append(
        "registry.mark_inspected",
        by=by,
        at=at,
        about=("target", next(iter(target_ids))) if len(target_ids) == 1 else None,
        on=on.isoformat(),
        targets=len(target_ids),
    )
    if len(target_ids) > 1:
        Touched.objects.note(entry, target_ids)
    return count


@transaction.atomic
def show_phone(*, target: Target, by: User, at: datetime) -> str:
    """The telephone number in full; who looked is on record."""
    ledger.append("registry.show_phone", by=by, at=at, about=("target", target.pk))
    return target.phone


@transaction.atomic
def note_export(*, targets: int, by: User, at: datetime) -> None:
    """Who took how much of the registry away as a table; telephone numbers go along in full."""
    ledger.append("registry.export", by=by, at=at, targets=targets)


def _new_target(data: Mapping[str, Any]) -> Target:
    cell, kind = str(data.get("code") or ""), str(data.get("kind") or "")
    if not cell.strip():
        if kind not in WITHOUT_CODE:
            named = "、".join(each.label for each in WITHOUT_CODE[:-1])
            raise Blocked(
                f"没有代码。请填营业执照上的统一社会信用代码；只有{named}没有执照，可以留空。",
                article="11",
                paragraph=1,
            )
        code = codes.Code(
            codes.own(kind, str(data["name"]), str(data.get("address") or "")),
            Target.CodeKind.OWN,
        )
    else:
        read = codes.read(cell)
        if isinstance(read, codes.Fault):
            raise Blocked(f"{read.fault}。{read.cure}。", article="11", paragraph=1)
        code = read
    if there := Target.objects.filter(code=code.text).first():
        raise Blocked(
            f"代码 {code.text} 已在名录库中，是“{there.name}”。请打开它来修改。",
            article="11",
            paragraph=1,
        )
    form = str(data.get("legal_form") or "")
    kind = kind or (code.text[1:3] if code.kind == Target.CodeKind.OWN else "")
    return Target(code=code.text, code_kind=code.kind, kind=kind or codes.kind_of(code, form))


def _keep(target: Target) -> None:
    try:
        with transaction.atomic():
            target.save()
    except IntegrityError:
        raise Blocked(
            f"代码 {target.code} 刚刚由别人录入。请在检查对象里打开它来修改。",
            article="11",
            paragraph=1,
        ) from None


def _place(target: Target) -> None:
    decision = tables.gazetteer().decide(target.address, name=target.name, code=target.code)
    target.region_id = decision.region
    target.is_pending = decision.region is None
    target.region_reason = decision.reason[:160]


def _may_hold(by: User, region: str) -> bool:
    """Whether targets of a region are this person's department's business."""
    if by.department is None:
        return False
    return by.department.level == Department.Level.CITY or by.department.region_id == region


def _own(targets: TargetQuerySet, by: User) -> TargetQuerySet:
    return targets.editable_by(by)


def check_own(keys: Collection[int], by: User) -> None:
    """Raise Blocked naming one of these targets that is not one's own (art. 11, 按照管辖范围).

    Source: clause 11.3.
    """
    _all_own(keys, by)


def _all_own(keys: Collection[int], by: User) -> QuerySet[Target]:
    """These targets, if all of them are one's own. Raises Blocked naming one that is not."""
    own = _own(Target.objects.filter(pk__in=keys), by)
    if own.count() != len(set(keys)):
        foreign = Target.objects.filter(pk__in=keys).exclude(pk__in=own.values("pk")).first()
        if foreign is not None:
            _refuse_foreign(foreign)
    return Target.objects.filter(pk__in=own.values("pk"))


def _refuse_foreign(target: Target) -> Any:
    where = f"在{target.region}" if target.region else "还没有核定县区"
    raise Blocked(
        f"“{target.name}”{where}，不在本部门的管辖范围，不能修改。请联系当地部门或市级部门。",
        article="11",
        paragraph=1,
    )


def _log(what: str, *, chosen_keys: Collection[int], by: User, at: datetime, **facts: Any) -> None:
    """One entry for a batch, told by each of its targets; about the target if there is but one."""
    keys = sorted(set(chosen_keys))
    entry = ledger.append(
        what,
        by=by,
        at=at,
        about=("target", keys[0]) if len(keys) == 1 else None,
        targets=len(keys),
        keys=keys[:1_000],
        **facts,
    )
    if len(keys) > 1:
        Touched.objects.note(entry, keys)


def _word(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value or "")
