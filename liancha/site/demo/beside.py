"""What stands beside the tasks of a year: licences, classes, filings, a campaign, quiet days."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from liancha.accounts.models import Region
from liancha.plan import actions as plans
from liancha.plan.models import Filing, Plan
from liancha.registry import actions as registry
from liancha.registry.models import Target
from liancha.rulebook.quiet import QuietKind, Strength
from liancha.workdays import actions as workdays

from . import city
from .year import Story, World

# Tag, department, name and number of a licence; in how many days each of some ends, None: never.
LICENCES = (
    ("hotel", "GA", "特种行业许可证", "豫公特洛字{0}第{1:04}号", (-19, 6, 24, 210, 640)),
    ("hotel", "WJ", "公共场所卫生许可证", "豫洛卫公字〔{0}〕{1:04}号", (12, 29, 95, 400, None)),
    ("food_maker", "SCJG", "食品生产许可证", "SC106410{0}{1:04}", (-3, 17, 330, 900, 1300)),
    ("dangerous_transport", "JT", "道路运输经营许可证", "豫洛{0}{1:05}号", (9, 27, 150, 720, 1100)),
)
FIRST = 3  # so many of a kind have no licence on record; then each has one
TERM = timedelta(days=5 * 365)  # of a licence with an end
MONTHS = (41, 19)  # working days before the anchor on which a month's classes come in
LINES = 600  # of one monthly file: what changed since the last, and some that did not
SHIFT = 100  # where the next month's file begins
CHANGES = 11  # every so many lines another class
CLASSES = ("A", "B", "C", "D", "")
FOLDER = "registry/credit"


def licences(world: World) -> Story:
    """The licences of some firms come in, with their ends; some have run out, some will soon."""
    for n, (tag, code, name, number, ends) in enumerate(LICENCES):
        moment = world.at(world.back(17), 14, 5 + n)
        yield moment
        firms = Target.objects.decided().filter(status=Target.Status.ACTIVE).tagged(tag)
        planner = world.people.planner[code]
        chosen = firms.order_by("pk")[FIRST : FIRST + len(ends)]
        for target, days in zip(chosen, ends, strict=False):  # a small city has few of a kind
            valid_to = None if days is None else world.anchor + timedelta(days=days)
            issued_on = (valid_to or world.anchor) - TERM
            registry.save_licence(
                target=target,
                name=name,
                number=number.format(issued_on.year, target.pk % 10_000),
                issuer=str(planner.department),
                issued_on=issued_on,
                valid_to=valid_to,
                by=planner,
                at=moment,
            )


def classing(world: World) -> Story:
    """Two monthly files of credit classes, each looked at and then written."""
    office = world.people.cast["xieban"]
    for n, days in enumerate(MONTHS):
        moment = world.at(world.back(days), 16, 20)
        yield moment
        made = world.back(days + 1)
        place = Path(settings.MEDIA_ROOT) / FOLDER / f"demo-{n + 1}.csv"
        place.parent.mkdir(parents=True, exist_ok=True)
        _write_classes(place, n)
        batch = registry.open_credit(
            path=f"{FOLDER}/{place.name}",
            file_name=f"企业信用风险分类{made:%Y%m}.csv",
            source="省级通用型分类",
            on=made,
            by=office,
            at=moment,
        )
        batch = registry.look_credit(batch=batch, at=moment)
        moment += timedelta(minutes=15)
        yield moment
        registry.commit_credit(batch=batch, by=office, at=moment)


def _write_classes(place: Path, month: int) -> None:
    """A file as it comes: most as before, some a class up or down, one unknown, one misread."""
    rows = Target.objects.order_by("pk").values_list("code", "name", "credit_class")
    size = min(LINES, rows.count() * LINES // city.FULL)  # fewer in a smaller city
    firms = rows.filter(kind="01")[month * SHIFT : month * SHIFT + size]
    lines = [(code, name, _class_after(now, n)) for n, (code, name, now) in enumerate(firms)]
    lines.append((city.code("91", "410302", 91_000 + month), "（库中没有的企业）", "B"))
    lines.append((city.code("91", "410302", 92_000 + month), "（分类写错的企业）", "较好"))
    with place.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(("统一社会信用代码", "企业名称", "信用风险分类"))
        table.writerows((code, name, word or "未分类") for code, name, word in lines)


def _class_after(now: str, n: int) -> str:
    """Every so many lines a class up or down; who had none gets one."""
    if n % CHANGES:
        return now
    return {"": "B", "A": "B", "B": "C" if n % 2 else "A", "C": "B", "D": "C"}[now]


# A department's own lines of the year: name, item of its list, targets, base, rate, months.
OWN = (
    ("拍卖企业抽查", "拍卖活动经营资格的检查", "拍卖企业", 34, "10%", (5, 6)),
    (
        *("企业标准自我声明公开抽查", "企业（团体）标准自我声明公开监督检查", "企业、社会团体"),
        *(1860, "3%", (6, 9)),
    ),
    (
        *(
            "广告经营者和发布者抽查",
            "广告经营者、发布者建立、健全承接登记、审核、档案管理制度情况的检查",
        ),
        *("广告经营者、发布者", 412, "20–25家", (7, 10)),
    ),
)


def own_plan(world: World, year: int) -> Story:
    """What market regulation checks by itself, beside the joint plan (arts. 12 and 14)."""
    writer, head = world.people.planner["SCJG"], world.people.head["SCJG"]
    moment = world.at(date(year, 3, 24), 15)
    yield moment
    part = plans.start_part(year=year, by=writer, at=moment)
    for n, (name, item, targets, base, wording, (first, last)) in enumerate(OWN):
        moment = world.at(date(year, 3, 24), 15, 20 + n)
        yield moment
        data = plans.OwnLineData(
            name=name,
            items=(item,),
            targets=targets,
            base=base,
            wording=wording,
            starts_on=date(year, first, 1),
            ends_on=date(year, last + 1, 1) - timedelta(days=1),
        )
        plans.save_own_line(part=part, data=data, by=writer, at=moment)
    moment = world.at(date(year, 4, 21), 11)
    yield moment
    plans.publish_part(part=part, by=head, at=moment)


def filings(world: World, year: int) -> Story:
    """Last year's figures went up in January; the plan itself is filed when it is public."""
    told: Sequence[tuple[date, str, str, str, date]] = (
        (
            date(year, 3, 11), Filing.Kind.REPORT, "洛阳市司法局",
            f"洛司执监收〔{year}〕9号", date(year, 1, 26),
        ),
        (
            date(year, 4, 28), Filing.Kind.JUSTICE, "洛阳市司法局",
            f"洛司执监收〔{year}〕31号", date(year, 4, 27),
        ),
    )  # fmt: skip
    for day, kind, to, number, on in told:
        moment = world.at(day, 10, 30)
        yield moment
        plan = Plan.objects.get(year=year, region="410300")
        plans.file_plan(
            plan=plan,
            kind=kind,
            to=to,
            number=number,
            on=on,
            by=world.people.cast["xieban"],
            at=moment,
        )


