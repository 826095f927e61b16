"""The tables a clerk starts with: kinds of targets with their words, and the city's place names."""

import csv
from importlib import resources

from django.db import migrations


def read(name):
    text = resources.files("liancha.registry").joinpath("data", name).read_text(encoding="utf-8")
    return csv.DictReader(text.splitlines())


def seed(apps, schema_editor):
    Tag = apps.get_model("registry", "Tag")
    TagKeyword = apps.get_model("registry", "TagKeyword")
    PlaceName = apps.get_model("registry", "PlaceName")
    for row in read("tags.csv"):
        tag = Tag.objects.create(code=row["code"], name=row["name"], kinds=row["kinds"])
        TagKeyword.objects.bulk_create(
            TagKeyword(
                tag=tag,
                word=word,
                in_name_only=column == "name_words",
                is_exclusion=column == "exclusions",
            )
            for column in ("words", "name_words", "exclusions")
            for word in dict.fromkeys(filter(None, row[column].split("、")))
        )
    PlaceName.objects.bulk_create(
        PlaceName(
            name=row["name"],
            region_id=row["region"],
            kind=row["kind"],
            is_old=row["is_old"] == "1",
            formerly=row["formerly"],
        )
        for row in read("places.csv")
    )


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial"), ("accounts", "0002_regions")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
