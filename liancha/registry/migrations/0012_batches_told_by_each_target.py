"""Batches of before are told by each of their targets, as far as they said which these were."""

import json

import django.db.models.deletion
from django.db import migrations, models

LISTED = ("registry.place", "registry.tag", "registry.untag", "registry.review")
PIECE = 5_000


def tell(apps, schema_editor):
    entries = apps.get_model("ledger", "Entry").objects.filter(subject="")
    flags = apps.get_model("registry", "KeyFlag").objects
    targets = apps.get_model("registry", "Target").objects
    touched = apps.get_model("registry", "Touched")
    for entry in entries.filter(what__in=(*LISTED, "registry.set_key_flags")).iterator():
        body = json.loads(entry.body)
        if entry.what == "registry.set_key_flags":
            marked = flags.filter(at=entry.at, kind=body["flag"], source=body["source"])
            keys = marked.filter(until=body["until"]).values_list("target", flat=True)
        else:
            keys = targets.filter(pk__in=body.get("keys", ())).values_list("pk", flat=True)
        touched.objects.bulk_create(
            (touched(entry=entry, target_id=key) for key in sorted(set(keys))), batch_size=PIECE
        )


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0002_public_log"),
        ("registry", "0011_credit_files_looked_at_first"),
    ]

    operations = [
        migrations.CreateModel(
            name="Touched",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.entry",
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="touched",
                        to="registry.target",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("target", "entry"), name="touched_once")
                ],
            },
        ),
        migrations.RunPython(tell, migrations.RunPython.noop),
    ]
