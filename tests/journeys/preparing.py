"""Steps 1 to 4: register, lists, roster, what is refused from the start, the plan of the year."""

from __future__ import annotations

import io
import re
from datetime import date

from openpyxl import load_workbook
from playwright.sync_api import expect

from liancha.registry.models import Target

from . import city
from .corridor import Journey
from .walkers import Walker

FIELD, OTHER_FIELD = "宾馆、旅店监督抽查", "机动车检验机构抽查"


# ── 1 The register ────────────────────────────────────────────────────────────────────────


def the_register_is_imported(journey: Journey) -> None:
    """Looked at first, with an error file; then written; and the second time changes nothing."""
    file = journey.folder / "检查对象名录.csv"
    city.write_register(file)
    office = journey.by("zhou")
    _upload_register(office, journey)
    office.sees("试算完成，尚未写入")
    figures(office, 新增=117, 有误=3, 待核=1)
    journey.album.keep(office, "01-import")

    cells = text_of(office.download("下载错误表（带怎么改）"))
    for words in ("洛阳错码宾馆有限公司", "第 18 位", "洛阳重码宾馆有限公司", "怎么改"):
        assert words in cells, cells

    office.press("写入 117 户")
    office.sees("已写入：新增 117 户，变更 0 户")
    _upload_register(office, journey)
    figures(office, 新增=0, 变更=0, 未变=117, 有误=3)
    office.sees("没有新增和变更，不用写入")


def _upload_register(office: Walker, journey: Journey) -> None:
    office.go("/targets/import/")
    office.upload("名录文件", journey.folder / "检查对象名录.csv")
    office.press("试算这个文件")


# ── 2 The list ────────────────────────────────────────────────────────────────────────────


def the_list_is_published(journey: Journey) -> None:
    """Loaded from a table, signed by every department that it names, approved, published."""
    file = journey.folder / "联合抽查清单.xlsx"
    city.write_list(file)
    office = journey.by("zhou")
    office.go("/lists/joint/new/")
    office.fill("标题", "洛阳市部门联合抽查事项清单")
    office.fill("文号", "洛双随机办〔2026〕1号")
    office.fill("修订依据和理由", "《办法》第八条；首次编制。")
    office.press("开始编制")
    draft = office.path
    office.follow("导入表格")
    office.upload("清单文件", file)
    office.press("试算这个文件")
    office.sees("试算完成，尚未写入")
    office.press("写入清单")
    office.sees("已写入")
    office.go(draft)
    office.touch("送部门会签")
    office.press("送部门会签")
    for account in ("shen", "lu", "pei", "xiang"):
        clerk = journey.by(account)
        clerk.go(draft)
        clerk.press("提交会签意见")
    office.go(draft)
    office.touch("批准清单")
    office.press("批准清单")
    office.press("公布清单")

    anybody = journey.by("")
    anybody.go("/public/lists/")
    anybody.follow("洛阳市部门联合抽查事项清单")
    anybody.sees(FIELD, OTHER_FIELD, "住宿人员实名登记情况的检查", "现行有效")
    journey.album.keep(anybody, "02-lists")


# ── 3 The roster ──────────────────────────────────────────────────────────────────────────


def the_inspectors_are_imported(journey: Journey) -> None:
    """Each department brings in its own; a recusal keeps somebody away from one hotel."""
    for account, department, first in (("shen", "公安", 0), ("lu", "卫健", 6)):
        file = journey.folder / f"执法检查人员-{first}.xlsx"
        city.write_roster(file, department, first=first)
        clerk = journey.by(account)
        clerk.go("/inspectors/import/")
        clerk.upload("人员名录", file)
        clerk.press("试算这个文件")
        figures(clerk, 新增=city.INSPECTORS, 有误=1)
        clerk.sees("早于有效期自")
        clerk.press(f"写入 {city.INSPECTORS} 名")
        clerk.sees("已写入")
    with journey.in_database():
        journey.officers = city.equip_inspectors(("GA", "WJ"))
        hotel = Target.objects.order_by("pk")[0].name

    clerk = journey.by("lu")
    clerk.go("/inspectors/")
    clerk.page.locator("a.name").first.click()
    clerk.unfold("登记回避")
    clerk.fill("检查对象", hotel)
    clerk.choose("关系", "近亲属在该单位任职或持股")
    clerk.press("登记回避")
    clerk.sees("回避中", hotel)
    clerk.go("/inspectors/")
    journey.album.keep(clerk, "03-roster")


# ── 4 What is refused from the start; the plan ────────────────────────────────────────────


def a_region_outside_the_city_is_refused(journey: Journey) -> None:
    admin = journey.by("sys")
    admin.go("/departments/")
    admin.follow("洛阳市司法局")
    admin.page.get_by_label("区域", exact=True).evaluate(
        "select => { select.selectedOptions[0].value = '410102' }"
    )
    admin.press("保存部门", status=409)
    admin.is_refused("410102", "洛阳市范围", article="二")


