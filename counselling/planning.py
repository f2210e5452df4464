"""What the pages of the roster list: shifts, patterns, absences, swaps, and calendar feeds. Reads only."""

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from icalendar import Calendar, Event

from accounts import queries as staff_queries
from accounts.models import Membership, Organisation, Role, Team
from counselling import roster
from counselling.models import (
    Absence,
    OnCall,
    Pattern,
    RosterFeed,
    Shift,
    Swap,
    TeamRules,
    Topic,
    WorkProfile,
)
from counselling.working_time import at_wall_clock

LISTED = 200  # rows of one list
FEED_BACK = timedelta(days=30)


def shifts_of_week(
    organisation: Organisation, *, monday: date, zone: ZoneInfo, team: Team | None = None
) -> list[Shift]:
    """Return the shifts that begin in a week, in order. team: only its own."""
    rows = Shift.objects.filter(
        organisation=organisation,
        starts_at__gte=at_wall_clock(monday, 0, zone),
        starts_at__lt=at_wall_clock(monday + timedelta(days=7), 0, zone),
        cancelled_at__isnull=True,
    )
    if team is not None:
        rows = rows.filter(team=team)
    return list(rows.select_related("member", "team"))


def own_shifts(member: Membership, *, at: datetime) -> QuerySet[Shift]:
    """Return somebody's shifts that are not over, in order."""
    return Shift.objects.filter(
        member=member, ends_at__gt=at, cancelled_at__isnull=True
    ).select_related("team", "member")


def open_shifts(member: Membership, *, at: datetime) -> list[Shift]:
    """Return the shifts of somebody's teams that nobody has yet."""
    if member.role not in Role.counselling():
        return []
    return list(
        Shift.objects.filter(
            organisation=member.organisation_id,
            team__in=staff_queries.team_ids(member),
            member__isnull=True,
            ends_at__gt=at,
            cancelled_at__isnull=True,
        ).select_related("team")[:LISTED]
    )


def shift_of(organisation: Organisation, shift: UUID) -> Shift | None:
    """Return a shift of an organisation, or None."""
    return (
        Shift.objects.filter(pk=shift, organisation=organisation, cancelled_at__isnull=True)
        .select_related("team", "member", "successor")
        .first()
    )


def swap_of(organisation: Organisation, swap: UUID) -> Swap | None:
    """Return a swap of an organisation, answered or not, or None."""
    return Swap.objects.filter(pk=swap, shift__organisation=organisation).first()


def open_swaps(member: Membership, *, at: datetime) -> list[Swap]:
    """Return the swaps that wait for somebody's answer or that they have asked for."""
    return list(
        Swap.objects.filter(
            Q(taker=member) | Q(giver=member), state=Swap.State.ASKED, shift__starts_at__gt=at
        ).select_related("shift__team", "in_return__team", "giver", "taker")
    )


def teammates(member: Membership, team: Team) -> QuerySet[Membership]:
    """Return the others who answer a team's cases."""
    return staff_queries.colleagues(member).filter(teams=team)


def shifts_for_return(shift: Shift, *, at: datetime) -> list[Shift]:
    """Return the coming shifts of the others of a shift's team, which may be given for it."""
    return list(
        Shift.objects.filter(
            team=shift.team, member__isnull=False, starts_at__gt=at, cancelled_at__isnull=True
        )
        .exclude(member=shift.member)
        .select_related("member", "team")[:LISTED]
    )


def patterns(organisation: Organisation, *, at: datetime) -> list[Pattern]:
    """Return the weekly patterns of an organisation that have not ended."""
    return list(
        Pattern.objects.filter(
            Q(last_day__isnull=True) | Q(last_day__gte=at.date()), organisation=organisation
        ).select_related("team", "member")
    )


def pattern_of(organisation: Organisation, pattern: UUID) -> Pattern | None:
    """Return a weekly pattern of an organisation, or None."""
    return Pattern.objects.filter(pk=pattern, organisation=organisation).first()


