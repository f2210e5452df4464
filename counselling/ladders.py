"""Ladders: whom to alarm next, over what, and how long to wait for somebody to confirm.

Pure: no database, no clock. The defaults are for an organisation that never set anything. A ladder
ends only when a human confirms; after its last step that one comes again. Source: design.md, "Service
levels".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from counselling.sla import Urgency

LONGEST_WAIT = 24 * 60  # minutes


class Whom(StrEnum):
    """Whom a step alarms."""

    ON_DUTY = "on_duty"  # who of the team is on duty
    LEADS = "leads"  # who leads the shift
    ON_CALL = "on_call"  # who is on call: each time the next one of the list
    EVERYBODY = "everybody"  # who answers in the team, and everybody who leads


@dataclass(frozen=True, slots=True)
class Rung:
    """One step. The page always shows the alarm; mail, push, webhook: over what else. wait: minutes."""

    whom: Whom
    mail: bool
    push: bool
    webhook: bool
    wait: int

    @property
    def pause(self) -> timedelta:
        """Return how long to wait for a confirmation before the next step."""
        return timedelta(minutes=self.wait)

    @property
    def leaves_the_page(self) -> bool:
        """Say whether the step reaches anybody who does not look at a page."""
        return self.mail or self.push or self.webhook


DEFAULTS: dict[Urgency, tuple[Rung, ...]] = {
    Urgency.SOFORT: (
        Rung(Whom.ON_DUTY, mail=True, push=True, webhook=False, wait=2),
        Rung(Whom.LEADS, mail=True, push=True, webhook=True, wait=2),
        Rung(Whom.ON_CALL, mail=True, push=True, webhook=True, wait=3),
    ),
    Urgency.DRINGEND: (
        Rung(Whom.ON_DUTY, mail=True, push=True, webhook=False, wait=30),
        Rung(Whom.LEADS, mail=True, push=True, webhook=False, wait=60),
        Rung(Whom.ON_CALL, mail=True, push=True, webhook=False, wait=120),
    ),
    Urgency.NORMAL: (
        Rung(Whom.ON_DUTY, mail=True, push=False, webhook=False, wait=4 * 60),
        Rung(Whom.LEADS, mail=True, push=False, webhook=False, wait=24 * 60),
    ),
}


def rung(ladder: Sequence[Rung], number: int) -> Rung:
    """Return the step with a number, from 1; beyond the last one it is the last one again.

    Raises ValueError for an empty ladder or a number below 1.
    """
    if not ladder or number < 1:
        raise ValueError("a ladder has steps, counted from 1")
    return ladder[min(number, len(ladder)) - 1]


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which only who has a shift or is on call is woken; equal times: no such hours.

    It decides whom to wake, never whether.
    """

    begins: time = time(22)
    ends: time = time(6)

    def covers(self, local: datetime) -> bool:
        """Say whether a moment, on the wall clock, lies in the quiet hours."""
        now = local.time().replace(tzinfo=None)
        if self.begins == self.ends:
            return False
        if self.begins < self.ends:
            return self.begins <= now < self.ends
        return now >= self.begins or now < self.ends

    def end_after(self, local: datetime) -> datetime:
        """Return when the quiet hours that cover a moment end, on the same wall clock."""
        day = local if local.time().replace(tzinfo=None) < self.ends else local + timedelta(days=1)
        return datetime.combine(day.date(), self.ends, tzinfo=local.tzinfo)
