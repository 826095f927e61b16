"""第五章 附则 — Chapter 5, final provision (art. 23)."""

from datetime import date

import pytest

from liancha.rulebook import articles


class TestArticle23:
    def test_the_day_of_publication_is_a_parameter(self):
        effective = articles.effective_from(" 2020-11-05 ")
        assert effective.since == date(2020, 11, 5)
        assert effective.is_confirmed
        assert effective.label == "2020-11-05"

    @pytest.mark.parametrize("parameter", [None, "", " "])
    def test_without_it_a_placeholder_says_that_it_is_one(self, parameter):
        assert articles.effective_from(parameter).label == "2020-01-01（待确认）"

    @pytest.mark.parametrize("parameter", ["2020年", "2020-13-01", "昨天"])
    def test_anything_else_is_refused(self, parameter):
        with pytest.raises(ValueError, match=r"[Ii]nvalid|month"):
            articles.effective_from(parameter)

    def test_an_older_task_is_history(self):
        effective = articles.effective_from("2020-11-05")
        assert not effective.governs(date(2020, 11, 4))
        assert effective.governs(date(2020, 11, 5))
