from django.db import migrations

AT_ONCE = 500


def write_rows(apps, schema_editor):
    """Say of the notes that are here which of them ask something."""
    fact = apps.get_model("kb", "Fact")
    notes = apps.get_model("kb", "Entry").objects.filter(kind="note").only("facts").order_by("pk")
    rows = [
        fact(entry_id=note.pk, name="questions", value="some", spelling="some")
        for note in notes.iterator(AT_ONCE)
        if (note.facts or {}).get("questions")
    ]
    fact.objects.bulk_create(rows, AT_ONCE, ignore_conflicts=True)


class Migration(migrations.Migration):

    dependencies = [
        ('kb', '0012_changes_once_hidden'),
    ]

    operations = [
        migrations.RunPython(write_rows, migrations.RunPython.noop, elidable=True),
    ]
