"""Pages for what went wrong before or beside a view: 400, 403, 404, 405, 413, 500 and CSRF.

Each says in plain words what, why and what helps. Programs get JSON. The page for 500 asks
nothing of the database or the session, since those may be what failed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import DataError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from .blocked import came_from, wants_json

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of failure in words."""

    status: int
    icon: str
    title: str
    text: str
    cures: tuple[str, ...] = ()


BAD_REQUEST = Fault(
    400,
    "question-circle",
    "没有看懂这次请求",
    "地址或提交的内容不完整。什么也没有改变。",
    ("回到刚才的页面，刷新后再办。", "地址是手工输入或从别处复制的，请核对是否缺了一段。"),
)
FORBIDDEN = Fault(
    403,
    "person-lock",
    "您的角色不能办这件事",
    "账号已登录，但没有这一项权限。什么也没有改变。",
    ("需要办理的，请联系安全管理员授予相应角色。", "换用了别的账号，请先退出再登录。"),
)
NOT_FOUND = Fault(
    404,
    "signpost-split",
    "没有找到这一页",
    "地址有误、内容已撤下，或不在您可以查看的范围内。",
    ("从菜单或首页重新进入。", "确认应当能看到的，请核对登录的账号和部门。"),
)
NOT_ALLOWED = Fault(
    405,
    "sign-turn-slight-left",
    "不能直接打开这个地址",
    "它只接受页面上按钮的提交，不能从地址栏或收藏夹进入。什么也没有改变。",
    ("回到刚才的页面，用页面上的按钮办理。",),
)
TOO_BIG = Fault(
    413,
    "box-arrow-in-down",
    "提交的内容太大",
    "超过了一次可以接收的大小，没有写入。",
    ("文件拆成几份，分几次上传。", "照片先在手机上缩小，再上传。"),
)
STALE = Fault(
    403,
    "clock-history",
    "这一页放得太久，提交没有生效",
    "为防止他人冒用，页面上的凭证有时效；重新登录或换了账号后也会失效。什么也没有改变。",
    ("回到刚才的页面，刷新后再提交；浏览器一般会留着已填的内容。", "浏览器须允许本站保存 Cookie。"),
)
BROKEN = Fault(
    500,
    "tools",
    "这一步没有办成",
    "程序出了错，已经记下，没有写入一半的数据。",
    ("稍后再试一次。", "仍然不行的，把时间和正在办的事告诉系统管理员。"),
)


def page(request: HttpRequest, fault: Fault) -> HttpResponse:
    """The page of a fault in the frame this person is used to."""
    if wants_json(request):
        facts = {"error": fault.status, "message": f"{fault.title}。{fault.text}"}
        return JsonResponse(facts, status=fault.status)
    user = getattr(request, "user", None)
    layout = "base_public.html"
    if user is not None and user.is_authenticated and not request.path.startswith("/public/"):
        layout = "base_office.html"
    return render(
        request,
        "error.html",
        {"fault": fault, "layout": layout, "back": came_from(request)},
        status=fault.status,
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler400, which Django also calls for bodies that are too big."""
    too_big = isinstance(exception, (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent))
    return page(request, TOO_BIG if too_big else BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return page(request, FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return page(request, NOT_FOUND)


def broken(request: HttpRequest) -> HttpResponse:
    """handler500: a page without user, menu or database."""
    if wants_json(request):
        facts = {"error": 500, "message": f"{BROKEN.title}。{BROKEN.text}"}
        return JsonResponse(facts, status=500)
    return HttpResponse(render_to_string("500.html", {"fault": BROKEN}), status=500)


def csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW."""
    return page(request, STALE)


class PlainAnswersMiddleware:
    """Gives bare 405 and 413 answers a page. A 405 has no exception and no handler in Django.

    So it does to a number or a day beyond what databases and calendars have: nobody means those.
    """

    faults: tuple[Fault, ...] = (NOT_ALLOWED, TOO_BIG)

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for fault in self.faults:
            if response.status_code == fault.status and not response.streaming:
                if response.content:
                    return response
                shown = page(request, fault)
                for header in ("Allow", "Retry-After"):
                    if header in response:
                        shown[header] = response[header]
                return shown
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        # PostgreSQL tells of such a number, and of a NUL in a text, with an error of its own.
        if not isinstance(exception, OverflowError | DataError):
            return None
        log.warning("%s %s: %s", request.method, request.path, exception)
        return bad_request(request)