def absences(
    organisation: Organisation, *, at: datetime, member: Membership | None = None
) -> list[Absence]:
    """Return the absences that are not over. member: only theirs."""
    rows = Absence.objects.filter(member__organisation=organisation, ends_at__gt=at)
    if member is not None:
        rows = rows.filter(member=member)
    return list(rows.select_related("member")[:LISTED])


def absence_of(organisation: Organisation, absence: UUID) -> Absence | None:
    """Return an absence of somebody of an organisation, or None."""
    return Absence.objects.filter(pk=absence, member__organisation=organisation).first()


def on_call_list(organisation: Organisation, *, at: datetime) -> list[OnCall]:
    """Return the on-call list as it is edited, in order of calling, without what is over."""
    return list(
        OnCall.objects.filter(
            Q(ends_at__isnull=True) | Q(ends_at__gt=at), organisation=organisation
        ).select_related("member")
    )


def pushed_teams(organisation: Organisation) -> set[UUID]:
    """Return the teams of an organisation whose cases are given out."""
    return set(
        TeamRules.objects.filter(team__organisation=organisation, push=True).values_list(
            "team_id", flat=True
        )
    )


def profiles(organisation: Organisation) -> list[tuple[Membership, WorkProfile]]:
    """Return who answers cases, and what they take on; defaults where nobody has said."""
    people = staff_queries.staff_of(organisation).filter(role__in=Role.counselling())
    there = {
        row.pk: row
        for row in WorkProfile.objects.filter(member__organisation=organisation).prefetch_related(
            "topics"
        )
    }
    return [(person, there.get(person.pk) or WorkProfile(member=person)) for person in people]


def profile_of(organisation: Organisation, member: UUID) -> tuple[Membership, WorkProfile] | None:
    """Return somebody who answers cases and what they take on, or None."""
    person = (
        staff_queries.staff_of(organisation)
        .filter(pk=member, role__in=Role.counselling())
        .select_related("organisation")
        .first()
    )
    if person is None:
        return None
    row = WorkProfile.objects.filter(pk=person.pk).first()
    return person, row or WorkProfile(member=person)


def topics_of(profile: WorkProfile) -> list[Topic]:
    """Return the topics that somebody is given; none: all."""
    return list(
        Topic.objects.filter(
            pk__in=WorkProfile.topics.through.objects.filter(workprofile=profile.pk).values("topic")
        )
    )


def feed_of(member: Membership) -> RosterFeed | None:
    """Return somebody's feed, without its secret, or None."""
    return RosterFeed.objects.filter(member=member).first()


def member_of_feed(token_hash: bytes) -> Membership | None:
    """Return whose shifts a secret link shows, or None: no such link, or they have left."""
    row = (
        RosterFeed.objects.filter(
            token_hash=token_hash, member__ended_at__isnull=True, member__user__is_active=True
        )
        .select_related("member__organisation")
        .first()
    )
    return row.member if row else None


def calendar(member: Membership, *, name: str, lead: str, at: datetime) -> bytes:
    """Return somebody's shifts as an iCalendar file: times and teams, nothing of any case.

    name: of the calendar. lead: what is said of a shift that they lead.
    """
    shown = Calendar()
    shown.add("prodid", "-//Lotse//roster//DE")
    shown.add("version", "2.0")
    shown.add("x-wr-calname", name)
    rows = Shift.objects.filter(
        member=member, ends_at__gt=at - FEED_BACK, cancelled_at__isnull=True
    ).select_related("team")
    for shift in rows[: 5 * LISTED]:
        event = Event()
        event.add("uid", f"{shift.pk}@lotse")
        event.add("dtstamp", at)
        event.add("dtstart", shift.starts_at)
        event.add("dtend", shift.ends_at)
        event.add("summary", f"{shift.team.name} ({lead})" if shift.lead else shift.team.name)
        shown.add_component(event)
    file: bytes = shown.to_ical()
    return file


def gaps_ahead(organisation: Organisation, *, at: datetime) -> list[roster.Gap]:
    """Return the coverage gaps of the next 14 days."""
    return roster.gaps(organisation=organisation, start=at, end=at + timedelta(days=14))
