"""The ground under the consultations' verbs: move one, end those that cannot go on, let go of a case's.

Only the other operations call this; each of them opens the transaction.
"""

from datetime import datetime
from uuid import UUID

from audit import trail
from counselling import events, states
from counselling.models import Case, Consultation
from counselling.states import ConsultationMove, ConsultationState
from outbox.operations import deliveries
from vault import parcels


def prefix(consultation: UUID) -> str:
    """Return how the keys of all deliveries about a consultation begin."""
    return f"consultation:{consultation.hex}:"


def move(row: Consultation, what: ConsultationMove, *, by: trail.Actor, at: datetime) -> None:
    """Move a consultation of a locked case to its next state, with the trail entry.

    row: with its case loaded. With its end who was asked reads it no more: their wraps are dropped.
    Raises states.ConsultationMoved.
    """
    old = ConsultationState(row.state)
    new = states.consultation_after(what, old)
    row.state = new
    if new not in ConsultationState.open():
        row.ended_at = at
        parcels.close(row.pk)
        deliveries.withdraw_all(prefix=prefix(row.pk), at=at)
    row.save(update_fields=["state", "ended_at"])
    record(f"consultation.{_PAST[what]}", row, by=by, at=at, old=old, new=new)
    hint(row)


def end_all_of(case: Case, *, by: trail.Actor, at: datetime) -> None:
    """End the open consultations of a case that is being closed."""
    for row in Consultation.objects.filter(case=case, ended_at__isnull=True):
        row.case = case
        move(row, ConsultationMove.END, by=by, at=at)


def drop_all_of(case: Case, *, at: datetime) -> None:
    """Drop the keys of a case's consultations, so that none opens again; the case is being deleted."""
    for row in Consultation.objects.filter(case=case):
        parcels.drop(row.pk)
        deliveries.withdraw_all(prefix=prefix(row.pk), at=at)
        row.case = case
        hint(row)


def record(what: str, row: Consultation, *, by: trail.Actor, at: datetime, **detail: str) -> None:
    """Write into the trail what happened to a consultation; never a word of it."""
    trail.record(
        what,
        by=by,
        at=at,
        organisation=row.case.organisation_id,
        case=row.case_id,
        consultation=str(row.pk),
        **detail,
    )


def hint(row: Consultation) -> None:
    """Tell the pages of who was asked and of the case to look again."""
    events.consultation_changed(colleague=row.colleague_id, team=row.team_id)
    events.case_changed(row.case_id, row.case.last_seq)


_PAST = {
    ConsultationMove.ANSWER: "answered",
    ConsultationMove.CLOSE: "closed",
    ConsultationMove.WITHDRAW: "withdrawn",
    ConsultationMove.END: "ended",
}
