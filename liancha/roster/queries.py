"""Reads across this room: who is drawable, who is not and why, which certificates run out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from liancha.rulebook.eligibility import (
    ANYTHING,
    InspectorFault,
    Need,
    Span,
    inspector_faults,
    inspector_remarks,
)
from liancha.rulebook.wording import Worded

from .models import Certificate, Inspector, InspectorQuerySet

EXPIRING_DAYS = 60  # local practice: how long before its end a certificate shows yellow


class CertificateState(Worded):
    """How a person's longest-running certificate stands."""

    VALID = "valid", "有效"
    EXPIRING = "expiring", "即将到期"
    OVER = "over", "已过期"
    LATER = "later", "尚未生效"
    NONE = "none", "没有证件"


LIGHTS = {
    CertificateState.VALID: "green",
    CertificateState.EXPIRING: "yellow",
    CertificateState.OVER: "red",
    CertificateState.LATER: "yellow",
    CertificateState.NONE: "red",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """One person, and whether they may be drawn for a window.

    faults   every reason why not; empty when drawable
    remarks  what does not exclude but is worth knowing
    """

    inspector: Inspector
    faults: tuple[InspectorFault, ...]
    remarks: tuple[str, ...]
    certificate: Certificate | None
    certificate_state: CertificateState
    days_left: int | None

    @property
    def is_drawable(self) -> bool:
        return not self.faults

    @property
    def why(self) -> str:
        """执法证件已过期、任务期内请假; empty when drawable."""
        return "、".join(fault.label for fault in self.faults)

    @property
    def light(self) -> str:
        return LIGHTS[self.certificate_state]

    @property
    def light_word(self) -> str:
        """剩 21 天, 已过期 4 天, or the state's own word."""
        if self.days_left is None or self.certificate_state is CertificateState.LATER:
            return self.certificate_state.label
        if self.days_left < 0:
            return f"过期 {-self.days_left} 天"
        if self.certificate_state is CertificateState.EXPIRING:
            return f"剩 {self.days_left} 天" if self.days_left else "今天到期"
        return self.certificate_state.label


def certificate_state(certificate: Certificate | None, *, on: date) -> CertificateState:
    """How a certificate stands on a day. Clause 11.4."""
    if certificate is None:
        return CertificateState.NONE
    if certificate.valid_to < on:
        return CertificateState.OVER
    if certificate.valid_from > on:
        return CertificateState.LATER
    if certificate.valid_to - on <= timedelta(days=EXPIRING_DAYS):
        return CertificateState.EXPIRING
    return CertificateState.VALID


def standing(
    inspector: Inspector,
    *,
    window: Span,
    on: date,
    need: Need = ANYTHING,
    target: str | None = None,
) -> Standing:
    """One person's standing for a window, as it is known on a day (arts. 11, 18 and 19)."""
    facts = inspector.facts(on)
    certificate = inspector.certificate
    return Standing(
        inspector,
        inspector_faults(facts, window=window, need=need, target=target),
        inspector_remarks(facts, window=window),
        certificate,
        certificate_state(certificate, on=on),
        None if certificate is None else (certificate.valid_to - on).days,
    )


def standings(inspectors: InspectorQuerySet, *, window: Span, on: date) -> list[Standing]:
    """Everybody's standing, in the order of the query; four queries for any number of people."""
    return [standing(each, window=window, on=on) for each in inspectors.with_papers()]


def drawable_counts(departments: Iterable[int], *, window: Span, on: date) -> dict[int, int]:
    """How many of each department's people are drawable for a window, by department key."""
    counts = dict.fromkeys(departments, 0)
    people = Inspector.objects.officers().filter(department__in=counts)
    for each in standings(people, window=window, on=on):
        counts[each.inspector.department_id] += each.is_drawable
    return counts


def skills_of(inspectors: InspectorQuerySet) -> list[str]:
    """Every skill that occurs, sorted."""
    return sorted(
        {word for skills in inspectors.values_list("skills", flat=True) for word in skills}
    )


def posts_of(inspectors: InspectorQuerySet) -> list[str]:
    """Every post that occurs, sorted."""
    posts = inspectors.order_by("post").values_list("post", flat=True).distinct()
    return [post for post in posts if post]
