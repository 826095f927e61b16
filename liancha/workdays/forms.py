from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from liancha.accounts.models import Region
from liancha.rulebook.quiet import LAST_DAY, QuietKind, Strength

from . import notices

LARGEST_FILE = 200_000  # bytes; a notice has about 2,000


class YearForm(forms.Form):
    """The notice of one year, pasted or as a text file.

    After is_valid() `reading` holds what it says. `seen` is the digest the person was shown: the
    page publishes only what was shown before.
    """

    source = forms.CharField(
        label="依据",
        max_length=120,
        help_text="通知的全称，有文号的写上文号",
    )
    text = forms.CharField(
        label="放假安排",
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false"}),
        help_text="粘贴通知全文，或每行一条：2026-02-15 至 2026-02-23 放假 春节",
    )
    file = forms.FileField(
        label="或选择文件",
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".txt,.csv"}),
        help_text="纯文本或 CSV",
    )
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, year: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.year = year
        self.reading = notices.Reading((), (), ())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        upload = cleaned.get("file")
        text = cleaned.get("text") or ""
        if upload is not None:
            if upload.size > LARGEST_FILE:
                self.add_error("file", "文件超过 200 KB，不像放假通知。请另存为纯文本后再选。")
                return cleaned
            try:
                text = _decoded(upload.read())
            except UnicodeDecodeError:
                self.add_error("file", "认不出文件的编码。请另存为 UTF-8 文本，或直接粘贴内容。")
                return cleaned
        if "text" in self.errors:
            return cleaned
        self.reading = notices.read(text, year=self.year)
        for fault in self.reading.faults[:20]:
            self.add_error("file" if upload is not None else "text", fault)
        return cleaned


class TermForm(forms.Form):
    """From a day, a number of working days on."""

    start = forms.DateField(label="起算日", widget=forms.DateInput(attrs={"type": "date"}))
    days = forms.IntegerField(label="工作日", min_value=1, max_value=250)

    def clean_start(self) -> date:
        return _near(self.cleaned_data["start"])


class QuietForm(forms.Form):
    """A quiet period. What its days must be is said by the action."""

    region = forms.ModelChoiceField(Region.objects.none(), label="地区", empty_label=None)
    title = forms.CharField(
        label="名称", max_length=40, help_text="企业看得懂的名字，如：企业安静期、中高考期间"
    )
    source = forms.CharField(
        label="依据文件", max_length=120, help_text="文件全称，有文号的写上文号；会公开"
    )
    kind = forms.ChoiceField(
        label="哪些日子", choices=QuietKind.choices(), widget=forms.RadioSelect, initial="monthly"
    )
    until_day = forms.IntegerField(
        label="每月到几日止",
        required=False,
        min_value=1,
        max_value=LAST_DAY,
        initial=20,
        help_text="填 20：每月 1 日至 20 日安静，日常检查集中在下旬。按一段日期的不填。",
    )
    starts_on = forms.DateField(label="开始")
    ends_on = forms.DateField(
        label="结束", required=False, help_text="按每月的可以不填：一直适用，到终止为止。"
    )
    strength = forms.ChoiceField(
        label="安排或开始检查遇到时",
        choices=Strength.choices(),
        widget=forms.RadioSelect,
        initial=Strength.OFF,
        help_text="只对入企的日常检查。不启用的不公开，也不提醒。",
    )

    def __init__(self, *args: Any, regions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        region = self.fields["region"]
        assert isinstance(region, forms.ModelChoiceField)
        region.queryset = regions

    def clean_starts_on(self) -> date:
        return _near(self.cleaned_data["starts_on"])

    def clean_ends_on(self) -> date | None:
        day: date | None = self.cleaned_data["ends_on"]
        return _near(day) if day else None


class StrengthForm(forms.Form):
    strength = forms.ChoiceField(choices=Strength.choices())


def _near(day: date) -> date:
    if not 2000 <= day.year <= 2100:
        raise forms.ValidationError("请填写 2000 至 2100 年之间的日期。")
    return day


def _decoded(content: bytes) -> str:
    """UTF-8 with or without mark, else GB 18030. Raises UnicodeDecodeError."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")
