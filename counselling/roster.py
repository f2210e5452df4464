"""Who is on duty, who leads, who is called, how loaded they are, and where nobody is. Reads only.

An organisation that never planned a shift works without a roster: then everybody of a team who answers
counts as on duty. An absence counts always.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from accounts.models import Membership, Organisation, Role, Team
from accounts.written import ID, MOMENT, Written, WrittenForMany
from counselling import promises
from counselling.models import Absence, Case, Channel, Claim, HouseRules, OnCall, Shift, WorkProfile
from counselling.models.working import CAPACITY, MOST
from counselling.sla import Channel as WrittenOver
from counselling.sla import Urgency
from counselling.states import CaseState
from counselling.working_time import Calendar, open_between
from vault.remembered import Remembered

Spans = list[tuple[datetime, datetime]]


@dataclass(frozen=True, slots=True)
class Load:
    """How much somebody has to do.

    held: cases whose clients wait, and chats, whoever wrote last; resting: that wait for the client.
    """

    held: int
    resting: int
    capacity: int

    @property
    def free(self) -> int:
        """Return how many more cases they may take."""
        return max(0, self.capacity - self.held)


@dataclass(frozen=True, slots=True)
class Gap:
    """A time of opening in which nobody of a team is on duty."""

    team: Team
    starts_at: datetime
    ends_at: datetime


def works_by_roster(organisation: UUID) -> bool:
    """Say whether an organisation ever planned a shift for somebody."""
    return Shift.objects.filter(
        organisation=organisation, member__isnull=False, cancelled_at__isnull=True
    ).exists()


def on_duty(*, team: Team, at: datetime, channel: Channel | None = None) -> list[Membership]:
    """Return who of a team is on duty at a moment, by name.

    channel: only who serves it (None: whichever).
    """
    shifts = _running(Shift.objects.filter(team=team, member__isnull=False), at)
    if channel is not None:
        shifts = shifts.filter(channel__in=[one for one in Channel if one.covers(channel)])
    planned = set(shifts.values_list("member_id", flat=True))
    there = _there(team.organisation_id, at)
    if planned:
        return list(there.filter(pk__in=planned, teams=team))
    if works_by_roster(team.organisation_id):
        return []
    return list(there.filter(teams=team))


def shift_leads(*, team: Team, at: datetime) -> list[Membership]:
    """Return who leads a team's shift at a moment: whose shift says so, else supervisors on duty."""
    shifts = _running(Shift.objects.filter(team=team, member__isnull=False), at)
    planned = dict(shifts.order_by("lead").values_list("member_id", "lead"))  # who leads comes last
    there = _there(team.organisation_id, at)
    if not planned:
        if works_by_roster(team.organisation_id):
            return []
        return list(there.filter(teams=team, role=Role.SUPERVISOR))
    leads = [member for member, lead in planned.items() if lead]
    found = list(there.filter(pk__in=leads, teams=team)) if leads else []
    return found or list(there.filter(pk__in=planned, teams=team, role=Role.SUPERVISOR))


def on_call(*, organisation: Organisation, at: datetime) -> list[Membership]:
    """Return who is called at a moment, in order of calling, each once."""
    rows = (
        called(organisation.pk, at)
        .select_related("member__user", "member__organisation")
        .order_by("position", "pk")
    )
    return list({row.member_id: row.member for row in rows}.values())


def is_anybody_on_call(organisation: UUID, *, at: datetime) -> bool:
    """Say whether anybody is called at a moment."""
    return bool(_ANY_CALLED.of(organisation, at))


def is_on_duty(member: Membership, *, at: datetime) -> bool:
    """Say whether somebody is there at a moment: in any shift, or without a roster not absent."""
    there = _there(member.organisation_id, at).filter(pk=member.pk)
    if works_by_roster(member.organisation_id):
        running = _running(Shift.objects.filter(member=member), at)
        there = there.filter(Exists(running))
    return there.exists()


