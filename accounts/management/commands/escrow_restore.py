"""Give a member the keys of their teams again, with both shares of the escrow key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts import queries
from accounts.management.shares import ask_for_both
from accounts.operations import escrow as operations


class Command(BaseCommand):
    """Seal the keys of a named member's teams for them; an entry in the trail says so."""

    help = "Give one member their teams' keys again when nobody else of the team has them."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add whom, and where they work for several organisations."""
        parser.add_argument("email", help="the member's e-mail address")
        parser.add_argument("--organisation", default="", help="slug, if they belong to several")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it. Raises CommandError with what to do when it cannot be."""
        found = queries.members_by_email(options["email"], options["organisation"])
        if len(found) != 1:
            raise CommandError(
                "Nobody with this e-mail address is a member. Invite them first."
                if not found
                else "They belong to several organisations: add --organisation SLUG."
            )
        opened = ask_for_both()
        try:
            count = operations.restore(opened=opened, member=found[0], at=timezone.now())
        except operations.NoKeyPair:
            raise CommandError("They have no key pair yet. Let them sign in once.") from None
        except operations.NothingToRestore:
            raise CommandError(
                "The escrow key opens nothing that this member may have and has not. See "
                "escrow_drill, and whether they are in the team."
            ) from None
        self.stdout.write(
            f"{count} generations are sealed for {found[0].name}. They read the cases at their next "
            "request; older ones are wrapped anew meanwhile."
        )
