"""Let an administrator in where nobody is left who could invite one."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts import queries
from accounts.management.inviting import link_of
from accounts.operations import founding


class Command(BaseCommand):
    """Print a link for another administrator of an organisation; an entry in the trail says so."""

    help = (
        "Print a link for another administrator of an organisation: when the first link ran out, or "
        "when nobody is left who could invite one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add where to and whom."""
        parser.add_argument("slug", help="the organisation's address, like nordhafen")
        parser.add_argument("name", help="name of the administrator")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it. Raises CommandError for a house that is not there and a name that is none."""
        organisation = queries.houses().filter(slug=options["slug"]).first()
        if organisation is None:
            raise CommandError("There is no organisation with this address.")
        name = options["name"].strip()
        if not 0 < len(name) <= 60:
            raise CommandError("A name has 1 to 60 characters.")
        invitation, token = founding.invite_admin(
            organisation=organisation, name=name, at=timezone.now()
        )
        self.stdout.write(link_of(invitation, token))
