"""What every page has in common: refusals, errors, the menu, and the pieces pages are made of."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from django import forms
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseNotAllowed
from django.template import Context, Template
from django.template.engine import Engine
from django.test import RequestFactory

from liancha.accounts.models import User
from liancha.rulebook import lifecycles
from liancha.rulebook.articles import ARTICLES
from liancha.rulebook.deadlines import Term
from liancha.rulebook.verdicts import Blocked, NeedsReason
from liancha.site import blocked, errors, menu, words
from liancha.site.templatetags import lc_chips
from tests.people import make_cast

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 11, 23)
LOCKED = Blocked("这份名单已经锁定，不能再抽。18 户已派发。", article="19", paragraph=3)


@pytest.fixture
def cast():
    return make_cast()


def ask(user=None, method="post", path="/draws/7/run/", data=None, **headers):
    request = getattr(RequestFactory(), method)(path, data or {}, headers=headers)
    request.user = user or make_cast().shen
    request.session = {}
    request._messages = []
    return request


def draw(source: str, request=None, **values) -> str:
    """A piece of template, drawn as on a page."""
    return Template(source).render(Context({"request": request, "today": MONDAY, **values}))


# ── Refusals ──────────────────────────────────────────────────────────────────────────────


def test_a_refusal_quotes_the_article_and_says_that_nothing_changed(cast):
    page = blocked.answer(ask(cast.shen), LOCKED)
    text = page.content.decode()
    assert page.status_code == 409
    assert ARTICLES[19].paragraphs[2] in text
    assert "第十九条第三款" in text
    assert "这份名单已经锁定，不能再抽</h1>" in text
    assert "什么也没有改变" in text


def test_a_way_out_is_offered_only_where_it_helps(cast):
    short = Blocked("公安到场 1 人，至少应有 2 人。", article="21", paragraph=1)
    other = Blocked("骆听澜的证号与输入的不符。请对照证件核对。", article="21", paragraph=1)
    assert "本部门只到了一人" in blocked.answer(ask(cast.shen), short).content.decode()
    assert "本部门只到了一人" not in blocked.answer(ask(cast.shen), other).content.decode()


def test_a_program_gets_the_refusal_as_json(cast):
    for request in (ask(cast.shen, Accept="application/json"), ask(cast.shen, path="/api/draws/7")):
        answer = blocked.answer(request, LOCKED)
        assert answer.status_code == 409
        facts = json.loads(answer.content)
        assert facts["article"] == "19"
        assert facts["paragraph"] == 3
        assert facts["error"] == "blocked"
        assert facts["changed"] is False


def test_htmx_gets_the_refusal_for_its_dialog(cast):
    answer = blocked.answer(ask(cast.shen, **{"HX-Request": "true"}), LOCKED)
    assert answer["HX-Retarget"] == "#blocked"
    assert "<html" not in answer.content.decode()


def test_a_refusal_outside_the_office_needs_no_account(cast):
    from django.contrib.auth.models import AnonymousUser

    page = blocked.answer(ask(AnonymousUser()), LOCKED).content.decode()
    assert "pub-top" in page
    assert "lc-side" not in page


def test_a_needed_reason_is_asked_for_and_the_rest_is_posted_again(cast):
    needs = NeedsReason(
        "单独检查须写明理由。", article="8", paragraph=1, codes=(("complaint", "投诉举报"),)
    )
    posted = {"target": ["3", "5"], "note": "<b>", "csrfmiddlewaretoken": "x", "reason": ""}
    text = blocked.answer(ask(cast.shen, data=posted), needs).content.decode()
    assert text.count('type="hidden" name="target"') == 2
    assert 'name="note" value="&lt;b&gt;"' in text
    assert text.count('name="csrfmiddlewaretoken"') >= 1
    assert 'value="x"' not in text
    assert 'action="/draws/7/run/"' in text
    assert 'name="reason_code" value="complaint"' in text
    assert '<textarea class="form-control" id="reason" name="reason"' in text


def test_a_file_cannot_be_posted_again_so_the_page_says_so(cast):
    needs = NeedsReason("更正须写明理由。", article="22")
    request = ask(cast.shen, data={"file": SimpleUploadedFile("a.csv", b"1")})
    text = blocked.answer(request, needs).content.decode()
    assert "文件须重新选择" in text
    assert 'name="reason"' not in text


def test_a_refusal_leads_back_only_within_this_site(cast):
    inside = ask(cast.shen, Referer="http://testserver/tasks/4/?tab=pool")
    outside = ask(cast.shen, Referer="https://elsewhere.invalid/x")
    assert blocked.came_from(inside) == "/tasks/4/?tab=pool"
    assert blocked.came_from(outside) == "/"


# ── Errors ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("handler", "status", "word"),
    [
        (lambda r: errors.bad_request(r, None), 400, "没有看懂"),
        (lambda r: errors.bad_request(r, RequestDataTooBig()), 413, "太大"),
        (lambda r: errors.forbidden(r, PermissionDenied()), 403, "您的角色不能办这件事"),
        (lambda r: errors.not_found(r, None), 404, "没有找到这一页"),
        (lambda r: errors.csrf(r), 403, "放得太久"),
        (errors.broken, 500, "没有办成"),
    ],
)
def test_every_error_has_a_page_in_plain_words(cast, handler, status, word):
    page = handler(ask(cast.shen))
    text = page.content.decode()
    assert page.status_code == status
    assert word in text
    assert "！" not in text
    assert "系统错误" not in text


def test_errors_are_json_for_programs(cast):
    answer = errors.not_found(ask(cast.shen, path="/api/nothing"))
    assert answer.status_code == 404
    assert "没有找到" in json.loads(answer.content)["message"]


def test_a_wrong_method_gets_a_page_that_keeps_its_header(cast):
    answer = errors.PlainAnswersMiddleware(lambda r: HttpResponseNotAllowed(["POST"]))(
        ask(cast.shen)
    )
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert "不能直接打开这个地址" in answer.content.decode()


def test_an_answer_with_words_of_its_own_is_left_alone(cast):
    own = HttpResponse("文件超过 50 MB", status=413)
    assert errors.PlainAnswersMiddleware(lambda r: own)(ask(cast.shen)) is own


def test_a_nul_in_an_address_is_not_our_fault(client, cast):
    """SQLite finds nothing; PostgreSQL refuses to look."""
    for page in ("/public/draws/?q=%00", "/public/draws/?q=%E5%AE%BE%00"):
        assert client.get(page).status_code in (200, 400)


def test_an_unknown_address_is_a_404_for_everybody(client, cast):
    assert client.get("/no/such/page/").status_code == 404
    client.force_login(cast.shen)
    page = client.get("/no/such/page/")
    assert page.status_code == 404
    assert "主菜单" in page.content.decode()


# ── The frame ─────────────────────────────────────────────────────────────────────────────


def labels(user: User, path: str = "/") -> list[str]:
    request = ask(user, "get", path)
    request.resolver_match = None
    groups, _ = menu.menu_for(user, request)
    return [entry.label for group in groups for entry in group.entries]


def test_the_menu_shows_what_a_role_may_open(cast):
    assert "执法检查人员" in labels(cast.shen)
    assert "部门与人员" not in labels(cast.shen)
    assert "部门与人员" in labels(cast.sys)
    assert "执法检查人员" not in labels(cast.sys)
    assert labels(cast.qin)
    assert "执法检查人员" not in labels(cast.qin)


def test_an_entry_without_a_page_is_not_shown(cast, monkeypatch):
    ghost = menu.Entry("", "没有的页", "x", "nowhere:page", (menu.P.SITE_WORKBENCH,))
    monkeypatch.setattr(menu, "MENU", (*menu.MENU, ghost))
    assert "没有的页" not in labels(cast.shen)


def test_the_longest_address_is_the_open_entry():
    pages = [("lists:items", "/lists/"), ("lists:joint", "/lists/joint/"), ("site:workbench", "/")]
    assert menu.current_page("/lists/joint/3/", "lists", pages) == "lists:joint"
    assert menu.current_page("/lists/", "lists", pages) == "lists:items"
    assert menu.current_page("/elsewhere/", "lists", pages) == "lists:items"
    assert menu.current_page("/", "site", pages) == "site:workbench"
    assert menu.current_page("/elsewhere/", "draw", pages) == ""


def test_the_frame_costs_two_queries(client, cast, django_assert_max_num_queries):
    client.force_login(cast.lin)
    client.get("/")
    # Session and user; then the frame's own: roles, department.
    with django_assert_max_num_queries(4):
        page = client.get("/no/such/page/")
    assert "市市场监督管理局·执法检查人员" in page.content.decode()


def test_a_stranger_is_led_from_the_start_page_to_what_is_public(client, cast):
    assert client.get("/").status_code == 302
    client.force_login(cast.shen)
    assert "沈砚秋" in client.get("/").content.decode()


def test_the_component_page_is_only_there_in_a_demo(client, cast, settings):
    client.force_login(cast.shen)
    assert client.get("/design/").status_code == 404
    settings.LIANCHA_DEMO = True
    page = client.get("/design/")
    assert page.status_code == 200
    assert "演示" in page.content.decode()
    assert client.get("/design/blocked/").status_code == 409
    for layout in ("public", "field", "hall", "paper"):
        assert client.get(f"/design/{layout}/").status_code == 200


# ── Words ─────────────────────────────────────────────────────────────────────────────────


def test_dates_and_numbers_are_written_as_the_design_page_says():
    assert words.day(MONDAY) == "2026-11-23 周一"
    assert words.day_short(MONDAY, today=MONDAY) == "11-23"
    assert words.day_short(date(2025, 12, 31), today=MONDAY) == "2025-12-31"
    assert words.span(date(2026, 11, 26), date(2026, 12, 11), today=MONDAY) == "11-26 至 12-11"
    assert words.span(MONDAY, MONDAY, today=MONDAY) == "11-23"
    assert words.thousands(1286) == "1,286"
    assert (words.wan(1286), words.wan(12_400), words.wan(20_000)) == ("1,286", "1.2 万", "2 万")


def test_a_department_of_a_county_keeps_its_county_when_its_name_is_cut():
    """市监 alone would be the city's."""
    assert words.department("洛阳市公安局", "公安") == "市公安局"
    assert words.department("洛阳市人力资源和社会保障局", "人社") == "市人社局"
    assert words.department("国家税务总局洛阳市税务局", "税务") == "市税务局"
    assert words.department("瀍河回族区市场监督管理局", "市监") == "瀍河回族区市监局"
    assert words.department("老城区发展和改革委员会", "发改") == "老城区发改委"


