"""The columns of a table of a department's own lines: the eight of article 14, and 说明.

Which words a heading may have. Reads no file and knows no database.
"""

from __future__ import annotations

from liancha.papers.readers import Column

COLUMNS = (
    Column("name", ("任务名称", "抽查任务名称", "计划名称", "任务"), is_required=True),
    Column("departments", ("联查部门", "部门", "抽查部门", "责任部门")),
    Column("items", ("抽查事项", "检查事项", "事项", "检查内容"), is_required=True),
    Column("targets", ("检查对象", "抽查对象", "对象范围")),
    Column("executor", ("实施主体", "检查主体", "抽查机关")),
    Column("duties", ("责任分工", "职责分工")),
    Column(
        "shares",
        ("抽查基数和比例", "抽查比例", "基数和比例", "抽查比例(数量)", "比例"),
        is_required=True,
    ),
    Column("window", ("时间安排", "起止时间", "检查时间", "抽查时间", "实施时间", "时间")),
    Column("reason", ("说明", "单独检查的原因", "比例说明")),
    Column("base", ("抽查基数", "基数", "对象数量")),
    Column("starts_on", ("开始", "开始时间", "开始日期")),
    Column("ends_on", ("结束", "结束时间", "结束日期", "截止时间")),
)
WORDS = {column.key: column.words[0] for column in COLUMNS}
# Columns that only tables of others have: the template says the same in 抽查基数和比例, 时间安排.
OTHERS_ONLY = ("base", "starts_on", "ends_on")
LENGTHS = {"name": 120, "targets": 200, "executor": 100, "duties": 300, "reason": 200}
MOST_BASE = 9_999_999
MOST_ROWS = 2_000  # of one table
