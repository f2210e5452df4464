"""What a migration may do while the release before it still runs: add, fill, switch, drop (docs/upgrading.md).

`python -m tests.architecture.migration_policy` writes the list of migrations that are out, after a release.
"""

import importlib
from collections.abc import Iterator
from pathlib import Path

from django.db.migrations import Migration, operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.db.models import Field
from django.db.models.fields import NOT_PROVIDED

APPS = ("accounts", "audit", "chat", "counselling", "outbox", "referrals", "reporting", "vault")
# Migrations that are out already: `app.name`, a line each.
RELEASED = Path(__file__).with_name("migrations_released.txt")
REASON = "WHY_IN_ONE_RELEASE"  # a constant beside the Migration that explains an exception
SHORTEST_REASON = 30  # characters

TAKES_AWAY = (
    operations.RemoveField,
    operations.DeleteModel,
    operations.RenameField,
    operations.RenameModel,
    operations.AlterModelTable,
)


def released() -> set[str]:
    """Return the names of the migrations that are out."""
    return set(RELEASED.read_text().split())


def present() -> list[tuple[str, str]]:
    """Return app and name of every migration of the house, in their order."""
    keys = MigrationLoader(None).disk_migrations
    return sorted((app, name) for app, name in keys if app in APPS)


def findings(app: str, name: str) -> list[str]:
    """Return what a migration does that the release before it would not survive, unless explained."""
    module = importlib.import_module(f"{app}.migrations.{name}")
    if len(getattr(module, REASON, "")) >= SHORTEST_REASON:
        return []
    loader = MigrationLoader(None)
    migration = loader.disk_migrations[app, name]
    state = loader.project_state([(app, name)], at_end=False)
    return list(breaking(migration, app, state))


def breaking(migration: Migration, app: str, state: ProjectState) -> Iterator[str]:
    """Yield a sentence for each operation of a migration that breaks code of before it."""
    made: set[str] = set()
    for operation in migration.operations:
        if isinstance(operation, operations.CreateModel):
            made.add(operation.name_lower)
        what = operation.describe()
        model = getattr(operation, "model_name_lower", "")
        if isinstance(operation, TAKES_AWAY):
            yield f"{what}: code of before still uses it; drop it one release later"
        elif isinstance(operation, operations.AddField) and model not in made:
            if needs_value(operation.field):
                yield f"{what}: code of before inserts rows without it; give it null or db_default"
        elif isinstance(operation, operations.AlterField) and model not in made:
            before: Field[object, object] = state.models[app, model].fields[operation.name]
            yield from _altered(what, before, operation.field)
        elif isinstance(operation, operations.AddConstraint) and model not in made:
            yield f"{what}: code of before may write rows against it; fill first, bind a release later"
        elif isinstance(operation, operations.RunSQL):
            yield f"{what}: nobody can tell from here what it does"
        operation.state_forwards(app, state)


def needs_value(field: "Field[object, object]") -> bool:
    """Say whether an INSERT that does not name a column fails."""
    has_column = not field.many_to_many
    return has_column and not field.null and field.db_default is NOT_PROVIDED


def _altered(
    what: str, before: "Field[object, object]", after: "Field[object, object]"
) -> Iterator[str]:
    if before.null and needs_value(after):
        yield f"{what}: code of before writes NULL; give it db_default, and fill first"
    if before.get_internal_type() != after.get_internal_type():
        yield f"{what}: code of before reads another type; add a field, fill, switch, drop"
    old, new = (getattr(field, "max_length", None) for field in (before, after))
    if old is not None and new is not None and new < old:
        yield f"{what}: code of before writes longer texts"
    if after.unique and not before.unique:
        yield f"{what}: code of before may write the same value twice"


if __name__ == "__main__":
    import django

    django.setup()
    RELEASED.write_text("".join(f"{app}.{name}\n" for app, name in present()))