def test_facts_are_read_in_the_citys_time():
    at = datetime(2026, 11, 10, 3, 35, tzinfo=UTC)
    assert "2026-11-10 11:35" in Template("{% kv '时间' at %}").render(Context({"at": at}))


def test_an_entry_of_two_pages_is_open_on_both():
    for page in ("/public/lists/1/", "/public/plans/notices/1/"):
        assert [link.label for link in menu.public_links(page) if link.is_current] == ["清单与计划"]


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (Fraction(1, 50), "2%"),
        (Fraction(1842, 1866), "98.7%"),
        (Fraction(1), "100%"),
        (Fraction(1, 3), "33.3%"),
        (Fraction(1, 2000), "0.1%"),
        (Fraction(1, 4900), "0.02%"),
        (Fraction(0), "0%"),
        (Decimal("0.075"), "7.5%"),
    ],
)
def test_a_ratio_is_rounded_half_up_without_floats(ratio, text):
    assert words.percent(ratio) == text


def test_every_state_of_every_record_has_a_look_of_its_own():
    plain = [
        f"{kind.__name__}.{state.value}"
        for kind, labels in lifecycles.LABELS.items()
        for state in kind
        if words.tone_of(state).name == "draft" and labels[state.value] != "草稿"
    ]
    assert plain == []


