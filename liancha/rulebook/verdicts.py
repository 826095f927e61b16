"""What the Measures say to a step: not at all, or not without a reason.

Messages are for the person at the screen, in Chinese: what was refused, why, what helps.
This module decides nothing; the rules that raise these stand beside it.
"""

from __future__ import annotations

from collections.abc import Sequence


class Blocked(Exception):
    """A step the Measures do not allow (BLOCK in the domain's words).

    message    one or two Chinese sentences: what, why, cure
    article    number of the article it rests on, e.g. "19"; the page quotes its text
    paragraph  1-based paragraph that decides, when one does
    """

    def __init__(self, message: str, *, article: str, paragraph: int | None = None) -> None:
        super().__init__(message)
        self.article = article
        self.paragraph = paragraph


class NeedsReason(Blocked):
    """A step allowed only with a written reason, which is then kept and shown (REASON).

    codes  (code, Chinese label) pairs to choose from; empty when free text is enough
    """

    def __init__(
        self,
        message: str,
        *,
        article: str,
        paragraph: int | None = None,
        codes: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(message, article=article, paragraph=paragraph)
        self.codes = tuple(codes)
