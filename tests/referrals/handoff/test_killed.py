"""Killed in the middle, a referral is as it was before, and the same again goes through."""

from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.models import Role
from audit.models import TrailEntry
from outbox.models import Delivery
from referrals.handoff.parcel import Contact, Parcel
from referrals.models import Act, Consent, ProgramWrap, Referral
from referrals.operations import consents, notices, partner_moves, programs, referring
from referrals.operations.partner_moves import Slot
from tests import factories
from tests.factories import handoff
from tests.factories.handoff import Handed
from tests.factories.people import holder_of
from vault.models import KeyWrap

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


class Killed(BaseException):
    """The process ends here; nobody catches it."""


def killed(*_arguments: object, **_named: object) -> None:
    """End the process."""
    raise Killed


def kept(handed: Handed) -> dict[str, Any]:
    """Return everything that is kept of a referral."""
    pk = handed.referral
    return {
        "row": Referral.objects.filter(pk=pk).values().get(),
        "acts": list(Act.objects.filter(referral=pk).values()),
        "consents": list(Consent.objects.filter(referral=pk).values()),
        "wraps": list(KeyWrap.objects.filter(subject=pk).values()),
        "programs": list(ProgramWrap.objects.filter(referral=pk).values()),
        "appointments": list(handed.now().appointments.values()),
        "mails": list(Delivery.objects.values()),
        "trail": TrailEntry.objects.count(),
    }


def prepared(handed: Handed) -> str:
    """Let the client prepare what would go, and return its mark."""
    service = handed.service
    return consents.prepare(
        referral=handed.referral,
        sending=Parcel(str(service.pk), service.name, handoff.WORDS, Contact.LOTSE),
        holder=handed.asked.holder,
        at=NOW,
    )


def at_a_desk_with_a_program() -> tuple[Handed, Any]:
    """Return a suggestion to a service whose desk has a program."""
    handed = handoff.suggested(at=NOW)
    lead = factories.enrol(handed.counsellor.organisation, "Vera Verwaltung", role=Role.ADMIN)
    desk, frieda = handoff.desk(handed.service, lead, at=NOW)
    programs.make(desk=desk, name="Akten", by=frieda, holder=holder_of(frieda), at=NOW)
    return handed, frieda


@pytest.mark.parametrize(
    ("where", "what"),
    [
        (programs, "seal_for_programs"),
        (referring, "move"),
        (referring, "keep"),
        (notices, "tell_partner"),
    ],
)
def test_killed_while_sending_nothing_has_left_and_the_same_yes_sends_once(
    monkeypatch: pytest.MonkeyPatch, where: Any, what: str
) -> None:
    handed, _frieda = at_a_desk_with_a_program()
    yes: dict[str, Any] = {
        "referral": handed.referral,
        "mark": prepared(handed),
        "about": Consent.About.SELF,
        "days": 90,
        "holder": handed.asked.holder,
        "at": NOW,
    }
    before = kept(handed)
    with monkeypatch.context() as patch:
        patch.setattr(where, what, killed)
        with pytest.raises(Killed):
            consents.confirm(**yes)
    assert kept(handed) == before
    consents.confirm(**yes)
    after = kept(handed)
    assert after["row"]["state"] == Referral.State.SENT
    assert [len(after[name]) for name in ("consents", "programs", "mails")] == [1, 1, 1]


@pytest.mark.parametrize("what", ["_close", "keep"])
def test_killed_while_taking_back_it_is_taken_back_or_it_is_not(
    monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    handed, _frieda = at_a_desk_with_a_program()
    handoff.sent(handed, at=NOW)
    before = kept(handed)
    with monkeypatch.context() as patch:
        patch.setattr(referring, what, killed)
        with pytest.raises(Killed):
            consents.revoke(referral=handed.referral, at=NOW)
    assert kept(handed) == before
    consents.revoke(referral=handed.referral, at=NOW)
    after = kept(handed)
    assert (after["row"]["state"], after["programs"]) == (Referral.State.WITHDRAWN, [])
    assert [wrap["kind"] for wrap in after["wraps"]] == ["case"]


def test_killed_while_offering_the_appointments_before_still_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handed, frieda = at_a_desk_with_a_program()
    handoff.sent(handed, at=NOW)
    side, key = handoff.side(frieda), handed.key()
    partner_moves.accept(referral=handed.referral, by=side, key=key, at=NOW)
    days = [NOW.replace(day=day) for day in (24, 25)]
    partner_moves.offer(referral=handed.referral, slots=[Slot(days[0])], by=side, key=key, at=NOW)
    before = kept(handed)
    with monkeypatch.context() as patch:
        patch.setattr(referring, "keep", killed)
        with pytest.raises(Killed):
            partner_moves.offer(
                referral=handed.referral, slots=[Slot(days[1])], by=side, key=key, at=NOW
            )
    assert kept(handed) == before
