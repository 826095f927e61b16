"""This room's tables on paper: the template, the list of targets, the rows that had faults."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import IO

from django.db.models import Prefetch, QuerySet
from django.utils.timezone import localtime

from liancha.accounts.models import Region
from liancha.papers.blanks import Blank, template
from liancha.papers.writers import Bad, Sheet, Value, stream_csv, write_workbook

from .actions.credit import COLUMNS as CREDIT_COLUMNS
from .columns import COLUMNS, TEMPLATE
from .models import CreditBatch, Import, ImportFault, Target
from .queries import marks_now

CHOICES = {
    "kind": Target.Kind.labels,
    "status": Target.Status.labels,
    "credit_class": ("A", "B", "C", "D"),
}
FAULT_TITLES = ("行", "列", "文件中的值", "哪里不对", "怎么改")
TARGET_TITLES = (
    *("序号", "名称", "统一社会信用代码/本库编号", "对象类型", "类型", "法定代表人（负责人）"),
    *("住所", "经营场所", "县区", "县区依据"),
    *("登记状态", "标签", "信用风险分类", "分类日期", "分类来源", "成立日期", "注册资本"),
    *("行业", "登记机关", "联络人", "联系电话", "上次检查", "更新时间", "经营范围"),
    *("重点标记", "许可证"),
)
_WIDTHS = (
    *(8, 34, 24, 14, 26, 20, 40, 40, 14, 30, 10, 20, 12, 12, 18, 12, 16),
    *(18, 26, 14, 16, 12, 18, 60),
    *(40, 40),
)


def write_template(target: IO[bytes]) -> None:
    """An empty table to fill in, with a second sheet that says what goes where."""
    words = {column.key: column for column in COLUMNS}
    titles = [words[key].words[0] for key, _, _ in TEMPLATE]
    write_workbook(
        target,
        [
            Sheet(
                "名录",
                titles,
                (),
                widths=[width for _, width, _ in TEMPLATE],
                choices={
                    n: CHOICES[key] for n, (key, _, _) in enumerate(TEMPLATE) if key in CHOICES
                },
                notes={n: hint for n, (_, _, hint) in enumerate(TEMPLATE) if hint},
            ),
            Sheet(
                "填写说明",
                ("列", "必填", "怎么填", "也认这些标题"),
                [
                    (
                        words[key].words[0],
                        "是" if words[key].is_required else "",
                        hint,
                        "、".join(w for w in words[key].words[1:8] if not w.isascii()),
                    )
                    for key, _, hint in TEMPLATE
                ],
                widths=(26, 8, 60, 70),
            ),
        ],
    )


def faults(batch: Import) -> list[Sheet]:
    """The rows that were not taken, as they stood in the file, with what to mend in front.

    The original columns keep their headings, so that the mended file can be imported again.
    """
    titles = [title or "（无标题）" for title in batch.titles]
    return [
        Sheet(
            "有误的行",
            (*titles, "原表行号", "哪里不对", "怎么改"),
            _fault_rows(batch, titles),
            widths=[*(18 for _ in titles), 10, 40, 50],
        ),
        Sheet(
            "逐项清单",
            FAULT_TITLES,
            (
                (fault.row, fault.column, Bad(fault.value or "（空）"), fault.fault, fault.cure)
                for fault in batch.faults.filter(is_remark=False)
            ),
            widths=(8, 24, 30, 40, 60),
        ),
        Sheet(
            "已导入但请留意",
            FAULT_TITLES,
            (
                (fault.row, fault.column, fault.value, fault.fault, fault.cure)
                for fault in batch.faults.filter(is_remark=True)
            ),
            widths=(8, 24, 30, 40, 60),
        ),
    ]


def write_targets(target: IO[bytes], targets: QuerySet[Target], today: date) -> None:
    """The targets of a query as a workbook, with the marks that hold today."""
    rows = _target_rows(_whole(targets, today))
    write_workbook(target, [Sheet("检查对象", TARGET_TITLES, rows, widths=_WIDTHS)])


def stream_targets(targets: QuerySet[Target], today: date) -> Iterator[bytes]:
    """The same as the pieces of a CSV file, however many there are."""
    return stream_csv(TARGET_TITLES, _target_rows(_whole(targets, today)))


def credit_blank() -> list[Sheet]:
    """An empty monthly file of classes, with notes and a drop-down."""
    hints = {
        "code": "必填，18 位统一社会信用代码或 15 位注册号。请把这一列设为文本。",
        "credit_class": "必填，A、B、C、D，没有分类的填“未分类”。",
        "name": "只供核对，不写入。",
    }
    choices = {"credit_class": (*CHOICES["credit_class"], "未分类")}
    return template(
        "信用风险分类",
        [
            Blank(column, hints[column.key], 26, tuple(choices.get(column.key, ())))
            for column in CREDIT_COLUMNS
        ],
    )


def credit_faults(batch: CreditBatch) -> list[Sheet]:
    """Rows of a monthly file that are not taken, in columns that can be brought in again."""
    titles = [column.words[0] for column in CREDIT_COLUMNS]
    rows = [
        [
            *(
                Bad(cell) if column.key == fault["column"] else cell
                for column, cell in zip(CREDIT_COLUMNS, fault["line"], strict=True)
            ),
            *(fault["row"], fault["fault"], fault["cure"]),
        ]
        for fault in batch.faults
        if "line" in fault
    ]
    return [
        Sheet(
            "有误的行",
            (*titles, "原表行号", "哪里不对", "怎么改"),
            rows,
            widths=(26, 26, 30, 10, 40, 50),
        )
    ]


def _fault_rows(batch: Import, titles: list[str]) -> Iterator[list[Value | Bad]]:
    by_row: defaultdict[int, list[ImportFault]] = defaultdict(list)
    for fault in batch.faults.filter(is_remark=False):
        by_row[fault.row].append(fault)
    for row, faults in sorted(by_row.items()):
        wrong = {fault.column for fault in faults}
        cells = [*faults[0].line, *("" for _ in titles)][: len(titles)]
        yield [
            *(
                Bad(cell) if title in wrong else cell
                for title, cell in zip(titles, cells, strict=True)
            ),
            row,
            "；".join(fault.fault for fault in faults),
            "；".join(dict.fromkeys(fault.cure for fault in faults)),
        ]


def _whole(targets: QuerySet[Target], today: date) -> QuerySet[Target]:
    """With all that a line of the table says; what is many is put beside the target as a list,
    for asking its manager again would take longer than the rest of the line.
    """
    return targets.prefetch_related(
        Prefetch("tags", to_attr="tag_list"),
        Prefetch("licences", to_attr="licence_list"),
        marks_now(today),
    )


def _target_rows(targets: QuerySet[Target]) -> Iterator[list[Value]]:
    regions = dict(Region.objects.values_list("pk", "name"))
    kinds, states = dict(Target.Kind.choices), dict(Target.Status.choices)
    for number, target in enumerate(targets.iterator(chunk_size=2_000), 1):
        yield [
            number,
            target.name,
            target.code,
            kinds.get(target.kind, target.kind),
            target.legal_form,
            target.representative,
            target.registered_address or target.address,
            target.address if target.registered_address else "",
            regions.get(target.region_id or "", "待核"),
            target.region_reason,
            states.get(target.status, target.status),
            "、".join(tag.name for tag in target.tag_list),  # type: ignore[attr-defined]
            target.credit_class,
            target.credit_on,
            target.credit_source,
            target.registered_on,
            target.capital,
            target.industry,
            target.authority,
            target.contact,
            target.phone,
            target.last_inspected_on,
            localtime(target.updated_at),
            target.scope,
            "；".join(
                f"{flag.get_kind_display()}（{flag.source}，至 {flag.until}）"
                for flag in target.marks  # type: ignore[attr-defined]
            ),
            "；".join(
                f"{each}（{f'至 {each.valid_to}' if each.valid_to else '长期'}）"
                for each in target.licence_list  # type: ignore[attr-defined]
            ),
        ]
