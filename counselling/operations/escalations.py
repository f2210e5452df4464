"""The one writer of alarms: they start, climb their ladder, and end when a human has seen them.

A step is taken by a conditional update together with everything it promises, in one transaction: a
killed worker has taken it whole or not at all, and of any number of workers one takes it. Its wait
counts from when it was taken, so that a clock that jumps ahead takes one step of each ladder and no
more, and one that is set back delays none (`settle_clock`).
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import Membership
from accounts.written import ID, Written
from audit import trail
from counselling import events, ladders, reaching
from counselling.due import Due
from counselling.models import Case, Claim, Escalation, EscalationStep
from counselling.operations import deadlines
from counselling.reaching import Muster, Musters, Way
from counselling.sla import Urgency
from counselling.states import CaseState, Move
from outbox.models import Channel
from outbox.operations import deliveries
from outbox.operations.deliveries import Wanted
from vault import tickets

How, Why = Escalation.How, Escalation.Why

MOST = 200  # ladders in one go
CLOCK_SLACK = timedelta(minutes=1)  # by which the clocks of two machines may differ
LINK = "alarm"  # the purpose of the ticket in a mail's link
LINK_LASTS = timedelta(days=2)

_CLIMBING = Due(
    lambda at: Escalation.objects.filter(ended_at__isnull=True, next_at__lte=at).order_by("next_at")
)
_AHEAD = Due(
    lambda after: Escalation.objects.filter(ended_at__isnull=True, moved_at__gt=after).order_by(
        "moved_at"
    )
)


@transaction.atomic
def start(
    *, case: Case, why: Escalation.Why, at: datetime, musters: Musters | None = None
) -> Escalation | None:
    """Alarm about a case, and take the first step at once. Call it in the transaction of its cause.

    The same thing alarms once: a message (URGENT) by its moment, everything else by since when the
    client waits. Returns None where that alarm was there already, where one that is as urgent is
    still open, and where nobody waits. A more urgent one takes the place of one that is open.
    musters: of a sweep at this moment, which reads but once whom it can call.
    """
    round_at = at if why == Why.URGENT else case.waiting_since
    if round_at is None:
        return None
    known = Escalation.objects.filter(
        Q(ended_at__isnull=True) | Q(why=why, round_at=round_at), case=case
    )
    alarms = list(known)
    running = next((row for row in alarms if row.ended_at is None), None)
    if running is not None and running.urgency <= case.urgency:
        return None
    if any(row.why == why and row.round_at == round_at for row in alarms):
        return None
    if running is not None:
        _end(running, by=None, how=How.SUPERSEDED, at=at)
    try:
        with transaction.atomic():
            escalation = Escalation.objects.create(
                organisation_id=case.organisation_id,
                case=case,
                team_id=case.team_id,
                urgency=case.urgency,
                why=why,
                round_at=round_at,
                started_at=at,
                moved_at=at,
                next_at=at,
            )
    except IntegrityError:
        return None  # somebody else started it in this moment
    trail.record(
        "escalation.started",
        by=trail.SYSTEM,
        at=at,
        organisation=case.organisation_id,
        case=case.pk,
        why=str(why),
        urgency=int(case.urgency),
    )
    _take(escalation, at=at, musters=musters)
    return escalation


@transaction.atomic
def acknowledge(
    *, escalation: UUID, by: Membership | None, how: Escalation.How, at: datetime
) -> bool:
    """Note that a human has seen an alarm; it ends. Says whether this was the one who ended it.

    by: None where a gateway says so without a name.
    """
    row = Escalation.objects.filter(pk=escalation).first()
    if row is None:
        return False
    # The case first, as everybody does who moves it: otherwise two could wait for each other.
    Case.objects.select_for_update(of=("self",)).filter(pk=row.case_id).first()
    return _end(row, by=by.pk if by else None, how=how, at=at)


def seen(*, case: UUID, by: UUID | None, how: Escalation.How, at: datetime) -> None:
    """End the open alarm about a case, if there is one: by what somebody did it is seen.

    by: the member's id.
    """
    row = Escalation.objects.filter(case=case, ended_at__isnull=True).first()
    if row is not None:
        _end(row, by=by, how=how, at=at)


def read(*, case: Case, by: Membership, at: datetime) -> None:
    """End the alarm about a case that its holder opens. Who only looks has not taken it on."""
    row = _OPEN.first(case.pk)
    if (
        row is not None
        and Claim.objects.filter(case=case, member=by, ended_at__isnull=True).exists()
    ):
        _end(row, by=by.pk, how=How.READ, at=at)


_OPEN = Written(
    lambda case: Escalation.objects.filter(case=case, ended_at__isnull=True).order_by("pk")[:1], ID
)


def moved(case: Case, what: Move, *, old: CaseState, by: trail.Actor, at: datetime) -> None:
    """Follow a case: a reply or its end ends the alarm; back in a queue, an urgent one alarms anew."""
    if what is Move.REPLY:
        seen(case=case.pk, by=by.id, how=How.REPLY, at=at)
    elif what is Move.CLOSE:
        seen(case=case.pk, by=by.id, how=How.CLOSED, at=at)
    elif (
        what in {Move.RELEASE, Move.HAND_TO_TEAM}
        and old is CaseState.CLAIMED
        and case.urgency < Urgency.NORMAL
    ):
        start(case=case, why=Why.URGENT, at=at)


def rated(case: Case, *, by: Membership, old: Urgency, at: datetime) -> None:
    """Follow a human's rating: lowered, the alarm is seen; raised while nobody has it, it starts."""
    if case.urgency > old:
        seen(case=case.pk, by=by.pk, how=How.REVIEW, at=at)
    elif case.urgency < old and case.state == CaseState.WAITING:
        start(case=case, why=Why.URGENT, at=at)


