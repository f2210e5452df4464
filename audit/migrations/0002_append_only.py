"""Let the database itself refuse to change or delete the trail."""

from typing import Any

from django.db import migrations

POSTGRESQL = [
    """
    CREATE FUNCTION audit_trail_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the trail is append-only';
    END $$
    """,
    """
    CREATE TRIGGER audit_trail_is_append_only BEFORE UPDATE OR DELETE ON audit_trailentry
    FOR EACH ROW EXECUTE FUNCTION audit_trail_is_append_only()
    """,
]
SQLITE = [
    f"""
    CREATE TRIGGER audit_trail_refuses_{event.lower()} BEFORE {event} ON audit_trailentry
    BEGIN SELECT RAISE(ABORT, 'the trail is append-only'); END
    """
    for event in ("UPDATE", "DELETE")
]


def forbid(apps: Any, schema_editor: Any) -> None:
    """Create the triggers of this database."""
    statements = POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE
    for statement in statements:
        schema_editor.execute(statement)


def allow(apps: Any, schema_editor: Any) -> None:
    """Drop the triggers, for going back one migration."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION audit_trail_is_append_only CASCADE")
    else:
        for event in ("update", "delete"):
            schema_editor.execute(f"DROP TRIGGER audit_trail_refuses_{event}")


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(forbid, allow)]
