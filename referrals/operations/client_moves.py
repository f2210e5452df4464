"""What a client does after sending: answer, pick an appointment, say how it went."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit import trail
from referrals import sla
from referrals.models import Act, Appointment, OwnReport, Referral
from referrals.operations import notices, referring
from referrals.states import ReferralMove
from vault import parcels
from vault.keyring import Holder


class NoSuchAppointment(Exception):
    """The appointment is not offered (any more)."""


class NothingToReport(Exception):
    """It is too early for a report, or nothing was sent that one could be about."""


@transaction.atomic
def answer(*, referral: UUID, text: str, holder: Holder, at: datetime) -> None:
    """Answer the service's question. Raises IllegalReferralMove or keyring.KeyUnavailable."""
    row = referring.locked(referral)
    assert row.case_id is not None
    key = parcels.open_by_case(parcel=row.pk, case=row.case_id, holder=holder)
    act = referring.move(row, ReferralMove.ANSWER, by=trail.CLIENT, at=at, text=text, key=key)
    notices.tell_partner(row, notices.NEWS, at=at, key=str(act.number))


@transaction.atomic
def pick(*, referral: UUID, appointment: UUID, at: datetime) -> None:
    """Pick one of the appointments. Raises NoSuchAppointment or IllegalReferralMove."""
    row = referring.locked(referral)
    found = Appointment.objects.filter(
        pk=appointment, referral=row, dropped_at__isnull=True, starts_at__gt=at
    ).first()
    if found is None:
        raise NoSuchAppointment
    act = referring.move(row, ReferralMove.PICK, by=trail.CLIENT, at=at, not_before=found.starts_at)
    found.picked_at = at
    found.save(update_fields=["picked_at"])
    Appointment.objects.filter(referral=row, picked_at__isnull=True).update(dropped_at=at)
    notices.tell_partner(row, notices.NEWS, at=at, key=str(act.number))


@transaction.atomic
def none_fits(*, referral: UUID, text: str, holder: Holder, at: datetime) -> None:
    """Say that no appointment fits. text: when it would. Raises IllegalReferralMove."""
    row = referring.locked(referral)
    assert row.case_id is not None
    key = parcels.open_by_case(parcel=row.pk, case=row.case_id, holder=holder) if text else None
    referring.drop_appointments(row, at=at)
    act = referring.move(row, ReferralMove.NONE_FITS, by=trail.CLIENT, at=at, text=text, key=key)
    notices.tell_partner(row, notices.NEWS, at=at, key=str(act.number))


@transaction.atomic
def report(*, referral: UUID, how: OwnReport, at: datetime) -> None:
    """Let the client say how it went, two and six weeks after sending; the service never reads it.

    Raises NothingToReport.
    """
    row = referring.locked(referral)
    which = wanted_report(row, at=at)
    if which is None:
        raise NothingToReport
    setattr(row, which, how)
    row.save(update_fields=[which])
    referring.keep(row, Act.Move.REPORT, by=trail.CLIENT, at=at)
    trail.record(
        "referral.reported",
        by=trail.CLIENT,
        at=at,
        organisation=row.organisation_id,
        case=row.case_id,
        referral=str(referral),
        when=which,
        how=how,
    )


def wanted_report(row: Referral, *, at: datetime) -> str | None:
    """Return which report the client may make now: `report_early`, `report_late`, or None."""
    since = row.sent_at or (row.changed_at if row.way == Referral.Way.CARD else None)
    if since is None or row.basis == Referral.Basis.NECESSITY:
        return None
    early, late = (since + span for span in sla.REPORTS)
    if at >= late:
        return "report_late"
    return "report_early" if at >= early else None
