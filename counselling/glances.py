"""What the parts of the team's pages show, at a glance: bare columns, read by statements that are written once.

For `accounts.marks`: these tell whether a part would be drawn otherwise, without drawing or opening anything. Each
glance has every row that its part shows, in full; more of it does no harm but draws a part in vain.
`tests/counselling/test_marks.py` changes each thing that a part shows and holds the part against its mark.
"""

from collections.abc import Sequence
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

from accounts.models import Membership, Team
from accounts.written import ID, Written
from counselling.models import (
    Assessment,
    Case,
    Claim,
    Consultation,
    ConsultationAnswer,
    Review,
)
from counselling.queries import COUNTED, LISTED, PAGE, waiting_in
from counselling.sla import Urgency


class Seen(NamedTuple):
    """What a list shows of a case (`views/rows.py`), and who holds it where the list says so."""

    case: UUID
    state: str
    urgency: int
    due_at: datetime | None
    waiting_since: datetime | None
    closed_at: datetime | None
    reason: str
    signal: str
    channel: str
    age_band: str
    topic: str | None
    team: str
    claim: int | None = None
    returns_at: datetime | None = None
    return_warned_at: datetime | None = None
    holder: str = ""


class Queue(NamedTuple):
    """The first page of a queue: who waits, how many at which urgency, and what the member has."""

    waiting: Sequence[Seen]
    urgencies: Sequence[int]
    held: Sequence[Seen]


class CaseSeen(NamedTuple):
    """How a case stands: what of its page is said anew while it lies open.

    What a member may do there follows from their role, the state and the claim.
    """

    case: tuple[object, ...]
    claim: Sequence[tuple[Any, ...]]
    alarms: Sequence[tuple[Any, ...]]
    review: Sequence[tuple[Any, ...]]
    consultations: Sequence[tuple[Any, ...]]
    answers: Sequence[tuple[Any, ...]]

    @property
    def sinces(self) -> list[datetime]:
        """Return the moments of which the page says how long ago they are, the case's own aside."""
        return [claimed_at for _claim, claimed_at, *_rest in self.claim]


_CASE = (
    "pk",
    "state",
    "urgency",
    "due_at",
    "waiting_since",
    "closed_at",
    "reason",
    "signal",
    "channel",
    "age_band",
    "topic__name",
    "team__name",
)
_OF_CLAIM = (*(f"case__{column}" for column in _CASE), "pk", "returns_at", "return_warned_at")


_TEAMS = Written(
    lambda member: Team.objects.filter(members=member).order_by("pk").values_list("pk"), ID
)
_WAITING = Written(lambda team: waiting_in(team).values_list(*_CASE)[: PAGE + 1], ID)
_URGENCIES = Written(lambda team: waiting_in(team).values_list("urgency")[: COUNTED + 1], ID)
_HELD = Written(
    lambda member: (
        Claim.objects.filter(member=member, ended_at__isnull=True)
        .order_by("pk")
        .values_list(*_OF_CLAIM)
    ),
    ID,
)
_WITH_COLLEAGUES = Written(
    lambda member: (
        Claim.objects.filter(
            case__team__in=Team.objects.filter(members=member).values("pk"), ended_at__isnull=True
        )
        .exclude(member=member)
        .order_by("case__urgency", "case__due_at", "pk")
        .values_list(*_OF_CLAIM, "member__name")[:LISTED]
    ),
    ID,
)


_CLAIM = Written(
    lambda case: Claim.objects.filter(case=case, ended_at__isnull=True).values_list(
        "pk", "claimed_at", "member", "member__name", "returns_at", "return_warned_at"
    ),
    ID,
)
_ALARMS = Written(
    lambda case: (
        Assessment.objects.filter(
            case=case, shadow=False, review__isnull=True, level__lt=Urgency.NORMAL
        )
        .order_by("seq")
        .values_list("seq", "unrated", "signals")
    ),
    ID,
)
_REVIEW = Written(
    lambda case: (
        Review.objects.filter(case=case)
        .order_by("-at", "-pk")
        .values_list("by__name", "new", "reason")[:1]
    ),
    ID,
)
_CONSULTATIONS = Written(
    lambda case: (
        Consultation.objects.filter(case=case).order_by("pk").values_list("pk", "state", "ended_at")
    ),
    ID,
)
_ANSWERS = Written(
    lambda case: (
        ConsultationAnswer.objects.filter(consultation__case=case).order_by("pk").values_list("pk")
    ),
    ID,
)


def queue(member: Membership) -> Queue:
    """Return the first page of the member's queue. Two statements, and two for each team."""
    teams = [team for (team,) in _TEAMS.of(member.pk)]
    waiting = merge(
        *((Seen(*row) for row in _WAITING.of(team)) for team in teams),
        key=lambda seen: (seen.urgency, seen.due_at, seen.case),
    )
    urgencies = merge(*(_URGENCIES.of(team) for team in teams))
    return Queue(
        list(islice(waiting, PAGE + 1)),
        [urgency for (urgency,) in islice(urgencies, COUNTED + 1)],
        held(member),
    )


def held(member: Membership) -> list[Seen]:
    """Return what the member holds. One statement."""
    return [Seen(*row) for row in _HELD.of(member.pk)]


def with_colleagues(member: Membership) -> list[Seen]:
    """Return what colleagues of the member's teams hold, as far as it is listed. One statement."""
    return [Seen(*row) for row in _WITH_COLLEAGUES.of(member.pk)]


def case(row: Case) -> CaseSeen:
    """Return how a case stands that a member may read. Five statements.

    row: as the page shows it, with team and topic loaded. Names of who wrote in it, and of who was asked,
    stay as they were when the page was opened, like the texts.
    """
    return CaseSeen(
        (
            *(row.pk, row.state, row.urgency, row.due_at, row.waiting_since, row.last_seq),
            *(row.reason, row.signal, row.topic and row.topic.name, row.team_id, row.team.name),
        ),
        _CLAIM.of(row.pk),
        _ALARMS.of(row.pk),
        _REVIEW.of(row.pk),
        _CONSULTATIONS.of(row.pk),
        _ANSWERS.of(row.pk),
    )
