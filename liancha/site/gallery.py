"""What the component page shows. Made-up samples for looking at; nothing here is a record."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.utils import timezone

from liancha.rulebook.lifecycles import LABELS
from liancha.rulebook.verdicts import Blocked, NeedsReason

HALF = "9267a0879324766d07e59873573a8131c2bdc5bb25ecf279a0a704dd6b07acce"


class Sample(forms.Form):
    """One of each kind of field, with two faults."""

    code = forms.CharField(label="统一社会信用代码", max_length=18)
    due_on = forms.DateField(label="改正期限", help_text="距今 9 个工作日")
    kind = forms.ChoiceField(
        label="后续处置",
        choices=[("", "请选择"), ("3", "责令改正，跟踪复查"), ("5", "抄告相关部门")],
    )
    finding = forms.ChoiceField(
        label="结果",
        choices=[("fine", "未发现问题"), ("found", "发现问题"), ("none", "不涉及")],
        widget=forms.RadioSelect,
    )
    departments = forms.MultipleChoiceField(
        label="参与部门",
        choices=[
            ("1", "市公安局"),
            ("2", "市卫生健康委"),
            ("3", "市市场监管局"),
            ("4", "市消防救援支队"),
        ],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    text = forms.CharField(label="检查情况", widget=forms.Textarea, required=False)
    is_surprise = forms.BooleanField(label="突击检查，不提前告知", required=False)
    file = forms.FileField(
        label="文件",
        required=False,
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
        help_text="最大 50 MB；编码、标题行、列名会自动认",
    )

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if code[-1] != "D":
            raise forms.ValidationError("第 18 位应为 D，请对照营业执照核对末位。")
        return code


class Asked(forms.Form):
    """A query row."""

    q = forms.CharField(label="名称、代码、地址", required=False)
    region = forms.MultipleChoiceField(
        label="所在县区",
        required=False,
        choices=[("410305", "涧西区"), ("410311", "洛龙区")],
        widget=forms.Select,
    )
    tag = forms.ChoiceField(
        label="标签", required=False, choices=[("", "不限"), ("hotel", "宾馆旅店")]
    )
    status = forms.ChoiceField(
        label="登记状态", required=False, choices=[("", "不限"), ("active", "存续")]
    )
    credit = forms.ChoiceField(
        label="信用分类", required=False, choices=[("", "不限"), ("A", "A"), ("B", "B")]
    )
    since = forms.DateField(label="上次检查不早于", required=False)


ROWS = (
    (
        "洛阳云岫宾馆有限公司",
        "开元大道东段 88 号",
        "91410311XXXX02428K",
        "洛龙区",
        "B",
        "green",
        "今天",
    ),
    (
        "洛阳澹川酒店管理有限公司",
        "天津路与景华路交叉口",
        "91410305XXXX021290",
        "涧西区",
        "A",
        "green",
        "3 天前",
    ),
    ("涧西区拾砚客栈", "武汉路 16 号院", "92410305XXXX02137P", "涧西区", "C", "green", "3 天前"),
    (
        "洛龙区松间照客栈",
        "龙门大道 301 号附 2 号",
        "92410311XXXX021458",
        "洛龙区",
        "D",
        "yellow",
        "29 天前",
    ),
    (
        "洛阳牡汀假日酒店有限公司",
        "通济街 120 号",
        "91410311XXXX0217XQ",
        "洛龙区",
        "",
        "red",
        "41 天前",
    ),
)


def rows() -> list[SimpleNamespace]:
    names = ("name", "address", "code", "region", "credit", "light", "age")
    return [
        SimpleNamespace(
            pk=n,
            tags=["宾馆旅店", "餐饮", "特种设备"][: n % 3 + 1],
            **dict(zip(names, row, strict=True)),
        )
        for n, row in enumerate(ROWS * 26, start=1)
    ]


def terms(today: date) -> list[tuple[str, date]]:
    """Deadlines around a day, one for each colour."""
    return [
        (word, today + timedelta(days=days))
        for word, days in (("充裕", 28), ("过半", 10), ("临近", 4), ("今天", 0), ("超期", -3))
    ]


def samples(page: int, asked: dict[str, Any]) -> dict[str, Any]:
    """Everything the page needs."""
    now: datetime = timezone.now()
    form = Sample(
        {"code": "91410311XXXX023137", "finding": "found", "departments": ["1", "3"], "due_on": ""}
    )
    form.is_valid()
    query = Asked(asked)
    query.is_valid()
    return {
        "states": [
            (
                (kind.__doc__ or "").partition(",")[0].split(".")[0],
                [(state, words[state.value]) for state in kind],
            )
            for kind, words in LABELS.items()
        ],
        "digest": HALF,
        "terms": terms(timezone.localdate()),
        "next_year": date(timezone.localdate().year + 2, 1, 8),
        "form": form,
        "asked": query,
        "page_obj": Paginator(rows(), 5).get_page(page),
        "steps": [
            ("方案", "11-17 程以宁 批准", "done"),
            ("建库", "11-20 冻结，240 户", "done"),
            ("抽取对象", "今天 09:30，三方到场", "now"),
            ("抽取人员", "四部门各自抽取", ""),
            ("检查", "11-26 至 12-11", ""),
            ("录入公示", "完成后 20 个工作日", ""),
        ],
        "entries": [
            {
                "at": now,
                "text": "待抽检库冻结，240 户",
                "note": "沈砚秋",
                "number": 20431,
                "kind": "proof",
            },
            {
                "at": now - timedelta(days=2),
                "text": "市消防救援支队确认参与",
                "note": "顾怀舟",
                "number": 20426,
            },
            {
                "at": now - timedelta(days=3),
                "text": "批准实施方案",
                "note": "程以宁",
                "number": 20422,
            },
            {"at": "", "text": "抽取检查对象", "kind": "next"},
        ],
        "chart": {
            "x": [f"{n} 月" for n in range(1, 13)],
            "series": [
                {
                    "name": "市监",
                    "data": [340, 280, 1010, 1480, 2090, 2210, 1490, 1060, 1240, 1210, 1050, 530],
                },
                {
                    "name": "消防",
                    "data": [210, 150, 620, 880, 1180, 1240, 700, 510, 660, 740, 600, 250],
                },
            ],
        },
        "blocked": Blocked(
            "这份名单已经锁定，不能再抽。"
            "洛公抽〔2026〕7号-1 已于 2026-11-23 周一 10:16 锁定，18 户。",
            article="19",
            paragraph=3,
        ),
    }


def asks() -> NeedsReason:
    """A step that needs a reason."""
    return NeedsReason(
        "单独检查宾馆卫生，须写明理由。宾馆、旅店在联合清单内，原则上不再单独开展日常检查。",
        article="8",
        paragraph=1,
        codes=(
            ("complaint", "投诉举报"),
            ("assigned", "转办交办"),
            ("monitor", "数据监测"),
            ("urgent", "应急"),
        ),
    )
