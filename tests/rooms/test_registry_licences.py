"""Licences on a target's page: a mistyped one goes away, with the reason and a trace."""

import json
from datetime import date, timedelta

import pytest
from django.utils.timezone import localdate

from liancha.accounts.models import Department
from liancha.ledger.models import Entry
from liancha.registry import actions
from liancha.registry.models import Licence
from liancha.rulebook.verdicts import Blocked, NeedsReason
from tests.people import NOON, make_cast
from tests.rooms.registers import write_target


@pytest.fixture
def cast(db):
    return make_cast()


@pytest.fixture
def licence(cast):
    return actions.save_licence(
        target=write_target(1),
        name="食品经营许可证",
        number="JY14103",
        issuer="洛龙区市监局",
        valid_to=date(2027, 1, 1),
        by=cast.zhou,
        at=NOON,
    )


def signed_in(client, user):
    client.force_login(user, backend="liancha.accounts.backends.WithDepartment")
    return client


def test_a_mistyped_licence_goes_away_with_the_reason(cast, client, licence):
    page_of, there = licence.target.get_absolute_url(), f"/licences/{licence.pk}/remove/"
    client = signed_in(client, cast.zhou)
    page = client.get(page_of).content.decode()
    assert f'action="{there}"' in page
    assert f'data-dialog-open="licence-{licence.pk}"' in page
    assert "移除“食品经营许可证”？" in page

    asked = client.post(there, {"reason": " "})
    assert asked.status_code == 409
    assert "请写明移除“食品经营许可证 JY14103”的理由" in asked.content.decode()
    assert Licence.objects.exists()

    page = client.post(there, {"reason": "编号录错"}, follow=True).content.decode()
    assert not Licence.objects.exists()
    assert "没有登记许可证" in page
    assert f"食品经营许可证 JY14103，编号录错，{cast.zhou}（市监）" in page
    (entry,) = Entry.objects.filter(what="registry.remove_licence")
    said = json.loads(entry.body)
    assert entry.subject == f"target:{licence.target_id}"
    assert (said["number"], said["valid_to"], said["reason"]) == (
        "JY14103",
        "2027-01-01",
        "编号录错",
    )
    assert client.post(there, {"reason": "编号录错"}).status_code == 404


def test_who_only_reads_is_offered_nothing(cast, client, licence):
    client = signed_in(client, cast.cheng)
    page = client.get(licence.target.get_absolute_url()).content.decode()
    assert "JY14103" in page
    assert f"/licences/{licence.pk}/remove/" not in page
    refused = client.post(f"/licences/{licence.pk}/remove/", {"reason": "编号录错"})
    assert refused.status_code == 403
    assert Licence.objects.exists()


def test_another_county_takes_no_licence_away(cast, client, licence):
    """Source: art. 11, paragraph 1; clause 11.3."""
    stranger = cast.zhou
    stranger.department = Department.objects.create(
        code="SCJG-LC",
        name="栾川县市场监督管理局",
        short="栾川市监",
        level="county",
        region_id="410324",
    )
    stranger.save()
    with pytest.raises(Blocked, match="管辖范围") as refused:
        actions.remove_licence(licence=licence, reason="编号录错", by=stranger, at=NOON)
    assert refused.value.article == "11"
    assert not isinstance(refused.value, NeedsReason)
    there = f"/licences/{licence.pk}/remove/"
    page = signed_in(client, stranger).post(there, {"reason": "编号录错"})
    assert page.status_code == 409
    assert "管辖范围" in page.content.decode()
    assert Licence.objects.exists()
    assert not Entry.objects.filter(what="registry.remove_licence").exists()


def test_a_licence_or_mark_that_is_refused_keeps_what_was_typed(cast, client, licence):
    client = signed_in(client, cast.zhou)
    said = {
        "name": "食品经营许可证",
        "number": "JY9",
        "issued_on": "2026-02-01",
        "valid_to": "2025-02-30",
    }
    answer = client.post(f"/targets/{licence.target_id}/licence/", said)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="JY9"' in page
    assert "请照 2026-11-23 的样子填写日期" in page
    answer = client.post(f"/targets/{licence.target_id}/flag/", {"source": "12345 台账"})
    assert answer.status_code == 422
    assert 'value="12345 台账"' in answer.content.decode()
    assert Licence.objects.count() == 1


def test_a_day_that_cannot_be_is_refused_where_it_is_typed(cast, client, licence):
    """As imports do: a class dated to come would never give way to the monthly file."""
    client = signed_in(client, cast.zhou)
    target, later = licence.target, localdate() + timedelta(days=40)
    said = {"name": target.name, "kind": target.kind, "status": target.status}
    for name, day, fault in (
        ("registered_on", "9999-12-31", "成立日期 9999-12-31 还没有到"),
        ("credit_on", f"{later}", f"分类日期 {later} 还没有到"),
        ("registered_on", "0201-03-04", "成立日期 0201-03-04 太早"),
    ):
        answer = client.post(f"/targets/{target.pk}/edit/", said | {name: day})
        assert (answer.status_code, fault in answer.content.decode()) == (409, True)
    mark = {"kind": "key", "source": "名单", "since": "2026-11-01", "until": "9999-12-31"}
    answer = client.post(f"/targets/{target.pk}/flag/", mark)
    assert (answer.status_code, "标记要有期限" in answer.content.decode()) == (422, True)
    case = {"origin": "complaint", "clue": "噪声", "received_on": f"{later}"}
    assert client.post(f"/targets/{target.pk}/case/", case).status_code == 409
