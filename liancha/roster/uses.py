"""Who of the roster is named elsewhere: in a draw, a team, a visit. Reads only.

Later rooms point here and this room does not know them, so every relation is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from django.db import models
from django.db.models import Count

from .models import Certificate, ImportChange, Inspector, Leave, Recusal

OWN = (Certificate, Leave, Recusal, ImportChange)  # what a person's own page keeps


def uses(people: Collection[int]) -> Counter[int]:
    """How many records of other rooms name each of these people, by the person's key."""
    found: Counter[int] = Counter()
    for relation in Inspector._meta.get_fields(include_hidden=True):
        if not relation.auto_created or not (relation.one_to_many or relation.one_to_one):
            continue
        model: type[models.Model] = relation.related_model  # type: ignore[assignment]
        if model in OWN:
            continue
        name = relation.field.name  # type: ignore[union-attr]
        rows = model._default_manager.filter(**{f"{name}__in": people}).order_by()
        found.update(dict(rows.values_list(name).annotate(n=Count("pk"))))
    return found