def test_a_state_is_told_by_record_where_the_word_is_shared():
    class FollowUp:
        state = "closed"

        def get_state_display(self):
            return "已完结"

    assert 'data-s="done"' in draw("{% state_tag it %}", it=FollowUp())
    assert 'data-s="locked"' in draw("{% state_tag it %}", it=lifecycles.DrawState.CLOSED)
    assert "待公开随机" in draw("{% state_tag it %}", it=lifecycles.DrawState.CLOSED)


# ── Deadlines ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("left", "colour"),
    [(20, "green"), (10, "green"), (9, "yellow"), (5, "yellow"), (4, "orange"), (2, "orange"),
     (1, "red"), (0, "red"), (-1, "over")],
)  # fmt: skip
def test_the_twenty_day_clock_turns_at_10_15_and_18_days_used(left, colour):
    assert lc_chips.light_of(left, is_result=True) == colour


def test_a_deadline_counts_working_days_and_never_guesses():
    friday = date(2026, 11, 27)
    assert "剩 4 个工作日" in draw("{% due on %}", on=friday)
    assert "今天到期" in draw("{% due on %}", on=MONDAY)
    assert "超 1 个工作日" in draw("{% due on %}", on=date(2026, 11, 20))
    assert "超 1 个工作日" in draw("{% due on %}", on=date(2026, 11, 22))  # a Sunday
    far = date(2031, 1, 8)
    assert "2031 年工作日未公布" in draw("{% due on %}", on=far)
    open_term = Term(None, 18, 20, date(2026, 12, 31))
    assert "2027 年工作日未公布" in draw("{% due on %}", on=open_term)
    assert "11-20 办结" in draw("{% due on done=met %}", on=friday, met=date(2026, 11, 20))
    assert "逾期办结" in draw("{% due on done=met %}", on=friday, met=friday + timedelta(days=3))


