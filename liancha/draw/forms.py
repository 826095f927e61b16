"""The shape of what people enter in this room."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.http import QueryDict

from liancha.accounts.models import Department, User
from liancha.plan.models import PlanLine
from liancha.roster.models import Inspector
from liancha.rulebook import quotas
from liancha.rulebook.beacon import value_problem
from liancha.rulebook.verdicts import Blocked

from . import beacons
from .actions.inviting import GUEST
from .models import Draw, Party, Replacement

HEX = re.compile(r"[0-9a-f]{64}")
PICTURE_LIMIT = 8 * 1024 * 1024
COOLING = ((0, "不设冷却期"), (3, "3 个月"), (6, "6 个月"), (12, "12 个月"), (24, "24 个月"))


def half_width(text: str) -> str:
    """Digits and signs as an input method for Chinese leaves them, made plain."""
    return text.translate({n: n - 0xFEE0 for n in range(0xFF01, 0xFF5F)} | {0x3000: 0x20})


def hex_digits(text: str, refusal: str) -> str:
    """64 hex digits as the protocol writes them. Raises ValidationError with the refusal."""
    digits = half_width(text).strip().lower()
    if not HEX.fullmatch(digits):
        raise forms.ValidationError(refusal)
    return digits


def optional(label: str, longest: int, help_text: str = "") -> forms.CharField:
    """A line that may stay empty."""
    return forms.CharField(label=label, required=False, max_length=longest, help_text=help_text)


class PoolChoices(forms.Form):
    """What the plan leaves open for the pool of one task."""

    cooling_months = forms.TypedChoiceField(
        label="A 类冷却期",
        choices=COOLING,
        error_messages={
            "required": "请选择 A 类冷却期。",
            "invalid_choice": "没有这样的 A 类冷却期，请重新选择。",
        },
        coerce=int,
        help_text="A 类对象在任务开始前这段时间内查过的，本次不入库。须与实施方案一致。",
    )
    takes_suspended = forms.BooleanField(label="登记为歇业的也入库", required=False)
    stratify = forms.ChoiceField(
        label="分层",
        required=False,
        choices=[c for c in PlanLine.Stratify.choices if c[0] != PlanLine.Stratify.TAG],
    )
    ratio = optional(
        "抽查比例",
        80,
        "没有计划行的任务在这里定，每层都按它抽：5%、1/20、60–70家、≤10所的不少于2所，其余按5%。",
    )

    def __init__(self, *args: Any, has_plan: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if has_plan:
            del self.fields["ratio"], self.fields["stratify"]

    def clean_stratify(self) -> str:
        return self.cleaned_data["stratify"] or PlanLine.Stratify.NONE.value

    def clean_ratio(self) -> str:
        text = half_width(self.cleaned_data["ratio"]).strip()
        if not text:
            return ""
        try:
            rate = quotas.read(text).rate
        except Blocked as refusal:
            raise forms.ValidationError(str(refusal)) from None
        if rate is None:
            return text
        if not 0 < rate <= 1:
            raise forms.ValidationError("比例应大于 0，不超过 100%。")
        return f"{rate.numerator}/{rate.denominator}"


class PoolSearch(forms.Form):
    """What to show of the pool: in it, or out of it and why."""

    q = optional("名称、代码或地址", 60)
    stratum = forms.ChoiceField(label="分层", required=False)
    reason = forms.ChoiceField(label="排除原因", required=False)

    def __init__(
        self,
        *args: Any,
        strata: list[tuple[str, str]],
        reasons: list[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stratum"].choices = [("", "全部"), *strata]  # type: ignore[attr-defined]
        self.fields["reason"].choices = [("", "全部"), *reasons]  # type: ignore[attr-defined]
        if not reasons:
            del self.fields["reason"]
        if not strata:
            del self.fields["stratum"]


OTHER, ESCROW = "other", "escrow"
GUESTS = 4  # witnesses one draw may invite; local practice


class Rule(forms.Form):
    """Who brings a number, and which public value comes last."""

    departments = forms.ModelMultipleChoiceField(
        label="参加的部门",
        queryset=Department.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    witnesses = forms.ModelMultipleChoiceField(
        label="见证人",
        queryset=User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    beacon = forms.ChoiceField(
        label="公开随机值",
        widget=forms.RadioSelect,
        choices=[
            *((preset.code, preset.label) for preset in beacons.PRESETS.values()),
            (OTHER, "其他公开数值"),
            (ESCROW, "没有公开值，请托管人"),
        ],
    )
    guests = forms.IntegerField(
        label="邀请没有账号的见证人",
        required=False,
        min_value=0,
        max_value=GUESTS,
        help_text="公证员、人大代表、记者等。约定后给每人一个链接或二维码，本人登记姓名、单位、身份。",
    )
    place = optional("地点", 80, "写进纪要。各方在各自设备上办理的不用填。")
    keeper = optional("托管人", 60, "姓名（单位），不能是任何一方。约定后给本人一个登记链接。")
    last = forms.ChoiceField(
        label="最后提交的一方",
        required=False,
        help_text="本部门以外的一方，用自己的命令行生成随机数和承诺。本部门最先提交。",
    )
    issue = optional("期号", 7, "七位，例如 2026135。")
    source = optional("来源", 100, "写到两个人读来都是同一个值。")
    spelling = optional("格式", 60, "每位数字写 0，至少 8 位，例如 0000.00 0000。")
    due = forms.DateTimeField(
        label="公布时间",
        required=False,
        help_text="承诺和揭示都要在这之前完成。",
        widget=forms.DateTimeInput,
    )

    def __init__(self, *args: Any, draw: Draw, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.draw = draw
        others = draw.task.departments.exclude(pk=draw.department_id)
        self.fields["departments"].queryset = others  # type: ignore[attr-defined]
        witnesses = (
            User.objects.filter(grants__role="witness", is_active=True)
            .exclude(username__startswith=GUEST)
            .distinct()
        )
        self.fields["witnesses"].queryset = witnesses  # type: ignore[attr-defined]
        self.fields["last"].choices = [  # type: ignore[attr-defined]
            ("", "请选择"),
            *((f"department-{each.pk}", each.name) for each in others),
            *((f"user-{each.pk}", str(each)) for each in witnesses),
            ("guest", "受邀见证人"),
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        kind = data.get("beacon")
        preset = beacons.PRESETS.get(str(kind))
        if kind != ESCROW and not data.get("due"):
            self.add_error("due", "请填写公布时间。")
        if preset and preset.is_lottery:
            issue = half_width(data.get("issue", "")).strip()
            if not re.fullmatch(r"20\d{5}", issue):
                self.add_error("issue", "期号是七位数字，前四位是年份，例如 2026135。")
            data["source"], data["spelling"] = preset.source(issue), preset.form
        elif kind == ESCROW:
            data["source"] = data["spelling"] = ""
            self._clean_escrow(data)
        elif kind == beacons.DICE.code:
            data["source"], data["spelling"] = beacons.DICE.source(), beacons.DICE.form
        elif kind == OTHER:
            for name, word in (("source", "来源"), ("spelling", "格式")):
                if not data.get(name):
                    self.add_error(name, f"请填写{word}。")
        if self.draw.kind == Draw.Kind.INSPECTORS and not (
            data.get("departments") or data.get("witnesses") or data.get("guests")
        ):
            self.add_error("departments", "除本部门外，请再选发起部门或一名见证人。")
        return data

    def _clean_escrow(self, data: dict[str, Any]) -> None:
        """A keeper by name, and a party that is there to hand in last."""
        if not data.get("keeper"):
            self.add_error("keeper", "没有公开随机值时必须有托管人，请写姓名和单位。")
        last = str(data.get("last") or "")
        there = {f"department-{each.pk}" for each in data.get("departments") or ()}
        there |= {f"user-{each.pk}" for each in data.get("witnesses") or ()}
        if data.get("guests"):
            there.add("guest")
        if last not in there:
            self.add_error("last", "请从上面选中的部门和见证人中选一方最后提交。")


class Guest(forms.Form):
    """Who an invited person is, and the word by which the page knows them again."""

    name = forms.CharField(label="姓名", max_length=20)
    body = forms.CharField(label="单位", max_length=30)
    role = forms.CharField(
        label="身份", max_length=40, help_text="例如公证员、人大代表、政协委员、记者。"
    )
    password = forms.CharField(
        label="自定口令",
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="至少 10 位，大写字母、小写字母、数字、符号至少三类。再次打开链接时要用，"
        "只有您知道，发链接的人也不能代您操作。",
    )

    def __init__(self, *args: Any, is_keeper: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_keeper:
            del self.fields["name"], self.fields["body"]

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        validate_password(password)
        return password


class GuestAgain(forms.Form):
    password = forms.CharField(
        label="口令",
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class Seal(forms.Form):
    seal = forms.CharField(
        label="封存文件",
        max_length=4200,
        widget=forms.Textarea,
        error_messages={
            "required": "没有收到封存文件。请在本页重新封存再交。",
            "max_length": "封存文件太大，不像是一个随机数。请在本页重新封存再交。",
        },
    )


class KeeperKey(forms.Form):
    key = forms.CharField(
        label="公钥",
        max_length=200,
        error_messages={
            "required": "请粘贴公钥，以 age1 开头。",
            "max_length": "公钥只有一行，以 age1 开头。请只粘贴这一行。",
        },
    )

    def clean_key(self) -> str:
        """The key itself, out of whatever line it stands in."""
        found = re.search(r"age1[02-9ac-hj-np-z]+", self.cleaned_data["key"])
        return found[0] if found else self.cleaned_data["key"].strip()


class Sheets(forms.Form):
    """The numbers on the sheets, a field for each party; or that one did not come."""

    def __init__(self, *args: Any, parties: list[Party], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parties = parties
        for party in parties:
            self.fields[f"nonce-{party.pk}"] = forms.CharField(
                label=party.name, max_length=200, required=False
            )

    def nonces(self) -> dict[str, str]:
        """Party's name → what the sheet says, in lower case; parties that are lacking left out."""
        told = {party: self.cleaned_data[f"nonce-{party.pk}"] for party in self.parties}
        return {
            party.name: half_width(text).strip().lower()
            for party, text in told.items()
            if party.name not in self.lacking()
        }

    def lacking(self) -> list[str]:
        ticked = self.data.getlist("lacking") if isinstance(self.data, QueryDict) else []
        return [party.name for party in self.parties if str(party.pk) in ticked]


