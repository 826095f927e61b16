"""The visit in a real phone browser: nothing typed is lost, nothing is overwritten unseen."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from liancha.accounts.models import User
from liancha.inspection import actions
from liancha.inspection.models import ItemAnswer, Visit
from liancha.roster.models import Certificate
from tests.journeys.walkers import violations
from tests.rooms.visit_world import answer_all, arrive, make_visit_world, told

TEXT = "textarea[name=situation]"
STILL_OFFLINE = """
let isBack = false;
Object.defineProperty(navigator, 'onLine', { get: () => isBack });
window.addEventListener('network-back', () => {
  isBack = true;
  window.dispatchEvent(new Event('online'));
});
"""


def ready(*, answered: bool = False):
    """A visit of today, under way, in the database of the running site."""
    world = make_visit_world()
    now = timezone.now()
    today = timezone.localdate()
    Certificate.objects.update(valid_from=date(2024, 1, 1), valid_to=today + timedelta(days=200))
    visit = told(world, day=today)[0]
    arrive(world, visit, at=now)
    actions.start(visit=visit, by=world.officers["GA"][0].user, at=now)
    if answered:
        answer_all(world, visit)
    return world, Visit.objects.get(pk=visit.pk)


@pytest.fixture
def under_way(in_database):
    with in_database():
        return ready()


@pytest.fixture
def all_answered(in_database):
    with in_database():
        return ready(answered=True)


@pytest.fixture
def log_in(site, in_database):
    """Open a page of the site as this person, past the log-in form."""

    def go(page, username: str, way: str) -> None:
        with in_database():
            client = Client()
            client.force_login(User.objects.get(username=username))
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": site.url}]
        )
        page.goto(site.url + way)

    return go


def wait_until_sent(page) -> None:
    expect(page.locator("[data-sync]")).to_have_text("已全部上传")


def open_row(page, name: str):
    """The row of this item, unfolded."""
    row = page.locator("form[data-row]", has_text=name)
    if not row.locator("[data-body]").is_visible():
        row.locator("[data-open]").click()
    return row


def answer_of(in_database, name: str) -> ItemAnswer | None:
    with in_database():
        return ItemAnswer.objects.filter(item__name=name).prefetch_related("measures").first()


@pytest.mark.django_db
def test_without_scripts_the_page_says_that_nothing_would_be_kept(client):
    world, visit = ready()
    client.force_login(world.officers["SCJG"][0].user)
    page = client.get(f"/field/visits/{visit.pk}/items/").content.decode()
    assert "浏览器关闭了脚本" in page[page.index("<noscript>") : page.index("</noscript>")]


def test_a_typed_word_survives_a_dead_network_and_a_reload(log_in, phone, under_way, in_database):
    _, visit = under_way
    log_in(phone, "scjg-001", f"/field/visits/{visit.pk}/items/")
    row = open_row(phone, "明码标价情况")
    row.locator("label", has_text="发现问题").last.click()
    wait_until_sent(phone)
    phone.context.set_offline(True)
    row.locator(TEXT).press_sequentially("系统收费高于标价")
    row.locator(".ph-kinds label", has_text="待后续处理").click()
    expect(phone.locator("[data-sync]")).to_have_text("离线，已存本机 1")
    phone.click(".ph-to-sign")  # no way off the page without a network
    assert "现在没有网络" in phone.locator("[data-field-note]").inner_text()
    assert answer_of(in_database, "明码标价情况").situation == ""
    # The page dies and comes back where the network is still bad: the words are there, unsent.
    phone.evaluate(STILL_OFFLINE)  # nor does the dying page send them with its last breath
    phone.add_init_script(STILL_OFFLINE)
    phone.context.set_offline(False)
    phone.reload()
    row = open_row(phone, "明码标价情况")
    assert row.locator(TEXT).input_value() == "系统收费高于标价"
    assert row.locator("[name=kind][value=later]").is_checked()
    expect(phone.locator("[data-sync]")).to_have_text("离线，已存本机 1")
    phone.evaluate("window.dispatchEvent(new Event('network-back'))")
    wait_until_sent(phone)
    stored = answer_of(in_database, "明码标价情况")
    assert stored.situation == "系统收费高于标价"
    assert [each.kind for each in stored.measures.all()] == ["later"]
    assert phone.evaluate("Object.keys(localStorage)") == []


def test_when_another_has_written_meanwhile_the_phone_asks(log_in, phone, under_way, in_database):
    world, visit = under_way
    log_in(phone, "scjg-001", f"/field/visits/{visit.pk}/items/")
    row = open_row(phone, "明码标价情况")
    with in_database():
        actions.answer(
            visit=visit,
            item=world.items["明码标价情况"],
            finding="none",
            situation="同事写的",
            by=world.officers["SCJG"][1].user,
            at=timezone.now(),
        )
    row.locator("label", has_text="未发现问题").click()
    row.locator("[data-conflict]").wait_for()
    assert "市监2号" in row.locator("[data-conflict]").inner_text()
    assert "同事写的" in row.locator("[data-conflict]").inner_text()
    expect(phone.locator("[data-sync]")).to_have_text("1 项要选")
    assert answer_of(in_database, "明码标价情况").situation == "同事写的"
    phone.reload()  # the question outlives the page
    row = open_row(phone, "明码标价情况")
    row.locator("button", has_text="用市监2号写的").click()
    assert row.locator(TEXT).input_value() == "同事写的"
    expect(phone.locator("[data-sync]")).to_have_text("已全部上传")
    row.locator(TEXT).fill("看过同事写的，补充一句")
    wait_until_sent(phone)
    assert answer_of(in_database, "明码标价情况").version == 2


def test_a_lost_log_in_keeps_the_words_and_says_where_to_go(log_in, phone, under_way, in_database):
    _, visit = under_way
    way = f"/field/visits/{visit.pk}/items/"
    log_in(phone, "scjg-001", way)
    row = open_row(phone, "营业执照公示")
    phone.context.clear_cookies()
    row.locator("label", has_text="未发现问题").click()
    phone.wait_for_selector("[data-field-note] a")
    assert "写的 1 项存在本机" in phone.locator("[data-field-note]").inner_text()
    assert answer_of(in_database, "营业执照公示") is None
    phone.click("[data-field-note] a")
    phone.wait_for_url("**/login/**")
    log_in(phone, "scjg-001", way)
    wait_until_sent(phone)
    assert answer_of(in_database, "营业执照公示").finding == "fine"


def test_a_colleague_on_the_same_phone_neither_sees_nor_sends_it(
    log_in, phone, under_way, in_database
):
    _, visit = under_way
    way = f"/field/visits/{visit.pk}/items/"
    log_in(phone, "scjg-001", way)
    phone.context.clear_cookies()
    open_row(phone, "营业执照公示").locator("label", has_text="未发现问题").click()
    phone.wait_for_selector("[data-field-note] a")
    log_in(phone, "scjg-002", way)
    phone.wait_for_timeout(500)
    expect(phone.locator("[data-sync]")).to_have_text("已全部上传")
    assert not phone.locator("[name=finding]:checked").count()
    assert answer_of(in_database, "营业执照公示") is None


def test_the_firm_signs_and_the_drawing_outlives_a_reload(
    log_in, site, phone, all_answered, in_database
):
    _, visit = all_answered
    log_in(phone, "ga-001", f"/field/visits/{visit.pk}/sign/")
    pad = phone.locator("[data-pad]").bounding_box()
    x, y = pad["x"], pad["y"]
    phone.mouse.move(x + 40, y + 40)
    phone.mouse.down()
    phone.mouse.move(x + 220, y + 120, steps=8)
    phone.mouse.move(x + 260, y + 50, steps=8)
    phone.mouse.up()
    phone.fill("#id_signer", "王晓")
    phone.reload()
    assert phone.input_value("#id_signer") == "王晓"
    phone.context.set_offline(True)
    phone.fill("#id_signer_post", "前厅部经理")
    phone.click("[data-ending-send]")
    expect(phone.locator("[data-ending-note]")).to_contain_text("现在没有网络")
    phone.context.set_offline(False)
    phone.click("[data-ending-send]")
    phone.wait_for_url(f"{site.url}/field/visits/{visit.pk}/")
    assert "检查完成" in phone.locator("h1").inner_text()
    with in_database():
        form = Visit.objects.get(pk=visit.pk).form
        assert (form.signer, form.signer_post) == ("王晓", "前厅部经理")
        assert len(form.signature_sha256) == 64
    assert phone.evaluate("Object.keys(localStorage)") == []


PAGES = (
    "/field/",
    "/field/schedule/",
    "/field/rules/",
    "/field/drafts/",
    "/field/card/",
    "/field/visits/{}/",
    "/field/visits/{}/items/",
    "/field/visits/{}/sign/",
    "/visits/{}/",
)


def test_no_page_scrolls_sideways_at_360_and_axe_finds_nothing(log_in, site, phone, under_way):
    _, visit = under_way
    log_in(phone, "scjg-001", "/field/")
    for page in PAGES:
        phone.goto(site.url + page.format(visit.pk))
        if page.endswith("items/"):
            row = open_row(phone, "明码标价情况")
            row.locator("label", has_text="发现问题").last.click()
            row.locator(".ph-kinds label", has_text="责令改正").click()
            row.locator("[data-measure=rectify] label", has_text="口头").click()
            wait_until_sent(phone)
        wide = phone.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, f"{page}: {wide}"
        small = phone.evaluate(
            "[...document.querySelectorAll('body.field main button, body.field .ph-act .btn')]"
            ".filter((e) => e.offsetParent && e.offsetHeight < 36).map((e) => e.innerText)"
        )
        assert small == [], f"{page}: {small}"
        assert violations(phone) == [], page


def test_a_long_record_breaks_into_pages_that_hold_it(log_in, desktop, all_answered, in_database):
    world, visit = all_answered
    with in_database():
        one = world.officers["SCJG"][0]
        for name, text in (
            ("明码标价情况", "收费与标价不一致，系统收费高于标价。" * 180),
            ("营业执照公示", "\n".join(f"第 {n} 处 A4 ledger entry" for n in range(90))),
        ):
            actions.answer(
                visit=visit,
                item=world.items[name],
                finding="fine",
                situation=text,
                by=one.user,
                at=timezone.now(),
            )
        actions.refuse(
            visit=visit,
            ending="refused",
            refusal="负责人称需请示总部，拒绝签名。" * 20,
            opinion="企业认为标价符合规定。" * 150,
            inspectors=[world.officers["WJ"][0]],
            by=one.user,
            at=timezone.now(),
        )
    log_in(desktop, "shen", f"/visits/{visit.pk}/record/")
    sheets = desktop.evaluate(
        "[...document.querySelectorAll('.a4')].map((a) => { const f = a.querySelector('footer');"
        " const last = f.previousElementSibling, end = last.offsetTop + last.offsetHeight;"
        " return [a.scrollHeight - a.clientHeight, f.offsetTop - end]})"
    )
    assert len(sheets) > 4
    assert all(over <= 0 and left >= 0 for over, left in sheets), sheets
    assert f"第 {len(sheets)} 页，共 {len(sheets)} 页" in desktop.locator(".a4").last.inner_text()
