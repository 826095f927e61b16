"""Known targets that an import changes, written with a few statements whatever their number.

A file that comes again next month may change most of a register: making a model's own SQL for each
target took most of the time. Plain columns only; what changes, and that it is remembered as it was,
is said by the intake.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import connection, models

from .bulk import AS_IT_IS
from .models import Target


def write(changed: Iterable[tuple[Target, Collection[str]]]) -> None:
    """Write targets of the registry as they stand, each with the attributes named beside it.

    Targets that change in the same attributes go together: where an index needs no touch, it gets
    none.
    """
    alike: defaultdict[tuple[str, ...], list[Target]] = defaultdict(list)
    for target, names in changed:
        alike[tuple(sorted(names))].append(target)
    for names, targets in alike.items():
        _send([_field(name) for name in names], targets)


def _send(fields: Sequence[models.Field[Any, Any]], targets: Sequence[Target]) -> None:
    quote = connection.ops.quote_name
    table, names = quote(Target._meta.db_table), [quote(str(each.column)) for each in fields]
    columns = [_values(field, targets) for field in fields]
    keys = [target.pk for target in targets]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            said = ", ".join(f"{name} = ?" for name in names)
            # Past Django's cursor, which would look at every value once more.
            cursor.connection.executemany(
                f"UPDATE {table} SET {said} WHERE id = ?", zip(*columns, keys, strict=True)
            )
        else:
            said = ", ".join(f"{name} = v.{name}" for name in names)
            lists = ", ".join(f"%s::{each.db_type(connection)}[]" for each in fields)
            cursor.execute(
                f"UPDATE {table} t SET {said}"
                f" FROM unnest(%s::bigint[], {lists}) v (id, {', '.join(names)}) WHERE t.id = v.id",
                [keys, *columns],
            )


def _field(attribute: str) -> models.Field[Any, Any]:
    for field in Target._meta.concrete_fields:
        if field.attname == attribute:
            return field
    raise ValueError(f"no attribute of a target: {attribute}")


def _values(field: models.Field[Any, Any], targets: Sequence[Target]) -> list[Any]:
    values = [getattr(target, field.attname) for target in targets]
    if isinstance(field, AS_IT_IS):
        return values
    ready = {value: field.get_db_prep_save(value, connection) for value in {*values} - {None}}
    return [ready.get(value) for value in values]
