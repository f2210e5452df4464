"""Write the directory into a file. Confidential addresses are in none."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from referrals.formats import writing
from referrals.hsds.tables import Row
from referrals.queries import public
from referrals.queries import rows as stored
from referrals.queries.public import Wanted

FORMATS = ("hsds", "hsds-csv", "flat-csv", "flat-xlsx")


class Command(BaseCommand):
    """Export every service that machines may read, as HSDS or as the flat table."""

    help = __doc__

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Define where and how it is written."""
        parser.add_argument("file", type=Path, help="hsds-csv writes a zip")
        parser.add_argument("--format", choices=FORMATS, default="hsds")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file and say how many services it holds."""
        path: Path = options["file"]
        found = public.services(Wanted(full=True), timezone.localdate())
        kind = options["format"]
        if kind == "hsds-csv":
            tabular = writing.Tabular()
            for ids in public.every(found):
                tables = public.disclosed_tables(ids)
                tabular.add(tables, stored.terms(tables))
            tabular.pack(path)
            count = tabular.services
        elif kind == "flat-xlsx":
            count = writing.flat_xlsx(_documents(found), path)
        else:
            write = writing.hsds_json if kind == "hsds" else writing.flat_csv
            with path.open("w", encoding="utf-8", newline="") as stream:
                count = write(_documents(found), stream)
        self.stdout.write(f"{count} Einträge geschrieben: {path}")


def _documents(found: Any) -> Iterator[Row]:
    for ids in public.every(found):
        yield from public.service_documents(ids, Wanted(full=True))
