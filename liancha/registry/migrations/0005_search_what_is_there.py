"""Targets that were there before the search table are put into it."""

from django.db import migrations
from django.utils import timezone

from liancha.registry import search


def fill(apps, schema_editor):
    Target = apps.get_model("registry", "Target")
    Import = apps.get_model("registry", "Import")
    SearchFill = apps.get_model("registry", "SearchFill")
    search.fill(Target.objects.values_list(*search.FIELDS).iterator(chunk_size=search.PIECE))
    SearchFill.objects.bulk_create(
        SearchFill(batch=batch, at=timezone.now())
        for batch in Import.objects.filter(written_at__isnull=False)
    )


class Migration(migrations.Migration):
    dependencies = [("registry", "0004_doubts_checks_and_search")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
