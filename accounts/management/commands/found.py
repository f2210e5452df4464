"""Begin an organisation: nothing of Lotse can be used before there is one."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.management.inviting import link_of
from accounts.models import Organisation
from accounts.models.organisation import LAENDER
from accounts.operations import founding


class Command(BaseCommand):
    """Create an organisation with its teams, and print the link for its first administrator."""

    help = "Create an organisation with its teams, and print the link for its first administrator."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what cannot be changed later, and what parents see from the first moment."""
        parser.add_argument("slug", help="first part of its addresses, like nordhafen")
        parser.add_argument("--name", required=True, help="as parents read it")
        parser.add_argument(
            "--team",
            dest="teams",
            action="append",
            required=True,
            help="may be given several times; the first gets questions without a topic",
        )
        parser.add_argument("--admin", required=True, help="name of the first administrator")
        parser.add_argument(
            "--land",
            required=True,
            choices=[code for code, _name in LAENDER],
            help="whose holidays count",
        )
        parser.add_argument(
            "--address",
            choices=Organisation.Address.values,
            default=Organisation.Address.SIE,
            help="how parents are addressed",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it. Raises CommandError with a sentence for each thing that is not in order."""
        teams = [team.strip() for team in options["teams"]]
        admin = options["admin"].strip()
        _look_at_names({"--team": teams, "--admin": [admin]})
        organisation = Organisation(
            slug=options["slug"],
            name=options["name"].strip(),
            land=options["land"],
            address=options["address"],
        )
        try:
            invitation, token = founding.found(
                organisation=organisation, teams=teams, admin=admin, at=timezone.now()
            )
        except ValidationError as wrong:
            lines = [
                f"{name}: {text}" for name, said in wrong.message_dict.items() for text in said
            ]
            raise CommandError("Nothing was made.\n  " + "\n  ".join(lines)) from None
        self.stdout.write(
            f"{organisation.name} is there: {settings.PUBLIC_URL}/{organisation.slug}/\n"
            + link_of(invitation, token)
        )


def _look_at_names(given: dict[str, list[str]]) -> None:
    longest = {"--team": 80, "--admin": 60}
    for option, names in given.items():
        if not all(0 < len(name) <= longest[option] for name in names):
            raise CommandError(f"{option} takes a name of 1 to {longest[option]} characters.")
        if len(set(names)) < len(names):
            raise CommandError(f"{option} has the same name twice.")
