"""第一章 总则 — Chapter 1, general provisions (arts. 1–7)."""

from datetime import date
from hashlib import sha256
from importlib.resources import files

import pytest

from liancha.rulebook import articles, eligibility, regions
from liancha.rulebook.verdicts import Blocked

# Of the text as received, without blanks and without the page number after article 5.
RECEIVED = "87ed05acba70f44b9da1b02f4e35cce5a216165ad51a0a8e14ececec3bfab6a1"


class TestArticle1:
    def test_the_words_are_those_received(self):
        text = files("liancha.rulebook").joinpath("measures.txt").read_text(encoding="utf-8")
        assert sha256("".join(text.split()).encode()).hexdigest() == RECEIVED

    def test_there_are_23_articles_in_5_chapters(self):
        assert list(articles.ARTICLES) == list(range(1, 24))
        firsts = {a.chapter: a.number for a in reversed(articles.ARTICLES.values())}
        assert firsts == {1: 1, 2: 8, 3: 12, 4: 17, 5: 23}

    def test_no_word_is_lost_between_text_and_articles(self):
        text = files("liancha.rulebook").joinpath("measures.txt").read_text(encoding="utf-8")
        rebuilt, chapter = [articles.TITLE], 0
        for article in articles.ARTICLES.values():
            if article.chapter != chapter:
                rebuilt.append(article.chapter_name)
                chapter = article.chapter
            rebuilt.append(f"{article.name} {article.text}")
        assert "\n".join(rebuilt) + "\n" == text

    def test_the_basis_is_cited_with_its_number(self):
        assert "（豫双随机办〔2020〕1 号）" in articles.article_text(1)

    def test_a_paragraph_is_cited_and_the_deciding_words_marked(self):
        quote = articles.quote("19", paragraph=3, deciding="一经锁定不可更改")
        assert quote.source == f"《{articles.TITLE}》第十九条第三款"
        assert quote.before == "抽取的检查对象名单"
        assert quote.words == articles.article(19).paragraphs[2]

    def test_an_article_of_one_paragraph_is_cited_without_it(self):
        assert articles.cite(5, paragraph=1) == f"《{articles.TITLE}》第五条"

    def test_words_that_do_not_stand_there_are_not_quoted(self):
        with pytest.raises(ValueError, match="not in article 19"):
            articles.quote(19, deciding="一经锁定不得更改")

    @pytest.mark.parametrize(("number", "paragraph"), [(0, None), (24, None), (19, 4), (19, 0)])
    def test_no_place_outside_the_text_is_cited(self, number, paragraph):
        with pytest.raises(LookupError):
            articles.cite(number, paragraph=paragraph)

    def test_items_stay_with_the_paragraph_that_names_them(self):
        named, counties = articles.article(9).paragraphs
        assert named.count("\n（") == 3
        assert counties.startswith("各县区")


class TestArticle2:
    @pytest.mark.parametrize("code", ["410300", "410305", "410329", "410371", "4103Y1", "4103Y2"])
    def test_places_of_the_city_are_in_scope(self, code):
        assert regions.check_region(code) == code

    @pytest.mark.parametrize("code", ["410102", "410399", "411300", ""])
    def test_other_places_are_not(self, code):
        with pytest.raises(Blocked, match="不在洛阳市范围内") as refusal:
            regions.check_region(code)
        assert refusal.value.article == "2"

    @pytest.mark.parametrize(
        ("old", "new"), [("410306", "410308"), ("410322", "410308"), ("410381", "410307")]
    )
    def test_a_merged_away_code_is_answered_with_the_new_one(self, old, new):
        with pytest.raises(Blocked, match=new):
            regions.check_region(old)

    def test_only_bodies_with_enforcement_power_take_part(self):
        eligibility.check_body("市公安局", is_qualified=True)
        with pytest.raises(Blocked, match="无行政检查主体资格"):
            eligibility.check_body("网格中心", is_qualified=False)

    def test_an_entrusted_body_acts_in_the_name_of_the_one_that_entrusted_it(self):
        with pytest.raises(Blocked, match="以市文旅局的名义"):
            eligibility.check_body("执法支队", is_qualified=False, entrusted_by="市文旅局")

    def test_a_dissolved_body_takes_part_no_more_and_the_one_after_it_is_named(self):
        with pytest.raises(Blocked, match=r"已于 2026-03-01 撤销.*承接它职责的市数据局") as refusal:
            eligibility.check_body(
                "市大数据局",
                is_qualified=True,
                closed_on=date(2026, 3, 1),
                successor="市数据局",
            )
        assert (refusal.value.article, refusal.value.paragraph) == ("2", 2)


class TestArticle3:
    def test_a_joint_check_has_two_departments(self):
        eligibility.check_joint(
            departments=["公安", "卫健"], fields=["宾馆、旅店"], target_kinds=["宾馆旅店"]
        )

    @pytest.mark.parametrize("departments", [[], ["公安"], ["公安", "公安"]])
    def test_one_department_is_not_a_joint_check(self, departments):
        with pytest.raises(Blocked, match="至少要有两个部门") as refusal:
            eligibility.check_joint(
                departments=departments, fields=["宾馆、旅店"], target_kinds=["宾馆旅店"]
            )
        assert refusal.value.article == "3"


class TestArticle4:
    def test_a_task_belongs_to_one_field(self):
        with pytest.raises(Blocked, match="宾馆、旅店、校外培训") as refusal:
            eligibility.check_joint(
                departments=["公安", "教育"],
                fields=["校外培训", "宾馆、旅店"],
                target_kinds=["宾馆旅店"],
            )
        assert refusal.value.article == "4"

    def test_a_task_has_one_kind_of_target(self):
        with pytest.raises(Blocked, match="一类检查对象"):
            eligibility.check_joint(
                departments=["公安", "卫健"],
                fields=["宾馆、旅店"],
                target_kinds=["宾馆旅店", "加油站"],
            )

    def test_a_task_without_a_field_is_refused_too(self):
        with pytest.raises(Blocked, match="没有"):
            eligibility.check_joint(departments=["公安", "卫健"], fields=[], target_kinds=["x"])
