"""The one who begins claims and says until when they last without a reply."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import Membership
from accounts.written import MOMENT, WrittenChange
from counselling import roster
from counselling.models import Approval, Case, Claim, HouseRules
from counselling.signals import claim_changed
from counselling.sla import Channel, Urgency
from counselling.states import CaseState


class SecondPersonReads(Exception):
    """Their words wait for a second person, which no chat can."""


def begin(case: Case, member: Membership, *, at: datetime) -> Claim:
    """Let a member hold a locked case from now on. Raises SecondPersonReads while it is in a chat."""
    if case.channel == Channel.CHAT and roster.is_learning(member):
        raise SecondPersonReads
    claim = Claim.objects.create(case=case, member=member, claimed_at=at)
    watch(case, at=at)
    claim_changed.send(sender=Claim, case=case.pk, holder=member, how="", at=at)
    return claim


def watch(case: Case, *, at: datetime) -> None:
    """Say when a locked case goes back to the queue without a reply; never while it waits for the client.

    What counts already goes on, only a higher urgency shortens it.
    """
    watch_all([case], at=at)


def watch_all(
    cases: Iterable[Case],
    *,
    at: datetime,
    rules: Callable[[UUID], HouseRules] = roster.house_rules,
) -> None:
    """Do that for several locked cases; those that go back at one moment cost one statement together.

    rules: where an organisation's come from.
    """
    answered: list[Case] = []
    by_limit: dict[tuple[UUID, int], list[Case]] = {}
    for case in cases:
        if case.state == CaseState.CLAIMED:
            by_limit.setdefault((case.organisation_id, case.urgency), []).append(case)
        elif case.state == CaseState.ANSWERED:
            answered.append(case)
    for alike in by_limit.values():
        until = at + _patience(alike[0], rules(alike[0].organisation_id))
        _SHORTENED.make([case.pk for case in alike], until, returns_at=until, return_warned_at=None)
    _RESTING.make([case.pk for case in answered], returns_at=None, return_warned_at=None)


def _held(cases: Sequence[UUID]) -> QuerySet[Claim]:
    return Claim.objects.filter(case__in=cases, ended_at__isnull=True)


# A reply that waits for a second person is written: its author need do nothing.
_SHORTENED = WrittenChange(
    lambda cases, until: (
        _held(cases)
        .exclude(case__approvals__state=Approval.State.WAITING)
        .filter(Q(returns_at__isnull=True) | Q(returns_at__gt=until))
    ),
    MOMENT,
)
_RESTING = WrittenChange(lambda cases: _held(cases).filter(returns_at__isnull=False))


def stop_watching(case: Case) -> None:
    """Let a locked case stay where it is: its reply is written and waits for a second person."""
    Claim.objects.filter(case=case, ended_at__isnull=True).update(
        returns_at=None, return_warned_at=None
    )


def patience(case: Case) -> timedelta:
    """Return how long somebody may hold a case of this urgency without a reply."""
    return _patience(case, roster.house_rules(case.organisation_id))


def _patience(case: Case, rules: HouseRules) -> timedelta:
    return timedelta(
        minutes={
            Urgency.SOFORT: rules.return_sofort_minutes,
            Urgency.DRINGEND: rules.return_dringend_minutes,
            Urgency.NORMAL: rules.return_normal_minutes,
        }[Urgency(case.urgency)]
    )
