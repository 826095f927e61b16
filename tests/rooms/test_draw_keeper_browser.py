"""A draw with a keeper in browsers: sealed in the page without crypto.subtle, opened by age."""

from __future__ import annotations

import re
from hashlib import sha256

import pyrage
import segno
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from playwright.sync_api import Page, expect

from liancha.accounts.models import User
from liancha.draw.models import Draw
from liancha.rulebook import protocol
from liancha.rulebook.lifecycles import DrawState
from tests.rooms import draw_world as w

# Plain http on an intranet: random numbers, and no crypto.subtle.
INTRANET = "Object.defineProperty(Crypto.prototype, 'subtle', {get: () => undefined})"
WORD = "Ping-an-2026"


def test_from_the_invitation_to_the_keepers_word(in_database, site, new_page):
    with in_database():
        world = w.make_world()
        draw = w.freeze(world, at=timezone.now())
        shen = User.objects.get(username="shen")
        session = SessionStore()
        session[SESSION_KEY] = str(shen.pk)
        session[BACKEND_SESSION_KEY] = "liancha.accounts.backends.WithDepartment"
        session[HASH_SESSION_KEY] = shen.get_session_auth_hash()
        session.save()
    own = pyrage.x25519.Identity.generate()
    guests_nonce = sha256(b"a notary's own shell").hexdigest()

    office: Page = new_page()
    cookie = {"name": "liancha_session", "value": session.session_key, "url": site.url}
    office.context.add_cookies([cookie])
    office.add_init_script(INTRANET)
    office.goto(f"{site.url}{draw.get_absolute_url()}rule/")
    office.get_by_role("radio", name="没有公开值，请托管人").check()
    expect(office.get_by_label("公布时间")).to_be_hidden()
    office.get_by_label("邀请没有账号的见证人").fill("1")
    office.get_by_label("托管人", exact=True).fill(w.KEEPER)
    office.get_by_label("最后提交的一方").select_option(label="受邀见证人")
    office.get_by_role("button", name="约定各方和公开随机值").click()
    links = office.locator(".ce-guests a")
    expect(links).to_have_count(2)
    for_guest, for_keeper = (links.nth(n).get_attribute("href") for n in range(2))

    guest = new_page()
    guest.goto(for_guest)
    for label, text in (
        ("姓名", "罗静"),
        ("单位", "洛阳日报"),
        ("身份", "记者"),
        ("自定口令", WORD),
    ):
        guest.get_by_label(label).fill(text)
    guest.get_by_role("button", name="登记并进入").click()
    keeper = new_page()
    keeper.goto(for_keeper)
    keeper.get_by_label("身份").fill("公证员")
    keeper.get_by_label("自定口令").fill(WORD)
    keeper.get_by_role("button", name="登记并进入").click()
    keeper.get_by_label("公钥").fill(str(own.to_public()))
    keeper.get_by_role("button", name="给出公钥").click()
    expect(keeper.locator(".ce-key")).to_have_text(str(own.to_public()))

    office.get_by_role("button", name="生成随机数并提交承诺").click()
    party = "罗静（洛阳日报）"
    line = protocol.commitment(draw.number, party, guests_nonce) + "  -"
    expect(guest.locator("[data-shell]")).to_contain_text(party)
    guest.get_by_label("自己算出的承诺").fill(line)
    guest.get_by_role("button", name="提交这份承诺").click()

    expect(office.get_by_role("heading", name="封存洛阳市公安局的随机数")).to_be_visible()
    with office.expect_download() as keepsake:
        office.get_by_role("button", name="保存规则摘要").click()
    with in_database():
        digest = Draw.objects.get().rule.digest
    assert digest in keepsake.value.path().read_text(encoding="utf-8")
    address = office.url
    office.get_by_role("link", name="打印封存单").click()
    shown = office.locator("[data-nonce]")
    expect(shown).to_have_text(re.compile("^([0-9a-f]{8} ?){8}$"))
    nonce = shown.inner_text().replace(" ", "")
    assert nonce not in office.url
    made = office.evaluate(
        "async text => (await import('/static/draw/qr.js')).code(text)", nonce.upper()
    )
    code = segno.make(nonce.upper(), version=4, error="q", mask=0, boost_error=False)
    assert made == [[bool(cell) for cell in row] for row in code.matrix]
    expect(office.locator("[data-code] svg path")).to_have_count(1)
    office.goto(address)

    # What the guest is typing stays while the page renews itself because the other party is done.
    sheet = pyrage.encrypt(guests_nonce.encode(), [own.to_public()], armored=True).decode()
    guest.get_by_text("用自己的命令行封存").click()
    guest.get_by_label("命令打出的全部各行").fill(sheet)
    office.get_by_role("button", name="加密给托管人并交出").click()
    expect(
        office.get_by_role("heading", name="等各方把随机数封存交给托管人，1 / 2")
    ).to_be_visible()

    expect(guest.get_by_text(re.compile("^加密文件"))).to_be_visible()
    expect(guest.get_by_label("命令打出的全部各行")).to_have_value(sheet)
    guest.get_by_role("button", name="交出这份封存文件").click()
    expect(guest.get_by_role("heading", name="封件已交齐，等托管人开封")).to_be_visible()

    with in_database():
        sheets = {p.name: p.seal for p in Draw.objects.get().parties.all()}
    opened = {
        name: pyrage.decrypt(seal.encode(), [own]).decode().split()[-1]
        for name, seal in sheets.items()
    }
    assert opened == {"洛阳市公安局": nonce, party: guests_nonce}
    keeper.reload()
    keeper.get_by_label(re.compile("命令打出的各行")).fill(f"{party}\t{'0' * 64}")
    keeper.get_by_role("button", name="核对并揭示").click()
    expect(keeper.get_by_text("一份也没有发出")).to_be_visible()
    lines = "\n".join(f"{name}\t{number}" for name, number in opened.items())
    keeper.get_by_label(re.compile("命令打出的各行")).fill(lines)
    keeper.get_by_role("button", name="核对并揭示").click()
    expect(office.get_by_role("heading", name=re.compile("^锁定 .* 户名单$"))).to_be_visible()
    with in_database():
        assert Draw.objects.get().state == DrawState.CLOSED