def a_department_without_standing_is_refused(journey: Journey) -> None:
    admin = journey.by("sys")
    _qualify(admin, "洛阳市消防救援支队", is_qualified=False)
    planner = journey.by("shen")
    _ask_for_task(planner, [FIELD], ["消防"])
    planner.is_refused("主体资格", article="二")
    _qualify(admin, "洛阳市消防救援支队", is_qualified=True)
    journey.leaves("sys")


def a_joint_task_of_one_department_is_refused(journey: Journey) -> None:
    planner = journey.by("shen")
    _ask_for_task(planner, [FIELD], [])
    planner.is_refused("至少要有两个部门", article="三")


def two_fields_in_one_task_are_refused(journey: Journey) -> None:
    planner = journey.by("shen")
    _ask_for_task(planner, [FIELD, OTHER_FIELD], ["卫健"])
    planner.is_refused(article="四")


def _qualify(admin: Walker, name: str, *, is_qualified: bool) -> None:
    admin.go("/departments/")
    admin.follow(name)
    admin.tick("执法主体资格", off=not is_qualified)
    admin.press("保存部门")


def _ask_for_task(planner: Walker, fields: list[str], departments: list[str]) -> None:
    today = date.today()
    planner.go("/tasks/new/")
    planner.unfold("组织临时性联合抽查")
    planner.choose("来源", "上级交办")
    planner.fill("来源文件文号", "豫市监办〔2026〕18号")
    planner.fill("原因", "上级交办的旅馆业专项检查")
    planner.fill("任务名称", "旅馆业临时抽查")
    select = planner.page.get_by_label("抽查领域", exact=True)
    if len(fields) > 1:  # the page offers one; this hand bends it
        select.evaluate("select => { select.multiple = true }")
    select.select_option(
        label=[select.locator("option").filter(has_text=each).first.inner_text() for each in fields]
    )
    planner.fill("开始", today.isoformat())
    planner.fill("结束", today.replace(month=12, day=31).isoformat())
    for each in departments:
        planner.tick(each)
    planner.press("建立临时任务", status=409)


def the_plan_is_refused_with_a_gap_and_published_without(journey: Journey) -> None:
    today = date.today()
    office = journey.by("zhou")
    office.go("/plans/new/")
    office.fill("年度", str(today.year))
    office.press("开始编制")
    plan = office.path
    journey.places["plan"] = plan
    _write_line(journey.by("shen"), plan, today)
    office.go(plan)
    office.touch("送会签")
    office.press("送会签")
    for account in ("cheng", "gu"):
        head = journey.by(account)
        head.go(plan)
        head.follow("查看并会签")
        head.press("会签计划")
    office.go(plan)
    office.touch("批准计划")
    office.press("批准计划")

    publish = office.page.get_by_role("button", name="公示计划", exact=True)
    expect(publish).to_be_disabled()
    office.sees("还不能公示")
    publish.evaluate("button => { button.disabled = false }")
    office.touch("公示计划")
    office.press("公示计划", status=409)
    office.is_refused(OTHER_FIELD, article="十三")

    office.go(plan)
    office.follow("写明理由")
    office.choose(f"{OTHER_FIELD} 不安排的原因", "上级统一实施")
    office.press("签署原因")
    office.go(plan)
    journey.album.keep(office, "04-plan")
    office.touch("公示计划")
    office.fill("文号", "洛双随机办〔2026〕3号")
    office.press("公示计划")
    anybody = journey.by("")
    anybody.go("/public/plans/")
    anybody.sees(str(today.year))


def _write_line(planner: Walker, plan: str, today: date) -> None:
    planner.go(plan)
    planner.follow("编计划行")
    planner.follow("编这一行")
    planner.fill("开始", today.isoformat())
    planner.fill("结束", today.replace(month=12, day=31).isoformat())
    planner.tick("消防", off=True)
    planner.fill("清单内部门不参加的原因", "今年由公安、卫健两个部门参加")
    planner.pick("按县区")
    for county in ("涧西区", "洛龙区", "洛宁县"):
        planner.fill(f"{county} 的比例", "2")
    planner.press("保存计划行")
    planner.sees("已保存计划行")


def figures(walker: Walker, **wanted: int) -> None:
    """The row of figures on the page says these numbers."""
    for word, number in wanted.items():
        figure = walker.page.locator(".lc-figs > *").filter(has_text=re.compile(f"^\\s*{word}"))
        expect(figure.first).to_contain_text(re.compile(rf"{word}\D*{number}\D"))


def text_of(workbook: bytes) -> str:
    sheet = load_workbook(io.BytesIO(workbook)).worksheets[0]
    return "\n".join(str(cell.value) for row in sheet.rows for cell in row if cell.value)