def loads(members: Iterable[Membership], *, at: datetime) -> dict[UUID, Load]:
    """Return how loaded some members of one organisation are, in three queries, by their ids.

    Mail and chat count together. Capacity is the person's own ceiling, and the running shift's if that is
    less.
    """
    ids = [member.pk for member in members]
    held: Counter[UUID] = Counter()
    resting: Counter[UUID] = Counter()
    for member, state, channel, number in (
        Claim.objects.filter(member__in=ids, ended_at__isnull=True)
        .values_list("member", "case__state", "case__channel")
        .annotate(number=Count("pk"))
        .order_by()
    ):
        needs_them = state == CaseState.CLAIMED or channel == WrittenOver.CHAT
        (held if needs_them else resting)[member] += number
    ceilings = dict(WorkProfile.objects.filter(member__in=ids).values_list("member_id", "ceiling"))
    planned: dict[UUID, int] = {}
    running = _running(Shift.objects.filter(member__in=ids), at)
    for member, capacity in running.values_list("member_id", "capacity"):
        planned[member] = max(planned.get(member, 0), capacity)
    return {
        pk: Load(
            held=held[pk],
            resting=resting[pk],
            capacity=min(
                planned.get(pk, MOST), ceilings.get(pk, MOST if pk in planned else CAPACITY)
            ),
        )
        for pk in ids
    }


def load(member: Membership, *, at: datetime) -> Load:
    """Return how loaded one person is."""
    return loads([member], at=at)[member.pk]


def returning_soon(member: Membership) -> dict[UUID, datetime]:
    """Return when cases go back that somebody was warned of, by the case's id."""
    warned = Claim.objects.filter(
        member=member, ended_at__isnull=True, return_warned_at__isnull=False
    )
    return {
        case: returns_at
        for case, returns_at in warned.values_list("case_id", "returns_at")
        if returns_at is not None
    }


def gaps(*, organisation: Organisation, start: datetime, end: datetime) -> list[Gap]:
    """Return the times of opening between two moments in which nobody of a team is on duty.

    Nothing for an organisation that works without a roster. The number of queries does not grow with
    teams, people or days.
    """
    if not works_by_roster(organisation.pk):
        return []
    of_team = present(organisation=organisation, start=start, end=end)
    rules = promises.rules(organisation)
    return [
        Gap(team, *span)
        for team in Team.objects.filter(organisation=organisation).select_related("organisation")
        for span in _without(
            open_between(start, end, rules.calendar(team.pk)),
            _merged(sorted(of_team.get(team.pk, []))),
        )
    ]


def present(
    *, organisation: Organisation, start: datetime, end: datetime, channel: Channel | None = None
) -> dict[UUID, Spans]:
    """Return by team's id when somebody is on duty between two moments; a span for each person.

    channel: only who serves it (None: whichever).
    """
    absent: dict[UUID, Spans] = {}
    for member, *span in Absence.objects.filter(
        member__organisation=organisation, starts_at__lt=end, ends_at__gt=start
    ).values_list("member_id", "starts_at", "ends_at"):
        absent.setdefault(member, []).append((span[0], span[1]))
    found: dict[UUID, Spans] = {}
    for shift in Shift.objects.filter(
        organisation=organisation,
        channel__in=[one for one in Channel if channel is None or one.covers(channel)],
        member__ended_at__isnull=True,
        member__user__is_active=True,
        member__role__in=Role.counselling(),
        member__teams=F("team"),
        starts_at__lt=end,
        ends_at__gt=start,
        cancelled_at__isnull=True,
    ):
        whole = [(max(start, shift.starts_at), min(end, shift.ends_at))]
        assert shift.member_id is not None  # the filter leaves no open shift
        away = _merged(sorted(absent.get(shift.member_id, [])))
        found.setdefault(shift.team_id, []).extend(_without(whole, away))
    return found


def open_with(team: Team, channel: Channel, *, start: datetime, end: datetime) -> Spans:
    """Return when a team has opened and somebody serves a channel, between two moments, in order.

    Without a roster: whenever the team has opened.
    """
    # A span that ends at midnight and one that begins there are one.
    opened = _merged(open_between(start, end, opening_of(team)))
    if not works_by_roster(team.organisation_id):
        return opened
    of_team = present(organisation=team.organisation, start=start, end=end, channel=channel)
    there = _merged(sorted(of_team.get(team.pk, [])))
    closed = _without([(start, end)], opened)
    return _without(there, closed)


def house_rules(organisation: UUID) -> HouseRules:
    """Return an organisation's rules about holding and approving; the defaults if it has set none."""
    return _RULES.first(organisation) or HouseRules(organisation_id=organisation)


