"""Laws and their status, lists from above, duties and mechanisms (arts. 8-10)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def duties_of_the_list_in_force(apps, schema_editor):
    """What the rows of the joint list in force say of duties becomes the first table of duties."""
    JointField = apps.get_model("lists", "JointField")
    FieldDuty = apps.get_model("lists", "FieldDuty")
    rows = JointField.objects.filter(version__state="published", version__region="410300")
    for field in rows.select_related("version"):
        held = {field.initiator_id: field.duty}
        for department in field.cooperators.values_list("pk", flat=True):
            held.setdefault(department, "ordinary")
        FieldDuty.objects.bulk_create(
            FieldDuty(
                department_id=department,
                code=field.code,
                name=field.name,
                duty=duty,
                basis=f"按{field.version.title}登记"[:200],
                at=field.version.published_at,
                by_id=field.version.created_by_id,
            )
            for department, duty in held.items()
        )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_regions"),
        ("lists", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LegalBasis",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=120, unique=True, verbose_name="名称")),
                (
                    "document_number",
                    models.CharField(blank=True, max_length=80, verbose_name="文号"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("in_force", "现行有效"),
                            ("amended", "已修订"),
                            ("repealed", "已废止"),
                        ],
                        default="in_force",
                        max_length=10,
                        verbose_name="效力",
                    ),
                ),
                ("since", models.DateField(blank=True, null=True, verbose_name="自")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="说明")),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["title"],
            },
        ),
        migrations.CreateModel(
            name="UpperList",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "level",
                    models.CharField(
                        choices=[("N", "国家"), ("P", "省")], max_length=1, verbose_name="层级"
                    ),
                ),
                ("title", models.CharField(max_length=120, verbose_name="标题")),
                (
                    "document_number",
                    models.CharField(blank=True, max_length=80, verbose_name="文号"),
                ),
                ("is_over", models.BooleanField(default=False, verbose_name="已不再适用")),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="UpperRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=20, verbose_name="代码")),
                ("name", models.CharField(max_length=120, verbose_name="抽查领域")),
                ("targets", models.CharField(blank=True, max_length=300, verbose_name="检查对象")),
                ("items", models.TextField(blank=True, verbose_name="抽查事项")),
                ("initiator", models.CharField(blank=True, max_length=80, verbose_name="发起部门")),
                (
                    "cooperators",
                    models.CharField(blank=True, max_length=300, verbose_name="配合部门"),
                ),
                (
                    "upper",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rows",
                        to="lists.upperlist",
                    ),
                ),
            ],
            options={
                "ordering": ["upper", "pk"],
            },
        ),
        migrations.CreateModel(
            name="UpperDecision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=120)),
                ("adopted_as", models.CharField(blank=True, max_length=10, verbose_name="纳入为")),
                (
                    "cause",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("no_target", "本地没有此类检查对象"),
                            ("no_power", "本地没有相应职权"),
                            ("above", "由上级部门直接检查"),
                            ("other", "其他原因"),
                        ],
                        max_length=10,
                        verbose_name="原因",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="说明")),
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
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="upper_decisions",
                        to="lists.listversion",
                    ),
                ),
                (
                    "row",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="lists.upperrow",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="FieldDuty",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=10, verbose_name="领域代码")),
                ("name", models.CharField(max_length=80, verbose_name="领域")),
                (
                    "duty",
                    models.CharField(
                        choices=[
                            ("competent", "主管部门"),
                            ("major", "重要监管职责"),
                            ("ordinary", "一般监管职责"),
                        ],
                        max_length=10,
                        verbose_name="职责",
                    ),
                ),
                ("basis", models.CharField(max_length=200, verbose_name="职责依据")),
                ("at", models.DateTimeField()),
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
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="duties",
                        to="accounts.department",
                    ),
                ),
            ],
            options={
                "ordering": ["code", "department"],
                "constraints": [
                    models.UniqueConstraint(fields=("department", "code"), name="one_duty_a_field")
                ],
            },
        ),
        migrations.CreateModel(
            name="Mechanism",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, verbose_name="机制名称")),
                ("members", models.CharField(blank=True, max_length=300, verbose_name="成员部门")),
                ("subject", models.CharField(max_length=200, verbose_name="检查什么")),
                (
                    "is_convertible",
                    models.BooleanField(default=True, verbose_name="可以采取双随机方式"),
                ),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="说明")),
                (
                    "field_code",
                    models.CharField(blank=True, max_length=10, verbose_name="已纳入领域"),
                ),
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
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.department",
                        verbose_name="牵头部门",
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.region",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("region", "name"), name="mechanism_once")
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="upperrow",
            constraint=models.UniqueConstraint(fields=("upper", "code"), name="upper_row_once"),
        ),
        migrations.AddConstraint(
            model_name="upperdecision",
            constraint=models.UniqueConstraint(
                fields=("version", "key"), name="decided_once_a_version"
            ),
        ),
        migrations.AddConstraint(
            model_name="upperdecision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("adopted_as", ""), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="left_out_with_a_reason",
            ),
        ),
        migrations.RunPython(duties_of_the_list_in_force, migrations.RunPython.noop),
    ]
