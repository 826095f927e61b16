"""The shape of what comes in. What it means for the Measures is said by the actions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from liancha.roster.models import Inspector
from liancha.rulebook import lifecycles
from liancha.rulebook.lifecycles import VisitState

from . import signature
from .actions import Filled, MeasureDraft
from .models import Notice, RecordForm, Visit

MOST_BYTES = 128 * 1024  # of one row of the form as JSON
PAPERS = (
    "营业执照；\n各项许可证、备案凭证；\n与上述检查事项有关的制度、记录、台账、合同和票据；\n"
    "到场人员的身份证件（受托到场的，带授权委托书）。"
)


class VisitQuery(forms.Form):
    q = forms.CharField(label="检查对象", required=False, max_length=60)
    state = forms.ChoiceField(
        label="状态",
        required=False,
        choices=[("", "全部状态"), *lifecycles.choices(VisitState)],
    )
    since = forms.DateField(label="检查日期自", required=False)
    until = forms.DateField(label="至", required=False)
    task = forms.CharField(label="任务", required=False, max_length=60)


class PlanMany(forms.Form):
    """One day for several visits, one after the other."""

    planned_on = forms.DateField(label="检查日期", error_messages={"required": "请填写检查日期。"})
    slot = forms.TimeField(
        label="第一户开始时间",
        initial="09:00",
        error_messages={"required": "请填写第一户开始时间。"},
    )
    every = forms.TypedChoiceField(
        label="每户间隔",
        error_messages={"required": "请选择每户间隔。"},
        coerce=int,
        choices=[(minutes, f"{minutes} 分钟") for minutes in (60, 90, 120, 150, 180)],
        initial=90,
        help_text="同一人员两户间隔不足 90 分钟会提醒（本地做法）。",
    )
    vehicle = forms.CharField(label="检查用车", required=False, max_length=40)

    @property
    def gap(self) -> timedelta:
        return timedelta(minutes=self.cleaned_data["every"])


class PlanOne(forms.ModelForm):
    planned_on = forms.DateField(label="检查日期")
    slot = forms.TimeField(label="开始时间")

    class Meta:
        model = Visit
        fields = ("planned_on", "slot", "method", "vehicle")


class Notify(forms.ModelForm):
    """The notice of one visit: all departments' items at once."""

    class Meta:
        model = Notice
        fields = ("items", "when", "papers", "channel", "contact", "contact_phone", "number")
        widgets = {
            "items": forms.Textarea(attrs={"rows": 5}),
            "papers": forms.Textarea(attrs={"rows": 4}),
            "channel": forms.Select,
        }
        help_texts = {
            "contact": "企业指定的任何相关人员都可以，不要求法定代表人到场。",
            "number": "不填时按记录表编号生成。",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("items", "when", "papers", "channel", "contact"):
            self.fields[name].required = True
        channel = cast(forms.ChoiceField, self.fields["channel"])
        channel.choices = [("", "请选择"), *Notice.Channel.choices]


class NotifyMany(forms.Form):
    """What is the same for several notices; items and time come from each visit."""

    channel = forms.ChoiceField(label="方式", choices=[("", "请选择"), *Notice.Channel.choices])
    papers = forms.CharField(
        label="需要准备的材料", widget=forms.Textarea(attrs={"rows": 4}), initial=PAPERS
    )


class Contact(forms.Form):
    """Whom one firm's notice reached."""

    contact = forms.CharField(label="被告知人", max_length=40)
    contact_phone = forms.CharField(label="联系电话", required=False, max_length=30)


class Surprise(forms.Form):
    clue_source = forms.CharField(
        label="线索来源",
        max_length=100,
        help_text="例如投诉举报、转办交办。内容不公开，企业也看不到。",
    )
    clue_number = forms.CharField(label="线索编号", max_length=60)
    approver = forms.CharField(label="批准人", max_length=40, help_text="本部门负责人。")


class FailedContact(forms.Form):
    channel = forms.ChoiceField(label="方式", choices=Notice.Channel.choices)
    note = forms.CharField(label="经过", max_length=200)


class Opinion(forms.Form):
    opinion = forms.CharField(
        label="专家意见",
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="只写专业意见，不作检查结论。",
    )


class Invite(forms.Form):
    expert = forms.ModelChoiceField(label="专家", queryset=Inspector.objects.none())
    contract_number = forms.CharField(label="服务合同号", required=False, max_length=60)

    def __init__(self, *args: Any, experts: QuerySet[Inspector], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ModelChoiceField, self.fields["expert"]).queryset = experts


# ── On the phone ──────────────────────────────────────────────────────────────────────────


class Ending(forms.Form):
    """How the form ends: a signature, or two officers' statement."""

    ending = forms.ChoiceField(label="签字方式", choices=RecordForm.Ending.choices)
    signer = forms.CharField(label="签字人", required=False, max_length=40)
    signer_post = forms.CharField(label="职务", required=False, max_length=40)
    signature = forms.CharField(label="签名", required=False, strip=True)
    opinion = forms.CharField(
        label="企业意见", required=False, max_length=2_000, widget=forms.Textarea(attrs={"rows": 3})
    )
    actual_address = forms.CharField(label="实际检查地址", required=False, max_length=200)
    refusal = forms.CharField(
        label="情况说明", required=False, max_length=2_000, widget=forms.Textarea(attrs={"rows": 4})
    )
    colleague = forms.ModelChoiceField(
        label="第二名执法人员",
        required=False,
        queryset=Inspector.objects.none(),
        empty_label="由第二人在自己的手机上确认",
    )
    certificate_number = forms.CharField(label="其执法证号", required=False, max_length=30)
    is_confirmed = forms.BooleanField(label="本人在场，确认以上情况属实", required=False)

    def __init__(self, *args: Any, colleagues: QuerySet[Inspector], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ModelChoiceField, self.fields["colleague"]).queryset = colleagues

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("ending") == RecordForm.Ending.SIGNED:
            self._clean_signature(data)
        elif data.get("colleague"):
            self._clean_colleague(data)
        return data

    def _clean_signature(self, data: dict[str, Any]) -> None:
        for name in ("signer", "signer_post"):
            if not data.get(name):
                self.add_error(name, f"请填写{self.fields[name].label}。")
        try:
            signature.read(data.get("signature", ""))
        except signature.BadSignature as fault:
            self.add_error("signature", str(fault))

    def _clean_colleague(self, data: dict[str, Any]) -> None:
        """The second officer, on this device: their own number, and their word."""
        numbers = set(data["colleague"].certificates.values_list("number", flat=True))
        if data.get("certificate_number", "").strip() not in numbers:
            self.add_error("certificate_number", "证号与这名执法人员不符，请由本人输入。")
        if not data.get("is_confirmed"):
            self.add_error("is_confirmed", "请由第二名执法人员本人勾选确认。")


def read_row(body: bytes) -> tuple[Filled, int | None, str]:
    """One row of the form from the phone: what it says, the version seen, the browser tab.

    Raises ValidationError with a sentence for the person at the phone.
    """
    if len(body) > MOST_BYTES:
        raise ValidationError("这一项的文字太长，没有存到服务器。请缩短后再存。")
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise ValidationError("传来的内容不完整，请再存一次。") from None
    if not isinstance(data, dict):
        raise ValidationError("传来的内容不完整，请再存一次。")
    measures = data.get("measures", [])
    if not isinstance(measures, list) or len(measures) > 10:
        raise ValidationError("处置的内容不完整，请再存一次。")
    seen = data.get("seen")
    filled = Filled(
        _word(data, "finding"),
        _word(data, "situation"),
        tuple(_read_measure(each) for each in measures),
    )
    is_number = isinstance(seen, int) and not isinstance(seen, bool) and 0 <= seen < 2**31
    return filled, seen if is_number else None, _word(data, "tab")[:40]


def _read_measure(data: object) -> MeasureDraft:
    if not isinstance(data, Mapping):
        raise ValidationError("处置的内容不完整，请再存一次。")
    witness = data.get("witness")
    is_number = isinstance(witness, int) and not isinstance(witness, bool)
    if witness not in (None, "") and not (is_number and 0 < witness < 2**31):
        raise ValidationError("在场人员没有选对，请重新选择。")
    return MeasureDraft(
        kind=_word(data, "kind"),
        channel=_word(data, "channel"),
        detail=_word(data, "detail"),
        basis=_word(data, "basis"),
        deadline_on=_day(_word(data, "deadline_on")),
        document_number=_word(data, "document_number"),
        witness=witness if is_number else None,
    )


def _word(data: Mapping[str, object], name: str) -> str:
    value = data.get(name, "")
    if value is None:
        return ""
    # The databases cannot keep a null character, and half a surrogate is no character.
    if not isinstance(value, str) or "\x00" in value or not _is_text(value):
        raise ValidationError("文字中有不能保存的符号，请删去后再存。")
    return value


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValidationError("期限不是有效的日期，请重新选择。") from None
