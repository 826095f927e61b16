"""Turns a step the Measures do not allow into a page that says why and quotes the article.

Blocked gives 409 with the refusal: over the form it came from, filled as it was sent, when the
person typed something there; else on a page of its own. NeedsReason gives a page with a form that
asks for the reason and posts what was posted before once more, with `reason` (and `reason_code`)
added. Scripts and the API get JSON, htmx gets the panel for its dialog. Nothing is changed or
logged here: the action that raised has been rolled back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from liancha.accounts import again
from liancha.rulebook.verdicts import Blocked, NeedsReason

from .templatetags.lc_blocks import quotation

LONGEST_TITLE = 36
NOT_KEPT = frozenset({"csrfmiddlewaretoken", "reason", "reason_code"})


@dataclass(frozen=True, slots=True)
class Way:
    """What the person probably wants instead; `when` names the refusals of an article it helps."""

    title: str
    text: str
    url: str = ""
    when: str = ""


# By article and paragraph: what is possible where the Measures say no.
INSTEAD: dict[tuple[str, int | None], tuple[Way, ...]] = {
    ("19", 3): (
        Way(
            "有一户已注销、迁出或找不到",
            "不用换。到现场取证后，以结果 09、10 或 04 办结，名单上保留。",
        ),
        Way("有检查人员不能去", "人员可以更换：写明理由，经其本部门负责人同意，按票据顺序补上。"),
    ),
    ("21", None): (
        Way(
            "本部门只到了一人",
            "到场的其余部门可以先查本部门的事项，这个部门等第二名执法人员签到。",
            when="至少应有",
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A Blocked as its page shows it.

    title, lead  the first sentence of the message and the rest; a long one stays in one piece
    form         the asking form of NeedsReason, or nothing
    """

    title: str
    lead: str
    article: str
    paragraph: int | None
    needs_reason: bool
    quotation: SafeString
    instead: tuple[Way, ...] = ()
    by: str = ""
    at: datetime | None = None
    back: str = ""
    form: SafeString = field(default_factory=lambda: mark_safe(""))

    @classmethod
    def of(cls, blocked: Blocked, request: HttpRequest | None = None) -> Refusal:
        message = str(blocked).strip()
        needs_reason = isinstance(blocked, NeedsReason)
        first, _, rest = message.partition("。")
        if len(first) > LONGEST_TITLE or (not rest and "：" in first):
            first, rest = "写明原因后可以办" if needs_reason else "这一步现在不能办", message
        paragraph = getattr(blocked, "paragraph", None)
        ways = INSTEAD.get((blocked.article, paragraph)) or INSTEAD.get((blocked.article, None), ())
        user = getattr(request, "user", None)
        return cls(
            title=first,
            lead=rest.strip(),
            article=blocked.article,
            paragraph=paragraph,
            needs_reason=needs_reason,
            quotation=quotation(blocked.article, paragraph=paragraph),
            instead=() if needs_reason else tuple(way for way in ways if way.when in message),
            by=str(user) if user is not None and user.is_authenticated else "",
            at=timezone.now() if request is not None else None,
            back=came_from(request) if request is not None else "",
            form=ask(blocked, request)
            if request is not None and isinstance(blocked, NeedsReason)
            else mark_safe(""),
        )


def came_from(request: HttpRequest) -> str:
    """The page of this site the person came from, else the start page."""
    path, query = again.came_from(request)
    return path + (f"?{query}" if query else "") if path else "/"


def ask(blocked: Blocked, request: HttpRequest) -> SafeString:
    """The form that asks for the reason and carries everything posted before.

    A reason that was refused itself (too long) is asked for once more, as it was written. A file
    cannot be posted again by the server: then the form says to go back and choose it anew.
    """
    codes = getattr(blocked, "codes", ())
    kept = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in NOT_KEPT or (name == "reason_code" and not codes)
        for value in values
    ]
    return mark_safe(
        render_to_string(
            "components/reason.html",
            {
                "action": request.get_full_path(),
                "kept": kept,
                "codes": codes,
                "has_files": bool(request.FILES),
                "back": came_from(request),
                "token": get_token(request),
                "tried": request.POST.get("reason", ""),
            },
        )
    )


def wants_json(request: HttpRequest) -> bool:
    """Whether the asker is a program."""
    return request.path.startswith("/api/") or request.get_preferred_type(
        ["text/html", "application/json"]
    ) == ("application/json")


def as_json(blocked: Blocked) -> dict[str, object]:
    """The refusal for programs."""
    paragraph = getattr(blocked, "paragraph", None)
    facts: dict[str, object] = {
        "error": "needs_reason" if isinstance(blocked, NeedsReason) else "blocked",
        "message": str(blocked),
        "article": blocked.article,
        "paragraph": paragraph,
        "changed": False,
    }
    if isinstance(blocked, NeedsReason):
        facts["codes"] = [{"code": code, "label": label} for code, label in blocked.codes]
    return facts


class BlockedMiddleware:
    """Answers every Blocked below a view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Blocked):
            return None
        return answer(request, exception)


def answer(request: HttpRequest, blocked: Blocked) -> HttpResponse:
    """409, as the asker can read it."""
    if wants_json(request):
        return JsonResponse(as_json(blocked), status=409)
    refusal = Refusal.of(blocked, request)
    if request.headers.get("HX-Request") == "true":
        response = render(
            request, "components/refusal.html", {"refusal": refusal, "heading": "h2"}, status=409
        )
        response["HX-Retarget"] = "#blocked"
        response["HX-Reswap"] = "innerHTML"
        return response
    if request.method == "POST" and not isinstance(blocked, NeedsReason):
        where_typed = _over_the_form(request, refusal)
        if where_typed is not None:
            return where_typed
        if again.came_from(request)[0] == request.path and request.POST.get("reason"):
            refusal = replace(refusal, form=ask(blocked, request))
    signed_in = getattr(request, "user", None) is not None and request.user.is_authenticated
    layout = "base_office.html" if signed_in else "base_public.html"
    return render(request, "blocked.html", {"refusal": refusal, "layout": layout}, status=409)


def _over_the_form(request: HttpRequest, refusal: Refusal) -> HttpResponse | None:
    """The page the post came from with the refusal over its form, as it was filled in.

    None if that page has no form for this post in which somebody types: a button alone.
    """
    panel = render_to_string(
        "components/refusal.html", {"refusal": replace(refusal, back=""), "heading": "h2"}
    )
    for path in dict.fromkeys((again.came_from(request)[0], request.path)):
        page = again.seen(request, path) if path else None
        answered = again.refill(request, page, path, panel) if page is not None else None
        if answered is not None:
            answered.status_code = 409
            return answered
    return None
