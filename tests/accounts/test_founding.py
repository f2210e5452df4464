"""How an installation begins: the first organisation, and the first person who may invite others."""

import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse

from accounts.models import Invitation, Membership, Organisation, Role
from audit.models import TrailEntry
from tests.accounts.test_invitations import fill_in
from tests.counselling.house import House

NORDHAFEN: dict[str, Any] = {
    "name": "Elternberatung Nordhafen",
    "teams": ["Eltern", "Krise"],
    "admin": "Sören Claasen",
    "land": "HB",
}


def found(slug: str = "nordhafen", **changes: Any) -> str:
    said = StringIO()
    told = NORDHAFEN | changes
    teams = [f"--team={team}" for team in told.pop("teams")]
    call_command("found", slug, *teams, *(f"--{n}={t}" for n, t in told.items()), stdout=said)
    return said.getvalue()


def path_of(said: str) -> str:
    """Return the link's path, as it was printed."""
    link = re.search(r"https?://[^/\s]+(/team/einladung/\S+)", said)
    assert link is not None, said
    return link.group(1)


@pytest.mark.django_db
def test_soeren_founds_a_house_and_invites_jonna(client: Client) -> None:
    link = path_of(found())
    page = client.get(link).content.decode()
    assert "Sie sind eingeladen, bei <strong>Elternberatung Nordhafen</strong>" in page
    assert "Verwaltung" in page
    client.post(link, fill_in(page))
    assert Membership.objects.get().role == Role.ADMIN
    assert client.get(reverse("settings")).status_code == 200
    invite = client.get(reverse("invite")).content.decode()
    assert "Eltern" in invite
    assert "Krise" in invite
    assert client.get(link).status_code == 410


@pytest.mark.django_db
def test_parents_can_write_at_once_and_see_help_that_answers_now(client: Client) -> None:
    found()
    landing = client.get("/nordhafen/").content.decode()
    assert "Elternberatung Nordhafen" in landing
    assert 'href="tel:112"' in landing
    assert 'href="tel:08001110550"' in landing
    organisation = Organisation.objects.get()
    assert organisation.intake_team is not None
    assert organisation.intake_team.name == "Eltern"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("slug", "changes", "said"),
    [
        ("team", {}, "slug: "),
        ("Nord Hafen", {}, "slug: "),
        ("nordhafen", {"name": " "}, "name: "),
        ("nordhafen", {"name": "x" * 81}, "name: "),
        ("nordhafen", {"teams": ["Eltern", "Eltern "]}, "--team has the same name twice"),
        ("nordhafen", {"teams": [""]}, "--team takes"),
        ("nordhafen", {"admin": "x" * 61}, "--admin takes"),
    ],
)
def test_what_is_not_in_order_leaves_nothing_behind(
    slug: str, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        found(slug, **changes)
    assert not Organisation.objects.exists()


@pytest.mark.django_db
def test_an_address_is_given_once() -> None:
    found()
    with pytest.raises(CommandError, match="slug: "):
        found(name="Eine andere")
    assert Organisation.objects.count() == 1


def test_where_no_administrator_is_left_another_is_let_in(client: Client, house: House) -> None:
    said = StringIO()
    call_command("invite_admin", house.nordhafen.slug, "Berit Ohlsen", stdout=said)
    link = path_of(said.getvalue())
    client.post(link, fill_in(client.get(link).content.decode()))
    berit = Membership.objects.get(name="Berit Ohlsen")
    assert (berit.role, berit.organisation) == (Role.ADMIN, house.nordhafen)
    assert list(berit.teams.all()) == []
    entry = TrailEntry.objects.get(action="staff.invited")
    assert entry.actor_kind == TrailEntry.ActorKind.SYSTEM
    with pytest.raises(CommandError, match="no organisation"):
        call_command("invite_admin", "nirgends", "Berit Ohlsen")
    assert Invitation.objects.count() == 1
