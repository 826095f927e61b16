"""Password rules beyond Django's own (domain §k.1 SEC-02)."""

from __future__ import annotations

from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import MinimumLengthValidator
from django.core.exceptions import ValidationError

from .models import User

KINDS = (
    ("大写字母", str.isupper),
    ("小写字母", str.islower),
    ("数字", str.isdigit),
    ("符号", lambda c: not c.isalnum()),
)
REMEMBERED = 5


class LongEnough(MinimumLengthValidator):
    """Django's own, in Chinese: its catalogue says this one sentence in English."""

    def get_error_message(self) -> str:
        return f"密码太短，至少 {self.min_length} 位。"

    def get_help_text(self) -> str:
        return f"至少 {self.min_length} 位。"


class ThreeOfFourKinds:
    """At least three of: capitals, small letters, digits, signs."""

    def validate(self, password: str, user: User | None = None) -> None:
        lacking = [word for word, is_kind in KINDS if not any(is_kind(c) for c in password)]
        if len(lacking) > 1:
            raise ValidationError(
                f"密码至少含四类字符中的三类，现在还没有：{'、'.join(lacking)}。", code="kinds"
            )

    def get_help_text(self) -> str:
        return "大写字母、小写字母、数字、符号，至少含其中三类。"


class NotRecentlyUsed:
    """Not one of the last five passwords of the same person."""

    def validate(self, password: str, user: User | None = None) -> None:
        if user is None or user.pk is None:
            return
        past = [p.hash for p in user.past_passwords.all()[:REMEMBERED]] + [user.password]
        if any(check_password(password, old) for old in past if old):
            raise ValidationError(
                f"不能使用最近 {REMEMBERED} 次用过的密码，请换一个新的。", code="reused"
            )

    def get_help_text(self) -> str:
        return f"不能与最近 {REMEMBERED} 次的密码相同。"
