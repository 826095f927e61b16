"""The side menu: who sees which entry, and how many things wait behind it.

An entry is shown to people with its permission, once its page exists. Which entry is open is read
off the address. Nothing here grants anything: the views ask for permission themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from django.http import HttpRequest
from django.urls import NoReverseMatch, get_urlconf, reverse

from liancha.accounts.models import User
from liancha.accounts.permissions import Permission

from . import todos

Count = Callable[[User], int]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu.

    page   URL name; an entry whose page does not exist is not shown
    needs  any of these permissions
    count  how many things wait there for this person; at most one cheap query
    """

    group: str
    label: str
    icon: str
    page: str
    needs: tuple[Permission, ...]
    count: Count | None = None


P = Permission


def _results(user: User) -> int:
    works = user.may(P.DISCLOSURE_ENTER) or user.may(P.DISCLOSURE_AUDIT)
    return todos.open_results(user).count() if works else 0


def _follow_ups(user: User) -> int:
    return todos.open_follow_ups(user).count() if user.may(P.DISCLOSURE_FOLLOW_UP) else 0


MENU: tuple[Entry, ...] = (
    Entry("", "工作台", "house", "site:workbench", (P.SITE_WORKBENCH,)),
    Entry("一单两库", "抽查事项清单", "list-check", "lists:items", (P.LISTS_VIEW,)),
    Entry("一单两库", "联合抽查清单", "diagram-3", "lists:joint", (P.LISTS_VIEW,)),
    Entry("一单两库", "检查对象名录库", "buildings", "registry:targets", (P.REGISTRY_VIEW,)),
    Entry("一单两库", "执法检查人员", "person-vcard", "roster:inspectors", (P.ROSTER_VIEW,)),
    Entry("计划与任务", "年度计划", "calendar2-range", "plan:plans", (P.PLAN_VIEW,)),
    Entry("计划与任务", "抽查任务", "clipboard2-check", "task:tasks", (P.TASK_VIEW,)),
    Entry("计划与任务", "摇号派发", "shuffle", "draw:draws", (P.DRAW_WATCH,)),
    Entry("检查与公示", "联合检查", "phone", "inspection:visits", (P.INSPECTION_VIEW,)),
    Entry("检查与公示", "合并检查", "intersect", "oversight:merging", (P.OVERSIGHT_VIEW,)),
    Entry(
        "检查与公示",
        "结果与公示",
        "megaphone",
        "disclosure:results",
        (P.DISCLOSURE_VIEW,),
        _results,
    ),
    Entry(
        "检查与公示",
        "后续处置",
        "arrow-repeat",
        "disclosure:followups",
        (P.DISCLOSURE_VIEW,),
        _follow_ups,
    ),
    Entry("监督", "超期与预警", "speedometer2", "oversight:overdue", (P.OVERSIGHT_VIEW,)),
    Entry("监督", "督办与通报", "bell", "oversight:reminders", (P.OVERSIGHT_VIEW,)),
    Entry("监督", "年度执法数据", "bar-chart", "oversight:report", (P.OVERSIGHT_VIEW,)),
    Entry("监督", "平台对接", "cloud-arrow-up", "oversight:exchange", (P.OVERSIGHT_VIEW,)),
    Entry("监督", "存证日志", "link-45deg", "oversight:log", (P.LEDGER_VIEW,)),
    Entry(
        "系统",
        "部门与人员",
        "people",
        "accounts:users",
        (P.ACCOUNTS_MANAGE, P.ACCOUNTS_GRANT, P.ACCOUNTS_AUDIT),
    ),
    Entry("系统", "工作日历", "calendar3", "workdays:calendar", (P.WORKDAYS_VIEW,)),
)


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as one person sees it on one page."""

    group: str
    label: str
    icon: str
    url: str
    count: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class Group:
    word: str
    entries: tuple[Line, ...]


@lru_cache(maxsize=256)
def _reverse(page: str, urlconf: str | None) -> str:
    try:
        return reverse(page, urlconf=urlconf)
    except NoReverseMatch:
        return ""


def url_of(*pages: str) -> str:
    """The address of the first of these pages that exists; "" if none does."""
    urlconf = get_urlconf()
    return next((url for page in pages if (url := _reverse(page, urlconf))), "")


def current_page(path: str, namespace: str, pages: Iterable[tuple[str, str]]) -> str:
    """Which of (page, url) a request stands under: the longest address it begins with.

    A page of a room outside all those addresses belongs to the room's first entry.
    """
    under = [
        (len(url), page)
        for page, url in pages
        if url == path or (url != "/" and path.startswith(url))
    ]
    if under:
        return max(under)[1]
    return next((page for page, _ in pages if page.split(":")[0] == namespace), "")


def menu_for(user: User, request: HttpRequest) -> tuple[tuple[Group, ...], Line | None]:
    """The groups this person sees, and the entry the request stands under."""
    seen = [
        (entry, url)
        for entry in MENU
        if any(user.may(permission) for permission in entry.needs) and (url := url_of(entry.page))
    ]
    match = request.resolver_match
    here = current_page(
        request.path,
        match.namespace if match else "",
        [(entry.page, url) for entry, url in seen],
    )
    lines = [
        Line(
            group=entry.group,
            label=entry.label,
            icon=entry.icon,
            url=url,
            count=entry.count(user) if entry.count else 0,
            is_current=entry.page == here,
        )
        for entry, url in seen
    ]
    groups = tuple(
        Group(word, tuple(entries)) for word, entries in groupby(lines, key=lambda line: line.group)
    )
    return groups, next((line for line in lines if line.is_current), None)


# (key, label, page) of the public header; the first page that exists counts.
PUBLIC: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("home", "首页", ("disclosure:portal",)),
    ("draws", "抽取", ("disclosure:public_draws",)),
    ("results", "结果", ("disclosure:public_results",)),
    ("lists", "清单与计划", ("lists:public", "plan:public_plans")),
    ("data", "开放数据", ("disclosure:public_data",)),
)
PUBLIC_FOOTER: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("企业安静期", ("workdays:public_quiet",)),
    ("怎样验证", ("disclosure:how_to_verify",)),
    ("存证日志", ("openlog:log",)),
)


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str
    icon: str = ""
    is_current: bool = False


def public_links(path: str) -> tuple[Link, ...]:
    """The header of the public pages; an entry of two pages is current on both."""
    found = [
        (label, urls)
        for _, label, pages in PUBLIC
        if (urls := tuple(url for page in pages if (url := url_of(page))))
    ]
    home = url_of(*PUBLIC[0][2])
    here = max(
        (
            url
            for _, urls in found
            for url in urls
            if path == url or (url != home and path.startswith(url))
        ),
        key=len,
        default="",
    )
    return tuple(Link(label, urls[0], is_current=here in urls) for label, urls in found)


def footer_links() -> tuple[Link, ...]:
    """The footer of the public pages."""
    return tuple(Link(label, url) for label, pages in PUBLIC_FOOTER if (url := url_of(*pages)))
