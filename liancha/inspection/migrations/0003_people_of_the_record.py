"""The record form keeps 法定代表人 and 联络人 as they were when the visit began.

Forms begun before stay without: what the registry said then is not known.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inspection", "0002_calls_together")]

    operations = [
        migrations.AddField(
            model_name="recordform",
            name="representative",
            field=models.CharField(
                blank=True, default="", max_length=80, verbose_name="法定代表人（负责人）"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="recordform",
            name="contact",
            field=models.CharField(blank=True, default="", max_length=80, verbose_name="联络人"),
            preserve_default=False,
        ),
    ]
