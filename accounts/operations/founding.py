"""How an organisation begins: with teams, crisis lines and somebody who may invite the others."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.models import Invitation, Organisation, Role
from accounts.operations import organisations, staff
from accounts.operations.organisations import LineFields

# Help that answers in all of Germany, so that no house opens without any. The organisation's own lines
# take its place under Einstellungen → Notfallnummern.
NATIONWIDE: tuple[LineFields, ...] = (
    {
        "name": "Notruf",
        "number": "112",
        "hours": "rund um die Uhr",
        "note": "Wenn jemand in Lebensgefahr ist: Feuerwehr und Rettungsdienst. Die Polizei hat die 110.",
    },
    {
        "name": "Telefonseelsorge",
        "number": "0800 1110111",
        "hours": "rund um die Uhr",
        "note": "Kostenlos und anonym. Für alle, die nicht mehr weiterwissen.",
    },
    {
        "name": "Elterntelefon",
        "number": "0800 1110550",
        "hours": "Mo–Fr 9–17 Uhr, Di und Do bis 19 Uhr",
        "note": "Für Mütter, Väter und Großeltern. Kostenlos und anonym.",
    },
    {
        "name": "Hilfetelefon Gewalt gegen Frauen",
        "number": "116 016",
        "hours": "rund um die Uhr",
        "note": "Kostenlos, in vielen Sprachen. Auch für Menschen, die helfen wollen.",
    },
    {
        "name": "Ärztlicher Bereitschaftsdienst",
        "number": "116 117",
        "hours": "rund um die Uhr",
        "note": "Bei Krankheit, wenn die Praxis zu hat und es nicht lebensbedrohlich ist.",
    },
)


@transaction.atomic
def found(
    *, organisation: Organisation, teams: Sequence[str], admin: str, at: datetime
) -> tuple[Invitation, str]:
    """Create an organisation and invite its first administrator; return the link's secret, shown once.

    organisation: a new, unsaved row. admin: that person's name. Raises ValidationError when the
    organisation's fields are not in order.
    """
    made = organisations.found(organisation=organisation, teams=teams, lines=NATIONWIDE, at=at)
    return invite_admin(organisation=made, name=admin, at=at)


def invite_admin(*, organisation: Organisation, name: str, at: datetime) -> tuple[Invitation, str]:
    """Invite an administrator on behalf of who runs the server: the first, or when none is left.

    It opens no case: administrators read none, and the link holds no team's key.
    """
    return staff.invite(
        organisation=organisation, name=name, role=Role.ADMIN, teams=[], by=None, at=at
    )