class Commitment(forms.Form):
    commitment = forms.CharField(
        label="承诺",
        error_messages={"required": "没有收到承诺。请点按钮生成，或粘贴命令输出的整行。"},
    )

    def clean_commitment(self) -> str:
        """The hash itself, out of whatever line `sha256sum` printed."""
        line = half_width(self.cleaned_data["commitment"]).split()
        return hex_digits(
            line[0] if line else "", "承诺应是 64 位十六进制数。请复制命令输出的整行。"
        )


class Nonce(forms.Form):
    nonce = forms.CharField(
        label="随机数",
        error_messages={"required": "没有收到随机数。请填写提交承诺时的那一个。"},
    )

    def clean_nonce(self) -> str:
        return hex_digits(
            self.cleaned_data["nonce"], "随机数是 64 位十六进制数，由字母 a 到 f 和数字组成。"
        )


class BeaconValue(forms.Form):
    value = forms.CharField(label="公开随机值", max_length=60)
    evidence = optional("出处", 200)
    picture = forms.FileField(
        label="照片",
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ".jpg,.jpeg,.png"}),
    )

    def __init__(self, *args: Any, draw: Draw, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.draw = draw
        preset = beacons.preset_of(draw.beacon_form, draw.beacon_source)
        self.fields["value"].help_text = f"照格式 {draw.beacon_form} 写"
        if preset:
            self.fields["evidence"].help_text = preset.evidence

    def clean_value(self) -> str:
        value = " ".join(half_width(self.cleaned_data["value"]).split())
        if problem := value_problem(self.draw.beacon_form, value):
            raise forms.ValidationError(f"{problem}。")
        if odd := beacons.odd_value(self.draw.beacon_form, self.draw.beacon_source, value):
            raise forms.ValidationError(odd)
        return value

    def clean_picture(self) -> Any:
        picture = self.cleaned_data["picture"]
        if picture is None:
            return None
        if picture.size > PICTURE_LIMIT:
            raise forms.ValidationError("照片超过 8 MB，请缩小后再传。")
        head = picture.read(8)
        picture.seek(0)
        if not (head.startswith(b"\xff\xd8\xff") or head == b"\x89PNG\r\n\x1a\n"):
            raise forms.ValidationError("请上传 JPG 或 PNG 照片。")
        return picture

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "picture" in data and not data.get("evidence") and not data.get("picture"):
            self.add_error("evidence", "请写明出处，或上传照片。")
        return data


class Void(forms.Form):
    """A failed escrow is not among the causes: its keeper reports it."""

    cause = forms.ChoiceField(
        label="原因",
        choices=[each for each in Draw.VoidCause.choices if each[0] != Draw.VoidCause.ESCROW],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label="经过",
        max_length=300,
        widget=forms.Textarea,
        help_text="编号、原因、经过和批准人会一直公开。",
    )


class Inspectors(forms.Form):
    """How a department's draw starts: evenness, and who is out since the freeze."""

    base = forms.IntegerField(label="均衡起点", min_value=1, max_value=999)

    def __init__(self, *args: Any, numbers: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.numbers = numbers

    def removed(self) -> dict[str, str]:
        """Inspector number → reason, of those ticked."""
        ticked = self.data.getlist("out") if isinstance(self.data, QueryDict) else []
        chosen = [number for number in ticked if number in self.numbers]
        return {number: self.data.get(f"why-{number}", "").strip()[:200] for number in chosen}


class ReplacementRequest(forms.Form):
    reason = forms.ChoiceField(
        label="更换原因", choices=Replacement.Reason.choices, widget=forms.RadioSelect
    )
    detail = optional("说明", 300)
    designated: forms.ModelChoiceField[Inspector] = forms.ModelChoiceField(
        label="指定人选",
        queryset=None,
        required=False,
        empty_label="不指定，按票据递补",
    )
    designation_reason = optional("指定原因", 300)

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["designated"].queryset = people  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("reason") == Replacement.Reason.OTHER and not data.get("detail"):
            self.add_error("detail", "选择“其他”的，请写明具体原因。")
        if data.get("designated") and not data.get("designation_reason"):
            self.add_error("designation_reason", "指定人选的，请写明为什么不按票据递补。")
        return data
