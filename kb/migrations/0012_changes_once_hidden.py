from django.conf import settings
from django.db import migrations, models

from kb import once_hidden


def mark(apps, schema_editor):
    """Note of the changes that are here which of them tell of what was hidden then."""
    once_hidden.mark(*(apps.get_model("kb", name) for name in ("Change", "HistoricalEntry", "SlugRedirect")))


class Migration(migrations.Migration):

    dependencies = [
        ('kb', '0011_facts_as_rows'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='change',
            name='kb_change_job_id_2dc482_idx',
        ),
        migrations.AddField(
            model_name='change',
            name='was_hidden',
            field=models.BooleanField(default=False),
        ),
        migrations.AddIndex(
            model_name='change',
            index=models.Index(fields=['job', 'action', 'entry', 'preview', 'source', 'created_at', 'was_hidden'], name='kb_change_job_id_be6beb_idx'),
        ),
        # Last: PostgreSQL changes no table that has just been written to.
        migrations.RunPython(mark, migrations.RunPython.noop, elidable=True),
    ]
