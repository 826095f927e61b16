"""What each permission lets somebody do, in the words of the pages and in the order of the work."""

from __future__ import annotations

from collections.abc import Iterable

from .permissions import Permission as P

RIGHTS: dict[P, str] = {
    P.SITE_WORKBENCH: "看工作台",
    P.LISTS_VIEW: "看清单",
    P.LISTS_EDIT: "编辑清单",
    P.LISTS_COSIGN: "会签清单",
    P.LISTS_PUBLISH: "公布清单",
    P.REGISTRY_VIEW: "看检查对象",
    P.REGISTRY_EDIT: "编辑检查对象",
    P.REGISTRY_IMPORT: "导入检查对象",
    P.ROSTER_VIEW: "看执法检查人员",
    P.ROSTER_EDIT: "编辑执法检查人员",
    P.PLAN_VIEW: "看年度计划",
    P.PLAN_EDIT: "编制年度计划",
    P.PLAN_APPROVE: "批准年度计划",
    P.PLAN_PUBLISH: "公布年度计划",
    P.TASK_VIEW: "看抽查任务",
    P.TASK_EDIT: "建立任务、拟定方案",
    P.TASK_CONFIRM: "确认参与任务",
    P.TASK_APPROVE: "批准方案和补抽",
    P.DRAW_WATCH: "观看摇号",
    P.DRAW_JOIN: "提交承诺和随机数",
    P.DRAW_RUN: "主持检查对象抽取",
    P.DRAW_INSPECTORS: "主持检查人员抽取",
    P.DRAW_VOID: "批准作废",
    P.DRAW_ACKNOWLEDGE: "签收名单",
    P.DRAW_APPROVE_REPLACEMENT: "批准更换检查人员",
    P.INSPECTION_VIEW: "看联合检查",
    P.INSPECTION_TEAM: "组成检查组、排日程",
    P.INSPECTION_NOTIFY: "告知企业",
    P.INSPECTION_MERGE: "商定合并检查",
    P.INSPECTION_CHECK: "到场检查、填写记录表",
    P.DISCLOSURE_VIEW: "看结果",
    P.DISCLOSURE_ENTER: "录入结果",
    P.DISCLOSURE_AUDIT: "审核结果",
    P.DISCLOSURE_PUBLISH: "公示结果",
    P.DISCLOSURE_FOLLOW_UP: "跟踪后续处置",
    P.OVERSIGHT_VIEW: "看超期与督办",
    P.OVERSIGHT_REMIND: "发督办单",
    P.OVERSIGHT_REPLY: "回复督办",
    P.LEDGER_VIEW: "看存证日志",
    P.WORKDAYS_VIEW: "看工作日历",
    P.WORKDAYS_EDIT: "编辑工作日历",
    P.WORKDAYS_QUIET: "登记安静期",
    P.ACCOUNTS_MANAGE: "管理部门和账号",
    P.ACCOUNTS_GRANT: "授予和收回角色",
    P.ACCOUNTS_AUDIT: "查看账号变动",
}


def rights_of(permissions: Iterable[P]) -> list[str]:
    """The words of these permissions, reading before doing, room after room."""
    held = set(permissions)
    return [said for permission, said in RIGHTS.items() if permission in held]
