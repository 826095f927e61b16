"""What must be true on the spot (Measures, arts. 20 and 21).

Who stands before the firm, what the firm was told, one leader, every item answered, a signature or
the word of two officers. What a finding means in law, and what is published, is said elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from .eligibility import Span
from .verdicts import Blocked
from .wording import Worded

LEAST = 2  # art. 21, paragraph 1: officers of each participating department
REFUSAL_LETTERS = 10  # local practice: a statement worth reading later
TRIES = 3  # local practice: failed attempts to reach a firm before a visit without notice


class Method(Worded):
    """检查方式."""

    ONSITE = "1", "现场检查"
    DOCUMENT = "2", "书面检查"
    NETWORK = "3", "网络监测"
    TESTING = "4", "抽样检验"
    SHARED = "5", "利用其他部门结果"
    ENTRUSTED = "6", "委托专业机构"
    REMOTE = "7", "非现场监管"

    @property
    def is_onsite(self) -> bool:
        """Whether somebody goes there: then notice, check-in and signature apply.

        Source: art. 20, paragraph 1. Clauses 20.1 and 20.2.
        """
        return self in (Method.ONSITE, Method.TESTING)


# People


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody on the spot (or named, for a check off the spot).

    certificates  validity of each enforcement certificate
    """

    person: str
    department: str
    certificates: tuple[Span, ...]
    is_expert: bool = False

    def counts_on(self, day: date) -> bool:
        """An officer with a certificate valid that day. Experts never count.

        Source: art. 20, paragraph 4, and art. 21, paragraph 1. Clause 20.6.
        """
        return not self.is_expert and any(
            each.first <= day <= each.last for each in self.certificates
        )


def officers_present(
    people: Iterable[Present], departments: Sequence[str], *, on: date
) -> dict[str, int]:
    """How many officers of each participating department count, each person once.

    Source: art. 21, paragraph 1, 各参与部门实地核查人员不得少于两人.
    """
    there: dict[str, set[str]] = {department: set() for department in departments}
    for each in people:
        if each.department in there and each.counts_on(on):
            there[each.department].add(each.person)
    return {department: len(persons) for department, persons in there.items()}


def check_present(people: Iterable[Present], department: str, *, on: date) -> None:
    """A department begins its part with two of its own officers, however many others came.

    The other departments go on. Off the spot the same two are named instead (decision A12).
    Raises Blocked.
    Source: art. 21, paragraph 1. Clause 21.5.
    """
    count = officers_present(people, [department], on=on)[department]
    if count < LEAST:
        raise Blocked(
            f"{department}到场的持有效执法证件人员 {count} 人，至少应有 {LEAST} 人，"
            "专家和辅助人员不计入。请等待人员到齐，其他部门可以先开始。",
            article="21",
            paragraph=1,
        )


def check_leader(*, members: Collection[str], leaders: Collection[str]) -> None:
    """A team has one leader, who is one of its members.

    Raises Blocked.
    Source: art. 20, paragraph 2. Clause 20.3.
    """
    if not leaders:
        raise Blocked("检查组还没有组长。请从组员中确定一人。", article="20", paragraph=2)
    if len(set(leaders)) > 1:
        raise Blocked(
            f"检查组只能有一名组长，现在有 {len(set(leaders))} 名。请保留一人。",
            article="20",
            paragraph=2,
        )
    if (leader := next(iter(leaders))) not in members:
        raise Blocked(
            f"组长{leader}不在组员名单中。请先把组长列入本组，或另选组长。",
            article="20",
            paragraph=2,
        )


# Word to the firm


@dataclass(frozen=True, slots=True)
class Notice:
    """What the firm was told, once for all departments.

    items, when, papers  检查事项、检查时间、需要准备的检查材料
    channel, contact     how, and to whom
    """

    items: str
    when: str
    papers: str
    channel: str
    contact: str


@dataclass(frozen=True, slots=True)
class Surprise:
    """A visit without notice: the clue stays confidential."""

    clue_source: str
    clue_number: str
    approved_by: str


def check_notice(notice: Notice) -> None:
    """A notice says all three things, and how and whom it reached.

    Raises Blocked naming what is empty.
    Source: art. 21, paragraph 1, 一次性告知. Clause 21.3.
    """
    parts = {
        "检查事项": notice.items,
        "检查时间": notice.when,
        "需要准备的检查材料": notice.papers,
        "告知方式": notice.channel,
        "被告知人": notice.contact,
    }
    if missing := [word for word, text in parts.items() if not text.strip()]:
        raise Blocked(f"告知还缺：{'、'.join(missing)}。请补全。", article="21", paragraph=1)


def check_surprise(surprise: Surprise) -> None:
    """Only a clue the enforcement department holds allows a visit without notice.

    Raises Blocked.
    Source: art. 21, paragraph 1, 掌握问题线索需要实施突击检查. Clause 21.2.
    """
    parts = {
        "线索来源": surprise.clue_source,
        "线索编号": surprise.clue_number,
        "批准人": surprise.approved_by,
    }
    if missing := [word for word, text in parts.items() if not text.strip()]:
        raise Blocked(
            f"突击检查应有问题线索，还缺：{'、'.join(missing)}。请补全，或改为提前告知。",
            article="21",
            paragraph=1,
        )


