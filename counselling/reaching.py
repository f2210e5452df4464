"""Whom an alarm reaches at a moment: never nobody without saying so. Reads only.

An empty roster goes straight to who is on call, an empty on-call list to everybody who leads, and so
on down to the administration. In quiet hours only who has a shift or is on call is woken; where that
would be nobody, the others are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import Membership, Organisation, Role, Team
from counselling import ladders, roster
from counselling.ladders import Quiet, Rung, Whom
from counselling.models import Absence, AlarmNumber, AlarmRules, EscalationStep, LadderStep
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


def called(rung: Rung, *, team: Team, calls: int, at: datetime) -> Called:
    """Return whom a step calls. calls: how often this alarm called somebody on call already."""
    quiet = quiet_of(team.organisation).covers(timezone.localtime(at))
    planned = roster.works_by_roster(team.organisation_id)
    # Without a roster "on duty" is everybody; at night nobody is woken for that alone.
    wakes = planned or not quiet
    if rung.whom is Whom.ON_DUTY and wakes:
        found = Called(roster.on_duty(team=team, at=at))
    elif rung.whom is Whom.LEADS and wakes:
        found = Called(roster.shift_leads(team=team, at=at))
    elif rung.whom is Whom.EVERYBODY:
        found = Called(_everybody(team, at))
    else:
        found = Called([])
    if found.members:
        return found
    return _instead(rung, team, calls, at)


def _instead(rung: Rung, team: Team, calls: int, at: datetime) -> Called:
    organisation = team.organisation
    on_call = roster.on_call(organisation=organisation, at=at)
    if on_call:
        one = on_call[calls % len(on_call)]
        return Called([one], "" if rung.whom is Whom.ON_CALL else Instead.ON_CALL, on_call=True)
    for instead, members in (
        (Instead.SUPERVISORS, _there(organisation, at).filter(role=Role.SUPERVISOR)),
        (Instead.EVERYBODY, _there(organisation, at).filter(role__in=Role.counselling())),
        # Better woken on holiday than nobody.
        (Instead.EVERYBODY, _current(organisation).filter(role__in=Role.counselling())),
        (Instead.ADMINS, _current(organisation).filter(role=Role.ADMIN)),
    ):
        people = list(members)
        if people:
            return Called(people, instead)
    return Called([], Instead.NOBODY)


def nobody_on_call(organisation: Organisation, *, at: datetime) -> bool:
    """Say whether the on-call list is empty now, which is an alarm itself."""
    return not roster.on_call(organisation=organisation, at=at)


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
    absent = Absence.objects.filter(member=OuterRef("pk"), starts_at__lte=at, ends_at__gt=at)
    return _current(organisation).filter(~Exists(absent))


def _current(organisation: Organisation) -> QuerySet[Membership]:
    return (
        Membership.objects.filter(
            organisation=organisation, ended_at__isnull=True, user__is_active=True
        )
        .select_related("user", "organisation")
        .order_by("name", "pk")
    )
