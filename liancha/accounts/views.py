from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from liancha.ledger.models import Entry
from liancha.rulebook.verdicts import Blocked

from . import actions, forms, queries
from .again import told
from .models import Department, PastPassword, User
from .permissions import ROLES, Permission, public, requires, signed_in
from .rights import rights_of

WHAT = {
    "accounts.open_account": "开通账号",
    "accounts.reset_password": "重置密码",
    "accounts.change_password": "更改密码",
    "accounts.set_active": "停用或启用",
    "accounts.set_roles": "更新角色",
    "accounts.log_in": "登录",
    "accounts.save_department": "保存部门",
    "accounts.close_department": "登记撤销",
    "accounts.reopen_department": "恢复部门",
}


class LogIn(LoginView):
    """The log-in page; in a demo also the people one may step in as."""

    template_name = "accounts/login.html"
    authentication_form = forms.LogIn
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        context = super().get_context_data(**kwargs)
        if settings.LIANCHA_DEMO:
            context["cast"] = queries.demo_cast()
        return context

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        user = form.get_user()
        response = super().form_valid(form)
        actions.log_in_recorded(
            user=user, address=_address(self.request), by=user, at=timezone.now()
        )
        return response


log_in = public(sensitive_post_parameters("password")(never_cache(LogIn.as_view())))


@signed_in
@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("accounts:login")


@public
@require_POST
def step_in(request: HttpRequest) -> HttpResponse:
    """The demo's role switcher. Outside a demo it does not exist."""
    if not settings.LIANCHA_DEMO:
        raise Http404
    person = get_object_or_404(
        User.objects.filter(is_active=True), username=request.POST.get("username", "")
    )
    if person.pk not in {member.user.pk for act in queries.demo_cast() for member in act.members}:
        raise Http404
    login(request, person, backend="liancha.accounts.backends.WithDepartment")
    actions.log_in_recorded(user=person, address=_address(request), by=person, at=timezone.now())
    return redirect("site:workbench")


