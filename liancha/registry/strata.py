"""Classes of targets as one database expression: by industry, by kind of body, by tags.

The plan counts its bases with them and a draw cuts its pool with them, so both see the same
strata. Nothing is read target by target.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Value, When

from liancha.rulebook import industries

from .models import Tagging, Target

OTHER = "其他"
BRANCH = "分支机构"
KINDS = (*(label for _, label in Target.Kind.choices[:1]), BRANCH, *Target.Kind.labels[1:])


def by_industry(targets: QuerySet[Target]) -> Case | Value:
    """The GB/T 4754 section that each target's entry means, for these targets."""
    entries: dict[str, list[str]] = {}
    for text in targets.order_by().values_list("industry", flat=True).distinct():
        entries.setdefault(industries.section(text), []).append(text)
    entries.pop(industries.OTHER, None)
    return _case(
        (Q(industry__in=texts), section) for section, texts in sorted(entries.items())
    ) or Value(industries.OTHER, output_field=CharField())


def by_kind() -> Case:
    """企业, 分支机构, 个体工商户…: a branch is a company that its register entry calls one."""
    is_branch = Q(kind=Target.Kind.COMPANY) & (
        Q(legal_form__contains="分公司")
        | Q(legal_form__contains="分支")
        | Q(legal_form__contains="分店")
        | Q(name__endswith="分公司")
    )
    kinds = [(Q(kind=value), label) for value, label in Target.Kind.choices]
    case = _case([(is_branch, BRANCH), *kinds], OTHER)
    assert case is not None
    return case


def by_tags(names: Sequence[str]) -> Case | Value:
    """The first of these tags that a target has, in the order given; 其他 for who has none."""
    held = Tagging.objects.filter(target=OuterRef("pk"))
    return _case(((Exists(held.filter(tag__name=name)), name) for name in names), OTHER) or Value(
        OTHER, output_field=CharField()
    )


def in_industries(targets: QuerySet[Target], wanted: Collection[str]) -> Q:
    """Which of these targets are in one of the sections ("H") or divisions ("61") wanted.

    An entry that says no more than a section is in none of its divisions.
    """
    texts = targets.order_by().values_list("industry", flat=True).distinct()
    return Q(industry__in=[text for text in texts if set(industries.codes(text)) & set(wanted)])


def _case(whens: Iterable[tuple[Q | Exists, str]], default: str = industries.OTHER) -> Case | None:
    made = [When(condition, then=Value(word)) for condition, word in whens]
    if not made:
        return None
    return Case(*made, default=Value(default), output_field=CharField())
