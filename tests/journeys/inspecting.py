"""Step 8: teams and notices, then the visits, on phones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from playwright.sync_api import expect

from liancha.inspection.models import ItemAnswer, Visit
from liancha.roster.models import Inspector

from .corridor import Journey
from .walkers import Walker

SITUATION = "前台登记簿缺少近两日的两名住客，现场核对后补登。"
REFUSED = "现场负责人看过记录表，称须请示总部，拒绝签名，也不说明理由。"


@dataclass(frozen=True, slots=True)
class Officer:
    name: str
    certificate: str

    @classmethod
    def of(cls, inspector: Inspector) -> Officer:
        return cls(inspector.name, inspector.certificates.get().number)


@dataclass(frozen=True, slots=True)
class Team:
    """Who goes to one firm: the leader and a second of the initiator, two of the other one."""

    visit: int
    firm: str
    leader: Officer
    second: Officer
    partner: Officer
    partners_second: Officer


def the_teams_are_formed_and_the_firms_told(journey: Journey) -> None:
    """One by itself, with a remark that it is late; the others together."""
    teams = f"{journey.places['task']}teams/"
    planner = journey.by("shen")
    planner.go(teams)
    planner.press("组成 3 个检查组")
    planner.pick_all()
    planner.touch("排日程")
    planner.fill("检查日期", date.today().isoformat())
    planner.press("排日程")
    planner.follow("告知企业")
    planner.choose("方式", "电话")
    planner.fill("被告知人", "前台负责人")
    planner.fill("联系电话", "13800000001")
    planner.press("登记告知")
    planner.sees("不足 1 个工作日", "1 个工作日是本地做法")
    planner.go(teams)
    planner.pick_all()
    planner.press("一起告知")
    planner.choose("方式", "电话")
    for place in range(2):
        planner.page.get_by_label("被告知人").nth(place).fill("办公室主任")
    planner.press("登记 2 户的告知")
    planner.go(teams)
    assert planner.page.get_by_text("已告知").count() >= 3


def a_visit_is_made_and_signed(journey: Journey) -> None:
    """Two of each department, or it does not begin; a finding typed while the network is gone."""
    team = _team(journey, 0)
    leader, partner = _arrive(journey, team)
    _fill_in_without_network(journey, leader, team)
    _all_fine(partner, team)
    _sign(leader, team)


def a_visit_is_refused_by_the_firm(journey: Journey) -> None:
    """The refusal is written down by one officer and confirmed by another on their own phone."""
    team = _team(journey, 1)
    leader, partner = _arrive(journey, team)
    _all_fine(leader, team)
    _all_fine(partner, team)
    leader.go(f"/field/visits/{team.visit}/sign/")
    leader.pick("拒绝签名")
    leader.fill("情况说明", REFUSED)
    leader.press("记下说明，等第二人确认")
    leader.sees("等第二人确认")
    partner.go(f"/field/visits/{team.visit}/sign/")
    partner.sees(REFUSED)
    partner.press("我在场，确认属实")
    partner.sees("检查完成，记录表已存证")


def the_last_visit_is_made(journey: Journey) -> None:
    team = _team(journey, 2)
    leader, partner = _arrive(journey, team)
    _all_fine(leader, team)
    _all_fine(partner, team)
    _sign(leader, team)


def _team(journey: Journey, place: int) -> Team:
    """The visit in the order of the teams, with two members of each department, leader first."""
    with journey.in_database():
        visit = Visit.objects.select_related("team__leader", "drawn_target__candidate").order_by(
            "pk"
        )[place]
        leader = visit.team.leader
        members = list(visit.team.members.select_related("department").order_by("pk"))
        own = [m for m in members if m.department == leader.department and m != leader]
        others = [m for m in members if m.department != leader.department]
        people = [Officer.of(each) for each in (leader, own[0], others[0], others[1])]
        return Team(visit.pk, visit.drawn_target.candidate.name, *people)


def _arrive(journey: Journey, team: Team) -> tuple[Walker, Walker]:
    """Everybody checks in; with one of a department there is no beginning."""
    leader = journey.by(journey.officers[team.leader.name], on_phone=True)
    leader.go("/field/")
    leader.page.locator("a.ph-visit").filter(has_text=team.firm).click()
    arrival = leader.path
    leader.press("签到，我已到场")
    leader.sees("公安的事项现在不能开始", "在场 1 人，还差 1 人")
    assert leader.post(f"{arrival}start/") == 409
    _check_in_for(leader, team.second)
    partner = journey.by(journey.officers[team.partner.name], on_phone=True)
    partner.go(arrival)
    partner.press("签到，我已到场")
    leader.go(arrival)
    leader.sees("卫健的事项现在不能开始", "其余部门可以先查")
    _check_in_for(leader, team.partners_second)
    leader.press("全部部门开始检查")
    return leader, partner


def _check_in_for(leader: Walker, colleague: Officer) -> None:
    """The leader looks at a colleague's certificate and types its number."""
    leader.unfold("组长代组员签到")
    leader.choose("组员", colleague.name)
    leader.fill("执法证号", colleague.certificate)
    leader.press("代为签到")
    leader.sees(f"{colleague.name}已签到")


def _fill_in_without_network(journey: Journey, officer: Walker, team: Team) -> None:
    page = officer.page
    officer.go(f"/field/visits/{team.visit}/items/")
    first, second = page.locator("[data-row]").all()
    first.get_by_text("未发现问题", exact=True).first.click()
    officer.touch("存好，下一项")
    second.get_by_text("发现问题", exact=True).first.click()
    expect(page.locator("[data-sync]")).to_contain_text("已全部上传")
    page.context.set_offline(True)
    second.get_by_label("发现的情况").press_sequentially(SITUATION, delay=4)
    officer.pick("责令改正", among=second)
    expect(page.locator("[data-sync]")).to_contain_text("离线，已存本机 1")
    measure = second.locator('[data-measure="rectify"]')
    measure.get_by_text("书面", exact=True).click()
    measure.get_by_role("button", name="7 天后").click()
    page.context.set_offline(False)
    expect(page.locator("[data-sync]")).to_contain_text("已全部上传")
    with journey.in_database():
        answer = ItemAnswer.objects.get(finding="found")
        assert answer.situation == SITUATION
        assert answer.measures.get().deadline_on is not None
    journey.album.keep(officer, "08-visit", lambda page: page.locator("[data-open]").nth(1).click())


def _all_fine(officer: Walker, team: Team) -> None:
    officer.go(f"/field/visits/{team.visit}/items/")
    officer.page.locator("details[data-rest] > summary").click()
    officer.touch("都未发现问题")
    expect(officer.page.locator("[data-sync]")).to_contain_text("已全部上传")


def _sign(leader: Walker, team: Team) -> None:
    """The firm's person writes with a finger."""
    leader.go(f"/field/visits/{team.visit}/sign/")
    pad = leader.page.locator("canvas[data-pad]")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    mouse = leader.page.mouse
    for row in range(3):
        mouse.move(box["x"] + 40, box["y"] + 30 + 25 * row)
        mouse.down()
        for step in range(1, 9):
            mouse.move(box["x"] + 40 + 20 * step, box["y"] + 30 + 25 * row + (-1) ** step * 12)
        mouse.up()
    leader.fill("签字人", "王某某")
    leader.fill("职务", "值班经理")
    leader.press("完成检查")
    leader.sees("检查完成，记录表已存证")
