"""By when a partner is to act, in the working days of its Land. Pure; time is passed in.

A working day is 24 hours of Monday to Friday without the Land's public holidays, so that three days
from Thursday 15:00 are Tuesday 15:00. Figures: days in which a service that means to answer has
answered; the evaluation behind issue 8 found that what nobody follows up is lost.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from counselling.working_time import deadline, working_days
from referrals.states import ReferralState

DAY = timedelta(days=1)
USUAL_CONSENT = 90
NECESSITY_LASTS = timedelta(days=14)
SUGGESTION_LASTS = timedelta(days=28)
CARD_LASTS = timedelta(days=60)
LINK_LASTS = timedelta(days=14)
REPORTS = (timedelta(weeks=2), timedelta(weeks=6))  # after sending, the client is asked how it is
APPOINTMENT_REMINDER = timedelta(hours=24)  # before it the service gets a mail
CLIENT_REMINDER = timedelta(
    days=3
)  # before it the client's page reminds: they have no mail from us


@dataclass(frozen=True, slots=True)
class Target:
    """After how many working days the partner is reminded, and how many later it goes back."""

    remind: int
    give_back: int


TARGETS: dict[ReferralState, Target] = {
    ReferralState.SENT: Target(3, 2),
    ReferralState.ACCEPTED: Target(5, 3),
    ReferralState.WAITLISTED: Target(2, 5),
    ReferralState.APPOINTMENT: Target(2, 3),
    ReferralState.ARRIVED: Target(10, 10),
    ReferralState.STARTED: Target(40, 20),
}


def due(
    state: ReferralState, *, at: datetime, land: str, not_before: datetime | None = None
) -> datetime | None:
    """Return by when the partner is to act in a state, None where nobody waits for it.

    not_before: counted from here, if later: the end of the weeks of a waiting list, or an appointment.
    """
    target = TARGETS.get(state)
    if target is None:
        return None
    return in_working_days(target.remind, start=max(at, not_before or at), land=land)


def given_back(state: ReferralState, *, at: datetime, land: str) -> datetime | None:
    """Return when a referral goes back after the partner was reminded at `at`."""
    target = TARGETS.get(state)
    return None if target is None else in_working_days(target.give_back, start=at, land=land)


def in_working_days(days: int, *, start: datetime, land: str) -> datetime:
    """Return the moment so many working days of a Land after `start`; without one, of weekdays."""
    return deadline(start, days * DAY, working_days(land))
