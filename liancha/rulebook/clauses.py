"""What the articles oblige, clause by clause, so that none is left without a rule and a test.

A clause is one obligation inside an article, numbered as the paragraphs follow one another: 9.3(2)
is the second item of the third obligation of article 9. The words of the text stand in `articles`;
here is one short line for each, where it stands, and, where no program could keep it, why not.
Rules and tests cite `clause 9.3(2)` in their docstrings; docs/articles.md is written from both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

NUMBER = r"\d+\.\d+(?:\(\d\))?"
CITED = re.compile(rf"\bclauses?\s+({NUMBER}(?:(?:,\s*|\s+and\s+|,\s+and\s+){NUMBER})*)", re.I)


@dataclass(frozen=True, slots=True)
class Clause:
    """One obligation.

    number     article, clause and, where the text counts items, item: 8.1, 9.3(2)
    paragraph  which 款 of the article says it
    words      exact words of that paragraph it rests on
    obliges    one line, who must do what
    apart      why no program keeps it; "" where one does
    """

    number: str
    paragraph: int
    words: str
    obliges: str
    apart: str = ""

    @property
    def article(self) -> int:
        return int(self.number.partition(".")[0])


_ALL = (
    # 第五条, 第六条
    Clause("5.1", 1, "依托国家企业信用信息公示系统", "joint checks start on the national platform"),
    Clause(
        "6.1", 1, "负责督促同级有关部门", "market regulation urges departments of its own level"
    ),
    Clause("6.2", 2, "推动、指导、督促本系统", "city departments see and guide their own system"),
    Clause(
        "6.3", 3, "落实部门联合抽查各项工作任务", "every line is a duty of each department named"
    ),
    # 第八条
    Clause("8.1", 1, "实行清单管理", "only what stands on the list is planned"),
    Clause("8.2", 1, "不再单独开展日常性监督检查", "in a joint field no department inspects alone"),
    Clause("8.3", 2, "通过相关网站和平台向社会公开", "the list is public, for anybody"),
    Clause("8.4", 2, "进行动态调整", "the list changes by versions, each change with its basis"),
    Clause("8.5", 2, "法律法规规章立改废释", "a law that ends calls up the rows that cite it"),
    # 第九条
    Clause("9.1", 1, "会同相关部门", "the city's office makes the lists with all they name"),
    Clause("9.2", 1, "结合机构设置、职能分工、风险管理", "duties and risk of a row are on record"),
    Clause("9.3(1)", 1, "国家、省级层面", "rows from above are adopted or left out with a reason"),
    Clause("9.3(2)", 1, "基层重复检查", "what several departments inspect apart is proposed"),
    Clause("9.3(3)", 1, "各类联席会议机制", "mechanisms that could be drawn are listed as gaps"),
    Clause("9.4", 2, "制定本辖区部门联合抽查事项清单", "counties derive theirs from the city's"),
    Clause("9.5", 2, "适当调整抽查事项及发起部门、配合部门", "counties may add and change rows"),
    # 第十条
    Clause("10.1", 1, "抽查类别、抽查事项、检查对象", "a row of the items has its seven columns"),
    Clause("10.2", 1, "抽查领域、抽查事项、检查对象", "a joint field has its five columns"),
    Clause(
        "10.3", 2, "或者是在该领域有重要监管职责", "the initiator is competent or has a major duty"
    ),
    Clause("10.4", 2, "对相关检查对象和活动有监管职责", "a cooperator answers for the targets"),
    # 第十一条
    Clause("11.1", 1, "检查对象名录库", "a library of targets, one code one target"),
    Clause("11.2", 1, "执法检查人员名录库", "a library of inspectors who may be drawn"),
    Clause("11.3", 1, "根据管辖范围和监管职能", "each department keeps what is its own"),
    Clause("11.4", 1, "实行动态更新", "both are kept up to date; age is seen"),
    # 第十二条
    Clause("12.1", 1, "统筹组织实施", "one plan in force for each year and level"),
    Clause("12.2", 1, "于每年 4 月底前", "the city's plan, with all it names, by 30 April"),
    Clause("12.3", 2, "根据市级联合抽查年度工作计划", "counties make theirs from the city's plan"),
    # 第十三条
    Clause("13.1", 1, "应覆盖部门联合抽查事项清单中的所有", "every field of the list has a line"),
    Clause(
        "13.2", 1, "可根据实际情况调整配合部门", "who takes part may differ from the list, openly"
    ),
    Clause("13.3", 2, "临时性联合抽查", "outside the plan: why, and on what document"),
    Clause("13.4", 2, "需要开展的专项整治", "a campaign in a field of the list is joint"),
    # 第十四条
    Clause(
        "14.1", 1, "任务名称、联查部门、抽查事项", "a line has its eight columns; numbers add up"
    ),
    # 第十五条
    Clause("15.1", 1, "信用分类模块的查询和应用", "credit classes are taken over; age is seen"),
    Clause("15.2", 1, "设置不同的抽查比例", "a rate for each class, rising with risk"),
    Clause("15.3", 2, "应增加抽查的比例", "key targets get more, by marks with source and end"),
    Clause("15.4", 2, "应适当降低", "the law-abiding get less: lower rates, a time of rest"),
    # 第十六条
    Clause("16.1", 1, "应及时录入监管平台", "the plan is entered on the platform in time"),
    Clause("16.2", 1, "向社会公示", "the plan is public, with its eight columns"),
    Clause("16.3", 1, "增设、延迟、取消", "a change has a reason and another's approval"),
    Clause("16.4", 1, "将调整情况公开", "a change is published with what it changed"),
    # 第十七条
    Clause(
        "17.1",
        1,
        "明确目标任务、职责分工、工作阶段安排",
        "a scheme with its three parts, confirmed",
    ),
    Clause("17.2", 1, "应当按计划", "a task follows its plan line, in its dates"),
    Clause("17.3", 2, "分类建库、摇号派发、实地核查、公示处理", "four steps, none skipped"),
    # 第十八条
    Clause("18.1", 1, "建立与抽查任务相对应的检查对象名录库", "the initiator builds the pool"),
    Clause("18.2", 1, "共同的监管对象", "only common targets of all participants stand in it"),
    Clause(
        "18.3", 2, "执法资质、业务专长、部门岗位", "each department's library of inspectors for it"
    ),
    # 第十九条
    Clause("19.1", 1, "公开、公正的方式统一抽取", "targets drawn once, at the plan's rate, openly"),
    Clause("19.2", 1, "分发至各参与部门", "the list goes to every participant, who acknowledges"),
    Clause("19.3", 1, "自行抽取匹配执法检查人员", "each department draws its own inspectors"),
    Clause("19.4", 2, "可以只进行", "one side alone only where the numbers leave no choice"),
    Clause("19.5", 3, "一经锁定不可更改", "a locked list is never changed, by nobody"),
    Clause("19.6", 3, "原则上不可更换", "an inspector is replaced for one of the named reasons"),
    Clause("19.7", 3, "经本部门负责人同意后", "the head of the own department agrees first"),
    # 第二十条
    Clause("20.1", 1, "一般情况应采取实地核查", "on the spot as a rule"),
    Clause("20.2", 1, "书面检查、网络监测等非现场检查", "other ways where they do"),
    Clause("20.3", 2, "成立联合检查组，并确定组长", "one team, one leader, named by the initiator"),
    Clause("20.4", 2, "协商议定检查日程，协调安排检查用车", "the leader plans day and car"),
    Clause("20.5", 3, "配合组长分工协作", "each item has its department, each department its rows"),
    Clause("20.6", 4, "引入第三方或聘请有关专家", "experts help and are never counted"),
    # 第二十一条
    Clause("21.1", 1, "提前以书面或电话、传真等形式", "no visit without word beforehand"),
    Clause("21.2", 1, "掌握问题线索需要实施突击检查", "a surprise only on a clue"),
    Clause("21.3", 1, "一次性告知", "one notice: items, time, papers"),
    Clause("21.4", 1, "要求企业相关人员到场", "somebody of the firm, whom it chooses"),
    Clause("21.5", 1, "不得少于两人", "two officers of each department on the spot"),
    Clause(
        "21.6", 2, "掌握被检查对象基本信息和动态状况", "inspectors look the target up beforehand"
    ),
    Clause("21.7", 2, "做好数据共享、资料互通", "departments share what they know beforehand"),
    Clause("21.8", 3, "视情采取制作现场笔录", "measures rest on a finding and a basis"),
    Clause(
        "21.9", 3, "书面方式、口头方式、移动执法设备打印", "an order is written, spoken or printed"
    ),
    Clause("21.10", 4, "记录在实地抽查记录表中", "every item is answered on the form"),
    Clause("21.11", 4, "应在表上签名或盖章", "the firm signs when all is done"),
    Clause("21.12", 4, "现场记录说明", "a refusal is stated by two officers on the spot"),
    # 第二十二条
    Clause("22.1", 1, "谁检查、谁录入、谁公开", "each department enters and publishes its own"),
    Clause("22.2", 1, "20 个工作日内", "entered and published within 20 working days"),
    Clause("22.3", 1, "相关平台网站向社会公示", "results are public, without personal facts"),
    Clause("22.4", 2, "做好后续监管衔接", "a finding is followed up, or why not is written"),
    Clause("22.5", 2, "依法加大惩处力度", "violations lead to penalties"),
    Clause("22.6", 2, "及时移送司法机关", "suspected crimes are handed over in time"),
    Clause("22.7", 2, "7 个工作日内归集", "penalties on the platform within 7 working days"),
    Clause("22.8", 3, "信用评价的重要考量因素", "results count in credit judgements"),
)

CLAUSES: Mapping[str, Clause] = MappingProxyType({each.number: each for each in _ALL})


def cited(text: str) -> Iterator[str]:
    """Numbers of the clauses a text cites: "clauses 8.1 and 9.3(2)" gives 8.1, 9.3(2)."""
    for match in CITED.finditer(text):
        yield from re.findall(NUMBER, match[1])


def of_article(number: int) -> list[Clause]:
    """The clauses of an article, in order; [] for one that is not cut into clauses."""
    return [each for each in CLAUSES.values() if each.article == number]
