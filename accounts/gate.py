"""How often somebody without an account may do something, and what their forms must bring.

Two lanes for each form that anybody may send. With a proof of work (`accounts/proof.py`) the usual
rate holds. Without one (no JavaScript, an old phone, a challenge that is too old or was used) the form
must have been open for some seconds, and a lower rate holds. Nobody is locked out: each refusal says
when and how it goes on, and the form keeps its text.

Counted in the cache only, under names that nobody can turn back (`accounts/throttle.py`).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest

from accounts import proof, throttle
from accounts.throttle import Rate
from vault import tickets

WINDOW = 15 * 60  # seconds
PURPOSE = "opened"
LIFETIME = timedelta(hours=24)  # as long as a form may be open


class GateClosed(Exception):
    """The form is not taken now; nothing of it is lost."""


class TooFast(GateClosed):
    """The form was open too briefly for somebody who writes, or it cannot be told how long."""


class TooOften(GateClosed):
    """This client has done it too often. `seconds`: after which it surely goes on."""

    def __init__(self, seconds: int) -> None:
        super().__init__("too often")
        self.seconds = seconds

    @property
    def minutes(self) -> int:
        """Return the same in whole minutes, rounded up."""
        return -(-self.seconds // 60)


@dataclass(frozen=True, slots=True)
class Lanes:
    """The two lanes of a form. purpose: of its challenge."""

    purpose: str
    with_proof: Rate
    without: Rate


# A family, a school or a whole mobile network may come through one address: these are many for one
# person, and few for a program.
QUESTION = Lanes("ask", Rate("question", 20, WINDOW), Rate("question-slow", 6, WINDOW))
CODE = Lanes("return", Rate("code", 30, WINDOW), Rate("code-slow", 10, WINDOW))
MESSAGE = Rate("message", 30, WINDOW)
RATING = Rate("rating", 20, WINDOW)
DOWNLOAD = Rate("download", 20, WINDOW)
DELETION = Rate("deletion", 10, WINDOW)


@dataclass(frozen=True, slots=True)
class Carried:
    """What a form carries for the gate. opened: sealed time. challenge: JSON."""

    opened: str
    challenge: str


def carried(lanes: Lanes, *, at: datetime, sent: str = "") -> Carried:
    """Return what a form must carry. sent: the time that it carried before, kept if it still holds.

    The challenge is always a fresh one, since the one before may be used up.
    """
    opened = sent
    if _age(sent, at=at) is None:
        opened = tickets.issue({"at": at.timestamp()}, purpose=PURPOSE, at=at)
    return Carried(opened, proof.challenge(purpose=lanes.purpose, at=at))


def let_through(
    request: HttpRequest, lanes: Lanes, *, at: datetime, again_for: UUID | None = None
) -> None:
    """Count a form that somebody sends, in the lane that it belongs to. Raises TooFast or TooOften.

    again_for: see `proof.redeem`.
    """
    solved = request.POST.get("altcha", "")
    try:
        proof.redeem(solved, purpose=lanes.purpose, at=at, again_for=again_for)
    except proof.ProofRefused:
        least = timedelta(seconds=settings.FORM_MINIMUM_AGE)
        age = _age(request.POST.get("opened", ""), at=at)
        if least and (age is None or age < least):
            raise TooFast from None
        count(request, lanes.without)
    else:
        count(request, lanes.with_proof)


def count(request: HttpRequest, rate: Rate) -> None:
    """Count what a client does. Raises TooOften.

    Where the server does not know who it is nobody is counted: all would share one limit.
    """
    who = throttle.client_of(request)
    real = replace(rate, times=round(rate.times * settings.LIMITS_FACTOR))
    if who is not None and not real.take(who):
        raise TooOften(rate.window)


def _age(opened: str, *, at: datetime) -> timedelta | None:
    """Return how long a form has been open, or None when that cannot be told."""
    try:
        payload = tickets.redeem(opened, purpose=PURPOSE, at=at, lifetime=LIFETIME)
        return at - datetime.fromtimestamp(payload["at"], tz=at.tzinfo)
    except (tickets.TicketInvalid, KeyError, TypeError):
        return None
