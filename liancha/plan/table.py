"""The columns of a table of plan lines: the eight of article 14 and what a line says beside them.

Which words a heading may have, and what a cell with a choice may say. Reads no file and knows no
database.
"""

from __future__ import annotations

from liancha.papers.readers import Column

from .models import PlanLine

COLUMNS = (
    Column("number", ("计划编号", "抽查计划编号")),
    Column("field", ("抽查领域", "领域", "领域代码")),
    Column("name", ("任务名称", "抽查任务名称", "计划名称", "任务"), is_required=True),
    Column("departments", ("联查部门", "参与部门", "联合部门")),
    Column("items", ("抽查事项", "检查事项", "事项", "检查内容")),
    Column("targets", ("检查对象", "抽查对象", "联查对象", "对象范围")),
    Column("executor", ("实施主体", "检查主体", "抽查机关")),
    Column("duties", ("责任分工", "职责分工")),
    Column(
        "shares",
        ("抽查基数和比例", "抽查比例", "基数和比例", "抽查比例(数量)", "比例及频次", "比例"),
        is_required=True,
    ),
    Column("window", ("时间安排", "起止时间", "检查时间", "抽查时间", "实施时间", "时间")),
    Column("initiator", ("发起部门", "牵头部门", "发起")),
    Column("cooperators", ("配合部门", "配合")),
    Column("starts_on", ("开始", "开始时间", "开始日期")),
    Column("ends_on", ("结束", "结束时间", "结束日期", "截止时间")),
    Column("stratify", ("怎样分层", "分层", "分层方式")),
    Column("frequency", ("频次", "抽查频次", "频率")),
    Column("org_mode", ("组织方式", "检查模式", "组织层级")),
    Column("ratio_reason", ("比例说明", "比例原因")),
    Column("participants_reason", ("部门不参加的原因", "部门调整原因")),
)
WORDS = {column.key: column.words[0] for column in COLUMNS}
OFFICIAL = ("name", "departments", "items", "targets", "executor", "duties", "shares", "window")
# Columns that only tables of others have: the template says the same in 联查部门 and 时间安排.
OTHERS_ONLY = ("initiator", "cooperators", "starts_on", "ends_on")
LENGTHS = {
    "name": 120,
    "targets": 200,
    "executor": 100,
    "duties": 2_000,
    "ratio_reason": 200,
    "participants_reason": 200,
}
STRATIFY = {
    **{str(label): str(value) for value, label in PlanLine.Stratify.choices},
    **{
        "信用": "credit",
        "信用分类": "credit",
        "县区": "region",
        "按区县": "region",
        "行业": "industry",
    },
    **{"主体类型": "kind", "统一": "none", "一个比例": "none"},
}
ORG_MODES = {str(label): str(value) for value, label in PlanLine.OrgMode.choices}
MOST_ROUNDS = 12