@signed_in
@sensitive_post_parameters()
def password(request: HttpRequest) -> HttpResponse:
    form = forms.ChangePassword(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        actions.change_password(
            user=request.user,
            password=form.cleaned_data["new"],
            by=request.user,
            at=timezone.now(),
        )
        update_session_auth_hash(request, request.user)
        messages.success(request, "密码已更改")
        return redirect("site:workbench")
    return render(
        request,
        "accounts/password.html",
        {"form": form, "is_due": PastPassword.too_old(request.user, timezone.now())},
        status=422 if request.method == "POST" else 200,
    )


@signed_in
def roles(request: HttpRequest) -> HttpResponse:
    """The table of roles, as an official can check it."""
    rows = [(powers, rights_of(powers.permissions)) for powers in ROLES.values()]
    return render(request, "accounts/roles.html", {"roles": rows})


@requires(Permission.ACCOUNTS_MANAGE, Permission.ACCOUNTS_GRANT, Permission.ACCOUNTS_AUDIT)
def users(request: HttpRequest) -> HttpResponse:
    form = forms.Query(request.GET or None)
    people = User.objects.select_related("department").prefetch_related("grants")
    if form.is_valid():
        if words := form.cleaned_data["q"]:
            people = people.filter(Q(full_name__contains=words) | Q(username__contains=words))
        if department := form.cleaned_data["department"]:
            people = people.filter(department=department)
        if role := form.cleaned_data["role"]:
            people = people.filter(grants__role=role)
    page = Paginator(people.order_by("department_id", "id"), 30).get_page(request.GET.get("page"))
    may_manage = request.user.may(Permission.ACCOUNTS_MANAGE)
    return render(
        request,
        "accounts/users.html",
        {"form": form, "page_obj": page, "may_manage": may_manage},
    )


@requires(Permission.ACCOUNTS_MANAGE, Permission.ACCOUNTS_GRANT, Permission.ACCOUNTS_AUDIT)
def user(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User.objects.select_related("department"), pk=pk)
    context = {
        "person": person,
        "form": forms.Roles(initial={"roles": sorted(person.roles)}),
        "timeline_of": _past("user", pk),
        "role_table": [ROLES[role] for role in ROLES if role in person.roles],
        "may_manage": request.user.may(Permission.ACCOUNTS_MANAGE),
        "may_grant": request.user.may(Permission.ACCOUNTS_GRANT),
    }
    return render(request, "accounts/user.html", context)


@requires(Permission.ACCOUNTS_GRANT)
@require_POST
def set_roles(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    form = forms.Roles(request.POST)
    if not form.is_valid():
        return told(
            request, "accounts:user", pk, fault="角色不在表中，没有改动。请刷新页面后再选。"
        )
    actions.set_roles(
        user=person, roles=form.cleaned_data["roles"], by=request.user, at=timezone.now()
    )
    messages.success(request, f"已更新 {person} 的角色")
    return redirect("accounts:user", pk)


@requires(Permission.ACCOUNTS_MANAGE)
def open_account(request: HttpRequest) -> HttpResponse:
    form = forms.OpenAccount(request.POST or None)
    if request.method == "POST" and form.is_valid():
        person, first = actions.open_account(
            **form.cleaned_data, by=request.user, at=timezone.now()
        )
        messages.warning(
            request, f"已开通 {person}（{person.username}）。初始密码 {first}，只显示这一次。"
        )
        return redirect("accounts:user", person.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "accounts/open_account.html", {"form": form}, status=status)


@requires(Permission.ACCOUNTS_MANAGE)
@require_POST
def reset_password(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    first = actions.reset_password(user=person, by=request.user, at=timezone.now())
    messages.warning(request, f"{person} 的新初始密码 {first}，只显示这一次。")
    return redirect("accounts:user", pk)


@requires(Permission.ACCOUNTS_MANAGE)
@require_POST
def set_active(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    is_active = request.POST.get("is_active") == "1"
    actions.set_active(user=person, is_active=is_active, by=request.user, at=timezone.now())
    messages.success(request, f"已{'启用' if is_active else '停用'} {person} 的账号")
    return redirect("accounts:user", pk)


@requires(Permission.ACCOUNTS_MANAGE)
def departments(request: HttpRequest) -> HttpResponse:
    rows = Department.objects.select_related("region", "system").order_by("level", "id")
    words = request.GET.get("q", "").strip()
    if words:
        rows = rows.filter(Q(name__contains=words) | Q(code__contains=words.upper()))
    page = Paginator(rows, 40).get_page(request.GET.get("page"))
    return render(request, "accounts/departments.html", {"page_obj": page, "q": words})


@requires(Permission.ACCOUNTS_MANAGE)
def department(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Open a department, or change one. A region outside the city is Blocked (art. 2)."""
    one = get_object_or_404(Department, pk=pk) if pk else None
    form = forms.DepartmentForm(request.POST or None, instance=one)
    if request.method == "POST" and form.is_valid():
        data = {**form.cleaned_data, "region": form.cleaned_data["region"].code}
        saved = actions.save_department(
            **data,
            department=one,
            system=one.system if one else None,
            is_coordinator=one.is_coordinator if one else False,
            by=request.user,
            at=timezone.now(),
        )
        messages.success(request, f"已保存 {saved}")
        return redirect("accounts:departments")
    status = 422 if request.method == "POST" else 200
    past = _past("department", pk) if pk else []
    context = {"form": form, "department": one, "timeline_of": past}
    return render(request, "accounts/department.html", context, status=status)


@requires(Permission.ACCOUNTS_MANAGE)
def close_department(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter that a department was dissolved, and who took over (art. 2)."""
    one = get_object_or_404(Department.objects.active(), pk=pk)
    form = forms.ClosingForm(request.POST or None, department=one)
    return _decide(request, one, form, actions.close_department, f"已登记 {one} 撤销")


@requires(Permission.ACCOUNTS_MANAGE)
def reopen_department(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the entry of a closing back."""
    one = get_object_or_404(Department.objects.exclude(closed_on=None), pk=pk)
    form = forms.ReopeningForm(request.POST or None)
    return _decide(request, one, form, actions.reopen_department, f"已恢复 {one}")


def _decide(
    request: HttpRequest,
    department: Department,
    form: forms.ClosingForm | forms.ReopeningForm,
    action: Callable[..., object],
    done: str,
) -> HttpResponse:
    """Ask for the fields of the form, and act; 422 with the fields as typed when refused."""
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                action(
                    department=department, **form.cleaned_data, by=request.user, at=timezone.now()
                )
            except Blocked as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, done)
                return redirect("accounts:department", department.pk)
    context = {"form": form, "department": department}
    return render(request, "accounts/close_department.html", context, status=status)


def _past(what: str, pk: int) -> list[dict[str, object]]:
    """The last 20 entries about a record of this room, newest first, for its timeline."""
    entries = list(Entry.objects.about(what, pk).order_by("-index")[:20])
    people = queries.people_of(entries)
    return [
        {
            "at": entry.at,
            "text": WHAT.get(entry.what, entry.what),
            "note": queries.person(entry.by, people),
        }
        for entry in entries
    ]


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))
