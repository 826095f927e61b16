"""The words that say what a target is and how it stands; values as they are kept.

Beside the models, so that reading a file needs no database.
"""

from __future__ import annotations

from django.db.models import TextChoices


class CodeKind(TextChoices):
    USCC = "uscc", "统一社会信用代码"
    REGISTRATION = "registration", "注册号"
    OWN = "own", "本库编号"


class Kind(TextChoices):
    COMPANY = "01", "企业"
    COOPERATIVE = "02", "农民专业合作社"
    INDIVIDUAL = "03", "个体工商户"
    OFFICE = "04", "外国企业常驻代表机构"
    SOCIAL = "05", "社会组织"
    PUBLIC = "06", "机关事业单位"
    OTHER_BODY = "07", "其他组织"
    SITE = "10", "场所网点"
    PROJECT = "11", "工程项目"
    PRODUCT = "12", "产品批次"
    DEVICE = "13", "设备"
    ONLINE = "14", "网站和应用"
    OTHER = "99", "其他"


# What has no licence, and so may have no code of the state's: it is given a number of our own.
WITHOUT_CODE = (Kind.SITE, Kind.PROJECT, Kind.PRODUCT, Kind.DEVICE, Kind.ONLINE, Kind.OTHER)


class Status(TextChoices):
    ACTIVE = "active", "存续"
    SUSPENDED = "suspended", "歇业"
    REVOKED = "revoked", "吊销"
    CANCELLED = "cancelled", "注销"
    WITHDRAWN = "withdrawn", "撤销"
    MOVED = "moved", "迁出"


class CreditClass(TextChoices):
    A = "A", "A 低"
    B = "B", "B 中低"
    C = "C", "C 中高"
    D = "D", "D 高"
    UNKNOWN = "", "未分类"
