"""A small city: its people by actions, and the files that the pages are given.

Names and codes are made up; the codes have right check digits and can be nobody's.
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db.models import QuerySet
from django.utils import timezone
from openpyxl import Workbook

from liancha.accounts.models import Grant, User
from liancha.roster.models import Inspector
from liancha.site.demo.city import code
from tests.people import NOON, PASSWORD, make_cast

HOTELS = 96
OTHERS = 20
FIRST = "云松望漱青栖拾听怀石若陌锦鹿竹汀"
SECOND = "岫间嵩石瓷麓砚澜舟桥溪坪禾汀原渡"
PLACES = (("410311", "洛龙区望川路"), ("410305", "涧西区青禾街"), ("410328", "洛宁县听澜路"))
HEADINGS = (
    *("企业名称", "统一社会信用代码", "类型", "住所", "经营范围"),
    *("成立日期", "登记状态", "信用风险分类"),
)
STAYING = "住宿服务；旅馆经营；餐饮服务"
TESTING = "机动车检验检测服务；机动车排放检验"
INSPECTORS = 6  # of each department that draws
LIST = (
    *("代码", "抽查领域", "抽查事项", "检查对象", "发起部门", "配合部门", "检查部门"),
    *("对象标签", "事项类别", "检查方式", "层级", "检查依据", "发起部门职责"),
)
FIELDS = (
    (
        ("JF05", "宾馆、旅店监督抽查", "各类宾馆、旅店", "公安", "卫健、消防", "hotel"),
        (
            ("特种行业许可证情况的检查", "公安", "《旅馆业治安管理办法》第四条"),
            ("住宿人员实名登记情况的检查", "公安", "《反恐怖主义法》第二十一条"),
            ("公共场所卫生许可情况的检查", "卫健", "《公共场所卫生管理条例》第八条"),
            ("顾客用品用具消毒情况的检查", "卫健", "《公共场所卫生管理条例》第三条"),
        ),
    ),
    (
        ("JF21", "机动车检验机构抽查", "机动车检验机构", "市监", "公安", "vehicle_test"),
        (("检验报告真实性的检查", "市监", "《道路交通安全法》第九十四条"),),
    ),
)


def settle() -> None:
    """Six departments and their people, as in tests.people; all may log in."""
    make_cast()
    _let_log_in(User.objects.all())


def equip_inspectors(departments: tuple[str, ...]) -> dict[str, str]:
    """An account for each imported inspector, as an officer; returns name → account."""
    accounts = {}
    found = Inspector.objects.filter(department__code__in=departments, user=None)
    for inspector in found.select_related("department"):
        person = User(
            username=f"zf.{inspector.number.lower()}",
            full_name=inspector.name,
            department=inspector.department,
            must_change_password=False,
            password_changed_at=timezone.now(),
        )
        person.save()
        Grant.objects.create(user=person, role="officer", granted_at=NOON, granted_by="sec")
        inspector.user = person
        inspector.save(update_fields=["user"])
        accounts[inspector.name] = person.username
    _let_log_in(User.objects.filter(username__in=accounts.values()))
    return accounts


def _let_log_in(people: QuerySet[User]) -> None:
    """Passwords as the real site hashes them: the tests' own settings have a quicker way."""
    hasher = Argon2PasswordHasher()
    people.update(password=hasher.encode(PASSWORD, hasher.salt()))


def write_register(path: Path) -> None:
    """About 120 rows, in UTF-8 as Excel writes it; three of them cannot be taken."""
    rows = [_hotel(n) for n in range(HOTELS)]
    rows += [_station(n) for n in range(OTHERS)]
    wrong = dict(rows[3], 企业名称="洛阳错码宾馆有限公司")
    wrong["统一社会信用代码"] = _other_check_digit(wrong["统一社会信用代码"])
    twice = dict(rows[5], 企业名称="洛阳重码宾馆有限公司")
    nameless = dict(_hotel(HOTELS + 1), 企业名称="")
    outside = dict(
        _hotel(HOTELS + 2), 企业名称="外地连锁宾馆有限公司", 住所="郑州市金水区文化路9号"
    )
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.DictWriter(file, HEADINGS)
        table.writeheader()
        table.writerows([*rows, wrong, twice, nameless, outside])


def write_list(path: Path) -> None:
    """A joint list of two fields, in the form that is also its download."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(LIST)
    for (number, name, targets, initiator, cooperators, tag), items in FIELDS:
        for item, department, basis in items:
            sheet.append(
                [
                    *(number, name, item, targets, initiator, cooperators, department),
                    *(tag, "重点", "现场检查", "市级", basis, "主管部门"),
                ]
            )
    book.save(path)


def write_roster(path: Path, department: str, *, first: int) -> None:
    """Six people who may be drawn, and one whose certificate has a last day before its first."""
    today = date.today()
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(
        ["姓名", "部门", "执法证号", "有效期自", "有效期至", "业务专长", "岗位", "可任组长"]
    )
    names = [
        f"{'林陶霍温祝尹乔池纪骆宁施'[first + n]}{FIRST[n]}{SECOND[n]}" for n in range(INSPECTORS)
    ]
    starts, ends = date(today.year - 1, 1, 1), date(today.year + 2, 12, 31)
    for n, name in enumerate(names):
        number = f"1603{first:03d}{n:04d}"
        sheet.append([name, department, number, starts, ends, "住宿场所", "执法科", "是"])
    sheet.append(["错期人", department, f"1603{first:03d}9999", ends, starts, "", "执法科", "否"])
    book.save(path)


def _hotel(n: int) -> dict[str, str]:
    region, place = PLACES[n % len(PLACES)]
    name = f"洛阳{FIRST[n % 16]}{SECOND[n // 16 % 16]}{'宾馆' if n % 2 else '酒店'}有限公司"
    return _row(name, code("91", region, n + 1), f"{place}{n // 3 + 1}号", STAYING, "AC"[n % 2])


def _station(n: int) -> dict[str, str]:
    region, place = PLACES[n % len(PLACES)]
    name = f"洛阳{SECOND[n % 16]}{FIRST[n // 16]}机动车检测有限公司"
    return _row(name, code("91", region, 900 + n), f"{place}{200 + n}号", TESTING, "B")


def _row(name: str, number: str, address: str, scope: str, credit: str) -> dict[str, str]:
    return {
        "企业名称": name,
        "统一社会信用代码": number,
        "类型": "企业",
        "住所": f"河南省洛阳市{address}",
        "经营范围": scope,
        "成立日期": "2019-05-20",
        "登记状态": "存续",
        "信用风险分类": credit,
    }


def _other_check_digit(number: str) -> str:
    return number[:-1] + ("0" if number[-1] != "0" else "1")
