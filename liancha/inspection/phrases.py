"""Ready-made words for the form: a tap instead of typing, always free to change.

Our own wording, by what an item's name speaks of. They suggest nothing about the outcome: each
is one thing an officer may have seen.
"""

from __future__ import annotations

from .models import ItemAnswer

BY_WORD: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("执照", ("营业执照未置于醒目位置", "实际经营地址与登记住所不一致", "经营项目超出登记范围")),
    ("许可", ("许可证已过有效期", "许可证未悬挂或摆放在醒目位置", "实际经营项目与许可不一致")),
    ("价", ("标价与收费不一致", "未标明计价单位", "未标明附加费")),
    ("消防", ("疏散通道堆放物品", "灭火器压力不足", "安全出口指示灯不亮")),
    ("疏散", ("安全出口上锁", "疏散指示标志缺失", "应急照明不亮")),
    ("卫生", ("未公示卫生信誉度等级", "清洗消毒记录不全", "消毒用品已过期")),
    ("消毒", ("消毒记录不全", "消毒间堆放杂物", "消毒用品已过期")),
    ("健康", ("有从业人员未取得健康合格证明", "健康合格证明已过期")),
    ("登记", ("登记内容不完整", "登记与实际不一致", "未按规定登记")),
    ("公示", ("公示信息与实际不一致", "未按规定公示", "公示内容不完整")),
    ("广告", ("广告内容与实际不符", "使用绝对化用语", "未标明广告")),
    ("特种设备", ("使用登记证未张贴", "超过检验有效期", "维护保养记录不全")),
    ("电梯", ("超过检验有效期", "维护保养记录不全", "未张贴安全注意事项")),
    ("食品", ("食品已过保质期", "进货查验记录不全", "未分类存放")),
    ("安全", ("安全管理制度不全", "未按规定培训", "隐患排查记录不全")),
    ("培训", ("培训记录不全", "未按规定培训")),
    ("合同", ("合同缺少应有的条款", "格式条款不公平")),
    ("台账", ("台账缺页或漏记", "台账与实物不符")),
)
GENERAL = ("未能当场提供有关资料", "记录不完整", "制度未落实")
FINE = ("现场符合要求", "原件在有效期内", "记录齐全", "已查验实物")
NONE = ("没有此项业务", "没有此类设备", "现场没有找到该单位")
REFUSED = ("负责人称需请示上级，拒绝签名。", "对检查结果有异议，拒绝签名。")
NOBODY = ("现场没有企业人员，电话无人接听。", "现场已关门停业，找不到负责人。")
MOST = 5


def phrases_for(item_name: str) -> dict[str, tuple[str, ...]]:
    """Finding → phrases to offer under an item of this name."""
    found = [phrase for word, phrases in BY_WORD if word in item_name for phrase in phrases]
    return {
        ItemAnswer.Finding.FOUND: tuple(dict.fromkeys([*found, *GENERAL]))[:MOST],
        ItemAnswer.Finding.FINE: FINE,
        ItemAnswer.Finding.NONE: NONE,
    }
