"""No row is written outside operations and models."""

import ast
from pathlib import Path

import pytest

from tests.architecture.sources import parsed, python_files, shown

WRITERS = frozenset(
    [
        "save",
        "create",
        "update",
        "delete",
        "bulk_create",
        "bulk_update",
        "get_or_create",
        "update_or_create",
        "execute",
        "add",
        "set",
        "remove",
        "clear",
    ]
)
MAKERS = frozenset(["WrittenChange", "WrittenRows"])  # of accounts/written.py
# Calls with such a name that write no row: sets, dicts, sessions, caches, futures.
HARMLESS_OWNERS = frozenset(["session", "cache", "removed", "headers", "counts", "hasher"])
# The rooms that may write, and why.
ALLOWED = {
    "accounts/operations": "the writers of organisations and staff",
    "counselling/operations": "the writers of cases",
    "chat/operations": "the writers of chats",
    "outbox/operations": "the writers of deliveries",
    "referrals/operations": "the writers of the directory and of referrals",
    "referrals/formats/writing.py": "writes exports, which are files",
    "audit/trail.py": "the one writer of the trail",
    "audit/models.py": "refuses changes",
    "counselling/models/promise.py": "refuses changes of breaches",
    "vault/escrow.py": "the one writer of the escrow key",
    "vault/keyring.py": "the one writer of wrapped case keys",
    "vault/staff_keys.py": "the one writer of people's key pairs",
    "vault/team_keys.py": "the one writer of teams' keys",
    "vault/parcels.py": "the one writer of parcels' keys",
    "vault/sessions.py": "the session store",
    "config/management/commands/demo.py": "drops the demo's own schema",
    "config/backups.py": "puts a backup in the place of what is there",
    "config/watching.py": "asks the database for signs of life",
    "reporting/traffic.py": "counts in Redis and knows no rows",
    "config/layers.py": "sends hints over Redis and knows no rows",
    "accounts/written.py": "statements that are written once; whoever makes one that changes rows is a writer",
    "counselling/uploads/cleaning": "writes files into memory and knows no rows",
    "counselling/management/commands/train_triage.py": "writes the model, which is a file",
}


def may_write(path: Path) -> bool:
    """Say whether a file is in a room that may write."""
    return any(shown(path).startswith(room) for room in ALLOWED)


def writes(path: Path) -> list[str]:
    """Return the places in a file that look like writing a row."""
    return [
        f"{shown(path)}:{node.lineno} {ast.unparse(node.func)}(…)"
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
        and (
            is_write(node.func)
            if isinstance(node.func, ast.Attribute)
            else isinstance(node.func, ast.Name) and node.func.id in MAKERS
        )
    ]


def is_write(func: ast.Attribute) -> bool:
    """Say whether a call of this looks like writing a row."""
    is_harmless = owner(func.value) in HARMLESS_OWNERS
    return func.attr in WRITERS and not is_harmless and looks_like_rows(func)


def owner(value: ast.expr) -> str:
    """Return the last name before the call: `session` of `request.session.set(…)`."""
    if isinstance(value, ast.Attribute):
        return value.attr
    return value.id if isinstance(value, ast.Name) else ""


def looks_like_rows(func: ast.Attribute) -> bool:
    """Leave out names that belong to sets, dicts and operations; keep what a row or manager has."""
    if func.attr in {"add", "set", "remove", "clear", "update"}:
        return any(word in ast.unparse(func.value) for word in ("objects", "filter(", "_set"))
    if func.attr in {"create", "delete", "save", "execute"} and isinstance(func.value, ast.Name):
        # A verb of an operations module is what a view should call: `cases.delete(...)`.
        return not is_operation(func.value.id)
    return True


def is_operation(name: str) -> bool:
    """Say whether a name is that of an operations module."""
    return name in {
        path.stem for path in python_files() if "operations" in path.parts and path.stem[0] != "_"
    }


@pytest.mark.parametrize("path", list(python_files()), ids=shown)
def test_only_operations_and_models_write_rows(path: Path) -> None:
    assert may_write(path) or writes(path) == []


def test_the_guard_sees_a_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    careless = tmp_path / "views.py"
    careless.write_text(
        "def view(case):\n    case.save()\n    Case.objects.filter(pk=1).update(a=2)\n"
        "NEW = WrittenRows(Case)\n"
    )
    monkeypatch.setattr("tests.architecture.test_writes.shown", lambda path: path.name)
    assert len(writes(careless)) == 3
