"""Programs that the tests need and Python does not bring along."""

import shutil
from pathlib import Path


class MissingProgram(Exception):
    """A program is not installed; the text names the Debian package to install."""


def program(*names: str, package: str) -> Path:
    """Return where the first of several equivalent programs is. Raises MissingProgram."""
    for name in names:
        if found := shutil.which(name):
            return Path(found)
    raise MissingProgram(f"{names[0]} is not installed. On Debian: apt-get install {package}")


def postgresql_program(name: str) -> Path:
    """Return where a server program of PostgreSQL is. Raises MissingProgram.

    Debian keeps them out of the search path, in a folder per version; the newest wins.
    """
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    for folder in folders:
        if (folder / name).exists():
            return folder / name
    return program(name, package="postgresql")


def _version(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0
