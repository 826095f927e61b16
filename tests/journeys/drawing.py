"""Steps 5 to 7: the task and its pool, the first draw, each department's own draw."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from .corridor import Journey
from .walkers import Walker

LUOYANG = ZoneInfo("Asia/Shanghai")
# From the rule to the public value: the parties need not hurry, how slow this machine may be.
LEAST, PAGES = 10.0, 30
DICE = "3 1 4 1 5 2 6 5 3 5"
HEALTH, POLICE = "洛阳市卫生健康委员会", "洛阳市公安局"


# ── 5 Task and pool ───────────────────────────────────────────────────────────────────────


def the_task_is_agreed(journey: Journey) -> None:
    """From the plan line: confirmed by the cooperating department, its scheme approved."""
    planner = journey.by("shen")
    planner.go("/tasks/new/")
    planner.press("建立任务")
    task = journey.places["task"] = planner.path
    partner = journey.by("lu")
    partner.go(task)
    partner.follow("确认参与")
    partner.press("确认参与")
    planner.follow("拟定方案")
    planner.press("保存并提交")
    head = journey.by("cheng")
    head.go(task)
    head.touch("批准方案")
    head.press("批准方案")
    head.sees("方案已批准")


def the_pool_is_frozen(journey: Journey) -> None:
    """The common objects, who is out and why; after the freeze nothing about it changes."""
    planner = journey.by("shen")
    planner.go(f"{journey.places['task']}pool/")
    planner.sees("看 96 户", "排除 1 户", "县区待核")
    planner.press("冻结待抽检库")
    planner.sees("待抽检库已冻结，96 户")
    journey.places["draw"] = planner.path
    planner.go(journey.places["task"])
    journey.album.keep(planner, "05-task")


# ── 6 The first draw ──────────────────────────────────────────────────────────────────────


def the_targets_are_drawn(journey: Journey) -> None:
    """Two departments and a witness, each at a window of their own; dice come last."""
    draw = journey.places["draw"]
    due = _agree(journey, draw, by="shen", departments=[HEALTH], witness="秦牧之")
    for account in ("shen", "lu", "qin"):
        _commit(journey, draw, account)
    _a_wrong_number_is_refused(journey, draw, "lu")
    for account in ("qin", "lu", "shen"):
        _reveal(journey, draw, account)
    operator = journey.by("shen")
    operator.go(draw)
    operator.sees("揭示已截止，等公开随机值")
    _wait_until(due)
    _enter_and_lock(operator, draw, keep=lambda: journey.album.keep(operator, "06-draw"))
    operator.sees("锁定")


def the_list_is_dispatched(journey: Journey) -> None:
    planner = journey.by("shen")
    planner.go(journey.places["draw"])
    planner.press("派发名单", status=409)
    planner.is_refused("监管平台", article="五")
    planner.fill("理由", "监管平台今日维护，编号明日补填")
    planner.press("写明理由并继续")
    partner = journey.by("lu")
    partner.go(journey.places["draw"])
    partner.press("签收名单")
    partner.sees("已签收")


def _agree(
    journey: Journey, draw: str, *, by: str, departments: list[str], witness: str
) -> datetime:
    """Name the parties and the public value; returns when it will be there."""
    operator = journey.by(by)
    started = time.monotonic()
    operator.go(draw)
    operator.follow("约定各方和公开随机值")
    needed = LEAST + PAGES * (time.monotonic() - started)
    for each in departments:
        operator.tick(each)
    if witness:
        operator.pick(witness)
    operator.pick("现场掷骰 10 枚")
    due = datetime.now(LUOYANG).replace(microsecond=0) + timedelta(seconds=int(needed))
    operator.fill("公布时间", f"{due:%Y-%m-%dT%H:%M:%S}")
    operator.press("约定各方和公开随机值")
    return due


def _commit(journey: Journey, draw: str, account: str) -> None:
    """The number is made in this window, and only its hash leaves it."""
    party = journey.by(account)
    party.go(draw)
    party.page.get_by_label("规则存证后自动核对并揭示").uncheck()  # step by step here
    party.press("生成随机数并提交承诺")
    party.sees("承诺已存证")
    kept = party.page.evaluate("Object.entries(localStorage).filter(([k]) => /nonce/.test(k))")
    assert all(re.fullmatch("[0-9a-f]{64}", nonce) for _, nonce in kept), kept
    assert kept


def _reveal(journey: Journey, draw: str, account: str) -> None:
    party = journey.by(account)
    party.go(draw)
    party.press("核对规则并揭示")
    party.sees("随机数与承诺相符")


def _a_wrong_number_is_refused(journey: Journey, draw: str, account: str) -> None:
    party = journey.by(account)
    party.go(draw)
    party.unfold("随机数不在这台设备上")
    party.fill("随机数", "0" * 64)
    party.press("揭示这个随机数", status=409)
    party.is_refused("承诺不符", article="十九")


def _enter_and_lock(operator: Walker, draw: str, keep=None) -> None:
    operator.go(draw)
    operator.fill("公开随机值", DICE)
    operator.fill("出处", "市公证处见证人秦牧之读数，摇号大厅")
    operator.press("录入公开随机值")
    if keep:
        keep()
    operator.page.locator(".btn-lock").click()
    expect(operator.page.locator("body")).to_contain_text(re.compile("已锁定|已抽取"))


def _wait_until(moment: datetime) -> None:
    time.sleep(max(0.0, (moment - datetime.now(LUOYANG)).total_seconds() + 0.5))


# ── 7 The second draws, and a replacement ─────────────────────────────────────────────────


def the_inspectors_are_drawn(journey: Journey) -> None:
    """Each department from its own roster, by the same ceremony."""
    draws = {}
    for account, departments, witness in (("shen", [], "秦牧之"), ("lu", [POLICE], "")):
        operator = journey.by(account)
        operator.go(f"{journey.places['task']}inspectors/")
        operator.press("冻结人员库")
        draws[account] = operator.path
        due = _agree(journey, operator.path, by=account, departments=departments, witness=witness)
    for draw, parties in ((draws["shen"], ("shen", "qin")), (draws["lu"], ("lu", "shen"))):
        for account in parties:
            _commit(journey, draw, account)
        for account in parties:
            _reveal(journey, draw, account)
    journey.leaves("qin")
    _wait_until(due)
    for account, draw in draws.items():
        _enter_and_lock(journey.by(account), draw)
    journey.places["health"] = draws["lu"]


def a_replacement_is_agreed_by_the_own_head(journey: Journey) -> None:
    """Asked for by the department's handler; the initiator's head cannot even see the request."""
    staff = f"{journey.places['health']}staff/"
    clerk = journey.by("lu")
    clerk.go(staff)
    clerk.follow("申请更换")
    clerk.pick("健康状况")
    clerk.press("提交更换申请")
    clerk.sees("等负责人批准")

    own = journey.by("gu")
    own.go(staff)
    form = own.page.locator("form").filter(has=own.page.get_by_role("button", name="同意更换"))
    decide = form.get_attribute("action") or ""
    other = journey.by("cheng")
    other.go(staff)
    other.misses("同意更换")
    assert other.post(decide, agree="yes") == 404
    own.press("同意更换")
    own.sees("已更换为")
    journey.album.keep(own, "07-inspectors")
