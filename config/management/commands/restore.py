"""From a backup to a house that people can use."""

import shutil
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import backups


class Command(BaseCommand):
    """Put database and files back, bring the tables up to date, delete again what had been deleted."""

    help = "Restore a backup, migrate, and run restore_check. Stop web, sockets and workers first."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add which backup, the key, and the deletion lists."""
        parser.add_argument("backup", type=Path, help="what `backup` printed, without an ending")
        parser.add_argument(
            "--identity", type=Path, required=True, help="file with age's private key"
        )
        parser.add_argument(
            "--list",
            dest="lists",
            action="append",
            type=Path,
            metavar="FILE",
            help="the newest deletion list; may be given several times",
        )
        parser.add_argument(
            "--replace", action="store_true", help="also over a database with tables"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say how long it took.

        Raises CommandError when something of it is missing, when the database is in use, and when a
        part fails; also what `restore_check` raises.
        """
        if shutil.which("age") is None:
            raise CommandError("age is not installed. On Debian: apt-get install age")
        began = time.monotonic()
        lists = options["lists"] or [settings.DELETION_LIST]
        parts = {
            part: Path(f"{options['backup']}.{part}.age")
            for part in (backups.DATABASE, backups.FILES)
        }
        missing = [
            str(path)
            for path in (parts[backups.DATABASE], options["identity"], *lists)
            if not path.is_file()
        ]
        if missing:
            raise CommandError(
                f"Nothing was changed. These files are missing: {', '.join(missing)}"
            )
        if not options["replace"] and not backups.is_empty():
            raise CommandError(
                "Nothing was changed. The database has tables; say --replace to put the backup in "
                "their place."
            )
        try:
            for path in parts.values():
                if path.is_file():
                    backups.look_at(path, options["identity"])
        except backups.BackupFailed as failed:
            raise CommandError(f"Nothing was changed: {failed}") from None
        try:
            backups.read_database(parts[backups.DATABASE], options["identity"])
            if parts[backups.FILES].is_file():
                backups.read_files(parts[backups.FILES], options["identity"])
        except (backups.BackupFailed, OSError) as failed:
            raise CommandError(f"Not restored: {failed}") from None
        call_command("migrate", verbosity=0)
        call_command("restore_check", lists=lists, stdout=self.stdout)
        self.stdout.write(f"Restored in {time.monotonic() - began:.1f} s.")
