"""A partner's time runs in the working days of its Land, right to the hour; nothing ends silently."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from referrals import sla
from referrals.models import Act, Referral
from referrals.operations import client_moves, following_up, partner_moves, suggestions
from referrals.operations.partner_moves import Slot
from referrals.states import ReferralState
from tests.factories import handoff

BERLIN = ZoneInfo("Europe/Berlin")
S = ReferralState
MINUTE = timedelta(minutes=1)


def berlin(day: int, hour: int, month: int = 12, year: int = 2026, minute: int = 0) -> datetime:
    """Return a moment on the wall clock."""
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("land", "sent", "due"),
    [
        # Wednesday 23 December 2026: Thursday 24 is a working day, 25 and 26 are holidays, 27 a Sunday.
        ("HH", berlin(23, 15), berlin(29, 15)),
        ("BY", berlin(23, 15), berlin(29, 15)),
        # Over the new year: 1 January is a holiday everywhere, 6 January in Bavaria only.
        ("HH", berlin(30, 9), berlin(5, 9, 1, 2027)),
        ("BY", berlin(30, 9), berlin(5, 9, 1, 2027)),
        ("HH", berlin(4, 10, 1, 2027), berlin(7, 10, 1, 2027)),
        ("BY", berlin(4, 10, 1, 2027), berlin(8, 10, 1, 2027)),
        # Sent on a holiday at noon: counted from the next working day on.
        ("BY", berlin(6, 12, 1, 2027), berlin(12, 0, 1, 2027)),
        ("HH", berlin(6, 12, 1, 2027), berlin(11, 12, 1, 2027)),
    ],
)
def test_three_working_days_over_christmas_in_two_laender(
    land: str, sent: datetime, due: datetime
) -> None:
    assert sla.due(S.SENT, at=sent, land=land) == due


def test_each_state_has_its_time_and_the_clients_turn_has_none() -> None:
    monday = berlin(9, 9, 11)
    expected = {
        S.SENT: berlin(12, 9, 11),
        S.ACCEPTED: berlin(16, 9, 11),
        S.WAITLISTED: berlin(11, 9, 11),
        S.APPOINTMENT: berlin(11, 9, 11),
        S.ARRIVED: berlin(23, 9, 11),
    }
    assert {s: sla.due(s, at=monday, land="HH") for s in expected} == expected
    assert sla.due(S.ASKED, at=monday, land="HH") is None
    assert sla.due(S.OFFERED, at=monday, land="HH") is None


@pytest.mark.parametrize(("land", "back"), [("HH", berlin(31, 15)), ("BY", berlin(31, 15))])
def test_what_is_reminded_of_goes_back_two_working_days_later(land: str, back: datetime) -> None:
    assert sla.given_back(S.SENT, at=berlin(29, 15), land=land) == back


pytest_db = pytest.mark.django_db


@pytest_db
def test_an_unanswered_referral_over_christmas_is_reminded_returned_and_ends_at_the_hour() -> None:
    sent_at = berlin(23, 15)
    handed = handoff.sent(at=sent_at)
    assert handed.now().land == "HH"
    due = berlin(29, 15)
    assert handed.now().due_at == due
    assert following_up.follow_up(at=due - MINUTE) == 0
    assert following_up.follow_up(at=due) == 1
    assert handed.now().reminded_at == due
    assert handed.now().due_at == berlin(31, 15)
    assert following_up.follow_up(at=berlin(31, 15) - MINUTE) == 0
    assert following_up.follow_up(at=berlin(31, 15)) == 1
    returned = handed.now()
    assert returned.state == S.RETURNED
    assert returned.handled_at is None  # somebody must look
    expires = returned.expires_at
    assert following_up.follow_up(at=expires - MINUTE) == 0
    assert following_up.follow_up(at=expires) == 1
    assert handed.now().state == S.EXPIRED
    told = list(Act.objects.filter(referral=handed.referral).values_list("move", flat=True))
    assert told[-3:] == ["remind", "return", "expire"]


@pytest_db
@pytest.mark.parametrize(
    ("ags", "land", "reminded", "back"),
    [
        ("02000", "HH", berlin(7, 10, 1, 2027), berlin(11, 10, 1, 2027)),
        ("09162", "BY", berlin(8, 10, 1, 2027), berlin(12, 10, 1, 2027)),  # Epiphany is a holiday
    ],
)
def test_the_week_after_new_year_is_shorter_in_munich_than_in_hamburg(
    ags: str, land: str, reminded: datetime, back: datetime
) -> None:
    area = {"id": "44444444-0000-4000-8000-000000000001", "name": "Hier", "ags": ags}
    handed = handoff.sent(
        to=handoff.service(1, service_areas=[area], service_at_locations=[]),
        at=berlin(4, 10, 1, 2027),
    )
    assert handed.now().land == land
    assert following_up.follow_up(at=reminded - MINUTE) == 0
    assert following_up.follow_up(at=reminded) == 1
    assert following_up.follow_up(at=back - MINUTE) == 0
    assert following_up.follow_up(at=back) == 1
    assert handed.now().state == S.RETURNED


@pytest_db
def test_a_late_answer_still_counts_after_it_went_back() -> None:
    sent_at = berlin(9, 9, 11)
    handed, frieda = handoff.at_a_desk(at=sent_at)
    following_up.follow_up(at=berlin(12, 9, 11))
    following_up.follow_up(at=berlin(16, 9, 11))
    assert handed.now().state == S.RETURNED
    partner_moves.accept(
        referral=handed.referral, by=handoff.side(frieda), key=None, at=berlin(17, 9, 11)
    )
    assert handed.now().state == S.ACCEPTED


@pytest_db
def test_the_waiting_list_is_asked_about_when_its_weeks_are_over() -> None:
    monday = berlin(9, 9, 11)
    handed, frieda = handoff.at_a_desk(at=monday)
    partner_moves.put_on_waiting_list(
        referral=handed.referral, weeks=3, by=handoff.side(frieda), key=None, at=monday
    )
    assert handed.now().due_at == berlin(2, 9)  # 30 November and two working days


@pytest_db
def test_after_an_appointment_the_service_has_two_working_days_and_a_reminder_comes_before() -> (
    None
):
    monday = berlin(9, 9, 11)
    handed, frieda = handoff.at_a_desk(at=monday)
    side: Any = handoff.side(frieda)
    partner_moves.accept(referral=handed.referral, by=side, key=None, at=monday)
    friday = berlin(13, 14, 11)
    partner_moves.offer(
        referral=handed.referral, slots=[Slot(friday)], by=side, key=None, at=monday
    )
    offered = handed.now().appointments.get()
    client_moves.pick(referral=handed.referral, appointment=offered.pk, at=monday)
    assert handed.now().due_at == berlin(17, 14, 11)
    assert following_up.follow_up(at=friday - timedelta(hours=25)) == 0
    assert following_up.follow_up(at=friday - timedelta(hours=24)) == 1
    assert following_up.follow_up(at=friday - timedelta(hours=23)) == 0
    assert [mail for mail in handoff.mails() if ":appointment:" in mail.key]


@pytest_db
def test_a_suggestion_that_nobody_takes_up_ends_after_four_weeks_and_says_so() -> None:
    at = datetime(2026, 11, 2, 9, tzinfo=UTC)
    handed = handoff.suggested(at=at)
    assert following_up.follow_up(at=at + timedelta(days=28)) == 1
    row = handed.now()
    assert row.state == S.EXPIRED
    suggestions.note_handled(referral=row.pk, by=handed.counsellor, at=at + timedelta(days=29))
    assert handed.now().handled_by == handed.counsellor


@pytest_db
def test_two_workers_remind_once() -> None:
    handed = handoff.sent(at=berlin(9, 9, 11))
    due = handed.now().due_at
    assert due is not None
    assert [following_up.follow_up(at=due), following_up.follow_up(at=due)] == [1, 0]
    reminders = Act.objects.filter(referral=handed.referral, move="remind")
    assert reminders.count() == 1
    assert Referral.objects.get(pk=handed.referral).state == S.SENT
