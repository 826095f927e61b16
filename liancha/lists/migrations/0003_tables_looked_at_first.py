"""Tables are looked at before they are written into a list (arts. 8-10)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lists", "0002_sources_of_the_lists"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Import",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("file_name", models.CharField(max_length=200, verbose_name="文件")),
                ("sha256", models.CharField(max_length=64)),
                ("size", models.PositiveBigIntegerField(default=0, verbose_name="字节")),
                (
                    "recognised",
                    models.CharField(blank=True, max_length=200, verbose_name="识别结果"),
                ),
                ("columns", models.JSONField(default=list, verbose_name="列的对应")),
                ("held", models.JSONField(default=dict, verbose_name="暂存的行")),
                ("rows", models.PositiveIntegerField(default=0, verbose_name="合计")),
                ("added", models.PositiveIntegerField(default=0, verbose_name="新增")),
                ("changed", models.PositiveIntegerField(default=0, verbose_name="变更")),
                ("unchanged", models.PositiveIntegerField(default=0, verbose_name="未变")),
                ("faulty", models.PositiveIntegerField(default=0, verbose_name="有误")),
                ("faults", models.JSONField(default=list, verbose_name="有误之处")),
                ("remarks", models.JSONField(default=list, verbose_name="请留意之处")),
                ("differences", models.JSONField(default=list, verbose_name="差别")),
                ("at", models.DateTimeField()),
                (
                    "checked_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="试算时间"),
                ),
                (
                    "written_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="写入时间"),
                ),
                ("undone_at", models.DateTimeField(blank=True, null=True, verbose_name="撤回时间")),
                (
                    "given_up_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="放弃时间"),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("items", "抽查事项清单"),
                            ("joint", "部门联合抽查事项清单"),
                            ("upper", "上级清单"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "level",
                    models.CharField(
                        blank=True,
                        choices=[("N", "国家"), ("P", "省")],
                        max_length=1,
                        verbose_name="层级",
                    ),
                ),
                ("title", models.CharField(blank=True, max_length=120, verbose_name="标题")),
                (
                    "document_number",
                    models.CharField(blank=True, max_length=80, verbose_name="文号"),
                ),
                ("is_whole", models.BooleanField(default=True, verbose_name="整张表")),
                ("removed", models.PositiveIntegerField(default=0, verbose_name="删去")),
                ("held_back", models.PositiveIntegerField(default=0, verbose_name="暂不删")),
                ("lost", models.JSONField(default=list)),
                ("stands_on", models.CharField(blank=True, max_length=64)),
                ("before", models.JSONField(default=dict)),
                ("after", models.JSONField(default=list)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "upper",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="lists.upperlist",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="imports",
                        to="lists.listversion",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "abstract": False,
            },
        ),
    ]