def campaign(world: World, year: int) -> Story:
    """A campaign outside the plan, run as a joint check in a field of the list."""
    moment = world.at(world.back(38), 10, 15)
    yield moment
    planner = world.people.planner["XF"]
    assert planner.department is not None
    plans.register_campaign(
        title="宾馆旅店消防安全专项整治",
        department=planner.department,
        basis=f"洛安委办〔{year}〕27号",
        fields=[world.lines["JF05"].field],
        approved_by_body="洛阳市人民政府",
        approval=f"洛政办〔{year}〕43号",
        starts_on=world.back(30),
        ends_on=world.back(30) + timedelta(days=90),
        by=planner,
        at=moment,
    )


def quiet_days(world: World, year: int) -> Story:
    """The days of next year's examinations are quiet; a monthly period is registered, and off."""
    moment = world.at(date(year, 4, 16), 16, 20)
    yield moment
    months: dict[str, Any] = {"kind": QuietKind.MONTHLY, "until_day": 20}
    exams: dict[str, Any] = {"kind": QuietKind.DATED, "ends_on": date(year + 1, 6, 10)}
    told: tuple[tuple[str, str, str, date, dict[str, Any]], ...] = (
        ("410300", "企业安静期", Strength.OFF, date(year, 5, 1), months),
        ("410300", "高考期间", Strength.WARN, date(year + 1, 6, 6), exams),
    )
    for region, title, strength, first, days in told:
        workdays.add_quiet_period(
            region=Region.objects.get(pk=region),
            title=title,
            source=f"洛联办〔{year}〕6号",
            starts_on=first,
            strength=strength,
            **days,
            by=world.people.cast["xieban"],
            at=moment,
        )
