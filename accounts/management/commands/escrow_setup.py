"""Make the escrow key and print its two shares, once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.operations import escrow as operations
from vault.escrow import AlreadySetUp

PAPER = """
  LOTSE ESCROW KEY, SHARE {number} OF 2                                   {day}

  {first}
  {second}

  Write it down or print it now; it is stored nowhere and never shown again.
  Both shares together open the cases of every team. Keep them in two places,
  with two people, and never on a computer.
"""


class Command(BaseCommand):
    """Make an escrow key, print its two shares, and keep only the public half."""

    help = (
        "Make the key that opens teams of which nobody is left. Run it on a console that keeps no "
        "log; docs/keys.md says how the two shares are kept."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --replace."""
        parser.add_argument(
            "--replace", action="store_true", help="make a new one in place of the one in use"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it. Raises CommandError when there is one and --replace was not given."""
        at = timezone.now()
        try:
            shares = operations.set_up(at=at, replace=options["replace"])
        except AlreadySetUp:
            raise CommandError(
                "There is an escrow key already. If its shares are lost or known to somebody else, "
                "make a new one with --replace."
            ) from None
        for share in shares:
            groups = share.display().split(" ")
            self.stdout.write(
                PAPER.format(
                    number=share.number,
                    day=timezone.localdate(at).isoformat(),
                    first=" ".join(groups[:7]),
                    second=" ".join(groups[7:]),
                )
            )
        self.stdout.write(
            "Next: let a member of each team sign in; their browser seals the team's key for it.\n"
            "Then prove that it works: manage.py escrow_drill"
        )
