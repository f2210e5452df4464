"""A backup that only the holder of a private key can open."""

import os
import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from config import backups


class Command(BaseCommand):
    """Write database and sealed files, each encrypted with age; on demand the environment, for another key."""

    help = (
        "Back up the database and the sealed files while Lotse runs, encrypted with age. The deletion "
        "list is not in it: keep that apart and newer (docs/operating.md)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add where to and for whom."""
        parser.add_argument("--to", type=Path, required=True, help="folder for the files")
        parser.add_argument("--recipient", required=True, help="age1…, the public key")
        parser.add_argument("--secrets-to", type=Path, help="folder for the environment's secrets")
        parser.add_argument("--secrets-recipient", help="age1…, another public key")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and print the name that `restore` takes.

        Raises CommandError when age is not installed, when secrets would go to the same place or key,
        and when a part fails.
        """
        if shutil.which("age") is None:
            raise CommandError("age is not installed. On Debian: apt-get install age")
        secrets_to, secrets_for = options["secrets_to"], options["secrets_recipient"]
        if bool(secrets_to) != bool(secrets_for):
            raise CommandError("Give both --secrets-to and --secrets-recipient, or neither.")
        if secrets_to and (
            secrets_for == options["recipient"] or secrets_to.resolve() == options["to"].resolve()
        ):
            raise CommandError(
                "Secrets go to another folder and for another key than the database: whoever finds "
                "the one must not have the other."
            )
        folder: Path = options["to"]
        name = f"lotse-{timezone.now():%Y%m%dT%H%M%SZ}"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # The database first: files are then newer, and none of its rows lacks its file.
            backups.write_database(_file(folder, name, backups.DATABASE), options["recipient"])
            if not backups.write_files(_file(folder, name, backups.FILES), options["recipient"]):
                self.stderr.write(
                    "Attachments do not lie in a folder: back them up where they lie."
                )
            if secrets_to:
                secrets_to.mkdir(mode=0o700, parents=True, exist_ok=True)
                told = {n: os.environ[n] for n in settings.ENVIRONMENT.read if n in os.environ}
                backups.write_secrets(_file(secrets_to, name, backups.SECRETS), secrets_for, told)
        except (backups.BackupFailed, OSError) as failed:
            raise CommandError(f"There is no backup: {failed}") from None
        self.stdout.write(str(folder / name))


def _file(folder: Path, name: str, part: str) -> Path:
    return folder / f"{name}.{part}.age"