def follow(case: Case) -> None:
    """Let the alarms about a locked case, ended ones too, go to its team."""
    Escalation.objects.filter(case=case).update(team=case.team_id)


def move_on(*, at: datetime, most: int = MOST) -> int:
    """Take the next step of the ladders that are due, one each. Returns how many were taken."""
    musters = Musters(at)
    return sum(_take(row, at=at, musters=musters) for row in _CLIMBING.first(at, most))


def settle_clock(*, at: datetime) -> int:
    """Bring back what was moved under a clock that ran ahead: its wait counts from now.

    Returns how many ladders.
    """
    settled = 0
    for row in _AHEAD.first(at + CLOCK_SLACK, MOST):
        assert row.next_at is not None  # open ones have it
        settled += Escalation.objects.filter(
            pk=row.pk, moved_at=row.moved_at, ended_at__isnull=True
        ).update(next_at=row.next_at - (row.moved_at - at), moved_at=at)
    return settled


@transaction.atomic
def _take(row: Escalation, *, at: datetime, musters: Musters | None = None) -> bool:
    """Take one step, if nobody took it in between."""
    muster = (musters or Musters(at)).of(row.organisation_id)
    number = row.taken + 1
    rung = ladders.rung(muster.ladder(Urgency(row.urgency)), number)
    won = Escalation.objects.filter(pk=row.pk, taken=row.taken, ended_at__isnull=True).update(
        taken=number, moved_at=at, next_at=at + rung.pause
    )
    if not won:
        return False
    team = Case.objects.values_list("team_id", flat=True).get(pk=row.case_id)
    if team != row.team_id:
        # The release before moved the case, or wrote the alarm.
        Escalation.objects.filter(pk=row.pk).update(team=team)
    called = muster.called(rung, team=team, calls=row.calls)
    if called.on_call:
        Escalation.objects.filter(pk=row.pk).update(calls=F("calls") + 1)
    ways = reaching.ways(rung, called.members)
    if ways:
        wanted = [_wanted(row, number, way, muster) for way in ways]
        deliveries.promise_all(wanted, at=at, organisation=row.organisation_id)
    step = EscalationStep.objects.create(
        escalation=row,
        number=number,
        whom=rung.whom,
        instead=called.instead,
        reached=len(called.members),
        sent=len(ways),
        at=at,
    )
    _write_down(row, step)
    events.alarms_changed(row.organisation_id)
    return True


