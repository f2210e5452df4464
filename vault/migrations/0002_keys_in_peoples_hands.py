"""Case keys are wrapped for access codes and teams now; the server's wraps open nothing any more."""

import django.db.models.deletion
import uuid
from django.db import migrations, models


def refuse_old_wraps(apps, schema_editor):
    """Stop before anything is lost: what one server key opened cannot be re-wrapped without the people."""
    if apps.get_model("vault", "KeyWrap").objects.exists():
        raise RuntimeError(
            "This database holds cases that were sealed before keys were in people's hands (before "
            "Lotse 0.2). They cannot be carried over. A demo: start over with `make demo-reset`. "
            "Anything else: keep the release that wrote it until its cases are closed and deleted."
        )


class Migration(migrations.Migration):

    dependencies = [
        ('vault', '0001_initial'),
    ]

    operations = [
        migrations.RunPython(refuse_old_wraps, migrations.RunPython.noop),
        migrations.DeleteModel('KeyWrap'),
        migrations.CreateModel(
            name='StaffKey',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('user', models.UUIDField(unique=True)),
                ('public', models.BinaryField(max_length=32)),
                ('created_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='EscrowKey',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('public', models.BinaryField(max_length=32)),
                ('created_at', models.DateTimeField()),
                ('is_current', models.BooleanField(default=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('is_current', True)), fields=('is_current',), name='one_current_escrow_key')],
            },
        ),
        migrations.CreateModel(
            name='KeyWrap',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.UUIDField()),
                ('kind', models.CharField(choices=[('code', 'Code'), ('team', 'Team'), ('staff', 'Staff')], max_length=5)),
                ('recipient', models.UUIDField()),
                ('generation', models.PositiveIntegerField(default=0)),
                ('sealed', models.BinaryField()),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('kind', 'code'), _negated=True), fields=['recipient', 'generation', '-id'], name='wraps_of_recipient')],
                'constraints': [models.UniqueConstraint(fields=('subject', 'recipient'), name='one_wrap_per_recipient'), models.CheckConstraint(condition=models.Q(models.Q(('generation__gte', 1), ('kind', 'team')), models.Q(models.Q(('kind', 'team'), _negated=True), ('generation', 0)), _connector='OR'), name='a_team_wrap_has_a_generation')],
            },
        ),
        migrations.CreateModel(
            name='TeamKey',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('team', models.UUIDField()),
                ('generation', models.PositiveIntegerField()),
                ('public', models.BinaryField(max_length=32)),
                ('created_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('team', 'generation'), name='generation_is_unique'), models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('team',), name='one_current_generation')],
            },
        ),
        migrations.CreateModel(
            name='StaffKeyWrap',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('way', models.CharField(choices=[('password', 'Password'), ('device', 'Device'), ('card', 'Card')], max_length=8)),
                ('device', models.UUIDField(null=True)),
                ('device_key', models.BinaryField(null=True)),
                ('salt', models.BinaryField(default=bytes, max_length=16)),
                ('memory_kib', models.PositiveIntegerField(default=0)),
                ('passes', models.PositiveSmallIntegerField(default=0)),
                ('sealed', models.BinaryField()),
                ('created_at', models.DateTimeField()),
                ('staff_key', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='wraps', to='vault.staffkey')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('device__isnull', True)), fields=('staff_key', 'way'), name='one_wrap_without_device_per_way'), models.UniqueConstraint(fields=('staff_key', 'device'), name='one_wrap_per_device'), models.CheckConstraint(condition=models.Q(models.Q(('device__isnull', False), ('device_key__isnull', False), ('way', 'device')), models.Q(models.Q(('way', 'device'), _negated=True), ('device__isnull', True), ('device_key__isnull', True)), _connector='OR'), name='wrap_for_a_device_names_it')],
            },
        ),
        migrations.CreateModel(
            name='TeamKeySeal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('staff', 'Staff'), ('escrow', 'Escrow'), ('invitation', 'Invitation')], max_length=10)),
                ('recipient', models.UUIDField()),
                ('sealed', models.BinaryField()),
                ('created_at', models.DateTimeField()),
                ('team_key', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='seals', to='vault.teamkey')),
            ],
            options={
                'indexes': [models.Index(fields=['recipient'], name='seals_of_recipient')],
                'constraints': [models.UniqueConstraint(fields=('team_key', 'recipient'), name='one_seal_per_recipient')],
            },
        ),
    ]
