"""Pages beside a plan: drafts derived, terms of a line, filings, campaigns, credit classes."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from liancha.ledger.models import Entry
from liancha.plan import actions
from liancha.plan.models import Campaign, Filing, PlanLine, SavedFilter
from liancha.registry.models import CreditBatch
from tests.people import NOON
from tests.rooms.plan_world import YEAR, make_plan_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_plan_world(people=0)


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        yield


def at(name, *args):
    return reverse(f"plan:{name}", args=args)


def test_next_years_draft_is_one_click(client, world):
    city = world.published()
    plan = actions.start_plan(year=YEAR + 1, by=world.cast.zhou, at=NOON)
    client.force_login(world.cast.zhou)
    assert "可以引用往年计划起草" in client.get(at("plan", plan.pk)).content.decode()
    client.post(at("derive", plan.pk), {"source": city.pk})
    assert plan.lines.count() == 3
    line = plan.lines.first()
    assert "引自" in client.get(at("line", line.pk)).content.decode()
    for nobody in (999, "x", "9" * 30):
        assert client.post(at("derive", plan.pk), {"source": nobody}).status_code == 404
    (entry,) = Entry.objects.about("plan", plan.pk).exclude(what="plan.start")
    said = json.loads(entry.body)["lines"]
    assert said[line.number]["任务名称"] == line.name
    assert len(said) == 3


def test_terms_are_written_and_a_range_is_kept_for_later(client, world):
    world.draft("JF05")
    line = world.line()
    client.force_login(world.cast.shen)
    posted = {"classes": ["C", "D"], "cap_per_year": "2", "filter_name": "高风险"}
    client.post(at("terms", line.pk), posted)
    line = PlanLine.objects.get()
    assert (line.base, line.cap_per_year) == (16, 2)
    kept = SavedFilter.objects.get()
    assert kept.rules == {"classes": ["C", "D"]}
    page = client.get(at("terms", line.pk) + f"?filter={kept.pk}").content.decode()
    assert "高风险" in page
    refused = client.post(at("terms", line.pk), {"kinds": ["11"]})
    assert refused.status_code == 409
    assert "没有共同的检查对象" in refused.content.decode()
    without_a_range = {"cap_per_year": "3", "filter_name": "空的"}
    assert client.post(at("terms", line.pk), without_a_range).status_code == 409
    assert PlanLine.objects.get().cap_per_year == 2  # neither of the two, not the first alone


def test_a_trial_is_not_stopped_by_an_address_with_a_number_without_end(client, world):
    plan = world.draft()
    client.force_login(world.cast.zhou)
    query = {"query": f"move_{'9' * 5_000}=1", "name": "甲"}
    assert client.post(at("save_scenario", plan.pk), query).status_code == 302


def test_filings_are_entered_and_late_ones_marked(client, world):
    plan = world.published()
    client.force_login(world.cast.zhou)
    page = client.get(at("plan", plan.pk) + "?tab=filing").content.decode()
    assert "逾期未报" in page
    said = {"kind": "report", "to": "市司法局", "number": "12", "on": "2026-11-20"}
    client.post(at("file", plan.pk), said)
    assert Filing.objects.get().filed_on == date(2026, 11, 20)
    assert "逾期报送" in client.get(at("plan", plan.pk) + "?tab=filing").content.decode()


def test_a_campaign_is_entered_with_its_papers(client, world):
    client.force_login(world.cast.shen)
    said = {
        "title": "旅店专项",
        "basis": "豫公〔2026〕1号",
        "approved_by_body": "市政府",
        "approval": "洛政〔2026〕2号",
        "starts_on": "2026-11-25",
        "ends_on": "2026-12-25",
        "fields_touched": [world.fields["JF05"].pk],
    }
    alone = client.post(at("new_campaign"), said)
    assert alone.status_code == 422
    assert "原则上以联合抽查方式开展" in alone.content.decode()
    client.post(at("new_campaign"), {**said, "is_joint": "on"})
    assert Campaign.objects.get().is_joint
    assert "旅店专项" in client.get(at("campaigns")).content.decode()


def test_a_monthly_file_is_taken_over_on_the_page(client, world):
    client.force_login(world.cast.zhou)
    address = reverse("registry:credit")
    assert "未分类" in client.get(address).content.decode()
    rows = "统一社会信用代码,信用风险分类\n不是代码,A\n"
    file = SimpleUploadedFile("十一月.csv", rows.encode())
    said = {"file": file, "source": "省级通用型分类", "on": "2026-11-01"}
    page = client.post(address, said, follow=True).content.decode()
    batch = CreditBatch.objects.get()
    assert (batch.faulty, batch.written_at) == (1, None)
    assert "没有导入的行" in page
    client.post(reverse("registry:commit_credit", args=[batch.pk]))
    assert CreditBatch.objects.standing().get() == batch
    late = SimpleUploadedFile("十月.csv", rows.encode())
    refused = client.post(address, {**said, "file": late, "on": "2026-10-01"})
    assert refused.status_code == 422
    assert "比这个文件的 2026-10-01 新" in refused.content.decode()
