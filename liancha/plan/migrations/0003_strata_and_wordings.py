from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("plan", "0002_filters_caps_and_trials")]

    operations = [
        migrations.AddField(
            model_name="planline",
            name="strata_tags",
            field=models.JSONField(blank=True, default=list, verbose_name="分层标签"),
        ),
        migrations.AddField(
            model_name="planrate",
            name="wording",
            field=models.CharField(blank=True, max_length=80, verbose_name="原文"),
        ),
        migrations.AlterField(
            model_name="planline",
            name="stratify",
            field=models.CharField(
                choices=[
                    ("none", "不分层"),
                    ("credit", "按信用风险分类"),
                    ("region", "按县区"),
                    ("industry", "按行业门类"),
                    ("tag", "按标签"),
                    ("kind", "按主体类型"),
                ],
                default="credit",
                max_length=10,
                verbose_name="分层",
            ),
        ),
    ]
