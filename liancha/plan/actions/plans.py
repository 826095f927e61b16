"""The plan as a whole: started, signed, approved, published (arts. 12, 13 and 16)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from liancha.accounts.models import Region, User
from liancha.lists.models import JointField
from liancha.rulebook import coverage, regions
from liancha.rulebook.lifecycles import LineState, PlanState
from liancha.rulebook.verdicts import Blocked, NeedsReason

from .. import bases, columns
from ..models import CoverageException, Plan, PlanCoSign, PlanLine, PlanQuerySet
from .deriving import at_home
from .standing import append, coordinating, list_in_force, locked


@transaction.atomic
def start_plan(
    *,
    year: int,
    title: str = "",
    region: Region | str | None = None,
    by: User,
    at: datetime,
) -> Plan:
    """Begin the plan of a year, from the joint list in force; the next version if there is one.

    region  default the region of `by`'s department

    Raises Blocked outside the city (art. 2), for another region than one's own, while a version
    is still being made, once a line of the public version has begun (art. 16), without a published
    list, and for a county before the city's plan.
    Source: arts. 12 and 16. Clauses 8.1, 12.1 and 16.3.
    """
    office = coordinating(by)
    code = region.pk if isinstance(region, Region) else region or office.region_id
    regions.check_region(code)
    if code != office.region_id:
        raise Blocked(
            "只能编制本级的年度计划。请由该地的市场监管部门编制。", article="12", paragraph=2
        )
    Region.objects.select_for_update(no_key=True).get(pk=code)
    versions = Plan.objects.filter(year=year, region=code)
    if unfinished := versions.open().first():
        raise Blocked(
            f"{year} 年度计划第 {unfinished.version} 稿正在编制。请在这一稿上修改。", article="12"
        )
    _check_not_begun(versions.in_force(year, code))
    city_plan = Plan.objects.in_force(year, regions.CITY)
    if regions.is_county(code) and not city_plan.exists():
        raise Blocked(
            f"市级 {year} 年度计划还没有公布，县（区）计划应根据它制定。请等待公布。",
            article="12",
            paragraph=2,
        )
    version = list_in_force(code)
    if version is None:
        raise Blocked("部门联合抽查事项清单还没有公布，不能编计划。请先公布清单。", article="8")
    plan = Plan.objects.create(
        year=year,
        region_id=code,
        version=versions.count() + 1,
        title=title.strip() or f"{year} 年{_level(code)}联合抽查年度工作计划",
        list_version=version,
        created_by=by,
        created_at=at,
    )
    append("plan.start", plan, by, at, year=year, region=code, version=plan.version)
    return plan


@transaction.atomic
def except_field(
    *, plan: Plan, field: JointField, reason: str, note: str = "", by: User, at: datetime
) -> CoverageException:
    """Sign for a field that has no line this year: no targets, or done from above.

    Also after publication, when an adjustment cancelled a field's last line.
    Raises Blocked for anybody but the coordinating office, for a superseded plan, and for "no
    targets" without a word why when the registry has some.
    Source: art. 13, paragraph 1. Clause 13.1.
    """
    coordinating(by, plan)
    plan = _open(plan)
    if reason == CoverageException.Reason.NO_TARGETS and not note.strip():
        _check_without_targets(plan, field)
    signed, _ = CoverageException.objects.update_or_create(
        plan=plan,
        field=field,
        defaults={
            "reason": CoverageException.Reason(reason),
            "note": note.strip(),
            "signed_by": by,
            "signed_at": at,
        },
    )
    append("plan.except_field", plan, by, at, field=field.code, reason=str(signed.reason))
    return signed


@transaction.atomic
def withdraw_exception(*, exception: CoverageException, by: User, at: datetime) -> None:
    """Take a signed exception back: the field must be planned again."""
    plan, code = exception.plan, exception.field.code
    coordinating(by, plan)
    plan = _open(plan)
    exception.delete()
    append("plan.withdraw_exception", plan, by, at, field=code)


@transaction.atomic
def send_for_cosign(*, plan: Plan, by: User, at: datetime) -> list[PlanCoSign]:
    """Ask every department the lines name for its word; the lines rest meanwhile.

    A department that has signed is asked again only when one of its lines changed since.
    Source: art. 12, paragraph 1, 会同相关部门. Clause 12.2.
    """
    coordinating(by, plan)
    plan = locked(plan)
    lines = list(plan.lines.live().with_columns())
    if not lines:
        raise Blocked("计划还没有计划行，不能送会签。请先编计划行。", article="12", paragraph=1)
    changed: dict[int, datetime] = {}
    for line in lines:
        for department in line.departments:
            department.check_takes_part()
            newest = changed.get(department.pk, line.changed_at)
            changed[department.pk] = max(newest, line.changed_at)
    plan.advance(PlanState.COSIGNING)
    for signed in plan.cosigns.all():
        when = changed.get(signed.department_id)
        if (
            when is None
            or signed.is_returned
            or signed.signed_at is None
            or signed.signed_at < when
        ):
            signed.delete()
    for key in changed:
        PlanCoSign.objects.get_or_create(plan=plan, department_id=key)
    append("plan.send_for_cosign", plan, by, at, departments=len(changed), lines=len(lines))
    return list(plan.cosigns.select_related("department"))


@transaction.atomic
def cosign(*, plan: Plan, opinion: str = "", by: User, at: datetime) -> PlanCoSign:
    """Agree, for one's own department, to the lines that name it. Twice is as good as once.

    Raises Blocked when the plan is not out for signing, or does not name the department.
    Source: art. 12, paragraph 1. Clause 12.2.
    """
    plan, own = _own_cosign(plan, by)
    if own.signed_at is not None and not own.is_returned:
        return own
    own.opinion, own.signed_by, own.signed_at, own.is_returned = opinion.strip(), by, at, False
    own.save()
    append("plan.cosign", plan, by, at, department=own.department.code)
    return own


@transaction.atomic
def return_plan(*, plan: Plan, opinion: str, by: User, at: datetime) -> PlanCoSign:
    """Do not agree: the plan is a draft again, with the department's reason on it.

    Source: art. 12, paragraph 1.
    """
    plan, own = _own_cosign(plan, by)
    if not opinion.strip():
        raise Blocked("还没有写退回的意见。请写明哪一行、怎样改。", article="12", paragraph=1)
    own.opinion, own.signed_by, own.signed_at, own.is_returned = opinion.strip(), by, at, True
    own.save()
    plan.advance(PlanState.DRAFT)
    append("plan.return", plan, by, at, department=own.department.code, opinion=own.opinion)
    return own


@transaction.atomic
def withdraw_plan(*, plan: Plan, by: User, at: datetime) -> Plan:
    """Take the plan back, out for signing or approved, to change lines; what is signed stays.

    Before it is public only: an approved plan with a field uncovered is mended this way.
    Source: art. 12, paragraph 1; art. 13, paragraph 1.
    """
    coordinating(by, plan)
    plan = locked(plan)
    plan.advance(PlanState.DRAFT)
    plan.minutes, plan.approved_by, plan.approved_at = "", None, None
    plan.save(update_fields=["minutes", "approved_by", "approved_at"])
    append("plan.withdraw", plan, by, at)
    return plan


@transaction.atomic
def approve(*, plan: Plan, minutes: str = "", by: User, at: datetime) -> Plan:
    """Approve a plan that every named department has signed.

    minutes  the meeting that decided without those which have not signed

    The office that gathers the plan may approve it: what is in it, all departments have signed.
    Raises NeedsReason while signatures lack.
    Source: art. 12, paragraph 1. Clause 12.2.
    """
    coordinating(by, plan)
    plan = locked(plan)
    if plan.state == PlanState.COSIGNING:
        _check_cosigned(plan, minutes)
    plan.advance(PlanState.APPROVED)
    plan.minutes, plan.approved_by, plan.approved_at = minutes.strip(), by, at
    plan.save(update_fields=["minutes", "approved_by", "approved_at"])
    append("plan.approve", plan, by, at, minutes=plan.minutes)
    return plan


@transaction.atomic
def publish(
    *, plan: Plan, document_number: str = "", platform_number: str = "", by: User, at: datetime
) -> Plan:
    """Publish an approved plan; the version before it is superseded and no line of it begins.

    Raises Blocked while a field of the list is not covered, of a newer list in force too, a line
    lacks a column, or a line of the version before has begun: what it drew and did would belong to
    no line of the year's plan.
    Source: arts. 13, 14 and 16. Clauses 12.1, 13.1, 16.2 and 16.3.
    """
    coordinating(by, plan)
    plan = locked(plan)
    before = Plan.objects.select_for_update().in_force(plan.year, plan.region_id)
    _check_not_begun(before)
    check_coverage(plan)
    _check_newer_list(plan)
    lines = list(plan.lines.live().with_columns())
    for line in lines:
        coverage.check_columns(columns.columns(line), name=line.name)
    for older in before:
        older.advance(PlanState.SUPERSEDED)
    plan.advance(PlanState.PUBLISHED)
    plan.published_at = at
    plan.document_number = document_number.strip() or plan.document_number
    plan.platform_number = platform_number.strip() or plan.platform_number
    plan.save(update_fields=["published_at", "document_number", "platform_number"])
    for line in lines:
        line.advance(LineState.PUBLISHED)
    append(
        "plan.publish",
        plan,
        by,
        at,
        year=plan.year,
        lines=[line.number for line in lines],
        document_number=plan.document_number,
    )
    return plan


@transaction.atomic
def record_platform_number(*, plan: Plan, number: str, by: User, at: datetime) -> Plan:
    """Note the number the plan got when it was entered on the 监管平台 (art. 16, 录入监管平台).

    Source: clause 16.1.
    """
    coordinating(by, plan)
    plan = locked(plan)
    plan.platform_number = number.strip()
    plan.save(update_fields=["platform_number"])
    append("plan.record_platform_number", plan, by, at, number=plan.platform_number)
    return plan


def _check_without_targets(plan: Plan, field: JointField) -> None:
    """Nobody signs that there is nothing to inspect against what the registry holds."""
    home = [at_home(each, plan) for each in field.departments]
    here = [each for each in home if each is not None]
    if home[0] is None or len(here) < 2:
        return
    if number := bases.candidates(field.tag, here, region=plan.region_id).count():
        raise Blocked(
            f"名录库里“{field.name}”有 {number} 户共同的检查对象，不能只写“本年度无检查对象”。"
            "请补上计划行，或在说明里写明今年为什么不安排。",
            article="13",
            paragraph=1,
        )


def _check_not_begun(plans: PlanQuerySet) -> None:
    """A plan that is being carried out is adjusted line by line, with notice, not written anew."""
    states = (LineState.IN_PROGRESS, LineState.DONE)
    begun = PlanLine.objects.filter(plan__in=plans, state__in=states).order_by("number")
    if names := list(begun.values_list("name", flat=True)[:4]):
        more = "等" if len(names) > 3 else ""
        raise Blocked(
            f"现行计划已有计划行开展：{'、'.join(names[:3])}{more}，不能另编一稿。"
            "要增设、延迟、取消任务或更改比例、频次，请在现行计划上办理调整并公布。",
            article="16",
        )


def check_coverage(plan: Plan) -> None:
    """Every active field of the plan's level has a line or a signed exception (art. 13)."""
    fields = {each.code: each.name for each in plan.fields()}
    signed = plan.exceptions.select_related("field", "signed_by")
    coverage.check_coverage(
        fields,
        planned=set(plan.lines.live().values_list("field__code", flat=True)),
        exceptions={
            each.field.code: coverage.SignedException(
                coverage.ExceptionReason(each.reason), str(each.signed_by)
            )
            for each in signed
        },
    )


