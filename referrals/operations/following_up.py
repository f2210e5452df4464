"""What time does to referrals: remind the service, give back to the counsellor, end what has run out.

The worker opens no key. Each row is taken under its lock and looked at again, so that any number of
workers may sweep; nothing ends without an act that client and counsellor see.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit import trail
from referrals import sla, states
from referrals.models import Appointment, Consent, Referral
from referrals.operations import notices, referring
from referrals.operations.referring import ReferralGone
from referrals.states import ReferralMove, ReferralState

MOST = 200


def follow_up(*, at: datetime, most: int = MOST) -> int:
    """Do everything that is due. Returns how many referrals moved or were reminded of."""
    return _end_run_out(at, most) + _remind_or_return(at, most) + _remind_of_appointments(at, most)


def _end_run_out(at: datetime, most: int) -> int:
    rows = Referral.objects.filter(ended_at__isnull=True, expires_at__lte=at)
    return sum(
        _end(pk, at) for pk in rows.order_by("expires_at").values_list("pk", flat=True)[:most]
    )


@transaction.atomic
def _end(referral: UUID, at: datetime) -> bool:
    try:
        row = referring.locked(referral)
    except ReferralGone:
        return False
    if not row.is_open or row.expires_at > at:
        return False
    was_sent = row.state in ReferralState.with_partner()
    referring.move(row, ReferralMove.EXPIRE, by=trail.SYSTEM, at=at)
    if was_sent:
        notices.tell_partner(row, notices.WITHDRAWN, at=at)
    return True


def _remind_or_return(at: datetime, most: int) -> int:
    rows = Referral.objects.filter(due_at__lte=at)
    return sum(_act(pk, at) for pk in rows.order_by("due_at").values_list("pk", flat=True)[:most])


@transaction.atomic
def _act(referral: UUID, at: datetime) -> bool:
    try:
        row = referring.locked(referral)
    except ReferralGone:
        return False
    if row.due_at is None or row.due_at > at:
        return False
    state = ReferralState(row.state)
    if row.reminded_at is None:
        back = sla.given_back(state, at=at, land=row.land)
        row.reminded_at, row.due_at = at, back
        act = referring.move(row, ReferralMove.REMIND, by=trail.SYSTEM, at=at)
        notices.tell_partner(row, notices.REMINDER, at=at, key=str(act.number))
        return True
    if state in states.sources(ReferralMove.RETURN):
        act = referring.move(row, ReferralMove.RETURN, by=trail.SYSTEM, at=at)
        notices.tell_partner(row, notices.RETURNED, at=at, key=str(act.number))
        return True
    row.due_at = None  # arrived or begun: the consent's end ends it
    row.save(update_fields=["due_at"])
    return True


def _remind_of_appointments(at: datetime, most: int) -> int:
    rows = Appointment.objects.filter(
        picked_at__isnull=False,
        dropped_at__isnull=True,
        reminded_at__isnull=True,
        starts_at__gt=at,
        starts_at__lte=at + sla.APPOINTMENT_REMINDER,
        referral__state=ReferralState.APPOINTMENT,
    ).select_related("referral")
    return sum(_remind_of(one, at) for one in rows[:most])


@transaction.atomic
def _remind_of(appointment: Appointment, at: datetime) -> bool:
    mine = Appointment.objects.filter(pk=appointment.pk, reminded_at__isnull=True).update(
        reminded_at=at
    )
    if mine:
        notices.tell_partner(
            appointment.referral, notices.APPOINTMENT, at=at, key=str(appointment.pk)
        )
    return bool(mine)


@transaction.atomic
def forget_old(*, before: datetime, most: int = MOST) -> int:
    """Delete what has stayed of referrals whose case is gone: states and times. Returns how many."""
    old = Referral.objects.filter(case__isnull=True, changed_at__lt=before)[:most]
    rows = list(old.values_list("pk", flat=True))
    Consent.objects.filter(referral__in=rows).delete()
    return Referral.objects.filter(pk__in=rows).delete()[0]
