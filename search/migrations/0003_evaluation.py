from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("search", "0002_saved_precedents"),
    ]

    operations = [
        migrations.CreateModel(
            name="Evaluation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, unique=True)),
                ("measured_at", models.DateTimeField()),
                ("report", models.JSONField()),
            ],
            options={"ordering": ["name"]},
        ),
    ]
