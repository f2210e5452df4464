"""Who reads a case with nothing but what their password unlocks, and for whom its key is wrapped."""

from accounts.models import Membership, Team
from counselling import queries
from tests.counselling.house import House
from tests.factories import Asked, holder_of
from vault.keyring import KeyUnavailable
from vault.models import KeyWrap


def team(house: House, name: str = "Erziehung") -> Team:
    """Return a team of Nordhafen."""
    return house.nordhafen.teams.get(name=name)


def reads(member: Membership, asked: Asked) -> bool:
    """Say whether a member opens a case with nothing but what their password unlocks."""
    try:
        return bool(queries.thread(asked.now(), holder=holder_of(member)))
    except KeyUnavailable:
        return False


def readers(house: House, asked: Asked) -> set[str]:
    """Return who of both organisations reads a case, by first name."""
    everybody = (house.katrin, house.aylin, house.jonas, house.lea, house.ada, house.boris)
    return {member.name.split()[0] for member in everybody if reads(member, asked)}


def wraps(asked: Asked) -> list[tuple[str, int]]:
    """Return for whom a case's key is wrapped: kind and generation."""
    return sorted(KeyWrap.objects.filter(subject=asked.pk).values_list("kind", "generation"))
