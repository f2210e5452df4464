from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('counselling', '0061_keep_promises'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='case',
            name='case_due',
        ),
        migrations.RemoveField(
            model_name='case',
            name='overdue_noted_at',
        ),
    ]
