"""Read services from a file into the directory."""

import argparse
import gc
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from accounts import queries
from referrals.formats.detection import Format, detect
from referrals.formats.files import on_disk
from referrals.operations import imports
from referrals.reports import NotReadable, Report

BAR = 30  # characters


class Command(BaseCommand):
    """Check a file, report by line, then write all of it or nothing."""

    help = __doc__

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Define what is imported, for whom, and whether it is written."""
        parser.add_argument("file", type=Path, help="a file, a folder or a zip")
        parser.add_argument(
            "--format", choices=[f.value for f in Format], help="by itself if left out"
        )
        parser.add_argument("--dry-run", action="store_true", help="report only, write nothing")
        parser.add_argument("--source", default="", help="name of the origin (default: the format)")
        parser.add_argument(
            "--owner", default="", help="address (slug) of the organisation that owns new entries"
        )
        parser.add_argument(
            "--leave-out-errors", action="store_true", help="take over what is in order"
        )
        parser.add_argument("--report", type=Path, help="write the report into this file as well")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the import; exit with an error when nothing could be taken over."""
        at = timezone.now()
        # Millions of small objects, hardly a cycle among them: looking for cycles would take a fifth.
        gc.set_threshold(200_000, 50, 100)
        with translation.override("de"):
            try:
                files = on_disk(options["file"])
                kind = Format(options["format"]) if options["format"] else detect(files)
                wanted: dict[str, Any] = {
                    "files": files,
                    "kind": kind,
                    "source": options["source"] or kind.value,
                    "owner": self._owner(options["owner"]),
                    "by": None,
                    "at": at,
                    "progress": self._progress,
                }
                if options["dry_run"]:
                    report = imports.check(**wanted)
                else:
                    report = imports.take_over(
                        **wanted, leave_out_errors=options["leave_out_errors"]
                    )
            except NotReadable as refused:
                raise CommandError(str(refused)) from refused
            except imports.HasErrors as refused:
                self._tell(refused.report, options["report"])
                raise CommandError(
                    "Nichts wurde eingelesen, weil Einträge Fehler haben. Mit --leave-out-errors wird eingelesen, was in Ordnung ist."
                ) from refused
            self._tell(report, options["report"])
            if options["dry_run"]:
                self.stdout.write("Probelauf: Nichts wurde geschrieben.")

    def _tell(self, report: Report, path: Path | None) -> None:
        lines = list(report.lines())
        self.stdout.write("\n".join(lines))
        if path is not None:
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _owner(self, slug: str) -> Any:
        owner = queries.organisation_at(slug) if slug else queries.only_organisation()
        if slug and owner is None:
            raise CommandError(f"Eine Organisation mit der Adresse „{slug}“ gibt es nicht.")
        return owner

    def _progress(self, step: str, done: int, total: int) -> None:
        if not sys.stderr.isatty():
            return
        name = {"check": "Prüfen", "write": "Schreiben"}[step]
        bar = ""
        if total:
            full = BAR * done // total
            bar = f" [{'█' * full}{'·' * (BAR - full)}] {100 * done // total} %"
        end = "\n" if total and done >= total else ""
        self.stderr.write(f"\r{name}: {done} Einträge{bar}", ending=end)
