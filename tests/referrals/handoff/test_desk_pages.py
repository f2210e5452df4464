"""What a desk sees, and what it does not."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from accounts.operations import staff
from audit.models import TrailEntry
from referrals.models import (
    CapacityCode,
    PartnerDesk,
)
from referrals.operations import (
    desks,
)
from tests import factories
from tests.factories import handoff
from tests.factories.people import holder_of
from tests.factories.sessions import signed_in

pytestmark = pytest.mark.django_db


def test_a_stranger_at_another_desk_sees_what_is_not_there_and_it_is_noted() -> None:
    handed, _frieda = handoff.at_a_desk()
    lead = factories.enrol(handed.counsellor.organisation, "Ada", role=Role.ADMIN)
    _desk, greta = handoff.desk(handoff.service(2), lead, "Greta Nebenan")
    answer = signed_in(greta).get(reverse("partner-referral", args=[handed.referral]))
    assert answer.status_code == 404
    noted = TrailEntry.objects.get(action="referral.access_denied")
    assert noted.detail["reason"] == "not_yours"
    assert noted.actor == greta.pk


def test_a_colleague_of_the_desk_reads_what_lay_there_before_and_one_who_left_does_not() -> None:
    handed, frieda = handoff.at_a_desk()
    desk = PartnerDesk.objects.get()
    invitation, token = desks.invite(
        desk=desk, name="Ben Zwei", by=frieda, holder=holder_of(frieda), at=timezone.now()
    )
    ben, *_opened = staff.accept_as_new(
        invitation=invitation,
        token=token,
        email="ben@stelle.example",
        password=factories.PASSWORD,
        totp_key=factories.TOTP_KEY,
        totp_step=-1,
        at=timezone.now(),
    )
    page = reverse("partner-referral", args=[handed.referral])
    browser = signed_in(ben)
    assert handoff.WORDS in browser.get(page).content.decode()
    signed_in(frieda).post(reverse("partner-people"), {"end": str(ben.pk)})
    assert browser.get(page).status_code == 302


def test_a_partner_reads_no_case_and_nobody_writes_to_a_partner() -> None:
    handed, frieda = handoff.at_a_desk()
    browser = signed_in(frieda)
    for name, args in (("queue", []), ("case", [handed.asked.pk]), ("referrals", [])):
        assert browser.get(reverse(name, args=args)).status_code == 404
    slug = frieda.organisation.slug
    assert Client().get(reverse("landing", args=[slug])).status_code == 404
    assert Client().get(reverse("ask", args=[slug])).status_code == 404
    assert Client().get(reverse("organisation-colours", args=[slug])).status_code == 200


def test_room_is_reported_in_one_click_for_the_own_entry_only() -> None:
    handed, frieda = handoff.at_a_desk()
    browser = signed_in(frieda)
    browser.post(reverse("partner-desk"), {"service": str(handed.service.pk), "capacity": "frei"})
    handed.service.refresh_from_db()
    assert handed.service.capacity_code == CapacityCode.FREE
    other = handoff.service(2, capacity_code="voll")
    browser.post(reverse("partner-desk"), {"service": str(other.pk), "capacity": "frei"})
    other.refresh_from_db()
    assert other.capacity_code == CapacityCode.FULL
    assert browser.get(reverse("partner-entry", args=[other.pk])).status_code == 404
