"""Classes of targets as one database expression: by kind of body, by tags; industry in `sections`.

The plan counts its bases with them and a draw cuts its pool with them, so both see the same
strata. Nothing is read target by target.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Case, CharField, Exists, OuterRef, Q, Value, When

from .models import Tagging, Target

OTHER = "其他"
BRANCH = "分支机构"
KINDS = (*(label for _, label in Target.Kind.choices[:1]), BRANCH, *Target.Kind.labels[1:])


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


def _case(whens: Iterable[tuple[Q | Exists, str]], default: str) -> Case | None:
    made = [When(condition, then=Value(word)) for condition, word in whens]
    if not made:
        return None
    return Case(*made, default=Value(default), output_field=CharField())
