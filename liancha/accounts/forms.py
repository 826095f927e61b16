from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import validate_password

from liancha.rulebook.regions import check_region

from .models import Department, Region, User
from .permissions import ROLE_CHOICES


class LogIn(AuthenticationForm):
    error_messages = {
        "invalid_login": "账号或密码不对。密码区分大小写；连续 5 次不对会锁定 15 分钟。",
        "inactive": "这个账号已停用，请联系系统管理员。",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "账号"
        self.fields["password"].label = "密码"


class ChangePassword(forms.Form):
    old = forms.CharField(
        label="现在的密码", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    new = forms.CharField(
        label="新密码", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    again = forms.CharField(
        label="再输一次新密码", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_old(self) -> str:
        old: str = self.cleaned_data["old"]
        if not self.user.check_password(old):
            raise forms.ValidationError("现在的密码不对，请重新输入。")
        return old

    def clean_new(self) -> str:
        new: str = self.cleaned_data["new"]
        validate_password(new, self.user)
        return new

    def clean_again(self) -> str:
        again: str = self.cleaned_data["again"]
        if self.cleaned_data.get("new") not in (None, again):
            raise forms.ValidationError("两次输入的新密码不一样。")
        return again


class Query(forms.Form):
    q = forms.CharField(label="姓名、账号", required=False, max_length=60)
    department = forms.ModelChoiceField(
        Department.objects.all(), label="部门", required=False, empty_label="全部部门"
    )
    role = forms.ChoiceField(
        label="角色", required=False, choices=[("", "全部角色"), *ROLE_CHOICES]
    )


class OpenAccount(forms.Form):
    username = forms.RegexField(
        r"^[a-z][a-z0-9._-]{2,30}$",
        label="账号",
        error_messages={"invalid": "用小写字母开头，3 至 31 位小写字母、数字、点、横线。"},
    )
    full_name = forms.CharField(label="姓名", max_length=40)
    department = forms.ModelChoiceField(
        Department.objects.active(), label="部门", required=False, empty_label="不属于本市部门"
    )
    body = forms.CharField(label="单位（见证人、专家）", max_length=60, required=False)

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        if User.objects.filter(username=username).exists():
            raise forms.ValidationError("这个账号已有人使用，请换一个。一人一号，不能合用。")
        return username


class Roles(forms.Form):
    roles = forms.MultipleChoiceField(
        label="角色",
        choices=ROLE_CHOICES,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


class RegionField(forms.ModelChoiceField):
    """A place of this city. Any other is refused by the Measures, not merely unknown (art. 2)."""

    def to_python(self, value: Any) -> Any:
        if value not in self.empty_values:
            check_region(str(value))
        return super().to_python(value)


class ClosingForm(forms.Form):
    """That a department was dissolved: since when, by which document, who took over."""

    verb, not_now = "登记撤销", "不撤销"

    closed_on = forms.DateField(label="撤销日期", widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(
        label="撤销依据", max_length=200, help_text="机构改革文件的名称或文号，记入存证日志。"
    )
    successor = forms.ModelChoiceField(
        Department.objects.none(), label="承接部门", required=False, empty_label="职责不再承担"
    )

    def __init__(self, *args: Any, department: Department, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["successor"].queryset = (  # type: ignore[attr-defined]
            Department.objects.active()
            .filter(region=department.region_id)
            .exclude(pk=department.pk)
        )


class ReopeningForm(forms.Form):
    """That such an entry was a mistake."""

    verb, not_now = "恢复部门", "不恢复"

    reason = forms.CharField(label="恢复原因", max_length=200)


class DepartmentForm(forms.ModelForm):
    region = RegionField(Region.objects.all(), label="区域")

    class Meta:
        model = Department
        fields: ClassVar = [
            "code",
            "name",
            "short",
            "level",
            "kind",
            "region",
            "is_qualified",
        ]
        help_texts: ClassVar = {
            "is_qualified": "没有执法主体资格的单位不能发起或配合联合抽查（第二条）。"
        }
