"""What an index of entries by id was for, searches read of what is held of entries."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("kb", "0013_questions_as_facts")]

    operations = [migrations.RemoveIndex(model_name="entry", name="kb_entry_status_144d8f_idx")]
