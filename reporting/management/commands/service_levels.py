"""The supervisor's numbers on the command line."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts import queries
from reporting.supervision_views import numbers_of


class Command(BaseCommand):
    """Print how promises stand: who waits, what is late, what was missed, how long answers took."""

    help = "Print how an organisation's promises stand."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add which organisation, and the form."""
        parser.add_argument("--organisation", help="its address; without it: all of them")
        parser.add_argument("--json", action="store_true", help="as JSON, for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print. Raises CommandError for an organisation that does not exist."""
        rows = queries.houses().order_by("slug")
        if options["organisation"]:
            rows = rows.filter(slug=options["organisation"])
            if not rows:
                raise CommandError("there is no organisation with this address")
        at = timezone.now()
        numbers = [numbers_of(row, at=at) for row in rows]
        if options["json"]:
            self.stdout.write(json.dumps(numbers, ensure_ascii=False, indent=2))
            return
        for one in numbers:
            self.stdout.write(f"{one['organisation']} at {one['at']}")
            for name, number in one["totals"].items():  # type: ignore[attr-defined]  # a table
                self.stdout.write(f"  {name}: {number}")
