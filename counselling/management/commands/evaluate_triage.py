"""Rate labelled texts and say how good the triage is."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from counselling.triage import data, evaluation


class Command(BaseCommand):
    """Print confusion matrix, recall, false alarms and each miss; write them as JSON when asked."""

    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file, and where to write the figures."""
        parser.add_argument("file", type=Path, help="one labelled text or conversation a line")
        parser.add_argument("--json", type=Path, metavar="OUT", help="write metrics and items here")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Evaluate a file: a line that is no labelled text is named and left out, and fails the run.

        Raises CommandError when lines were left out, or nothing can be read or written.
        """
        try:
            examples, wrong = data.read_leniently(options["file"])
        except (data.BadLine, OSError) as error:
            raise CommandError(str(error)) from error
        for problem in wrong:
            self.stderr.write(problem)
        if not examples:
            raise CommandError(f"{options['file']}: no labelled text in it")
        items = evaluation.run(examples)
        for line in evaluation.lines(items):
            self.stdout.write(line)
        if options["json"]:
            text = json.dumps(evaluation.report(items), ensure_ascii=False, indent=1)
            try:
                options["json"].write_text(text + "\n", encoding="utf-8")
            except OSError as error:
                raise CommandError(str(error)) from error
        if wrong:
            raise CommandError(f"{len(wrong)} lines were left out")
