from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("plan", "0005_figures_of_a_year")]

    operations = [
        migrations.AddConstraint(
            model_name="filing",
            constraint=models.UniqueConstraint(fields=("year", "region"), name="one_report_a_year"),
        ),
        migrations.AddConstraint(
            model_name="filing",
            constraint=models.CheckConstraint(
                condition=Q(kind="report", plan=None, year__isnull=False, region__isnull=False)
                | (~Q(kind="report") & Q(plan__isnull=False, year=None, region=None)),
                name="filing_of_a_plan_or_a_year",
            ),
        ),
    ]
