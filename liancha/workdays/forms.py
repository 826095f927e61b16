from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

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
        start: date = self.cleaned_data["start"]
        if not 2000 <= start.year <= 2100:
            raise forms.ValidationError("请填写 2000 至 2100 年之间的日期。")
        return start


def _decoded(content: bytes) -> str:
    """UTF-8 with or without mark, else GB 18030. Raises UnicodeDecodeError."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")
