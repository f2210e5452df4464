"""Files read in one sitting, and no drawer without a noun."""

import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from tests.architecture.sources import ROOT, parsed, python_files, shown

LONGEST = 450  # lines; what one sitting takes in
DRAWERS = frozenset(["utils", "util", "helpers", "helper", "common", "core", "misc"])
OWN_APPS = ("accounts", "audit", "chat", "counselling", "outbox", "referrals", "vault")


@pytest.mark.parametrize("path", list(python_files()), ids=shown)
def test_a_file_reads_in_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_templates_styles_and_scripts_read_in_one_sitting() -> None:
    files = [
        path
        for folder in ("templates", "static")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".html", ".css", ".js"}
    ]
    assert files
    too_long = [shown(f) for f in files if len(f.read_text().splitlines()) > LONGEST]
    assert too_long == []


def test_there_is_no_drawer_without_a_noun() -> None:
    assert [shown(p) for p in python_files() if DRAWERS & {p.stem, *p.parent.parts}] == []


@pytest.mark.parametrize("path", list(python_files()), ids=shown)
def test_every_public_piece_says_what_it_is(path: Path) -> None:
    silent = []
    for node in ast.iter_child_nodes(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inside = node.body if isinstance(node, ast.ClassDef) else []
            public = [node, *(n for n in inside if isinstance(n, ast.FunctionDef))]
            silent += [
                f"{shown(path)}:{n.lineno} {n.name}"
                for n in public
                if not n.name.startswith("_")
                and n.name not in {"Meta", "ready"}
                and not is_private_or_app(node)
                and ast.get_docstring(n) is None
                and not is_enum(n)
            ]
    assert silent == []


def is_private_or_app(node: ast.AST) -> bool:
    """Say whether a class is private or one of Django's app configurations."""
    return isinstance(node, ast.ClassDef) and (
        node.name.startswith("_") or node.name.endswith("Config")
    )


def is_enum(node: ast.AST) -> bool:
    """Say whether a nested class is a list of choices, which explains itself."""
    return isinstance(node, ast.ClassDef) and any(
        ast.unparse(base).endswith(("Choices", "Enum")) for base in node.bases
    )


def test_a_moment_and_a_person_that_belong_together_are_bound_by_a_constraint() -> None:
    unbound = []
    for app in OWN_APPS:
        for model in apps.get_app_config(app).get_models():
            names = {field.name for field in model._meta.get_fields()}
            for name in names:
                partner = name.removesuffix("_at") + "_by"
                if name.endswith("_at") and partner in names and not binds(model, name, partner):
                    unbound.append(f"{model.__name__}.{name} and {partner}")
    assert unbound == []


def binds(model: type[models.Model], *names: str) -> bool:
    """Say whether one check constraint of a model speaks of all these fields."""
    return any(
        all(name in str(constraint.condition) for name in names)
        for constraint in model._meta.constraints
        if isinstance(constraint, models.CheckConstraint)
    )
