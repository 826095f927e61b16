"""What every page's frame needs: menu, name of the city, who is signed in, the demo sign.

Lazy: a page without a menu asks nothing. With one, a signed-in request costs the query for the
person's roles and one for each count in the menu.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from liancha.accounts.models import User
from liancha.accounts.permissions import ROLES, Role
from liancha.rulebook.deadlines import Calendar
from liancha.rulebook.regions import REGIONS
from liancha.workdays import queries as workdays

from . import menu, words


def city() -> str:
    """洛阳市."""
    return REGIONS[settings.LIANCHA_CITY]


def calendar_of(request: HttpRequest | None) -> Calendar:
    """The working days, read once a request."""
    if request is None:
        return workdays.calendar()
    kept = getattr(request, "_calendar", None)
    if kept is None:
        kept = request._calendar = workdays.calendar()  # type: ignore[attr-defined]
    return kept


@dataclass(frozen=True, slots=True)
class Me:
    """The signed-in person in the corner of the page."""

    initial: str
    place: str
    links: tuple[menu.Link, ...]
    logout: str


def me(user: User) -> Me:
    own = user.department
    department = words.department(own.name, own.short) if own else user.body
    held = [ROLES[role].label for role in Role if role.value in user.roles]
    roles = "、".join(held[:2]) + (f"等 {len(held)} 个角色" if len(held) > 2 else "")
    links = [menu.Link("修改密码", menu.url_of("accounts:password"), "key")]
    if settings.LIANCHA_DEMO:
        links.append(
            menu.Link("切换角色", menu.url_of("accounts:switch", "accounts:login"), "people")
        )
    return Me(
        initial=str(user)[:1],
        place="·".join(part for part in (department, roles) if part),
        links=tuple(link for link in links if link.url),
        logout=menu.url_of("accounts:logout"),
    )


def shell(request: HttpRequest) -> dict[str, Any]:
    """The context processor."""
    user = getattr(request, "user", None)
    today: date = timezone.localdate()
    frame: dict[str, Any] = {
        "city": city(),
        "demo": settings.LIANCHA_DEMO,
        "today": today,
        "public": SimpleLazyObject(
            lambda: {
                "home": menu.url_of("disclosure:portal"),
                "login": menu.url_of("accounts:login"),
                "entries": menu.public_links(request.path),
                "footer": menu.footer_links(),
            }
        ),
    }
    if not isinstance(user, User):  # also true of the lazy one
        return frame
    built = SimpleLazyObject(lambda: menu.menu_for(user, request))
    return frame | {
        "menu": SimpleLazyObject(lambda: built[0]),
        "current": SimpleLazyObject(lambda: built[1]),
        "me": SimpleLazyObject(lambda: me(user)),
        "search_url": menu.url_of("site:search"),
    }
