"""The list of targets narrowed by industry section, however the register writes it."""

import io

import pytest
from django.core.cache import cache
from python_calamine import CalamineWorkbook

from liancha.registry import sections
from liancha.registry.models import Target
from tests.people import make_cast
from tests.rooms.registers import write_target

INDUSTRIES = {
    "云岫宾馆": "H61",
    "望嵩饭店": "住宿和餐饮业",
    "青禾餐饮": "6210 正餐服务",
    "松照机械": "制造业",
    "归雁客栈": "旅游饭店",
    "说不清的": "好行业",
    "没有写的": "",
}


@pytest.fixture
def fresh_cache():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def browser(db, client):
    for n, (name, industry) in enumerate(INDUSTRIES.items(), 1):
        write_target(n, name=name, industry=industry)
    user = make_cast().zhou
    client.force_login(user, backend="liancha.accounts.backends.WithDepartment")
    return client


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("industry=H", {"云岫宾馆", "望嵩饭店", "青禾餐饮", "归雁客栈"}),
        ("industry=C", {"松照机械"}),
        ("industry=A", set()),
        ("industry=-", {"说不清的", "没有写的"}),
        ("industry=H&q=饭店", {"望嵩饭店"}),
        ("industry=没有", set(INDUSTRIES)),
    ],
)
def test_the_list_and_its_export_hold_the_section(browser, query, found):
    page = browser.get(f"/targets/?{query}")
    assert page.status_code == 200
    assert {target.name for target in page.context["page_obj"]} == found
    export = browser.get(f"/targets/export/?{query}")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(export.streaming_content)))
    assert {line[1] for line in sheet.get_sheet_by_index(0).to_python()[1:]} == found


def test_the_condition_is_a_chip_that_can_be_taken_away(browser):
    page = browser.get("/targets/?industry=H&status=active").content.decode()
    assert 'href="?status=active" aria-label="去掉条件 H 住宿和餐饮业"' in page


@pytest.mark.usefixtures("fresh_cache")
def test_a_large_register_reads_its_entries_once(browser, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(sections, "LARGE", 1)
    sections.holding(["H"])
    with django_assert_num_queries(1):  # which import was the last
        asked = sections.holding(["C"])
    assert list(Target.objects.filter(asked).values_list("name", flat=True)) == ["松照机械"]


def test_list_base_and_pool_ask_the_same_question(browser):
    there = Target.objects.all()
    for wanted in (["H"], ["61"], ["62", "C"], ["61", sections.NONE]):
        listed = set(there.filter(sections.holding(wanted)).values_list("name", flat=True))
        counted = set(there.filter(sections.holding(wanted, there)).values_list("name", flat=True))
        assert listed == counted
    inns = there.filter(sections.holding(["61"]))
    assert set(inns.values_list("name", flat=True)) == {"云岫宾馆", "归雁客栈"}
    cut = there.annotate(section=sections.by_industry(there)).values_list("name", "section")
    assert dict(cut)["归雁客栈"] == "住宿和餐饮业"
    assert dict(cut)["说不清的"] == "行业不明"


def test_pages_say_what_is_expected_and_what_was_understood(browser):
    inn, odd = (Target.objects.get(name=name) for name in ("归雁客栈", "说不清的"))
    assert "H 住宿和餐饮业，61 住宿业" in browser.get(inn.get_absolute_url()).content.decode()
    page = browser.get(odd.get_absolute_url()).content.decode()
    assert "看不出属于哪个行业门类" in page
    form = browser.get(f"/targets/{odd.pk}/edit/").content.decode()
    assert "例如 住宿业、H61；小类名称（旅游饭店）也认" in form
