"""Full text over the search's documents: PostgreSQL's own (config german, pg_trgm), or SQLite's FTS5."""

from typing import Any

from django.db import DatabaseError, migrations, transaction

POSTGRESQL = [
    """
    ALTER TABLE referrals_searchdocument ADD COLUMN tokens tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('german', title), 'A') || setweight(to_tsvector('german', body), 'C')
    ) STORED
    """,
    "CREATE INDEX search_tokens ON referrals_searchdocument USING gin (tokens)",
]
TRIGRAMS = [
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX search_trigrams ON referrals_searchdocument USING gin (title gin_trgm_ops)",
]
# A later migration that changes the table on SQLite must run these again: Django remakes the table,
# and the triggers go with it.
SQLITE = [
    """
    CREATE VIRTUAL TABLE referrals_searchtext USING fts5(
        title, body, content='referrals_searchdocument', content_rowid='id', tokenize='unicode61'
    )
    """,
    """
    CREATE VIRTUAL TABLE referrals_searchtrigram USING fts5(
        title, content='referrals_searchdocument', content_rowid='id', tokenize='trigram'
    )
    """,
    """
    CREATE TRIGGER search_text_added AFTER INSERT ON referrals_searchdocument BEGIN
        INSERT INTO referrals_searchtext(rowid, title, body) VALUES (new.id, new.title, new.body);
        INSERT INTO referrals_searchtrigram(rowid, title) VALUES (new.id, new.title);
    END
    """,
    """
    CREATE TRIGGER search_text_gone AFTER DELETE ON referrals_searchdocument BEGIN
        INSERT INTO referrals_searchtext(referrals_searchtext, rowid, title, body)
        VALUES ('delete', old.id, old.title, old.body);
        INSERT INTO referrals_searchtrigram(referrals_searchtrigram, rowid, title)
        VALUES ('delete', old.id, old.title);
    END
    """,
    """
    CREATE TRIGGER search_text_changed AFTER UPDATE OF title, body ON referrals_searchdocument BEGIN
        INSERT INTO referrals_searchtext(referrals_searchtext, rowid, title, body)
        VALUES ('delete', old.id, old.title, old.body);
        INSERT INTO referrals_searchtext(rowid, title, body) VALUES (new.id, new.title, new.body);
        INSERT INTO referrals_searchtrigram(referrals_searchtrigram, rowid, title)
        VALUES ('delete', old.id, old.title);
        INSERT INTO referrals_searchtrigram(rowid, title) VALUES (new.id, new.title);
    END
    """,
]


def build(apps: Any, schema_editor: Any) -> None:
    """Create what this database offers; without the right to pg_trgm names forgive no typing errors."""
    if schema_editor.connection.vendor != "postgresql":
        for statement in SQLITE:
            schema_editor.execute(statement)
        return
    for statement in POSTGRESQL:
        schema_editor.execute(statement)
    try:
        with transaction.atomic(using=schema_editor.connection.alias):
            for statement in TRIGRAMS:
                schema_editor.execute(statement)
    except DatabaseError:
        print(
            "\n  pg_trgm is not available to this role; the search then forgives no typing errors in"
            " names of services. Ask the server's administrator for: CREATE EXTENSION pg_trgm;"
            " CREATE INDEX search_trigrams ON referrals_searchdocument USING gin (title gin_trgm_ops);"
        )


def drop(apps: Any, schema_editor: Any) -> None:
    """Take it away, for going back one migration."""
    if schema_editor.connection.vendor != "postgresql":
        for trigger in ("added", "gone", "changed"):
            schema_editor.execute(f"DROP TRIGGER search_text_{trigger}")
        schema_editor.execute("DROP TABLE referrals_searchtext")
        schema_editor.execute("DROP TABLE referrals_searchtrigram")
        return
    schema_editor.execute("DROP INDEX IF EXISTS search_trigrams")
    schema_editor.execute("ALTER TABLE referrals_searchdocument DROP COLUMN tokens")


class Migration(migrations.Migration):
    dependencies = [("referrals", "0010_search")]
    operations = [migrations.RunPython(build, drop)]
