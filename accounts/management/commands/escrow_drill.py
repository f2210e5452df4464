"""Prove that the escrow key opens every team's key; change nothing."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import queries
from accounts.management.shares import ask_for_both
from vault.escrow import proofs

WORDS = {
    "opens": "opens",
    "missing": "NOT SEALED for this escrow key: let a member of the team sign in",
    "broken": "DOES NOT OPEN: somebody has altered the row; restore it from a backup",
}


class Command(BaseCommand):
    """Ask for both shares and prove of each generation of each team that it opens."""

    help = (
        "Prove that the two shares open every team's key. Nothing is changed. Do it twice a year."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it. Raises CommandError when anything does not open."""
        opened = ask_for_both()
        names = queries.team_names()
        failed = total = 0
        for proof in proofs(opened):
            key = proof.team_key
            age = "ended" if key.ended_at else "current"
            name = names.get(key.team, str(key.team))
            self.stdout.write(f"{name}, generation {key.generation} ({age}): {WORDS[proof.state]}")
            total += 1
            failed += proof.state != "opens"
        self.stdout.write(f"{total - failed} of {total} generations open.")
        if failed or not total:
            raise CommandError("The drill has failed; the lines above say what to do.")