def _check_newer_list(plan: Plan) -> None:
    """A list published since the plan was begun has no field that the plan knows nothing of."""
    now = list_in_force(plan.region_id)
    if now is None or now.pk == plan.list_version_id:
        return
    known = {each.code for each in plan.fields()}
    if new := [each.name for each in plan.fields(now) if each.code not in known]:
        raise Blocked(
            f"现行清单已是{now}，新增的领域还没有列入：{'、'.join(new)}。"
            "请退回草稿，换用现行清单后补上计划行。",
            article="13",
            paragraph=1,
        )


def _check_cosigned(plan: Plan, minutes: str) -> None:
    unsigned = plan.cosigns.filter(signed_at=None).select_related("department")
    lacking = [each.department.short for each in unsigned]
    if lacking and not minutes.strip():
        raise NeedsReason(
            f"还没有会签：{'、'.join(lacking)}。请等待会签，或填写联席会议纪要的文号后批准。",
            article="12",
            paragraph=1,
        )


def _own_cosign(plan: Plan, by: User) -> tuple[Plan, PlanCoSign]:
    plan = locked(plan)
    if plan.state != PlanState.COSIGNING:
        raise Blocked("计划现在不在会签中。请刷新页面看现在的状态。", article="12", paragraph=1)
    own = plan.cosigns.filter(department=by.department_id).select_related("department").first()
    if own is None:
        raise Blocked("计划没有涉及您的部门，不需要会签。", article="12", paragraph=1)
    return plan, own


def _open(plan: Plan) -> Plan:
    plan = locked(plan)
    if plan.state == PlanState.SUPERSEDED:
        raise Blocked("这一稿计划已被替代，不再改动。请在现行的一稿上办理。", article="16")
    return plan


def _level(region: str) -> str:
    return "市级" if region == regions.CITY else regions.REGIONS[region]
