"""The regions of the city (domain §c.1): they are the scope of everything else."""

from django.db import migrations

from liancha.rulebook.regions import CITY, FUNCTIONAL, REGIONS


def seed(apps, schema_editor):
    Region = apps.get_model("accounts", "Region")
    for code, name in REGIONS.items():
        kind = (
            "city"
            if code == CITY
            else "area"
            if code in FUNCTIONAL
            else "district"
            if name.endswith("区")
            else "county"
        )
        Region.objects.get_or_create(code=code, defaults={"name": name, "kind": kind})


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
