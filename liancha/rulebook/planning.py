"""What stands around a yearly plan: campaigns, caps and cool-downs, county plans, filings.

Articles 12, 13 (paragraph 2), 15 and 16 as far as they speak of more than lines and columns. The
numbers that are local practice say so; what a draw does with them is decided by the draw.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from fractions import Fraction

from .verdicts import Blocked, NeedsReason

COUNTY_DAYS = 30  # local practice: counties after the city's plan is public (A17)
REPORT_DUE = (1, 31)  # last year's enforcement figures are handed in by 31 January (E18)
FLOOR = Fraction(3, 100)  # of enterprises, for publicity-information checks: E20, not a block
FLOOR_FIELD = "JF20"
LONGEST_COOLDOWN = 36  # months
MANY_COMPLAINTS = 6  # within COMPLAINT_DAYS: local practice, weighed by a person
COMPLAINT_DAYS = 365


def county_plan_due(city_published_on: date) -> date:
    """The day by which a county makes its plan from the city's.

    Source: art. 12, paragraph 2, which names no day; 30 days are local practice (A17). Clause 12.3.
    """
    return city_published_on + timedelta(days=COUNTY_DAYS)


def check_left_out(line: str, *, reason: str) -> None:
    """A county that does not take up a line of the city's plan says why.

    Raises NeedsReason.
    Source: art. 12, paragraph 2, 结合各地实际. Clause 12.3.
    """
    if not reason.strip():
        raise NeedsReason(
            f"“{line}”来自市级计划。不承接的，请写明本地的实际情况。", article="12", paragraph=2
        )


def check_campaign(
    title: str,
    *,
    touched: Collection[str],
    is_joint: bool,
    solo_reason: str,
    approval: str,
    approved_by_body: str,
) -> None:
    """A campaign that touches fields of the joint list is run as a joint check, or says why not.

    touched   names of the fields of the joint list it touches
    approval  number of the approval, which every campaign needs (E18, 国办发〔2024〕54号)

    Raises Blocked without an approval, NeedsReason.
    Source: art. 13, paragraph 2, 原则上应通过部门联合抽查的形式进行. Clause 13.4.
    """
    lacking = [
        word
        for word, text in (("批准机关", approved_by_body), ("批准文号", approval))
        if not text.strip()
    ]
    if lacking:
        raise Blocked(
            f"专项整治“{title}”还缺：{'、'.join(lacking)}。"
            "专项检查计划须经县级以上政府或上级部门批准（国办发〔2024〕54号），请补全。",
            article="13",
            paragraph=2,
        )
    if touched and not is_joint and not solo_reason.strip():
        raise NeedsReason(
            f"“{title}”涉及联合抽查清单中的{'、'.join(touched)}，原则上以联合抽查方式开展。"
            "请改为联合抽查，或写明单独开展的原因。",
            article="13",
            paragraph=2,
        )


def check_frequency(frequency: int, *, cap: int | None, reason: str) -> None:
    """How often a line is done fits the cap on visits of one department to one firm a year.

    Raises Blocked for a cap below 1, NeedsReason when every round could meet the same firm.
    Source: art. 15, paragraph 2, 抽查比例和频次; the cap is 国办发〔2024〕54号 (E4). Clause 15.4.
    """
    if cap is None:
        return
    if cap < 1:
        raise Blocked("每户每部门每年上限应不小于 1 次。请改正，或留空不设上限。", article="15")
    if frequency > cap and not reason.strip():
        raise NeedsReason(
            f"全年 {frequency} 次，高于每户每部门每年 {cap} 次的上限。"
            "请降低频次，或写明怎样不重复入户。",
            article="15",
        )


def check_key_ratio(
    key_ratio: Fraction | None, *, rates: Mapping[str, Fraction], source: str
) -> None:
    """Key targets get at least what others get, and the list of them has a source.

    rates  what the strata of the line get

    Raises Blocked.
    Source: art. 15, paragraph 2, 应增加抽查的比例和频次. Clause 15.3.
    """
    if key_ratio is None:
        return
    if not 0 < key_ratio <= 1:
        raise Blocked("重点对象最低比例应大于 0、不超过 100%。请改正。", article="15")
    if not source.strip():
        raise Blocked("还没有写重点对象的依据。请写明名单来源和有效期。", article="15")
    if rates and key_ratio < min(rates.values()):
        raise Blocked(
            "重点对象最低比例低于本行的最低比例，起不到加大抽查的作用。请提高。", article="15"
        )


def are_many(complaints: int) -> bool:
    """Whether complaints of a year call for a person to weigh a mark: never by itself.

    Source: art. 15, paragraph 2, 投诉举报多的; the number is local practice. Clause 15.3.
    """
    return complaints >= MANY_COMPLAINTS


def check_cooldown(months: int) -> None:
    """How long an A-class target that was inspected is left in peace; 0 is off.

    Raises Blocked.
    Source: art. 15, paragraph 2, 应适当降低抽查比例和频次. Clause 15.4.
    """
    if not 0 <= months <= LONGEST_COOLDOWN:
        raise Blocked(f"A 类冷却期应在 0 到 {LONGEST_COOLDOWN} 个月之间。请改正。", article="15")


def floor_remark(drawn: int, base: int) -> str:
    """What the page says about the 3 % of enterprises; "" once it is met.

    An indicator of publicity-information checks and a duty of the province, not a block.
    Source: art. 15 for rates; 企业公示信息抽查办法 (2025), art. 4 (E20).
    """
    if not base or Fraction(drawn, base) >= FLOOR:
        return ""
    short = -(-base * FLOOR.numerator // FLOOR.denominator) - drawn
    tenths = drawn * 1000 // base  # cut, not rounded: 2.96 % is not 3.0 %
    return f"占 {tenths // 10}.{tenths % 10}%，低于 3%，还差 {short:,} 户"


def report_due(year: int) -> date:
    """The day by which the figures of the year before a plan's are handed in.

    Source: art. 16 with 国办发〔2024〕54号 as the province applies it (E18).
    """
    return date(year, *REPORT_DUE)
