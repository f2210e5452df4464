"""Who leaves is not woken any more: their browsers are forgotten with their last place in the house."""

import pytest
from django.utils import timezone

from accounts.models import Membership, Role
from accounts.operations import staff
from outbox import queries
from outbox.operations import subscriptions
from tests.factories import enrol, organisation
from tests.outbox.test_push import SECRET, Browser

pytestmark = pytest.mark.django_db
NOW = timezone.now


def wake(member: Membership, device: str) -> None:
    """Let a person be woken in a browser."""
    subscriptions.keep(
        owner=member.user_id,
        endpoint=f"https://push.example/{device}",
        public_key=Browser().public,
        secret=SECRET,
        at=NOW(),
    )


def test_katrins_browsers_are_forgotten_when_she_leaves_and_aylins_are_not() -> None:
    nordhafen = organisation()
    ada = enrol(nordhafen, "Ada Nowak", role=Role.ADMIN)
    katrin, aylin = enrol(nordhafen, "Katrin Petersen"), enrol(nordhafen, "Aylin Demir")
    for member, device in ((katrin, "phone"), (katrin, "desk"), (aylin, "other")):
        wake(member, device)
    staff.end_membership(member=katrin, by=ada, at=NOW())
    assert queries.browsers_of(katrin.user_id) == []
    assert len(queries.browsers_of(aylin.user_id)) == 1


def test_who_still_works_in_another_house_is_still_woken_there() -> None:
    nordhafen, suedstadt = organisation(), organisation("suedstadt")
    ada, boss = (
        enrol(where, name, role=Role.ADMIN)
        for where, name in ((nordhafen, "Ada Nowak"), (suedstadt, "Bo Admin"))
    )
    katrin = enrol(nordhafen, "Katrin Petersen")
    invitation, token = staff.invite(
        organisation=suedstadt,
        name="Katrin Petersen",
        role=Role.COUNSELLOR,
        teams=[],
        by=boss,
        at=NOW(),
    )
    there = staff.accept_as(invitation=invitation, token=token, user=katrin.user, at=NOW())
    wake(katrin, "phone")
    staff.end_membership(member=katrin, by=ada, at=NOW())
    assert len(queries.browsers_of(katrin.user_id)) == 1
    staff.end_membership(member=there, by=boss, at=NOW())
    assert queries.browsers_of(katrin.user_id) == []
