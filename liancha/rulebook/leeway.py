"""Where article 19 gives way: one side not drawn at random, an inspector replaced.

Both need a fact or a reason, and somebody's word. The drawn list of targets is not here: it gives
way to nothing. Who comes in place of a leaver is computed by the draw, not chosen here.
"""

from __future__ import annotations

from collections.abc import Iterable

from .verdicts import Blocked, NeedsReason
from .wording import Worded


class RandomMode(Worded):
    """What was drawn at random in a task, over all its departments."""

    DOUBLE = "double", "双随机"
    TARGETS_ONLY = "targets_only", "只抽检查对象"
    INSPECTORS_ONLY = "inspectors_only", "只抽执法检查人员"
    NEITHER = "neither", "无随机"


def random_mode(*, targets_drawn: bool, inspectors_drawn: Iterable[bool]) -> RandomMode:
    """The mode of a task: one department that drew is enough for its side.

    inspectors_drawn  for each participating department, whether it drew its inspectors

    Source: art. 19, paragraphs 1 and 2.
    """
    if any(inspectors_drawn):
        return RandomMode.DOUBLE if targets_drawn else RandomMode.INSPECTORS_ONLY
    return RandomMode.TARGETS_ONLY if targets_drawn else RandomMode.NEITHER


def check_targets_not_drawn(*, pool: int, count: int, reason: str, approved_by: str) -> None:
    """Targets go without a draw only when all of the pool are inspected anyway.

    pool   candidates in the frozen pool
    count  number the plan's rates ask for

    Raises Blocked, or NeedsReason.
    Source: art. 19, paragraph 2, 因检查对象数量……限制.
    """
    if pool > count:
        raise Blocked(
            f"待抽检库有 {pool} 户，应抽 {count} 户，可以随机抽取检查对象。"
            "数量足够，应当实施双随机，不能改为单随机。",
            article="19",
            paragraph=2,
        )
    _check_reason_and_word("检查对象", reason, approved_by)


def check_inspectors_not_drawn(
    department: str, *, eligible: int, needed: int, reason: str, approved_by: str
) -> None:
    """A department names its inspectors only when it has no more than it needs.

    eligible  inspectors it may draw from
    needed    people that must go at once: those of one team, not seats over all teams

    Raises Blocked, or NeedsReason.
    Source: art. 19, paragraph 2, 执法检查人员数量限制.
    """
    if eligible > needed:
        raise Blocked(
            f"{department}有 {eligible} 名可抽人员，需要 {needed} 名，可以随机抽取。"
            "数量足够，应当实施双随机，不能改为单随机。",
            article="19",
            paragraph=2,
        )
    _check_reason_and_word(f"{department}的执法检查人员", reason, approved_by)


def random_remarks(mode: RandomMode) -> tuple[str, ...]:
    """What the record of a task without any draw says (WARN): the text lets only one side go.

    Source: art. 19, paragraph 2; decision A9.
    """
    if mode is RandomMode.NEITHER:
        return ("检查对象和执法检查人员都没有随机抽取，原因和批准人已记入任务档案。",)
    return ()


class ReplacementReason(Worded):
    """Why an inspector who was drawn cannot go."""

    POST_CHANGE = "post_change", "岗位调整"
    WORK_CONFLICT = "work_conflict", "工作冲突"
    HEALTH = "health", "健康状况"
    RECUSAL = "recusal", "执法回避"
    OTHER = "other", "其他"


def check_replacement(
    reason: ReplacementReason | None,
    *,
    detail: str = "",
    is_designated: bool = False,
    designation_reason: str = "",
) -> None:
    """A replacement has a reason from the list; a person picked by hand a second one.

    detail             needed for 其他
    is_designated      False when the next by ticket comes

    Raises NeedsReason.
    Source: art. 19, paragraph 3; the next by ticket is decision A8.
    """
    if reason is None:
        raise NeedsReason(
            "已抽取的执法检查人员原则上不可更换。请选择更换原因。",
            article="19",
            paragraph=3,
            codes=ReplacementReason.choices(),
        )
    if reason is ReplacementReason.OTHER and not detail.strip():
        raise NeedsReason("选择“其他”的，请写明具体原因。", article="19", paragraph=3)
    if is_designated and not designation_reason.strip():
        raise NeedsReason(
            "接替人员应按抽取顺序递补。确需指定的，请写明指定原因，原因会留在任务档案中。",
            article="19",
            paragraph=3,
        )


def check_replacement_approval(
    *,
    approver: str,
    approver_is_head: bool,
    approver_department: str,
    inspector_department: str,
    requester: str,
) -> None:
    """A replacement takes effect by the word of the head of the inspector's own department.

    Not the initiator's head, and not the person who asked.
    Raises Blocked.
    Source: art. 19, paragraph 3, 经本部门负责人同意.
    """
    if not approver_is_head or approver_department != inspector_department:
        raise Blocked(
            f"更换{inspector_department}的人员，要由{inspector_department}的负责人同意。"
            "请转给该部门负责人。",
            article="19",
            paragraph=3,
        )
    if approver == requester:
        raise Blocked(
            "提出更换的人不能批准自己的申请。请由本部门另一位负责人批准。",
            article="19",
            paragraph=3,
        )


def _check_reason_and_word(what: str, reason: str, approved_by: str) -> None:
    if not reason.strip():
        raise NeedsReason(
            f"{what}不随机抽取，请写明原因，原因会随抽取结果公开。", article="19", paragraph=2
        )
    if not approved_by.strip():
        raise Blocked(
            f"{what}不随机抽取，还没有发起部门负责人批准。请先送批。", article="19", paragraph=2
        )
