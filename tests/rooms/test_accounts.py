"""Who comes in, and what the role table lets them do."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import combinations

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.urls import reverse

from liancha.accounts import actions
from liancha.accounts.models import Department, User
from liancha.accounts.passwords import NotRecentlyUsed, ThreeOfFourKinds
from liancha.accounts.permissions import ROLES, THREE_ADMINISTRATORS, Permission, Role
from liancha.accounts.rights import RIGHTS, rights_of
from liancha.ledger.models import Entry
from liancha.rulebook.verdicts import Blocked
from tests.people import NOON, PASSWORD, make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return make_cast()


def test_the_three_administrators_exclude_each_other_and_do_no_business():
    business = {
        p
        for role, powers in ROLES.items()
        if role not in THREE_ADMINISTRATORS
        for p in powers.permissions
    } - {
        Permission.SITE_WORKBENCH,
        Permission.LEDGER_VIEW,
        Permission.WORKDAYS_VIEW,
    }
    for role in THREE_ADMINISTRATORS:
        assert not ROLES[role].permissions & business
    for one, other in combinations(THREE_ADMINISTRATORS, 2):
        shared = ROLES[one].permissions & ROLES[other].permissions
        assert shared <= {Permission.SITE_WORKBENCH}


def test_every_permission_is_in_somebodys_role():
    held = {p for powers in ROLES.values() for p in powers.permissions}
    assert held == set(Permission)


@pytest.mark.parametrize(
    ("admin", "other"),
    [
        (admin, other)
        for admin in sorted(THREE_ADMINISTRATORS)
        for other in (Role.PLANNER, Role.SYSTEM_ADMIN, Role.AUDIT_ADMIN)
        if admin != other
    ],
)
def test_an_administrator_gets_no_second_role(cast, admin, other):
    with pytest.raises(Blocked) as refused:
        actions.set_roles(user=cast.shen, roles=[admin, other], by=cast.sec, at=NOON)
    assert refused.value.article == "6"
    assert User.objects.get(username="shen").roles == {"planner", "handler"}


def test_nobody_gives_roles_to_themselves(cast):
    with pytest.raises(Blocked):
        actions.set_roles(user=cast.sec, roles=[Role.PLANNER], by=cast.sec, at=NOON)


def test_a_role_of_business_needs_a_department(cast):
    with pytest.raises(Blocked) as refused:
        actions.set_roles(user=cast.qin, roles=[Role.PLANNER], by=cast.sec, at=NOON)
    assert refused.value.article == "2"


def test_roles_are_written_with_before_and_after(cast):
    actions.set_roles(user=cast.lu, roles=[Role.PLANNER], by=cast.sec, at=NOON)

    body = Entry.objects.order_by("-index").first().body
    assert '"after":["planner"]' in body
    assert '"before":["handler"]' in body


@pytest.mark.parametrize("bad", ["aaaaaaaaaaaa", "Aaaaaaaaaaaa", "123456789012"])
def test_a_password_has_three_kinds_of_characters(bad):
    with pytest.raises(ValidationError, match="三类"):
        ThreeOfFourKinds().validate(bad)


def test_a_short_password_is_told_so_in_chinese():
    with pytest.raises(ValidationError, match="至少 10 位") as refusal:
        validate_password("Ab1-")
    assert not any(re.search("[A-Za-z]{3}", told) for told in refusal.value.messages)


def test_the_last_five_passwords_do_not_come_back(cast):
    words = [f"Xin-mima-{n}0{n}" for n in range(6)]
    for n, word in enumerate(words):
        at = NOON + timedelta(minutes=n)
        actions.change_password(user=cast.shen, password=word, by=cast.shen, at=at)

    for word in words[1:]:
        with pytest.raises(ValidationError):
            NotRecentlyUsed().validate(word, cast.shen)
    NotRecentlyUsed().validate(PASSWORD, cast.shen)


def test_a_first_password_must_be_changed_before_anything_else(client, cast):
    person, first = actions.open_account(
        username="xin.ren", full_name="新人", department=None, by=cast.sys, at=NOON
    )
    client.force_login(person)
    answer = client.get(reverse("accounts:roles"))
    assert answer.status_code == 302
    assert answer["Location"] == reverse("accounts:password")

    answer = client.post(
        reverse("accounts:password"), {"old": first, "new": "Ziji-de-2026", "again": "Ziji-de-2026"}
    )
    assert answer.status_code == 302
    assert client.get(reverse("accounts:roles")).status_code == 200


def test_a_password_lasts_ninety_days(client, cast):
    User.objects.filter(pk=cast.shen.pk).update(password_changed_at=NOON - timedelta(days=91))
    client.force_login(User.objects.get(pk=cast.shen.pk))
    answer = client.get(reverse("accounts:roles"))
    assert answer["Location"] == reverse("accounts:password")


def test_the_sixth_try_meets_a_lock(client, cast):
    for _ in range(5):
        client.post(reverse("accounts:login"), {"username": "shen", "password": "wrong"})
    answer = client.post(reverse("accounts:login"), {"username": "shen", "password": PASSWORD})
    assert answer.status_code == 429
    assert "15 分钟" in answer.content.decode()


def test_there_is_no_stepping_in_outside_a_demo(client, cast):
    answer = client.post(reverse("accounts:step_in"), {"username": "shen"})
    assert answer.status_code == 404


def test_in_a_demo_only_the_cast_may_be_stepped_into(client, cast, settings):
    settings.LIANCHA_DEMO = True
    assert client.post(reverse("accounts:step_in"), {"username": "shen"}).status_code == 404


@pytest.mark.parametrize("who", ["shen", "zhou", "aud", "qin"])
def test_only_system_administrators_open_accounts(client, cast, who):
    client.force_login(getattr(cast, who))
    assert client.get(reverse("accounts:open_account")).status_code == 403


def test_opening_an_account_shows_the_first_password_once(client, cast):
    client.force_login(cast.sys)
    answer = client.post(
        reverse("accounts:open_account"),
        {"username": "xin.ren", "full_name": "新人", "department": cast.department["GA"].pk},
        follow=True,
    )
    page = answer.content.decode()
    assert "只显示这一次" in page
    assert "只显示这一次" not in client.get(answer.request["PATH_INFO"]).content.decode()


def test_the_same_account_twice_is_refused_in_words(client, cast):
    client.force_login(cast.sys)
    answer = client.post(
        reverse("accounts:open_account"), {"username": "shen", "full_name": "另一个人"}
    )
    assert answer.status_code == 422
    assert "已有人使用" in answer.content.decode()


def test_departments_of_the_city_and_its_counties_are_shipped(cast):
    before = Department.objects.count()
    actions.load_departments(by="system", at=NOON)
    assert Department.objects.city().count() == 31
    assert Department.objects.filter(level="county", region="410325").count() > 15
    assert Department.objects.count() > before
    actions.load_departments(by="system", at=NOON)
    assert Entry.objects.filter(what="accounts.load_departments").count() == 1


def test_the_table_of_roles_says_every_permission_in_chinese(client, cast):
    assert set(RIGHTS) == set(Permission)
    assert rights_of({Permission.LISTS_EDIT, Permission.LISTS_VIEW}) == ["看清单", "编辑清单"]
    client.force_login(cast.shen)
    page = client.get(reverse("accounts:roles")).content.decode()
    assert "主持检查对象抽取" in page
    assert not [code for code in Permission if code.value in page]


def test_who_keeps_the_accounts_finds_the_departments(client, cast):
    client.force_login(cast.sys)
    assert reverse("accounts:departments") in client.get(reverse("accounts:users")).content.decode()


class TestClosedDepartments:
    """Source: art. 2, paragraph 2."""

    def close(self, department, **facts):
        facts = {"closed_on": NOON.date(), "reason": "洛编〔2026〕3号", **facts}
        return actions.close_department(department=department, by=self.admin, at=NOON, **facts)

    @pytest.fixture(autouse=True)
    def people(self, cast):
        self.admin = cast.sys
        self.old, self.new = cast.department["XF"], cast.department["SF"]
        User.objects.filter(department=self.old).update(is_active=False)

    def test_it_takes_part_in_nothing_new_and_the_successor_is_named(self):
        self.close(self.old, successor=self.new)
        self.old.refresh_from_db()
        with pytest.raises(Blocked, match=f"已于 .* 撤销.*请改选承接它职责的{self.new}") as refusal:
            self.old.check_takes_part()
        assert refusal.value.article == "2"
        assert self.old not in Department.objects.active()
        entry = Entry.objects.about("department", self.old.pk).latest("index")
        assert f'"successor":"{self.new.code}"' in entry.body

    def test_not_while_somebody_works_there_nor_twice_nor_for_a_day_to_come(self):
        with pytest.raises(Blocked, match="还没有到"):
            self.close(self.old, closed_on=NOON.date() + timedelta(days=1))
        with pytest.raises(Blocked, match="撤销依据"):
            self.close(self.old, reason=" ")
        with pytest.raises(Blocked, match="不能承接"):
            self.close(self.old, successor=self.old)
        with pytest.raises(Blocked, match="联席会议办公室"):
            self.close(Department.objects.get(code="SCJG"))
        with pytest.raises(Blocked, match="沈砚秋（shen）"):
            self.close(Department.objects.get(code="GA"))
        self.close(self.old)
        with pytest.raises(Blocked, match="不用再登记"):
            self.close(self.old)

    def test_its_accounts_are_not_opened_again(self):
        self.close(self.old)
        worker = User.objects.get(department=self.old)
        with pytest.raises(Blocked, match="不能再启用"):
            actions.set_active(user=worker, is_active=True, by=self.admin, at=NOON)

    def test_a_mistake_is_taken_back_with_its_reason(self):
        self.close(self.old, successor=self.new)
        with pytest.raises(Blocked, match="恢复的原因"):
            actions.reopen_department(department=self.old, reason="", by=self.admin, at=NOON)
        actions.reopen_department(department=self.old, reason="选错了部门", by=self.admin, at=NOON)
        self.old.refresh_from_db()
        self.old.check_takes_part()
        assert self.old.successor is None

    def test_the_pages_keep_what_was_typed(self, client):
        client.force_login(self.admin)
        where = reverse("accounts:close_department", args=[self.old.pk])
        typed = {"closed_on": "2099-01-01", "reason": "洛编〔2026〕3号", "successor": ""}
        answer = client.post(where, typed)
        assert answer.status_code == 422
        assert "还没有到" in answer.content.decode()
        assert "洛编〔2026〕3号" in answer.content.decode()
        assert client.post(where, {**typed, "closed_on": "2026-01-05"}).status_code == 302
        page = client.get(reverse("accounts:department", args=[self.old.pk])).content.decode()
        assert "已撤销" in page
        assert "登记撤销" in page
        assert client.get(where).status_code == 404
        again = reverse("accounts:reopen_department", args=[self.old.pk])
        assert client.post(again, {"reason": ""}).status_code == 422
        assert client.post(again, {"reason": "选错了"}).status_code == 302


def test_a_city_of_ones_own_begins_with_three_administrators_who_can_open_the_rest(capsys):
    """Otherwise nobody could: whoever grants a role must hold one (art. 6)."""
    call_command("begin")
    out = capsys.readouterr().out
    shown = dict(re.findall(r"账号 (\w+)  初始密码 (\S+)", out))
    assert set(shown) == {"sysadmin", "secadmin", "auditadmin"}
    assert Department.objects.filter(is_coordinator=True, level=Department.Level.CITY).count() == 1
    for name, password in shown.items():
        person = User.objects.get(username=name)
        assert person.check_password(password)
        assert person.must_change_password
    assert User.objects.get(username="secadmin").may(Permission.ACCOUNTS_GRANT)
    assert User.objects.get(username="sysadmin").may(Permission.ACCOUNTS_MANAGE)
    entries = Entry.objects.count()

    call_command("begin")
    assert "初始密码 " not in capsys.readouterr().out
    assert Entry.objects.count() == entries

    User.objects.filter(username="secadmin").update(is_active=False)
    call_command("begin")
    assert "账号 secadmin2  初始密码 " in capsys.readouterr().out
