"""After a backup was restored: what had been deleted is deleted again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from counselling import files
from counselling.operations import retention
from vault import sessions

BATCH = 500  # cases deleted in one transaction


class Command(BaseCommand):
    """Apply the deletion list to the database, and end every session that the backup brought back."""

    help = (
        "Run this after restoring a backup and before anybody uses it: deletes again what had been "
        "deleted since the backup, ends all sessions, and says which files the backup lacks."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the list's files."""
        parser.add_argument(
            "--list",
            dest="lists",
            action="append",
            type=Path,
            metavar="FILE",
            help=f"a deletion list; may be given several times (default: {settings.DELETION_LIST})",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete again and report.

        Raises CommandError when a list is missing or damaged, or when files are missing.
        """
        lists: list[Path] = options["lists"] or [settings.DELETION_LIST]
        listed: list[UUID] = []
        damaged: list[str] = []
        for path in lists:
            if not path.is_file():
                raise CommandError(
                    f"The deletion list {path} is not there. Bring the newest copy of it and name it "
                    "with --list. Without it, deleted conversations stay readable."
                )
            for number, case in read(path):
                if case is None:
                    damaged.append(f"{path}:{number}")
                else:
                    listed.append(case)
        back = sum(
            retention.delete_again(listed=listed[start : start + BATCH], at=timezone.now())
            for start in range(0, len(listed), BATCH)
        )
        ended = sessions.end_all()
        self.stdout.write(
            f"{len(listed)} deletions in the list. {back} had come back and are deleted again. "
            f"{ended} sessions ended."
        )
        wrong = []
        if damaged:
            wrong.append(
                "These lines of the list cannot be read; the cases in them may have come back: "
                + ", ".join(damaged)
            )
        missing = files.without_their_file()
        if missing:
            wrong.append(
                f"{missing} attachments have no file: the backup of the files is older than that of "
                "the database. Restore a newer copy of the files and run this again; until then "
                "their pages say that the file is missing."
            )
        if wrong:
            raise CommandError("\n".join(wrong))


def read(path: Path) -> Iterator[tuple[int, UUID | None]]:
    """Yield each line's number and case; None for a line that is no entry."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                yield number, UUID(json.loads(line)["case"])
            except (ValueError, KeyError, TypeError, AttributeError):
                if line.strip():
                    yield number, None
