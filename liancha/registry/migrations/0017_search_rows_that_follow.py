"""A row of the search table may outlive its target until the job after a large undo is done."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registry", "0016_a_solo_check_for_a_licence")]

    operations = [
        migrations.AlterField(
            model_name="searchrow",
            name="target",
            field=models.OneToOneField(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                primary_key=True,
                related_name="search_row",
                serialize=False,
                to="registry.target",
            ),
        ),
    ]
