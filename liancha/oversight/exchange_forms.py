"""Forms of the exchange with the provincial platform: a file that comes back, a map of columns."""

from __future__ import annotations

from typing import Any

from django import forms

from . import exchange
from .models import ExchangeKind, ExchangeMap


class BackForm(forms.Form):
    kind = forms.ChoiceField(choices=ExchangeKind.choices, widget=forms.HiddenInput)
    file = forms.FileField(
        label="填好编号的文件",
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
        help_text="导出的文件填上监管平台编号、回执号后原样导回；先看结果，再写入。",
        error_messages={"required": "请选择文件。", "empty": "文件是空的。请选择有内容的表格。"},
    )


class MapForm(forms.Form):
    """A row for each of our fields: taken or not, its heading there, its place, its codes."""

    date_format = forms.ChoiceField(label="日期写法", choices=ExchangeMap.DateFormat.choices)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked, date_format = exchange.columns_of(kind)
        taken = {each.field.key: (place, each) for place, each in enumerate(asked, 1)}
        self.initial.setdefault("date_format", date_format)
        self.known = sorted(
            exchange.fields(kind), key=lambda each: taken.get(each.key, (len(taken) + 1,))[0]
        )
        for place, each in enumerate(self.known, 1):
            there = taken[each.key][1] if each.key in taken else None
            self.fields[f"use_{each.key}"] = forms.BooleanField(
                label=f"导出{each.label}", required=False, initial=there is not None
            )
            self.fields[f"title_{each.key}"] = forms.CharField(
                label=f"{each.label}在平台文件里的列名",
                max_length=40,
                required=False,
                initial=there.title if there else each.label,
            )
            self.fields[f"place_{each.key}"] = forms.IntegerField(
                label=f"{each.label}排第几列", min_value=1, max_value=99, initial=place
            )
            if each.words:
                codes = there.codes if there else {}
                lines = [f"{word}={codes[word]}" for word in each.words if word in codes]
                self.fields[f"codes_{each.key}"] = forms.CharField(
                    label=f"{each.label}的代码",
                    required=False,
                    max_length=2000,
                    initial="\n".join(lines),
                    widget=forms.Textarea(attrs={"rows": 2, "placeholder": f"{each.words[0]}=01"}),
                )

    def clean(self) -> None:
        self.columns: list[dict[str, Any]] = []
        said = self.cleaned_data
        used = [each for each in self.known if said.get(f"use_{each.key}")]
        for each in sorted(used, key=lambda one: said.get(f"place_{one.key}") or 99):
            column = {"key": each.key, "title": said.get(f"title_{each.key}", "").strip()}
            if not column["title"]:
                self.add_error(f"title_{each.key}", "请填列名。")
            codes: dict[str, str] = {}
            for line in said.get(f"codes_{each.key}", "").splitlines():
                word, _, code = line.replace("＝", "=").partition("=")
                if line.strip() and not code.strip():
                    self.add_error(f"codes_{each.key}", f"“{line.strip()}”应写成 名称=代码。")
                elif line.strip():
                    codes[word.strip()] = code.strip()
            self.columns.append(column | {"codes": codes})

    def rows(self) -> list[tuple[exchange.Field, Any, Any, Any, Any]]:
        """(field, taken, heading, place, codes or None) for the table."""
        return [
            (
                each,
                self[f"use_{each.key}"],
                self[f"title_{each.key}"],
                self[f"place_{each.key}"],
                self[f"codes_{each.key}"] if each.words else None,
            )
            for each in self.known
        ]
