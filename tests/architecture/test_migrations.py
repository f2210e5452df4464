"""Every new migration can run while the release before it still answers (docs/upgrading.md)."""

from typing import Any

import pytest
from django.db import migrations, models
from django.db.migrations.state import ModelState, ProjectState
from django.db.models.functions import Now

from tests.architecture import migration_policy
from tests.architecture.migration_policy import breaking, findings, present, released


def test_every_migration_that_is_not_out_yet_lets_the_release_before_it_run() -> None:
    new = [(app, name) for app, name in present() if f"{app}.{name}" not in released()]
    assert {f"{app}.{name}": found for app, name in new if (found := findings(app, name))} == {}


def test_what_is_out_stays() -> None:
    assert released() <= {f"{app}.{name}" for app, name in present()}


def state() -> ProjectState:
    """Return a house with one table."""
    fields: list[tuple[str, Any]] = [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.CharField(max_length=40)),
        ("noted_at", models.DateTimeField(null=True)),
    ]
    made = ProjectState()
    made.add_model(ModelState("house", "Room", fields))
    return made


def verdicts(*operations: Any) -> list[str]:
    made = type("New", (migrations.Migration,), {"operations": list(operations)})
    return list(breaking(made("0002_new", "house"), "house", state()))


@pytest.mark.parametrize(
    "operation",
    [
        migrations.RemoveField("Room", "name"),
        migrations.DeleteModel("Room"),
        migrations.RenameField("Room", "name", "title"),
        migrations.RenameModel("Room", "Chamber"),
        migrations.AddField("Room", "size", models.IntegerField(default=0)),
        migrations.AlterField("Room", "noted_at", models.DateTimeField()),
        migrations.AlterField("Room", "name", models.CharField(max_length=10)),
        migrations.AlterField("Room", "name", models.CharField(max_length=40, unique=True)),
        migrations.AlterField("Room", "name", models.IntegerField(db_default=0)),
        migrations.AddConstraint(
            "Room", models.CheckConstraint(condition=~models.Q(name=""), name="named")
        ),
        migrations.RunSQL("DROP TABLE room"),
    ],
    ids=lambda operation: type(operation).__name__,
)
def test_what_the_release_before_would_not_survive_is_refused(operation: Any) -> None:
    assert len(verdicts(operation)) == 1


def test_what_only_adds_is_let_through() -> None:
    table = migrations.CreateModel("Door", [("id", models.BigAutoField(primary_key=True))])
    of_new = migrations.AddField("Door", "size", models.IntegerField(default=0))
    assert not verdicts(
        migrations.AddField("Room", "size", models.IntegerField(null=True)),
        migrations.AddField("Room", "made_at", models.DateTimeField(db_default=Now())),
        migrations.AlterField("Room", "name", models.CharField(max_length=80)),
        migrations.AlterField("Room", "noted_at", models.DateTimeField(db_default=Now())),
        table,
        of_new,
        migrations.RunPython(migrations.RunPython.noop),
    )


def test_an_exception_is_explained_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first migration that took something away, as if it were new: refused, until it says why."""
    taking = next((app, name) for app, name in present() if findings(app, name))
    module = f"{taking[0]}.migrations.{taking[1]}.{migration_policy.REASON}"
    monkeypatch.setattr(module, "because", raising=False)
    assert findings(*taking), "a word is no reason"
    monkeypatch.setattr(module, "The table was never used by any release.", raising=False)
    assert not findings(*taking)