def remembered_house_rules(organisation: UUID) -> HouseRules:
    """Return these rules as they were at most two seconds ago in this process: for lines in chats."""
    known = _remembered.still(organisation)
    return known or _remembered.keep(organisation, house_rules(organisation))


def forget() -> None:
    """Forget what `remembered_house_rules` keeps in this process."""
    _remembered.forget()


_RULES = Written(lambda organisation: HouseRules.objects.filter(pk=organisation), ID)
_remembered: Remembered[UUID, HouseRules] = Remembered()


def is_learning(member: Membership) -> bool:
    """Say whether somebody's replies always wait for a second person."""
    return member.pk in learning([member])


def learning(members: Sequence[Membership]) -> set[UUID]:
    """Return whose replies always wait for a second person."""
    approved = {one for (one,) in _APPROVED.rows([member.pk for member in members])}
    return {member.pk for member in members if learns(member, is_approved=member.pk in approved)}


def learns(member: Membership, *, is_approved: bool) -> bool:
    """Say so of one, where it is known whether their profile wants it."""
    return is_approved or member.role == Role.TRAINEE


def approved(members: Any) -> QuerySet[WorkProfile]:
    """Return the profiles of some members (ids, or a query for ids) that want each reply approved."""
    return WorkProfile.objects.filter(pk__in=members, needs_approval=True)


_APPROVED = WrittenForMany(lambda members: approved(members).values_list("pk"))


def needs_second_person(case: Case, author: Membership) -> bool:
    """Say whether a reply of somebody in a case waits for a second person before the client sees it."""
    if is_learning(author):
        return True
    return case.urgency == Urgency.SOFORT and house_rules(case.organisation_id).four_eyes_sofort


def opening_of(team: Team) -> Calendar:
    """Return when a team has opened."""
    return promises.calendar_of(team)


def _there(organisation: UUID, at: datetime) -> QuerySet[Membership]:
    """Return who could be on duty at all: answers cases, is a current member and not absent."""
    return (
        Membership.objects.filter(
            ~Exists(absences_of(OuterRef("pk"), at)),
            organisation=organisation,
            role__in=Role.counselling(),
            ended_at__isnull=True,
            user__is_active=True,
        )
        .select_related("user", "organisation")
        .order_by("name", "pk")
    )


def called(organisation: UUID | OuterRef, at: datetime) -> QuerySet[OnCall]:
    """Return the places on an organisation's on-call list whose people are called at a moment."""
    return OnCall.objects.filter(
        Q(starts_at__isnull=True) | Q(starts_at__lte=at),
        Q(ends_at__isnull=True) | Q(ends_at__gt=at),
        ~Exists(absences_of(OuterRef("member"), at)),
        organisation=organisation,
        member__ended_at__isnull=True,
        member__user__is_active=True,
    )


_ANY_CALLED = Written(
    lambda organisation, at: called(organisation, at).order_by().values_list("pk")[:1], ID, MOMENT
)


def absences_of(member: OuterRef, at: datetime) -> QuerySet[Absence]:
    """Return the absences of members of an outer query at a moment."""
    return Absence.objects.filter(member=member, starts_at__lte=at, ends_at__gt=at)


def _running(shifts: QuerySet[Shift], at: datetime) -> QuerySet[Shift]:
    return shifts.filter(starts_at__lte=at, ends_at__gt=at, cancelled_at__isnull=True)


def _merged(spans: Iterable[tuple[datetime, datetime]]) -> Spans:
    """Return spans, sorted by their beginnings, without overlaps."""
    merged: Spans = []
    for starts, ends in spans:
        if merged and starts <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], ends))
        else:
            merged.append((starts, ends))
    return merged


def _without(spans: Sequence[tuple[datetime, datetime]], taken: Spans) -> Spans:
    """Return what is left of spans outside of others; these in order and without overlaps."""
    left: Spans = []
    for starts, ends in spans:
        begin = starts
        for busy_from, busy_to in taken:
            if busy_to <= begin or busy_from >= ends:
                continue
            if busy_from > begin:
                left.append((begin, busy_from))
            begin = busy_to
        if begin < ends:
            left.append((begin, ends))
    return [(starts, ends) for starts, ends in left if ends - starts >= timedelta(minutes=1)]
