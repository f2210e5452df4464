"""Organisations and their staff."""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.utils.text import slugify

from accounts import queries
from accounts.models import Membership, Organisation, Role, Team
from accounts.operations import keys, organisations, staff
from counselling.models import TextModule, Topic
from counselling.operations.settings import furnish
from tests.factories.replay import built_once
from vault import staff_keys
from vault.keyring import StaffHolder

PASSWORD = "ein-langes-zugangswort-fuer-tests"
TOTP_KEY = "3132333435363738393031323334353637383930"
FOUNDED = datetime(2026, 1, 5, 9, tzinfo=UTC)


def organisation(
    slug: str = "nordhafen",
    *,
    teams: Sequence[str] = ("Erziehung", "Krise"),
    topics: Sequence[tuple[str, str]] = (("Schlaf", "Erziehung"), ("Gewalt", "Krise")),
    at: datetime = FOUNDED,
    **fields: object,
) -> Organisation:
    """Found an organisation with teams, topics (name, team), a text module and crisis lines."""
    founded = organisations.found(
        organisation=Organisation(
            slug=slug,
            # Most tests sign in on any device; those about devices switch their keys on.
            **{
                "name": f"Elternlotse {slug.title()}",
                "welcome": "Schön, dass Sie da sind.",
                "device_keys": False,
            }
            | fields,
        ),
        teams=teams,
        lines=[
            {"name": "Notruf", "number": "112", "hours": "immer", "note": ""},
            {"name": "TelefonSeelsorge", "number": "0800 1110111", "hours": "immer", "note": ""},
        ],
        at=at,
    )
    by_name = {team.name: team for team in founded.teams.all()}
    furnish(
        organisation=founded,
        topics=[
            Topic(organisation=founded, name=name, team=by_name[team]) for name, team in topics
        ],
        modules=[TextModule(organisation=founded, title="Gruß", body="Alles Gute, {{name}}")],
        at=at,
    )
    return founded


@built_once
def staffed(slug: str = "nordhafen", name: str = "Rosa Reserve") -> Organisation:
    """Found an organisation with one counsellor: without somebody who has a key nobody can be asked."""
    founded = organisation(slug)
    enrol(founded, name)
    return founded


def enrol(
    where: Organisation,
    name: str = "Katrin Petersen",
    *,
    role: Role = Role.COUNSELLOR,
    teams: Sequence[str] | None = None,
    at: datetime = FOUNDED,
) -> Membership:
    """Enrol a person with password and second factor. teams: by name, None for all of them."""
    of_organisation = Team.objects.filter(organisation=where)
    chosen = of_organisation if teams is None else of_organisation.filter(name__in=teams)
    member = staff.enrol(
        organisation=where,
        name=name,
        email=f"{slugify(name)}@{where.slug}.example",
        password=PASSWORD,
        role=role,
        teams=list(chosen),
        totp_key=TOTP_KEY,
        at=at,
    )
    _keys_from_colleagues(member)
    return member


def holder_of(member: Membership) -> StaffHolder:
    """Return what opens cases for a member: their pair, unlocked with their password."""
    return StaffHolder(staff_keys.unlock(user=member.user_id, password=PASSWORD))


def _keys_from_colleagues(member: Membership) -> None:
    """Hand a new member their teams' keys, as colleagues' browsers do with their next request."""
    colleagues = queries.colleagues(member).filter(teams__in=member.teams.all()).distinct()
    for colleague in colleagues:
        if member.pk not in queries.waiting_for_key(member.organisation):
            return
        keys.hand_on(member=colleague, holder=holder_of(colleague), at=member.joined_at)