# ── Pieces ────────────────────────────────────────────────────────────────────────────────


class Form(forms.Form):
    code = forms.CharField(label="代码", help_text="18 位")
    on = forms.DateField(label="日期", required=False)
    kinds = forms.MultipleChoiceField(
        label="种类", choices=[("a", "甲"), ("b", "乙")], required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    file = forms.FileField(label="文件", required=False)


def test_a_field_has_its_label_star_hint_and_fault():
    form = Form({"code": ""})
    html = draw("{% form_errors form %}{% field form.code %}", form=form)
    assert '<label class="form-label req" for="id_code">代码</label>' in html
    assert "请填写代码。" in html
    assert "这个字段是必填项" not in html
    assert 'aria-describedby="id_code_hint id_code_error"' in html
    assert 'id="id_code_hint">18 位' in html
    assert 'id="id_code_error"' in html
    assert '<a href="#id_code">代码</a>' in html


def test_dates_use_the_browsers_control_and_keep_their_value():
    html = draw("{% field form.on %}", form=Form(initial={"on": MONDAY}))
    assert 'type="date"' in html
    assert 'value="2026-11-23"' in html


def test_choices_are_a_group_with_a_legend():
    html = draw("{% field form.kinds %}", form=Form({"code": "1", "kinds": ["b"]}))
    assert "<fieldset" in html
    assert ">种类</legend>" in html
    assert html.count('type="checkbox"') == 2
    assert html.count(" checked") == 1


def test_what_people_typed_is_never_markup():
    bad = '"><script>x</script>'
    for source in (
        "{% tag it %}", "{% who it %}", "{% digest it %}", "{% kv 'a' it %}", "{% diff it '' %}",
        "{% nothing it it %}", "{% note %}{{ it }}{% endnote %}", "{% figure it it %}",
        "{% steps rows %}", "{% confirm 'x' it '/' %}{{ it }}{% endconfirm %}", "{% pick it it %}",
    ):  # fmt: skip
        assert "<script>" not in draw(source, it=bad, rows=[(bad, bad, "done")]), source


def test_the_pager_keeps_the_question():
    request = RequestFactory().get("/targets/", {"q": "宾馆", "page": "2"})
    page = Paginator(range(95), 10).page(2)
    html = draw('{% pager page "户" %}', request, page=page)
    assert "第 11 至 20 户，共 95 户" in html
    assert "q=%E5%AE%BE%E9%A6%86&amp;page=3" in html
    assert 'aria-current="page">2<' in html


def test_a_chip_takes_one_condition_away():
    class Asked(forms.Form):
        q = forms.CharField(required=False)
        region = forms.ChoiceField(choices=[("410311", "洛龙区")], required=False)

    request = RequestFactory().get("/", {"q": "宾馆", "region": "410311", "page": "3"})
    form = Asked(request.GET)
    form.is_valid()
    html = draw('{% found 1286 "户" form %}', request, form=form)
    assert '<b class="ink">1,286</b> 户' in html
    assert 'aria-label="去掉条件 洛龙区"' in html
    assert 'href="?region=410311"' in html
    assert "page=" not in html


def test_an_unknown_quotation_is_not_shown():
    assert draw("{% article 99 %}") == ""
    assert "<mark>" not in draw('{% article 19 paragraph=3 mark="从来没有这句话" %}')
    assert "<mark>抽取的检查对象名单一经锁定不可更改。</mark>" in draw(
        '{% article 19 paragraph=3 mark="抽取的检查对象名单一经锁定不可更改。" %}'
    )


def test_every_tag_of_the_interface_page_exists():
    text = (Path(__file__).parents[2] / "docs" / "interface.md").read_text(encoding="utf-8")
    used = set(re.findall(r"{%\s*([a-z_]+)", text))
    known = {tag for library in Engine.get_default().template_builtins for tag in library.tags}
    inner = {"endblock", "empty", "endfor", "else", "elif", "endif"}
    ends = {f"end{tag}" for tag in known}
    assert used - known - inner - ends == set()
