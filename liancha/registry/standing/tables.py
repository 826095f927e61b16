"""The two tables as people fill them in: columns, hints, drop-downs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain

from django.db.models import QuerySet

from liancha.papers.blanks import Blank, template
from liancha.papers.errata import error_sheets
from liancha.papers.held import Held
from liancha.papers.readers import Column
from liancha.papers.writers import Sheet

from ..models import KeyFlag, Licence, StandingImport, Tag, Tagging, Target

CHUNK = 2_000  # records read at once for an export
MOST = 200_000  # rows of one file
LISTED_FAULTS = 20_000  # more are counted, not listed
EXAMPLE_STARTS = "示例："
CODE = Column(
    "code",
    (
        *("统一社会信用代码", "统一社会信用代码/本库编号", "社会信用代码", "信用代码", "本库编号"),
        *("检查对象编号", "统一社会信用代码（注册号）", "注册号", "代码"),
    ),
    True,
)
NAME = Column("target", ("检查对象", "名称", "企业名称", "单位名称", "主体名称", "市场主体名称"))
CODE_HINT = "必填，按它找到检查对象。场所、工程等没有代码的，填本库编号。请把这一列设为文本。"
NAME_HINT = "可留空，用来核对代码有没有填错。示例行不会导入，可以留着。"


@dataclass(frozen=True, slots=True)
class Table:
    """One of the two tables.

    hints    how each column is filled in, by key
    one      a counting word of what a row brings
    """

    subject: str
    word: str
    one: str
    columns: tuple[Column, ...]
    hints: Mapping[str, str]
    widths: tuple[int, ...]
    example: tuple[str, ...]

    @property
    def words(self) -> dict[str, str]:
        """What a fault calls a column → its key."""
        return {column.words[0]: column.key for column in self.columns}

    def choices(self) -> dict[str, tuple[str, ...]]:
        if self.subject == StandingImport.Subject.LICENCES:
            return {"state": ("有效", "注销", "吊销", "撤销")}
        return {
            "mark": (*map(str, KeyFlag.Kind.labels), *Tag.objects.values_list("name", flat=True))
        }

    def blank(self) -> list[Sheet]:
        """An empty table with an example row, a note on every heading and drop-downs."""
        choices = self.choices()
        blanks = [
            Blank(column, self.hints[column.key], width, choices.get(column.key, ()))
            for column, width in zip(self.columns, self.widths, strict=True)
        ]
        return template(self.word, blanks, [self.example])

    def filled(self, rows: Iterable[Sequence[str]]) -> list[Sheet]:
        titles = [column.words[0] for column in self.columns]
        return [Sheet(self.word, titles, rows, widths=self.widths)]


LICENCES = Table(
    StandingImport.Subject.LICENCES.value,
    "许可证",
    "张",
    (
        CODE,
        NAME,
        Column(
            "name",
            ("许可证名称", "证照名称", "许可证", "许可名称", "证书名称", "许可证类别"),
            is_required=True,
        ),
        Column(
            "number",
            ("编号", "许可证编号", "许可证号", "证照编号", "证书编号", "许可编号", "证号"),
            is_required=True,
        ),
        Column("issuer", ("发证机关", "发证部门", "许可机关", "批准机关", "颁发机关")),
        Column(
            "issued_on", ("批准日期", "发证日期", "有效期自", "有效期起", "许可日期", "核准日期")
        ),
        Column("valid_to", ("有效期至", "有效期止", "截止日期", "到期日期", "有效期限")),
        Column("state", ("状态", "许可证状态", "证照状态")),
    ),
    {
        "code": CODE_HINT,
        "target": NAME_HINT,
        "name": "必填，例如 食品经营许可证。",
        "number": "必填。同一户、同一名称、同一编号的是同一张，再导入就是更新。",
        "issuer": "例如 洛龙区市场监督管理局。",
        "issued_on": "写成 2026-01-31；2026/1/31、20260131 也认。",
        "valid_to": "长期有效的填“长期”。新证留空也算长期，库里已有的留空不改。",
        "state": "留空为有效。注销、吊销、撤销的不登记；库里已有的请在检查对象页面移除。",
    },
    (26, 30, 24, 24, 28, 14, 14, 10),
    (
        *("91410300MA00000000", "示例：洛阳云岫宾馆有限公司", "食品经营许可证", "JY24103000000001"),
        *("洛龙区市场监督管理局", "2024-01-01", "2028-12-31", "有效"),
    ),
)
MARKS = Table(
    StandingImport.Subject.MARKS.value,
    "专项库和重点标记",
    "户",
    (
        CODE,
        NAME,
        Column(
            "mark",
            ("专项库或重点标记", "专项库", "重点标记", "标记", "标签", "专项库名称", "标记名称"),
            is_required=True,
        ),
        Column("source", ("来源", "依据", "来源文件", "文件号", "列入依据")),
        Column("since", ("自", "起始日期", "列入日期", "有效期自", "开始日期")),
        Column("until", ("至", "截止日期", "有效期至", "到期日期", "移出日期")),
    ),
    {
        "code": CODE_HINT,
        "target": NAME_HINT,
        "mark": "必填，从下拉中选：重点标记，或已有专项库（标签）的名称。",
        "source": "重点标记必填，例如文件号或名录；专项库可留空。",
        "since": "重点标记的起始日期，留空为今天。",
        "until": "重点标记必填，到期自动失效；专项库没有截止日期，请留空。",
    },
    (26, 30, 24, 34, 14, 14),
    (
        *("91410300MA00000000", "示例：洛阳云岫宾馆有限公司", "列入经营异常名录"),
        *("经营异常名录 2026-11", "2026-11-01", "2027-10-31"),
    ),
)
TABLES = {table.subject: table for table in (LICENCES, MARKS)}


def licences(targets: QuerySet[Target]) -> list[Sheet]:
    """The licences of these targets as a table that can be brought in again."""
    found = Licence.objects.filter(target__in=targets).order_by("pk").select_related("target")
    return LICENCES.filled(
        (
            each.target.code,
            each.target.name,
            each.name,
            each.number,
            each.issuer,
            each.issued_on.isoformat() if each.issued_on else "",
            each.valid_to.isoformat() if each.valid_to else "长期",
            "",
        )
        for each in found.iterator(chunk_size=CHUNK)
    )


def marks(targets: QuerySet[Target], today: date) -> list[Sheet]:
    """The marks that hold and whom a hand has put into 专项库, likewise."""
    flags = KeyFlag.objects.filter(target__in=targets, lifted_at=None, until__gte=today)
    members = Tagging.objects.filter(target__in=targets, is_by_hand=True)
    return MARKS.filled(
        chain(
            (
                (
                    flag.target.code,
                    flag.target.name,
                    str(flag.get_kind_display()),
                    flag.source,
                    flag.since.isoformat(),
                    flag.until.isoformat(),
                )
                for flag in flags.order_by("pk").select_related("target").iterator(CHUNK)
            ),
            (
                (each.target.code, each.target.name, each.tag.name, "", "", "")
                for each in members.order_by("pk").select_related("target", "tag").iterator(CHUNK)
            ),
        )
    )


def faults(batch: StandingImport) -> list[Sheet]:
    """The rows that were not taken with what to mend, then fault by fault, and the remarks."""
    words = TABLES[batch.subject].words
    return error_sheets(Held.of(batch.held), batch.faults, batch.remarks, words=words)
