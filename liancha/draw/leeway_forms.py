"""The shape of what people enter for a further batch."""

from __future__ import annotations

from typing import Any

from django import forms


class Supplement(forms.Form):
    """How many more of each stratum, and why.

    left  (stratum, its label, how many are left over) of each that has any
    """

    reason = forms.CharField(
        label="补抽原因",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": "请写明补抽原因。",
            "max_length": "补抽原因最多 300 个字，请写短一些。",
        },
        help_text="会与结果一起公开。",
    )

    def __init__(self, *args: Any, left: list[tuple[str, str, int]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._names = {f"more_{n}": name for n, (name, _, _) in enumerate(left)}
        for field, (_, label, number) in zip(self._names, left, strict=True):
            self.fields[field] = forms.IntegerField(
                label=f"{label} 补抽户数（抽剩 {number:,} 户）",
                required=False,
                min_value=0,
                max_value=number,
                error_messages={
                    "min_value": f"“{label}”的补抽户数不能小于 0。",
                    "max_value": f"“{label}”只剩 {number:,} 户，请改小补抽户数。",
                    "invalid": f"“{label}”的补抽户数应是整数。",
                },
            )

    def wanted(self) -> dict[str, int]:
        """Stratum → how many more."""
        return {name: self.cleaned_data.get(field) or 0 for field, name in self._names.items()}
