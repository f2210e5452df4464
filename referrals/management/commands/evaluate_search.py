"""Ask the search queries with known answers and say how good it is."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from referrals.search import evaluation, searching


class Command(BaseCommand):
    """Print hit@1, hit@3, zero hits and each miss; write them as JSON when asked."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file, and where to write the figures."""
        parser.add_argument("file", type=Path, help='lines of {"id", "query", "expect": [codes]}')
        parser.add_argument("--json", type=Path, metavar="OUT", help="write figures and items here")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Evaluate against the directory in the database. Raises CommandError on a bad file."""
        at = timezone.now()
        try:
            queries = evaluation.read(options["file"])
            items = evaluation.run(queries, lambda text: searching.categories(text, at=at))
            if options["json"]:
                text = json.dumps(evaluation.report(items), ensure_ascii=False, indent=1)
                options["json"].write_text(text + "\n", encoding="utf-8")
        except (evaluation.BadQueries, OSError) as error:
            raise CommandError(str(error)) from error
        for line in evaluation.lines(items):
            self.stdout.write(line)
