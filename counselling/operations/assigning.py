"""Cases are given out, in teams that want it so: to who has had nothing for longest and has room.

Everywhere else people take cases themselves; then nothing here does anything.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, Max, OuterRef

from accounts import queries as staff_queries
from accounts.models import Membership, Team
from accounts.written import ID, Written
from counselling import roster
from counselling.due import Due
from counselling.models import Case, Claim, TeamRules, WorkProfile
from counselling.operations import cases
from counselling.sla import Channel
from counselling.states import CaseState

MOST = 50  # cases that are looked at in one go
MOST_TEAMS = 1000  # of those that want it and have something to give out

# Who waits in a chat is taken by somebody who is there to chat.
_WAITING = Case.objects.filter(state=CaseState.WAITING, channel=Channel.MAIL)
_TO_GIVE_OUT = Due(
    lambda _at: TeamRules.objects.filter(Exists(_WAITING.filter(team=OuterRef("pk"))), push=True)
)


@dataclass(slots=True)
class _Person:
    member: Membership
    free: int
    last: datetime | None
    topics: frozenset[UUID]

    def takes(self, case: Case) -> bool:
        """Say whether they have room for a case and are given its topic."""
        return self.free > 0 and (not self.topics or case.topic_id in self.topics)


def sweep(*, at: datetime) -> int:
    """Give out what waits in every team that wants it. Returns how many cases."""
    return sum(_push(rules.pk, at=at) for rules in _TO_GIVE_OUT.first(at, MOST_TEAMS))


def push(*, team: UUID, at: datetime) -> int:
    """Give out a team's waiting cases as long as somebody has room. Returns how many were given.

    Most urgent first. Who had a case before their shift ended gets it again if they can; who let it
    go back unanswered does not. Safe to run at once in any number of processes.
    """
    return _push(team, at=at) if _PUSHED.of(team) else 0


_PUSHED = Written(lambda team: TeamRules.objects.filter(pk=team, push=True).values_list("pk"), ID)


def _push(team: UUID, *, at: datetime) -> int:
    waiting = _WAITING.filter(team=team)
    if not waiting.exists():
        return 0
    people = _people(Team.objects.select_related("organisation").get(pk=team), at)
    if not people:
        return 0
    given = 0
    for case in list(waiting.order_by("urgency", "due_at", "id")[:MOST]):
        if not any(person.free for person in people):
            break
        given += _give(case, people, at=at)
    return given


def _people(team: Team, at: datetime) -> list[_Person]:
    """Return who is on duty, can read the team's cases and has room for one more."""
    there = roster.on_duty(team=team, at=at)
    if not there:
        return []
    loads = roster.loads(there, at=at)
    there = [member for member in there if loads[member.pk].free]
    if not there:
        return []
    without_key = staff_queries.waiting_for_key(team.organisation)
    there = [member for member in there if team not in without_key.get(member.pk, ())]
    last = dict(
        Claim.objects.filter(member__in=there)
        .order_by()
        .values_list("member")
        .annotate(last=Max("claimed_at"))
    )
    topics: dict[UUID, set[UUID]] = {}
    through = WorkProfile.topics.through.objects.filter(workprofile__in=[m.pk for m in there])
    for member, topic in through.values_list("workprofile_id", "topic_id"):
        topics.setdefault(member, set()).add(topic)
    return [
        _Person(
            member, loads[member.pk].free, last.get(member.pk), frozenset(topics.get(member.pk, ()))
        )
        for member in there
    ]


def _give(case: Case, people: list[_Person], *, at: datetime) -> bool:
    before = Claim.objects.filter(case=case).order_by("-pk").first()
    candidates = [person for person in people if person.takes(case)]
    if before is not None and before.end == Claim.End.UNANSWERED:
        candidates = [one for one in candidates if one.member.pk != before.member_id]
    if not candidates:
        return False
    first = min(candidates, key=lambda one: (one.last is not None, one.last or at, one.member.name))
    if before is not None and before.end == Claim.End.SHIFT_ENDED:
        first = next((one for one in candidates if one.member.pk == before.member_id), first)
    return _assign(case, first, at=at)


@transaction.atomic
def _assign(case: Case, person: _Person, *, at: datetime) -> bool:
    """Give a case to somebody, unless others filled their room in the meantime."""
    list(
        Membership.objects.select_for_update(of=("self",)).filter(pk=person.member.pk).values("pk")
    )
    person.free = roster.load(person.member, at=at).free
    if person.free == 0 or not cases.assign(case=case.pk, to=person.member, at=at):
        return False
    person.free -= 1
    person.last = at
    return True