def check_told(
    notice: Notice | None, *, surprise: Surprise | None = None, failed_tries: int = 0
) -> tuple[str, ...]:
    """A visit begins after notice, with a clue, or after three tries that reached nobody.

    returns  remarks for the record

    Raises Blocked.
    Source: art. 21, paragraph 1; the three tries are local practice (decision A11). Clause 21.1.
    """
    if surprise is not None:
        check_surprise(surprise)
        return ()
    if notice is not None:
        check_notice(notice)
        return ()
    if failed_tries >= TRIES:
        return (f"{failed_tries} 次联系未能告知，已记录在案。",)
    raise Blocked(
        "还没有告知企业，不能开始实地核查。请先告知并登记方式、时间和被告知人；"
        "掌握问题线索的，请办理突击检查。",
        article="21",
        paragraph=1,
    )


def notice_remarks(text: str) -> tuple[str, ...]:
    """What a notice should not say (WARN): nobody may insist on the 法定代表人 in person.

    Source: art. 21, paragraph 1, 企业相关人员; 国办发〔2024〕54号. Clause 21.4.
    """
    if "法定代表人" in text and any(word in text for word in ("必须", "亲自", "本人到场")):
        return ("告知中要求法定代表人到场。企业可以派任何相关人员配合，请改正措辞。",)
    return ()


# The record form


def check_answered(answers: Mapping[str, str | None]) -> None:
    """Every item is answered before the form is signed.

    answers  item → finding, None or "" while open

    Raises Blocked naming the open ones, at most five.
    Source: art. 21, paragraph 4, 检查事项全部完成后. Clause 21.10.
    """
    open_items = [item for item, finding in answers.items() if not finding]
    if open_items:
        shown = "、".join(open_items[:5]) + ("等" if len(open_items) > 5 else "")
        raise Blocked(
            f"还有 {len(open_items)} 项没有填写：{shown}。请逐项填写，没有此项的选“不涉及”。",
            article="21",
            paragraph=4,
        )


class Ending(Worded):
    """How a record form ends."""

    SIGNED = "signed", "签名或盖章"
    REFUSED = "refused", "拒绝签名"
    NOBODY = "nobody", "无人可签"


def check_ending(
    ending: Ending, *, signer: str = "", statement: str = "", officers: Collection[str] = ()
) -> None:
    """The firm signs or stamps, or two officers state on the spot why it did not.

    statement  at least ten characters
    officers   those who confirm the statement

    Raises Blocked.
    Source: art. 21, paragraph 4; two officers and ten characters are local practice.
    Clauses 21.11 and 21.12.
    """
    if ending is Ending.SIGNED:
        if not signer.strip():
            raise Blocked("还没有签字人姓名。请填写签名或盖章的人。", article="21", paragraph=4)
        return
    if (count := len(set(officers))) < LEAST:
        raise Blocked(
            f"“{ending.label}”应由两名执法检查人员现场记录说明，现在有 {count} 名确认。"
            "请另一名在场人员确认。",
            article="21",
            paragraph=4,
        )
    if len(statement.strip()) < REFUSAL_LETTERS:
        raise Blocked(
            f"情况说明至少 {REFUSAL_LETTERS} 个字。请写明时间、经过和对方的说法。",
            article="21",
            paragraph=4,
        )


# Measures on the spot


class MeasureKind(Worded):
    """What is ordered or secured because of a finding."""

    RECORD = "record", "制作现场笔录"
    EVIDENCE = "evidence", "初步提取证据"
    CEASE = "cease", "责令停止违法活动"
    RECTIFY = "rectify", "责令改正"
    LATER = "later", "待后续处理"

    @property
    def is_order(self) -> bool:
        """Whether it is an order to the firm, given by one of the channels."""
        return self in (MeasureKind.CEASE, MeasureKind.RECTIFY)


class Channel(Worded):
    """How an order is given."""

    WRITTEN = "written", "书面"
    ORAL = "oral", "口头"
    PRINT = "print", "移动执法设备打印"


def check_measure(
    kind: MeasureKind,
    *,
    has_finding: bool,
    basis: str,
    channel: Channel | None = None,
    words: str = "",
    officers: Collection[str] = (),
) -> None:
    """A measure rests on a finding and a legal basis; an order names its channel.

    words     what was said, for an oral order
    officers  those who heard it: two

    Raises Blocked.
    Source: art. 21, paragraph 3. Clauses 21.8 and 21.9.
    """
    if not has_finding:
        raise Blocked(
            f"“{kind.label}”要先有发现的问题。请在该事项选“发现问题”并写明情况。",
            article="21",
            paragraph=3,
        )
    if not basis.strip():
        raise Blocked(f"“{kind.label}”还没有法律依据。请填写法条。", article="21", paragraph=3)
    if not kind.is_order:
        return
    if channel is None:
        raise Blocked(
            f"“{kind.label}”还没有方式。请选择书面、口头或移动执法设备打印。",
            article="21",
            paragraph=3,
        )
    if channel is Channel.ORAL:
        if not words.strip():
            raise Blocked("口头责令应记下说的话。请填写内容。", article="21", paragraph=3)
        if len(set(officers)) < LEAST:
            raise Blocked(
                "口头责令应有第二名执法检查人员在场。请选择在场人员。", article="21", paragraph=3
            )
