"""A target says itself which import brought it in, instead of a row beside every target."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Max, Min, OuterRef, Subquery


def say(apps, schema_editor):
    Target = apps.get_model("registry", "Target")
    Import = apps.get_model("registry", "Import")
    brought = apps.get_model("registry", "ImportChange").objects.filter(is_new=True)
    first = brought.filter(target=OuterRef("pk")).order_by("pk").values("batch")[:1]
    Target.objects.filter(pk__in=brought.values("target")).update(came_with=Subquery(first))
    ranges = brought.order_by().values("batch").annotate(low=Min("target"), high=Max("target"))
    for found in list(ranges):
        Import.objects.filter(pk=found["batch"]).update(
            first_key=found["low"], last_key=found["high"]
        )
    brought._raw_delete(brought.db)


class Migration(migrations.Migration):
    dependencies = [("registry", "0006_imports_taken_back")]

    operations = [
        migrations.AddField(
            "import", "first_key", models.PositiveBigIntegerField(blank=True, null=True)
        ),
        migrations.AddField(
            "import", "last_key", models.PositiveBigIntegerField(blank=True, null=True)
        ),
        migrations.AddField(
            "target",
            "came_with",
            models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="registry.import",
                verbose_name="随导入入库",
            ),
        ),
        migrations.RunPython(say, migrations.RunPython.noop),
    ]
