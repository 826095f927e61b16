import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def to_the_year(apps: Apps, schema: BaseDatabaseSchemaEditor) -> None:
    """Figures noted with a plan become those of its year and region; the newest note stands."""
    filings = apps.get_model("plan", "Filing").objects
    noted = filings.filter(kind="report").select_related("plan").order_by("at", "id")
    newest = {(each.plan.year, each.plan.region_id): each for each in noted}
    filings.filter(kind="report").exclude(pk__in=[each.pk for each in newest.values()]).delete()
    for (year, region), each in newest.items():
        each.year, each.region_id, each.plan = year, region, None
        each.save(update_fields=["year", "region", "plan"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("plan", "0004_tables_of_lines")]

    operations = [
        migrations.AlterField(
            model_name="filing",
            name="plan",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="filings",
                to="plan.plan",
            ),
        ),
        migrations.AddField(
            model_name="filing",
            name="year",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="报送年度"),
        ),
        migrations.AddField(
            model_name="filing",
            name="region",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.region",
            ),
        ),
        migrations.RunPython(to_the_year, migrations.RunPython.noop),
    ]
