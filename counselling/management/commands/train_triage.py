"""Train the triage model from the texts in counselling/triage/data and write it with its card."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from counselling.triage import (
    card,
    classifier,
    data,
    engine,
    evaluation,
)


class Command(BaseCommand):
    """Train on the train and development splits, then measure on the test split."""

    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take another folder than the repository's."""
        parser.add_argument("--out", type=Path, default=classifier.FOLDER, help="folder to write")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Train, write, measure. Raises CommandError when a data file is broken, or scipy is missing."""
        try:
            # Here, because only who develops Lotse has scipy; a server need not.
            from counselling.triage import training  # noqa: PLC0415
        except ImportError as missing:
            raise CommandError(
                f"{missing}. Training needs what `make install-dev` installs, and nothing else does."
            ) from missing
        began = time.monotonic()
        folder: Path = options["out"]
        try:
            learnt = data.load("train", "development")
            held_back = data.load("test")
        except (data.BadLine, OSError, KeyError) as error:
            raise CommandError(str(error)) from error
        folder.mkdir(parents=True, exist_ok=True)
        heads = training.train(learnt)
        classifier.save(heads, folder)
        self.stdout.write(f"{len(learnt)} texts learnt in {time.monotonic() - began:.0f} s")
        items = evaluation.run(
            held_back,
            using=engine.with_heads(classifier.load(folder)),
        )
        for line in evaluation.lines(items):
            self.stdout.write(line)
        text = card.write(learnt, items, heads)
        (folder / "card.md").write_text(text, encoding="utf-8")
