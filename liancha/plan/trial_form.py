"""What the page of the simulator asks, read from its address: a trial can be sent as a link."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from django import forms
from django.http import QueryDict

from liancha.accounts.picking import may_be_key

from . import columns
from .readings import read_rate
from .trial import LADDER, Settings

CLASSES = (("A", "A"), ("B", "B"), ("C", "C"), ("D", "D"), ("U", "未分类"))
AWAY = "off_site"
LADDER_TEXTS = tuple(columns.percent_text(step / 100).removesuffix("%") for step in LADDER)


class TrialForm(forms.Form):
    """Rates by class (blank: as the plan says) and what is supposed."""

    rate_A = forms.CharField(label="A 类比例", max_length=20, required=False)
    rate_B = forms.CharField(label="B 类比例", max_length=20, required=False)
    rate_C = forms.CharField(label="C 类比例", max_length=20, required=False)
    rate_D = forms.CharField(label="D 类比例", max_length=20, required=False)
    rate_U = forms.CharField(label="未分类比例", max_length=20, required=False)
    is_merged = forms.BooleanField(label="同一企业相隔 30 天内的，并成一次", required=False)
    is_cooling = forms.BooleanField(label="A 类 12 个月内查过的不再抽", required=False)
    has_branches = forms.BooleanField(label="县区派出人员也算", required=False)
    cap = forms.IntegerField(label="每户每部门每年上限（次）", min_value=1, max_value=12)
    share = forms.IntegerField(label="可用于联合抽查的工作日（%）", min_value=1, max_value=100)
    halves = forms.IntegerField(label="每户每人用时（半天）", min_value=1, max_value=6)
    off_site = forms.IntegerField(
        label="非现场占比（%）", min_value=0, max_value=100, required=False
    )
    off_site_time = forms.IntegerField(
        label="非现场用时，为实地的（%）", min_value=1, max_value=100, required=False
    )
    off_site_all = forms.BooleanField(label="各类都可以非现场，不限 A 类", required=False)

    @property
    def usual(self) -> list[forms.BoundField]:
        """What is supposed of visits; `away` is what is supposed of checks without one."""
        return [each for each in self if not each.name.startswith(("rate_", AWAY))]

    @property
    def away(self) -> list[forms.BoundField]:
        return [each for each in self if each.name.startswith(AWAY)]

    def clean(self) -> None:
        self.rates: dict[str, str] = {}
        for short, stratum in CLASSES:
            name = f"rate_{short}"
            text = self.cleaned_data.get(name, "")
            if not text:
                continue
            try:
                ratio, fixed = read_rate(text)
            except ValueError:
                self.add_error(name, "请填 2、0.5 或 1/3。")
                continue
            if fixed is not None or not 0 <= Fraction(ratio) <= 1:
                self.add_error(name, "请填 0 到 100 的百分比。")
                continue
            self.rates[stratum] = ratio

    def rows(self, common: Mapping[str, tuple[int, int, Fraction | None]]) -> list[dict[str, Any]]:
        """For each class: its field, how many targets, what the plan says, where the slider is."""
        rows = []
        for short, stratum in CLASSES:
            size, drawn, rate = common[stratum]
            planned = columns.percent_text(rate) if rate is not None else ""
            said = self.rates.get(stratum) if self.is_bound and hasattr(self, "rates") else None
            now = Fraction(said) if said else rate
            if now is None:
                now = Fraction(drawn, size) if size else Fraction(0)
            rows.append(
                {
                    "short": short,
                    "stratum": stratum,
                    "field": self[f"rate_{short}"],
                    "size": size,
                    "planned": planned,
                    "is_tried": said is not None,
                    "step": _nearest(now),
                }
            )
        return rows


TICKED = ("is_merged", "is_cooling", "has_branches", "off_site_all")
NUMBERS = ("cap", "share", "halves", "off_site", "off_site_time")
LATER = ("off_site", "off_site_time")  # an older link does not name them


def read(data: QueryDict) -> tuple[TrialForm, Settings]:
    """The form and what it asks; what is shipped where nothing, or nonsense, is said."""
    usual = Settings()
    if "share" in data:
        older = {name: getattr(usual, name) for name in LATER if name not in data}
        form = TrialForm({**data.dict(), **older})
    else:
        kept = {name: getattr(usual, name) for name in NUMBERS}
        ticked = {name: "on" for name in TICKED if getattr(usual, name)}
        typed = {key: value for key, value in data.items() if key.startswith("rate_")}
        form = TrialForm({**kept, **ticked, **typed})
    moves = {
        int(key.removeprefix("move_")): int(by)
        for key, by in data.items()
        if key.startswith("move_")
        and may_be_key(key.removeprefix("move_"))
        and key.isascii()
        and by in {str(n) for n in range(-11, 12)}
    }
    form.is_valid()
    said = form.cleaned_data
    numbers = {name: said.get(name) for name in NUMBERS}
    return form, Settings(
        rates=form.rates,
        moves=moves,
        **{name: said.get(name, getattr(usual, name)) for name in TICKED},
        **{
            name: getattr(usual, name) if number is None else number
            for name, number in numbers.items()
        },
    )


def address(settings: Settings, **changes: Any) -> str:
    """The query of the page that shows these settings: ?rate_A=2&…"""
    data = QueryDict(mutable=True)
    for short, stratum in CLASSES:
        if stratum in settings.rates:
            text = columns.percent_text(Fraction(settings.rates[stratum])).removesuffix("%")
            data[f"rate_{short}"] = text
    for name in TICKED:
        if getattr(settings, name):
            data[name] = "on"
    for name in NUMBERS:
        data[name] = str(getattr(settings, name))
    for key, by in {**settings.moves, **changes.get("moves", {})}.items():
        if by:
            data[f"move_{key}"] = str(by)
    return data.urlencode()


def _nearest(rate: Fraction) -> int:
    """Place on the ladder that is nearest to a rate."""
    return min(range(len(LADDER)), key=lambda n: abs(LADDER[n] - rate * 100))
