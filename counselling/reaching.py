"""Whom an alarm reaches at a moment: never nobody without saying so. Reads only.

An empty roster goes straight to who is on call, an empty on-call list to everybody who leads, and so
on down to the administration. In quiet hours only who has a shift or is on call is woken; where that
would be nobody, the others are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import Membership, Organisation, Role, Team
from counselling import ladders, roster
from counselling.ladders import Quiet, Rung, Whom
from counselling.models import AlarmNumber, AlarmRules, EscalationStep, LadderStep
from counselling.sla import Urgency
from outbox import queries as outbox
from outbox.models import Channel

Instead = EscalationStep.Instead


@dataclass(frozen=True, slots=True)
class Called:
    """Whom a step calls. instead: who stands in for nobody. on_call: one of the on-call list."""

    members: Sequence[Membership]
    instead: str = ""
    on_call: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """One way to one person. to: as the outbox wants it."""

    member: Membership
    channel: Channel
    to: str


def ladder_of(organisation: Organisation, urgency: Urgency) -> tuple[Rung, ...]:
    """Return the organisation's own ladder for an urgency, or the default one."""
    rows = LadderStep.objects.filter(organisation=organisation, urgency=urgency)
    own = tuple(
        Rung(Whom(row.whom), row.mail, row.push, row.webhook, row.wait)
        for row in rows.order_by("position")
    )
    return own or ladders.DEFAULTS[urgency]


def quiet_of(organisation: Organisation) -> Quiet:
    """Return when an organisation's people sleep."""
    rules = AlarmRules.objects.filter(organisation=organisation).first()
    return Quiet(rules.quiet_begins, rules.quiet_ends) if rules else Quiet()


class Muster:
    """Whom an organisation can call at a moment. Each thing is read once, when it is first wanted.

    For one step, or for all that one sweep takes: what changes meanwhile counts for the next one.
    """

    def __init__(self, organisation: Organisation, at: datetime) -> None:
        self.organisation = organisation
        self.at = at
        self._ladders: dict[Urgency, tuple[Rung, ...]] = {}
        self._teams: dict[UUID, Team] = {}
        self._called: dict[tuple[Whom, UUID], list[Membership]] = {}

    @cached_property
    def quiet(self) -> Quiet:
        """Return when the organisation's people sleep."""
        return quiet_of(self.organisation)

    @cached_property
    def on_call(self) -> list[Membership]:
        """Return who is on call, in order of calling."""
        return roster.on_call(organisation=self.organisation, at=self.at)

    def ladder(self, urgency: Urgency) -> tuple[Rung, ...]:
        """Return the ladder for an urgency."""
        if urgency not in self._ladders:
            self._ladders[urgency] = ladder_of(self.organisation, urgency)
        return self._ladders[urgency]

    def called(self, rung: Rung, *, team: UUID, calls: int) -> Called:
        """Return whom a step calls. calls: how often this alarm called somebody on call already."""
        found = [] if rung.whom is Whom.ON_CALL else self._members(rung.whom, team)
        return Called(found) if found else self._instead(rung, calls)

    def _members(self, whom: Whom, team: UUID) -> list[Membership]:
        if (whom, team) not in self._called:
            self._called[whom, team] = self._read(whom, self._team(team))
        return self._called[whom, team]

    def _read(self, whom: Whom, team: Team) -> list[Membership]:
        if whom is Whom.EVERYBODY:
            return _everybody(team, self.at)
        # Without a roster "on duty" is everybody; at night nobody is woken for that alone.
        if self._sleeps and not self._works_by_roster:
            return []
        if whom is Whom.LEADS:
            return roster.shift_leads(team=team, at=self.at)
        return roster.on_duty(team=team, at=self.at)

    def _team(self, team: UUID) -> Team:
        if team not in self._teams:
            self._teams[team] = Team.objects.get(pk=team)
            self._teams[team].organisation = self.organisation
        return self._teams[team]

    def _instead(self, rung: Rung, calls: int) -> Called:
        if self.on_call:
            one = self.on_call[calls % len(self.on_call)]
            return Called([one], "" if rung.whom is Whom.ON_CALL else Instead.ON_CALL, on_call=True)
        return self._last_resort

    @cached_property
    def _last_resort(self) -> Called:
        there, current = _there(self.organisation, self.at), _current(self.organisation)
        for instead, members in (
            (Instead.SUPERVISORS, there.filter(role=Role.SUPERVISOR)),
            (Instead.EVERYBODY, there.filter(role__in=Role.counselling())),
            # Better woken on holiday than nobody.
            (Instead.EVERYBODY, current.filter(role__in=Role.counselling())),
            (Instead.ADMINS, current.filter(role=Role.ADMIN)),
        ):
            people = list(members)
            if people:
                return Called(people, instead)
        return Called([], Instead.NOBODY)

    @cached_property
    def _sleeps(self) -> bool:
        return self.quiet.covers(timezone.localtime(self.at))

    @cached_property
    def _works_by_roster(self) -> bool:
        return roster.works_by_roster(self.organisation.pk)


