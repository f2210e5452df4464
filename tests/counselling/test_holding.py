"""Nobody holds what they do not answer: ends of shifts, absences, and cases held too long."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from audit.models import TrailEntry
from counselling.models import Absence, Case, Claim, HouseRules, Shift
from counselling.operations import cases, holding, shifts
from counselling.sla import Urgency
from counselling.states import CaseState
from tests.counselling.house import House, open_house
from tests.factories import Asked, ask, claim, client_writes, reply
from tests.factories.roster import shift

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 3, 2)
PLANNED = datetime(2026, 3, 1, 8, tzinfo=UTC)
NOON = datetime(2026, 3, 2, 12, tzinfo=BERLIN)
EVENING = NOON.replace(hour=17)


@pytest.fixture
def house() -> House:
    return open_house()


def asked_at_ten(house: House) -> Asked:
    return ask(house.nordhafen, topic="Schlaf", at=NOON.replace(hour=10))


def standing(asked: Asked) -> tuple[str, str]:
    row = asked.now()
    holder = cases.holder_of(row.pk)
    return row.state, holder.name if holder else ""


# --- The end of a shift --------------------------------------------------------------------------
def test_what_is_unanswered_at_the_end_of_a_shift_waits_again_with_its_promise(
    house: House,
) -> None:
    shift(house.katrin, MONDAY, at=PLANNED)
    unanswered, answered = asked_at_ten(house), asked_at_ten(house)
    claim(unanswered, house.katrin, at=NOON)
    reply(answered, house.katrin, at=NOON)
    promised = unanswered.now().due_at
    assert holding.settle_shifts(at=EVENING - timedelta(seconds=1)) == 0
    assert holding.settle_shifts(at=EVENING) == 1
    assert standing(unanswered) == (CaseState.WAITING, "")
    assert unanswered.now().reason == Case.Reason.SHIFT_ENDED
    assert unanswered.now().due_at == promised
    # An answered case waits for the client; it stays with who told its story (ADR 0004).
    assert standing(answered) == (CaseState.ANSWERED, "Katrin Petersen")
    assert Claim.objects.get(case=unanswered.pk).end == Claim.End.SHIFT_ENDED
    assert holding.settle_shifts(at=EVENING) == 0
    assert TrailEntry.objects.filter(action="case.released", case=unanswered.pk).count() == 1


def test_a_named_colleague_on_duty_gets_it_and_one_who_is_not_there_does_not(
    house: House,
) -> None:
    first = shift(house.katrin, MONDAY, at=PLANNED)
    shift(house.aylin, MONDAY, "16:00", "20:00", at=PLANNED)
    asked = asked_at_ten(house)
    claim(asked, house.katrin, at=NOON)
    shifts.name_successor(shift=first.pk, successor=house.aylin, by=house.katrin, at=NOON)
    holding.sweep(at=EVENING)
    assert standing(asked) == (CaseState.CLAIMED, "Aylin Demir")
    # Aylin names Jonas, who has no shift: then it is for everybody.
    second = Shift.objects.get(member=house.aylin)
    shifts.name_successor(shift=second.pk, successor=house.jonas, by=house.aylin, at=EVENING)
    holding.sweep(at=NOON.replace(hour=20))
    assert standing(asked) == (CaseState.WAITING, "")


def test_nobody_outside_the_team_is_named_to_follow(house: House) -> None:
    own = shift(house.katrin, MONDAY, at=PLANNED)
    for stranger in house.without_access():
        with pytest.raises(shifts.ShiftImpossible):
            shifts.name_successor(shift=own.pk, successor=stranger, by=house.katrin, at=NOON)
    with pytest.raises(shifts.ShiftGone):
        shifts.name_successor(shift=own.pk, successor=house.aylin, by=house.jonas, at=NOON)


def test_who_goes_on_in_another_shift_keeps_what_they_have(house: House) -> None:
    shift(house.katrin, MONDAY, at=PLANNED)
    shift(house.katrin, MONDAY, "17:00", "20:00", at=PLANNED)
    asked = asked_at_ten(house)
    claim(asked, house.katrin, at=NOON)
    holding.sweep(at=EVENING)
    assert standing(asked) == (CaseState.CLAIMED, "Katrin Petersen")
    holding.sweep(at=NOON.replace(hour=20))
    assert standing(asked) == (CaseState.WAITING, "")


def test_a_cancelled_shift_ends_nothing_and_one_cut_short_ends_at_once(house: House) -> None:
    first = shift(house.katrin, MONDAY, at=PLANNED)
    tomorrow = shift(house.aylin, MONDAY + timedelta(days=1), at=PLANNED)
    asked = asked_at_ten(house)
    claim(asked, house.katrin, at=NOON)
    shifts.cancel(shift=tomorrow.pk, by=house.lea, at=NOON)
    shifts.cancel(shift=first.pk, by=house.lea, at=NOON)
    assert holding.settle_shifts(at=NOON) == 1
    assert standing(asked) == (CaseState.WAITING, "")


def test_an_absence_that_begins_takes_cases_back_also_without_a_roster(house: House) -> None:
    asked = asked_at_ten(house)
    claim(asked, house.katrin, at=NOON)
    Absence.objects.create(
        member=house.katrin, starts_at=NOON + timedelta(hours=1), ends_at=NOON + timedelta(days=3)
    )
    assert holding.settle_absences(at=NOON) == 0
    assert holding.settle_absences(at=NOON + timedelta(hours=1)) == 1
    assert standing(asked) == (CaseState.WAITING, "")


def test_a_client_who_writes_again_does_not_wait_for_somebody_who_is_gone(house: House) -> None:
    shift(house.katrin, MONDAY, at=PLANNED)
    there, gone = asked_at_ten(house), asked_at_ten(house)
    reply(there, house.katrin, at=NOON)
    reply(gone, house.katrin, at=NOON)
    client_writes(there, at=NOON + timedelta(hours=1))
    assert standing(there) == (CaseState.CLAIMED, "Katrin Petersen")
    client_writes(gone, at=EVENING + timedelta(hours=1))
    assert standing(gone) == (CaseState.WAITING, "")
    row = gone.now()
    assert row.reason == Case.Reason.WROTE_AGAIN
    assert row.waiting_since == EVENING + timedelta(hours=1)
    assert row.due_at is not None


# --- Held too long -------------------------------------------------------------------------------
def test_a_case_held_without_a_reply_returns_after_the_set_time_with_a_warning_before(
    house: House,
) -> None:
    HouseRules.objects.create(organisation=house.nordhafen, return_normal_minutes=120)
    asked = asked_at_ten(house)
    claim(asked, house.katrin, at=NOON)
    back = NOON + timedelta(hours=2)
    assert holding.sweep(at=back - timedelta(minutes=16)) == 0
    assert holding.warn_of_return(at=back - timedelta(minutes=15)) == 1
    assert holding.warn_of_return(at=back - timedelta(minutes=15)) == 0
    assert holding.return_unanswered(at=back - timedelta(seconds=1)) == 0
    assert holding.return_unanswered(at=back) == 1
    assert standing(asked) == (CaseState.WAITING, "")
    assert asked.now().reason == Case.Reason.UNANSWERED
    assert [entry.action for entry in TrailEntry.objects.filter(case=asked.pk).order_by("pk")] == [
        "case.asked",
        "case.claimed",
        "case.return_warned",
        "case.released",
    ]


def test_a_reply_ends_the_time_and_a_new_message_begins_it_anew(house: House) -> None:
    asked = asked_at_ten(house)
    reply(asked, house.katrin, at=NOON)
    assert Claim.objects.get().returns_at is None
    client_writes(asked, at=NOON + timedelta(hours=1))
    assert Claim.objects.get().returns_at == NOON + timedelta(hours=25)
    client_writes(asked, at=NOON + timedelta(hours=2))  # the first one counts
    assert Claim.objects.get().returns_at == NOON + timedelta(hours=25)


def test_who_says_that_they_are_still_there_has_the_time_anew(house: House) -> None:
    asked = asked_at_ten(house)
    claim(asked, house.katrin, at=NOON)
    late = NOON + timedelta(hours=23, minutes=50)
    assert holding.warn_of_return(at=late) == 1
    with pytest.raises(cases.NotHolder):
        holding.stay_on(case=asked.pk, by=house.aylin, at=late)
    holding.stay_on(case=asked.pk, by=house.katrin, at=late)
    assert holding.sweep(at=NOON + timedelta(hours=24)) == 0
    assert Claim.objects.get().return_warned_at is None
    assert holding.sweep(at=late + timedelta(hours=24)) == 2  # warned of, and back


def test_an_urgent_case_comes_back_sooner_and_a_raised_one_too(house: House) -> None:
    urgent = ask(house.nordhafen, topic="Schlaf", in_danger=True, at=NOON)
    claim(urgent, house.katrin, at=NOON)
    assert Claim.objects.get().returns_at == NOON + timedelta(minutes=30)
    usual = asked_at_ten(house)
    claim(usual, house.katrin, at=NOON)
    cases.set_urgency(case=usual.pk, urgency=Urgency.DRINGEND, by=house.katrin, at=NOON)
    assert Claim.objects.get(case=usual.pk).returns_at == NOON + timedelta(hours=2)
    client_writes(usual, in_danger=True, at=NOON + timedelta(minutes=1))
    assert Claim.objects.get(case=usual.pk).returns_at == NOON + timedelta(minutes=31)


def test_a_sweep_that_comes_while_somebody_answers_takes_nothing(house: House) -> None:
    asked = asked_at_ten(house)
    claim(asked, house.katrin, at=NOON)
    held = Claim.objects.get()
    reply(asked, house.katrin, at=NOON + timedelta(hours=24))
    assert not holding._return(held.pk, asked.pk, at=NOON + timedelta(hours=24))
    assert standing(asked) == (CaseState.ANSWERED, "Katrin Petersen")
