"""Ask for the two shares of the escrow key on the console."""

import sys

from django.core.management.base import CommandError

from vault.escrow import Opened, Share, ShareInvalid, SharesDoNotMatch, combine

TRIES = 3


def ask_for_both() -> Opened:
    """Return the escrow key, from both shares as they are typed. Raises CommandError."""
    shares = [_ask(number) for number in (1, 2)]
    try:
        return combine(*shares)
    except SharesDoNotMatch:
        raise CommandError(
            "These shares do not belong together, or to another installation. Each was typed "
            "without a slip; look whether they are share 1 and share 2 of the same day."
        ) from None


def _ask(number: int) -> Share:
    for _ in range(TRIES):
        sys.stderr.write(f"Share {number} (14 groups, spaces and case do not matter): ")
        sys.stderr.flush()
        try:
            return Share.parse(sys.stdin.readline())
        except ShareInvalid as slip:
            sys.stderr.write(
                f"Group {slip.group} is not right. "
                if slip.group
                else "These are not 14 groups of five characters. "
            )
            sys.stderr.write("Please type the share again, all of it on one line.\n")
    raise CommandError("The share could not be read.")