class Musters:
    """The musters of every organisation at one moment, for one sweep."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._known: dict[UUID, Muster] = {}

    def of(self, organisation: UUID) -> Muster:
        """Return the muster of one organisation."""
        if organisation not in self._known:
            row = Organisation.objects.get(pk=organisation)
            self._known[organisation] = Muster(row, self._at)
        return self._known[organisation]


def nobody_on_call(organisation: Organisation, *, at: datetime) -> bool:
    """Say whether the on-call list is empty now, which is an alarm itself."""
    return not roster.is_anybody_on_call(organisation.pk, at=at)


def ways(rung: Rung, members: Sequence[Membership]) -> list[Way]:
    """Return how a step reaches people: over its ways, and whom none of them reaches, by mail.

    A step that is for the page alone has none; nor has anybody a mail where no mail server is set up.
    """
    if not rung.leaves_the_page or not members:
        return []
    organisation = members[0].organisation_id
    browsers = outbox.browsers_by_owner([m.user_id for m in members]) if rung.push else {}
    numbers: dict[object, str] = {}
    if rung.webhook and outbox.gateway_of(organisation) is not None:
        numbers = dict(
            AlarmNumber.objects.filter(member__in=members).values_list("member_id", "number")
        )
    found: list[Way] = []
    for member in members:
        mine = [
            Way(member, Channel.PUSH, str(browser.pk))
            for browser in browsers.get(member.user_id, [])
        ]
        if member.pk in numbers:
            mine.append(Way(member, Channel.WEBHOOK, numbers[member.pk]))
        if has_mail_server() and (rung.mail or not mine):
            mine.append(Way(member, Channel.MAIL, member.user.email))
        found += mine
    return found


def has_mail_server() -> bool:
    """Say whether mails leave this house at all."""
    return not settings.EMAIL_BACKEND.endswith("dummy.EmailBackend")


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A step of a ladder that could reach nobody. number: which, from 1. why: a code."""

    number: int
    why: str


def unreachable(ladder: Sequence[Rung], organisation: Organisation) -> Iterator[Unreachable]:
    """Yield what keeps a ladder from ever reaching anybody; it must not be saved then.

    Asked of who there is at all, not of who is on duty at this moment. The last step comes again and
    again, so it must leave the page.
    """
    if not ladder[-1].leaves_the_page:
        yield Unreachable(len(ladder), "page_only")
    for number, rung in enumerate(ladder, 1):
        people = list(_could_be_called(rung.whom, organisation))
        if not people:
            yield Unreachable(number, f"nobody_{rung.whom}")
        elif rung.leaves_the_page and not rung.mail and not _reaches(rung, people):
            yield Unreachable(number, "no_way")


def _reaches(rung: Rung, people: Sequence[Membership]) -> bool:
    without_mail = [way for way in ways(rung, people) if way.channel != Channel.MAIL]
    return bool(without_mail)


def _could_be_called(whom: Whom, organisation: Organisation) -> QuerySet[Membership]:
    answering = _current(organisation).filter(role__in=Role.counselling())
    if whom is Whom.LEADS:
        return answering.filter(Q(role=Role.SUPERVISOR) | Q(shifts__lead=True)).distinct()
    if whom is Whom.ON_CALL:
        return _current(organisation).filter(on_call__organisation=organisation).distinct()
    return answering


def _everybody(team: Team, at: datetime) -> list[Membership]:
    answering = Q(teams=team, role__in=Role.counselling())
    return list(
        _there(team.organisation, at).filter(answering | Q(role=Role.SUPERVISOR)).distinct()
    )


def _there(organisation: Organisation, at: datetime) -> QuerySet[Membership]:
    return _current(organisation).filter(~Exists(roster.absences_of(OuterRef("pk"), at)))


def _current(organisation: Organisation) -> QuerySet[Membership]:
    return (
        Membership.objects.filter(
            organisation=organisation, ended_at__isnull=True, user__is_active=True
        )
        .select_related("user", "organisation")
        .order_by("name", "pk")
    )
