"""Indexes and checks that cost every row of a large import and help nobody go."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_regions"),
        ("registry", "0007_what_came_with_an_import"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="importchange",
            name="is_new",
        ),
        migrations.AlterField(
            model_name="tagging",
            name="tag",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="taggings",
                to="registry.tag",
            ),
        ),
        migrations.AlterField(
            model_name="tagging",
            name="target",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="taggings",
                to="registry.target",
            ),
        ),
        migrations.AlterField(
            model_name="target",
            name="is_pending",
            field=models.BooleanField(default=False, verbose_name="待核"),
        ),
        migrations.AlterField(
            model_name="target",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged",
                to="registry.target",
                verbose_name="已并入",
            ),
        ),
        migrations.AlterField(
            model_name="target",
            name="name",
            field=models.CharField(max_length=200, verbose_name="名称"),
        ),
        migrations.AlterField(
            model_name="target",
            name="region",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="targets",
                to="accounts.region",
                verbose_name="县区",
            ),
        ),
        migrations.AddIndex(
            model_name="target",
            index=models.Index(fields=["name"], name="target_name"),
        ),
        migrations.AddIndex(
            model_name="target",
            index=models.Index(
                condition=models.Q(("is_pending", True)), fields=["region"], name="target_pending"
            ),
        ),
        migrations.AddIndex(
            model_name="target",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)),
                fields=["merged_into"],
                name="target_merged",
            ),
        ),
    ]
