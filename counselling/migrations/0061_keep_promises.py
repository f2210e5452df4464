"""Keep what was promised before deadlines were rows, and let the database refuse to change breaches."""

from datetime import timedelta
from typing import Any

from django.db import migrations
from django.db.models import OuterRef, Subquery

MINUTE = timedelta(minutes=1)
NORMAL, DRINGEND = 2, 1

POSTGRESQL = [
    """
    CREATE FUNCTION counselling_breach_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'breaches are append-only';
    END $$
    """,
    """
    CREATE TRIGGER counselling_breach_is_append_only BEFORE UPDATE OR DELETE ON counselling_breach
    FOR EACH ROW EXECUTE FUNCTION counselling_breach_is_append_only()
    """,
]
SQLITE = [
    f"""
    CREATE TRIGGER counselling_breach_refuses_{event.lower()} BEFORE {event} ON counselling_breach
    BEGIN SELECT RAISE(ABORT, 'breaches are append-only'); END
    """
    for event in ("UPDATE", "DELETE")
]


def levels(apps: Any, schema_editor: Any) -> None:
    """Take over the numbers that an organisation had set: hours around the clock, and working hours."""
    level = apps.get_model("counselling", "ServiceLevel")
    for organisation in apps.get_model("accounts", "Organisation").objects.all():
        dringend, normal = organisation.target_dringend_hours, organisation.target_normal_hours
        common = {"organisation": organisation, "warning": 75}
        if dringend != 4:
            level.objects.create(
                urgency=DRINGEND, first=dringend * 60, next=dringend * 60, **common
            )
        if normal != 24:
            level.objects.create(urgency=NORMAL, first=normal * 60, next=normal * 60, **common)


def deadlines(apps: Any, schema_editor: Any) -> None:
    """Make a deadline of every promise that runs."""
    message = apps.get_model("counselling", "Message")
    spoken = message.objects.filter(case=OuterRef("pk"), role__in=["client", "reply"])
    replies = message.objects.filter(case=OuterRef("pk"), role="reply")
    cases = (
        apps.get_model("counselling", "Case")
        .objects.filter(due_at__isnull=False)
        .annotate(last_role=Subquery(spoken.order_by("-seq").values("role")[:1]))
        .annotate(replied=Subquery(replies.values("pk")[:1]))
    )
    deadline = apps.get_model("counselling", "Deadline")
    breach = apps.get_model("counselling", "Breach")
    for case in cases.iterator(chunk_size=1000):
        if case.last_role == "reply":
            continue  # it was put back while it waited for its client: nothing is promised
        since = min(case.waiting_since, case.due_at - MINUTE)
        row = deadline.objects.create(
            case=case,
            organisation_id=case.organisation_id,
            kind="next" if case.replied else "first",
            urgency=case.urgency,
            levels=[[case.urgency, since.isoformat()]],
            since=since,
            promised_at=case.due_at,
            due_at=case.due_at,
            warn_at=since + (case.due_at - since) * 0.75,
            warned_at=case.overdue_noted_at,
            breached_at=case.overdue_noted_at,
        )
        if case.overdue_noted_at is not None:
            breach.objects.create(
                deadline=row.pk,
                case=case.pk,
                organisation=case.organisation_id,
                team=case.team_id,
                channel="mail",
                kind=row.kind,
                urgency=row.urgency,
                since=since,
                due_at=case.due_at,
                noted_at=case.overdue_noted_at,
            )


def forbid(apps: Any, schema_editor: Any) -> None:
    """Create the triggers of this database."""
    statements = POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE
    for statement in statements:
        schema_editor.execute(statement)


def allow(apps: Any, schema_editor: Any) -> None:
    """Drop the triggers, for going back one migration."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION counselling_breach_is_append_only CASCADE")
    else:
        for event in ("update", "delete"):
            schema_editor.execute(f"DROP TRIGGER counselling_breach_refuses_{event}")


class Migration(migrations.Migration):
    dependencies = [("counselling", "0060_promises")]
    operations = [
        migrations.RunPython(levels, migrations.RunPython.noop),
        migrations.RunPython(deadlines, migrations.RunPython.noop),
        migrations.RunPython(forbid, allow),
    ]
