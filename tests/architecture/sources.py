"""The project's own Python files, for the tests that guard its order."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "config",
    "vault",
    "audit",
    "outbox",
    "accounts",
    "counselling",
    "chat",
    "referrals",
    "reporting",
)


def python_files() -> Iterator[Path]:
    """Yield every Python file of the house, without migrations."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def parsed(path: Path) -> ast.Module:
    """Return a file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def shown(path: Path) -> str:
    """Return a file's name as a person would write it."""
    return str(path.relative_to(ROOT))