def _write_down(row: Escalation, step: EscalationStep) -> None:
    trail.record(
        "escalation.step",
        by=trail.SYSTEM,
        at=step.at,
        organisation=row.organisation_id,
        case=row.case_id,
        step=step.number,
        whom=str(step.whom),
        instead=str(step.instead),
        reached=step.reached,
        sent=step.sent,
    )


def _wanted(row: Escalation, number: int, way: Way, muster: Muster) -> Wanted:
    organisation = muster.organisation
    ticket = tickets.issue(
        {"escalation": str(row.pk), "member": str(way.member.pk)}, purpose=LINK, at=muster.at
    )
    with translation.override(organisation.language):
        link = settings.PUBLIC_URL + reverse("alarm-link", args=[ticket])
        subject, body = _words(row, way, link)
    return Wanted(
        key=f"{_prefix(row)}{number}:{way.channel}:{way.member.pk.hex}{_browser(way)}",
        channel=way.channel,
        to=way.to,
        subject=subject,
        body=body,
        not_before=_not_before(row, muster),
    )


def _browser(way: Way) -> str:
    return f":{way.to}" if way.channel == Channel.PUSH else ""


def _not_before(row: Escalation, muster: Muster) -> datetime | None:
    """Let a mail about what is not urgent wait for the morning; the ladder itself goes on."""
    if row.urgency != Urgency.NORMAL:
        return None
    local = timezone.localtime(muster.at)
    return muster.quiet.end_after(local) if muster.quiet.covers(local) else None


def _words(row: Escalation, way: Way, link: str) -> tuple[str, str]:
    """Return subject and body: that something waits, never what."""
    if row.urgency == Urgency.SOFORT:
        subject = _("Bitte jetzt bei Lotse nachsehen")
    else:
        subject = _("Bitte bei Lotse nachsehen")
    organisation = way.member.organisation.name
    if way.channel == Channel.PUSH:
        return subject, organisation
    if way.channel == Channel.WEBHOOK:
        return subject, _("%(organisation)s: Bitte jetzt bei Lotse nachsehen und bestätigen.") % {
            "organisation": organisation
        }
    return subject, _(
        "Guten Tag %(name)s,\n\nbei %(organisation)s wartet etwas auf einen Menschen. Bitte sehen Sie nach, "
        "und bestätigen Sie, dass Sie sich kümmern:\n\n%(link)s\n\nBis jemand bestätigt, rufen wir weitere "
        "Kolleginnen und Kollegen. Worum es geht, steht aus gutem Grund nicht in dieser E-Mail.\n"
    ) % {"name": way.member.name, "organisation": organisation, "link": link}


@transaction.atomic
def _end(row: Escalation, *, by: UUID | None, how: Escalation.How, at: datetime) -> bool:
    won = Escalation.objects.filter(pk=row.pk, ended_at__isnull=True).update(
        ended_at=at, next_at=None, how=how, by=by
    )
    if not won:
        return False
    deliveries.withdraw_all(prefix=_prefix(row), at=at)
    if how in How.acknowledging():
        deadlines.seen(case=row.case_id, at=at)
    actor = Membership.objects.get(pk=by).actor if by else trail.SYSTEM
    trail.record(
        "escalation.superseded" if how == How.SUPERSEDED else "escalation.acknowledged",
        by=actor,
        at=at,
        organisation=row.organisation_id,
        case=row.case_id,
        how=str(how),
        steps=row.taken,
    )
    events.alarms_changed(row.organisation_id)
    return True


def _prefix(row: Escalation) -> str:
    return f"escalation:{row.pk.hex}:"


def escalation_of(key: str) -> UUID | None:
    """Return whose delivery a key names, or None for what somebody else promised."""
    kind, _colon, rest = key.partition(":")
    try:
        return UUID(rest.partition(":")[0]) if kind == "escalation" else None
    except ValueError:
        return None
