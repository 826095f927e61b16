"""What Django says of a wrong field, in words a clerk can act on.

Only the messages; which field is wrong is said by the page. A form that knows better says so.
"""

from __future__ import annotations

from django import forms
from django.core import validators

CHOOSE = "没有这个选项，请重新选择。"

OF_FIELDS: dict[type[forms.Field], dict[str, str]] = {
    forms.ChoiceField: {"invalid_choice": CHOOSE},
    forms.MultipleChoiceField: {"invalid_choice": CHOOSE, "invalid_list": "请从列出的选项里选。"},
    forms.ModelChoiceField: {"invalid_choice": CHOOSE},
    forms.ModelMultipleChoiceField: {
        "invalid_choice": CHOOSE,
        "invalid_pk_value": CHOOSE,
        "invalid_list": "请从列出的选项里选。",
    },
    forms.IntegerField: {"invalid": "请填写整数。"},
    forms.FloatField: {"invalid": "请填写数字。"},
    forms.DecimalField: {"invalid": "请填写数字。"},
    forms.DateField: {"invalid": "请照 2026-11-23 的样子填写日期。"},
    forms.TimeField: {"invalid": "请照 09:30 的样子填写时间。"},
    forms.DateTimeField: {"invalid": "请照 2026-11-23 09:30 的样子填写日期和时间。"},
}

OF_VALIDATORS: dict[type, str] = {
    validators.MaxLengthValidator: (
        "最多 %(limit_value)d 个字，现在 %(show_value)d 个。请写短一些。"
    ),
    validators.MinLengthValidator: "至少 %(limit_value)d 个字，现在 %(show_value)d 个。请写全。",
    validators.MinValueValidator: "不能小于 %(limit_value)s。",
    validators.MaxValueValidator: "不能大于 %(limit_value)s。",
    validators.ProhibitNullCharactersValidator: "文字里有看不见的空字符，请删去后重填。",
}


def speak_plainly() -> None:
    """Put our words in place of Django's, once, when the site starts."""
    for field, said in OF_FIELDS.items():
        field.default_error_messages = {**field.default_error_messages, **said}
    for validator, words in OF_VALIDATORS.items():
        validator.message = words  # type: ignore[attr-defined]
