"""Doubts, former codes, licences, key flags, checks that are not drawn, and the search table."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def tables_of_grams(apps, schema_editor):
    """The grams and their index, which no model knows: one way for each database."""
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(
            "CREATE VIRTUAL TABLE registry_grams USING fts5("
            "grams, content='', tokenize=\"unicode61 remove_diacritics 0\")"
        )
    else:
        schema_editor.execute("ALTER TABLE registry_searchrow ADD COLUMN grams tsvector")
        schema_editor.execute(
            "CREATE INDEX registry_searchrow_grams ON registry_searchrow USING gin (grams)"
        )


def without_grams(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TABLE registry_grams")
    else:
        schema_editor.execute("ALTER TABLE registry_searchrow DROP COLUMN grams")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_regions"),
        ("registry", "0003_credit_history"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SearchRow",
            fields=[
                (
                    "target",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search_row",
                        serialize=False,
                        to="registry.target",
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("address", models.CharField(blank=True, max_length=300)),
                ("code", models.CharField(max_length=21)),
                ("initials", models.CharField(blank=True, max_length=200)),
                ("region", models.CharField(blank=True, max_length=6)),
            ],
            options={
                "ordering": ["target"],
            },
        ),
        migrations.AddField(
            model_name="target",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged",
                to="registry.target",
                verbose_name="已并入",
            ),
        ),
        migrations.CreateModel(
            name="InspectionFact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[("joint", "联合抽查"), ("solo", "单独检查"), ("case", "个案检查")],
                        max_length=6,
                        verbose_name="来源",
                    ),
                ),
                ("on", models.DateField(verbose_name="检查日期")),
                ("subject", models.CharField(max_length=200, verbose_name="检查了什么")),
                ("outcome", models.CharField(max_length=120, verbose_name="结果")),
                ("reference", models.CharField(blank=True, max_length=60, verbose_name="编号")),
                ("at", models.DateTimeField()),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.department",
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="inspections",
                        to="registry.target",
                    ),
                ),
            ],
            options={
                "ordering": ["-on", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="KeyFlag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("key", "重点监管对象"),
                            ("abnormal", "列入经营异常名录"),
                            ("serious", "严重违法失信"),
                            ("warned", "风险预警"),
                            ("complaints", "投诉举报集中"),
                        ],
                        max_length=12,
                        verbose_name="标记",
                    ),
                ),
                ("source", models.CharField(max_length=120, verbose_name="来源")),
                ("since", models.DateField(verbose_name="自")),
                ("until", models.DateField(verbose_name="至")),
                ("lifted_at", models.DateTimeField(blank=True, null=True)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.department",
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="key_flags",
                        to="registry.target",
                    ),
                ),
            ],
            options={
                "ordering": ["-since"],
            },
        ),
        migrations.CreateModel(
            name="Licence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="许可证名称")),
                ("number", models.CharField(max_length=60, verbose_name="编号")),
                ("issuer", models.CharField(blank=True, max_length=80, verbose_name="发证机关")),
                ("issued_on", models.DateField(blank=True, null=True, verbose_name="批准日期")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="有效期至")),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="licences",
                        to="registry.target",
                    ),
                ),
            ],
            options={
                "ordering": ["valid_to", "pk"],
            },
        ),
        migrations.CreateModel(
            name="SearchFill",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "batch",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="registry.import",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SoloCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("item", models.CharField(max_length=200, verbose_name="检查事项")),
                ("planned_on", models.DateField(verbose_name="拟检查日期")),
                (
                    "fields",
                    models.CharField(blank=True, max_length=300, verbose_name="所属联合抽查领域"),
                ),
                (
                    "code",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("complaint", "投诉举报"),
                            ("referred", "转办交办"),
                            ("monitoring", "数据监测"),
                            ("emergency", "应急处置"),
                            ("statute", "法律法规明确规定"),
                            ("requested", "企业申请"),
                        ],
                        max_length=12,
                        verbose_name="单独检查的原因",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="说明")),
                ("at", models.DateTimeField()),
                ("is_approved", models.BooleanField(blank=True, null=True, verbose_name="批准")),
                ("opinion", models.CharField(blank=True, max_length=300, verbose_name="审批意见")),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.department",
                    ),
                ),
                (
                    "reused",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.inspectionfact",
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="solo_checks",
                        to="registry.target",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="CaseCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("complaint", "投诉举报"),
                            ("referred", "转办交办"),
                            ("monitoring", "数据监测"),
                            ("emergency", "应急处置"),
                            ("case", "案件查处"),
                        ],
                        max_length=12,
                        verbose_name="线索来源",
                    ),
                ),
                ("reference", models.CharField(blank=True, max_length=60, verbose_name="线索编号")),
                ("received_on", models.DateField(verbose_name="收到日期")),
                ("clue", models.CharField(max_length=500, verbose_name="线索内容")),
                ("checked_on", models.DateField(blank=True, null=True, verbose_name="检查日期")),
                ("outcome", models.CharField(blank=True, max_length=120, verbose_name="结果")),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.department",
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="case_checks",
                        to="registry.target",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("checked_on__isnull", True), ("outcome", "")),
                            models.Q(
                                ("checked_on__isnull", False),
                                models.Q(("outcome", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="checked_cases_have_an_outcome",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Doubt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("twin", "名称、地址相同，代码不同"),
                            ("old_number", "旧注册号与统一社会信用代码"),
                            ("branch", "分支机构与总部同址"),
                            ("namesake", "代码相同，名称不同"),
                        ],
                        max_length=12,
                        verbose_name="类型",
                    ),
                ),
                ("incoming", models.JSONField(blank=True, default=dict)),
                ("source", models.CharField(blank=True, max_length=200, verbose_name="来源")),
                ("found_at", models.DateTimeField()),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("merged", "已合并"),
                            ("kept", "两户都保留"),
                            ("taken", "已定名称"),
                        ],
                        max_length=10,
                        verbose_name="处理",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="理由")),
                ("chosen", models.JSONField(blank=True, default=list)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "batch",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="registry.import",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "left",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="registry.target",
                    ),
                ),
                (
                    "right",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="registry.target",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("right__isnull", False)),
                        fields=("left", "right"),
                        name="doubted_once_a_pair",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("decided_at__isnull", True), ("right__isnull", True)),
                        fields=("left",),
                        name="one_open_name_doubt",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", True), ("outcome", "")),
                            models.Q(
                                ("decided_at__isnull", False),
                                models.Q(("outcome", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="decided_doubts_have_an_outcome",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FormerCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(db_index=True, max_length=21, verbose_name="原代码")),
                ("name", models.CharField(blank=True, max_length=200, verbose_name="当时名称")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="原因")),
                ("at", models.DateTimeField()),
                (
                    "target",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="former_codes",
                        to="registry.target",
                    ),
                ),
            ],
            options={
                "ordering": ["-at"],
                "constraints": [
                    models.UniqueConstraint(fields=("target", "code"), name="former_code_once")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="inspectionfact",
            index=models.Index(fields=["on"], name="inspection_fact_on"),
        ),
        migrations.AddConstraint(
            model_name="inspectionfact",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reference", ""), _negated=True),
                fields=("target", "department", "reference"),
                name="inspection_fact_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="keyflag",
            constraint=models.CheckConstraint(
                condition=models.Q(("until__gte", models.F("since"))), name="key_flag_ends_later"
            ),
        ),
        migrations.AddConstraint(
            model_name="licence",
            constraint=models.UniqueConstraint(
                fields=("target", "name", "number"), name="licence_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="solocheck",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("fields", ""),
                    models.Q(("code", ""), _negated=True),
                    ("reused__isnull", False),
                    _connector="OR",
                ),
                name="solo_in_a_joint_field_has_a_reason",
            ),
        ),
        migrations.RunPython(tables_of_grams, without_grams),
    ]
