from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0005_pending_index'),
    ]

    operations = [
        migrations.CreateModel(
            name='MapLayout',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('audience', models.CharField(choices=[('everybody', 'Everybody'), ('staff', 'Staff')], max_length=10, unique=True)),
                ('fingerprint', models.CharField(max_length=200)),
                ('points', models.BinaryField()),
                ('words', models.JSONField(default=list)),
                ('terms', models.BinaryField()),
                ('figures', models.JSONField(default=dict)),
                ('fitted', models.PositiveIntegerField()),
                ('placed', models.PositiveIntegerField(default=0)),
                ('made_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
            ],
        ),
    ]
