"""Frozen pools become pages of many lines; what is drawn keeps rows of its own."""

import django.db.models.deletion
from django.db import migrations, models


def into_pages(apps, schema_editor):
    """Candidates and exclusions of every frozen draw, as the pages they would be today."""
    from liancha.draw import frozen

    draw_model = apps.get_model("draw", "Draw")
    candidate = apps.get_model("draw", "Candidate")
    exclusion = apps.get_model("draw", "Exclusion")
    page_model = apps.get_model("draw", "FrozenPage")
    for draw in draw_model.objects.filter(kind="targets").iterator():
        inside = sorted(
            candidate.objects.filter(draw=draw).values_list(
                "code", "stratum", "salt", "target_id", "name", "address", "region_name",
                "credit_class",
            )
        )  # fmt: skip
        outside = sorted(
            exclusion.objects.filter(draw=draw).values_list(
                "target__code", "target_id", "target__name", "target__address",
                "target__region__name", "reason", "note",
            )
        )  # fmt: skip
        pages = [
            *frozen.pages_of(
                "in",
                [row[0] for row in inside],
                frozen.written([(str(row[3]), *row[4:]) for row in inside]),
                [f"{row[0]}\t{row[1]}\t{row[2]}".encode() for row in inside],
            ),
            *frozen.pages_of(
                "out",
                [row[0] for row in outside],
                frozen.written(
                    [(row[0], str(row[1]), *(cell or "" for cell in row[2:])) for row in outside]
                ),
            ),
        ]
        page_model.objects.bulk_create(
            page_model(draw=draw, position=position, **page._asdict())
            for position, page in enumerate(pages)
        )


def store_as_is(apps, schema_editor):
    """PostgreSQL need not try to compress what hardly gets smaller."""
    if schema_editor.connection.vendor == "postgresql":
        for column in ("lines", "people"):
            schema_editor.execute(
                f"ALTER TABLE draw_frozenpage ALTER COLUMN {column} SET STORAGE EXTERNAL"
            )


class Migration(migrations.Migration):
    dependencies = [("draw", "0002_keepers_and_guests")]

    operations = [
        migrations.CreateModel(
            name="FrozenPage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "part",
                    models.CharField(choices=[("in", "入库"), ("out", "排除")], max_length=3),
                ),
                ("position", models.PositiveIntegerField()),
                ("rows", models.PositiveIntegerField()),
                ("first", models.CharField(max_length=21)),
                ("lines", models.BinaryField()),
                ("people", models.BinaryField()),
                (
                    "draw",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pages",
                        to="draw.draw",
                    ),
                ),
            ],
            options={
                "ordering": ["draw", "part", "position"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("draw", "part", "position"), name="frozen_page_once_in_its_place"
                    )
                ],
            },
        ),
        migrations.RunPython(store_as_is, migrations.RunPython.noop),
        migrations.RunPython(into_pages, migrations.RunPython.noop),
        migrations.DeleteModel(name="Exclusion"),
    ]
