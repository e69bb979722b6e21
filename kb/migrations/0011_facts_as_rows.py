import django.db.models.deletion
from django.db import migrations, models

NAMES = ("harms", "sector", "industry", "techniques", "technology", "country")
AT_ONCE = 500


def write_rows(apps, schema_editor):
    """Make the rows of the facts that are here."""
    fact = apps.get_model("kb", "Fact")
    rows = []
    for entry in apps.get_model("kb", "Entry").objects.only("facts").order_by("pk").iterator(AT_ONCE):
        told = {}
        for name in NAMES:
            said = (entry.facts or {}).get(name) or []
            for spelled in (str(part).strip() for part in ([said] if isinstance(said, str) else said)):
                key = name, spelled.lower()
                told[key] = min(spelled, told.get(key, spelled))
        rows += [
            fact(entry_id=entry.pk, name=name, value=value, spelling=spelling)
            for (name, value), spelling in told.items()
            if value
        ]
        if len(rows) >= AT_ONCE:
            fact.objects.bulk_create(rows)
            rows = []
    fact.objects.bulk_create(rows)


class Migration(migrations.Migration):

    dependencies = [
        ('kb', '0010_counting_of_named'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='entityrole',
            index=models.Index(fields=['role', 'entity', 'entry'], name='kb_entityro_role_ad6ac8_idx'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['source', 'licence', 'attribution', 'occurred_on'], name='kb_entry_source_928517_idx'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['kind', '-updated_at', '-id'], name='kb_entry_kind_0833e4_idx'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['kind', '-created_at', '-id'], name='kb_entry_kind_07b569_idx'),
        ),
        migrations.AddIndex(
            model_name='reference',
            index=models.Index(fields=['published_on'], name='kb_referenc_publish_ad2676_idx'),
        ),
        migrations.CreateModel(
            name='Fact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=20)),
                ('value', models.CharField(max_length=400)),
                ('spelling', models.CharField(max_length=200)),
                ('entry', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='fact_rows', to='kb.entry')),
            ],
            options={
                'indexes': [models.Index(fields=['name', 'value', 'spelling', 'entry'], name='kb_fact_name_e0433b_idx')],
                'constraints': [models.UniqueConstraint(fields=('entry', 'name', 'value'), name='one_fact_once')],
            },
        ),
        migrations.RunPython(write_rows, migrations.RunPython.noop, elidable=True),
    ]
