"""An import is looked at before it is written, and says whom it changed (art. 11)."""

import django.db.models.deletion
from django.db import migrations, models


def written_as_they_came(apps, schema_editor):
    """Until now every import was written at once."""
    batches = apps.get_model("roster", "Import").objects.all()
    batches.update(checked_at=models.F("at"), written_at=models.F("at"))


class Migration(migrations.Migration):
    dependencies = [
        ("roster", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="import",
            name="checked_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="试算时间"),
        ),
        migrations.AddField(
            model_name="import",
            name="columns",
            field=models.JSONField(default=list, verbose_name="列的对应"),
        ),
        migrations.AddField(
            model_name="import",
            name="differences",
            field=models.JSONField(default=list, verbose_name="差别"),
        ),
        migrations.AddField(
            model_name="import",
            name="given_up_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="放弃时间"),
        ),
        migrations.AddField(
            model_name="import",
            name="held",
            field=models.JSONField(default=dict, verbose_name="暂存的行"),
        ),
        migrations.AddField(
            model_name="import",
            name="size",
            field=models.PositiveBigIntegerField(default=0, verbose_name="字节"),
        ),
        migrations.AddField(
            model_name="import",
            name="undone_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="撤回时间"),
        ),
        migrations.AddField(
            model_name="import",
            name="written_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="写入时间"),
        ),
        migrations.AlterField(
            model_name="import",
            name="faults",
            field=models.JSONField(default=list, verbose_name="有误之处"),
        ),
        migrations.AlterField(
            model_name="import",
            name="file_name",
            field=models.CharField(max_length=200, verbose_name="文件"),
        ),
        migrations.AlterField(
            model_name="import",
            name="remarks",
            field=models.JSONField(default=list, verbose_name="请留意之处"),
        ),
        migrations.AlterField(
            model_name="import",
            name="rows",
            field=models.PositiveIntegerField(default=0, verbose_name="合计"),
        ),
        migrations.CreateModel(
            name="ImportChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_new", models.BooleanField(default=False)),
                ("before", models.JSONField(default=dict)),
                ("after", models.JSONField(default=dict)),
                ("uses", models.PositiveIntegerField(default=0)),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to="roster.import",
                    ),
                ),
                (
                    "inspector",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="import_changes",
                        to="roster.inspector",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.RunPython(written_as_they_came, migrations.RunPython.noop),
    ]
