import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("search", "0003_evaluation")]

    operations = [
        migrations.CreateModel(
            name="TunedEncoder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=160, unique=True)),
                ("base", models.CharField(db_index=True, max_length=200)),
                ("digest", models.CharField(blank=True, max_length=40)),
                ("pairs", models.JSONField(default=dict)),
                ("recipe", models.JSONField(default=dict)),
                ("figures", models.JSONField(default=list)),
                ("verdict", models.TextField(blank=True)),
                ("seconds", models.JSONField(default=dict)),
                ("entries", models.PositiveIntegerField(default=0, help_text="entries in the collection then")),
                ("state", models.CharField(choices=[("candidate", "Being made"), ("kept", "Kept, not in use yet"), ("refused", "Refused"), ("in use", "In use"), ("retired", "Retired"), ("declined", "Declined by a curator")], db_index=True, default="candidate", max_length=10)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("previous", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="later", to="search.tunedencoder")),
            ],
            options={"ordering": ["-id"]},
        ),
    ]
