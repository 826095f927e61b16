"""Article 15 outside the plan: a temporary task draws no more of general items than a line may."""

from __future__ import annotations

import pytest

from liancha.draw import actions, pools
from liancha.draw.actions import pooling
from liancha.draw.models import Draw
from liancha.lists.models import JointField
from liancha.rulebook.verdicts import NeedsReason
from liancha.task.models import Task
from tests.people import NOON
from tests.rooms import draw_world as w


@pytest.mark.django_db
class TestArticle15:
    def test_outside_the_plan_general_items_keep_under_the_cap_or_say_why(self, settings):
        """Source: art. 15, paragraph 2, 适当降低抽查比例; decision A31. Clause 15.4."""
        world = w.make_world()
        Task.objects.filter(pk=world.task.pk).update(line=None, source="risk")
        JointField.objects.filter(pk=world.task.field_id).update(item_class="general")
        task = Task.objects.get(pk=world.task.pk)
        by, at = world.cast.shen, NOON
        actions.choose_pool(task=task, ratio="1/5", by=by, at=at)
        with pytest.raises(NeedsReason, match="高于上限 10%") as refusal:
            actions.freeze(task=task, by=by, at=at)
        assert refusal.value.article == "15"
        assert not Draw.objects.exists()
        settings.LIANCHA_GENERAL_CAP = "1/4"
        pooling.check_freeze(task=task, pool=pools.pool(task), reason="", by=by)
        settings.LIANCHA_GENERAL_CAP = "1/10"
        draw = actions.freeze(task=task, reason="汛期排查", by=by, at=at)
        assert draw.freeze_note == "汛期排查"
