"""Bring the search's documents into step with the directory."""

from typing import Any

from django.core.management.base import BaseCommand

from referrals.operations import documents


class Command(BaseCommand):
    """Rebuild every document: after a restore, or when rows were changed past the operations."""

    help = __doc__

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Rebuild and say how many."""
        count = documents.rebuild_all()
        documents.rebuild_gone()
        self.stdout.write(f"{count} documents")
