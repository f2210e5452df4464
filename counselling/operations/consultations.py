"""The one writer of consultations: ask a colleague or a team inside a case, answer, close, withdraw.

Each consultation is a parcel of its own (`vault/parcels.py`): who is asked never gets the case's key.
Every change holds the case's lock.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Membership, Team
from counselling import consulting, places
from counselling.models import Consultation, ConsultationAnswer
from counselling.operations import cases, consultation_notices, entries
from counselling.operations.consultation_ground import hint, move, record
from counselling.states import ConsultationMove
from vault import parcels
from vault.keyring import Holder, NoKeyYet
from vault.sealing import CaseKey, open_sealed, seal
from vault.team_keys import NoTeamKey


class NobodyToAsk(Exception):
    """Who should be asked has left, does not counsel here, or has no key yet and could not read it."""


class Unchecked(Exception):
    """Who asks has not said that the text tells nobody's name, place or date."""


class ConsultationGone(Exception):
    """There is no such open consultation for this member (any more)."""


class OtherAnswer(Exception):
    """Another answer was sent under this form before."""


@transaction.atomic
def ask(
    *,
    case: UUID,
    to: Membership | Team,
    text: str,
    is_checked: bool,
    client_msg_id: UUID,
    by: Membership,
    holder: Holder,
    at: datetime,
) -> Consultation:
    """Ask a colleague or a team of the same organisation; the same form again asks once.

    is_checked: whether the asker said that the text tells no names, places and dates; needed unless
    all who are asked may read the case anyway. Raises cases.NotHolder, entries.CaseGone, Unchecked,
    NobodyToAsk or keyring.KeyUnavailable.
    """
    row = entries.locked(case)
    before = Consultation.objects.filter(case=row, client_msg_id=client_msg_id).first()
    if before is not None:
        return before
    cases.must_hold(row, by)
    asked = consulting.who_is_asked(to, by=by)
    if not asked:
        raise NobodyToAsk
    if not is_checked and not consulting.reads_anyway(to, row):
        raise Unchecked
    made = Consultation(
        case=row,
        asker=by,
        colleague=to if isinstance(to, Membership) else None,
        team=to if isinstance(to, Team) else None,
        client_msg_id=client_msg_id,
        asked_at=at,
    )
    key = parcels.create(parcel=made.pk, case=case, holder=holder, at=at)
    _seal_for(made, to, key=key, at=at)
    made.sealed = seal(text, key=key, place=places.consultation(made.pk))
    made.save(force_insert=True)
    record(
        "consultation.asked",
        made,
        by=by.actor,
        at=at,
        to="team" if made.team_id else "member",
        recipient=str(to.pk),
    )
    consultation_notices.tell_asked(made, asked, at=at)
    hint(made)
    return made


@transaction.atomic
def answer(
    *,
    consultation: UUID,
    text: str,
    client_msg_id: UUID,
    by: Membership,
    holder: Holder,
    at: datetime,
) -> ConsultationAnswer:
    """Answer as who was asked, once or several times; the same form with the same text is one answer.

    Raises ConsultationGone, OtherAnswer or keyring.KeyUnavailable.
    """
    row = _locked(consultation)
    if row.ended_at is not None or not consulting.is_asked(by, row):
        raise ConsultationGone
    key = parcels.open_by_colleague(parcel=row.pk, holder=holder)
    before = ConsultationAnswer.objects.filter(
        consultation=row, client_msg_id=client_msg_id
    ).first()
    if before is not None:
        _must_be_same(before, text, by=by, key=key)
        return before
    made = ConsultationAnswer(
        consultation=row, author=by, client_msg_id=client_msg_id, created_at=at
    )
    made.sealed = seal(text, key=key, place=places.consultation_answer(row.pk, made.pk))
    made.save(force_insert=True)
    move(row, ConsultationMove.ANSWER, by=by.actor, at=at)
    consultation_notices.tell_asker(row, made, at=at)
    return made


@transaction.atomic
def close(*, consultation: UUID, by: Membership, at: datetime) -> None:
    """Close an answered consultation, as who asked or who holds the case now.

    Raises ConsultationGone, cases.NotHolder or states.ConsultationMoved.
    """
    _end(consultation, ConsultationMove.CLOSE, by=by, at=at)


@transaction.atomic
def withdraw(*, consultation: UUID, by: Membership, at: datetime) -> None:
    """Take back a question that nobody has answered. Raises as `close` does."""
    _end(consultation, ConsultationMove.WITHDRAW, by=by, at=at)


@transaction.atomic
def note_reading(*, consultation: Consultation, by: Membership, at: datetime) -> None:
    """Note that who was asked gets to read a consultation; call it before it is opened."""
    record("consultation.read", consultation, by=by.actor, at=at)


@transaction.atomic
def end_all_asked_of(*, member: Membership, by: Membership, at: datetime) -> int:
    """End what a leaving member was asked alone; a team's other members go on. Returns how many."""
    found = Consultation.objects.filter(colleague=member, ended_at__isnull=True)
    ended = 0
    # By case, as everybody locks several: otherwise two could wait for each other.
    for pk in list(found.order_by("case", "pk").values_list("pk", flat=True)):
        try:
            row = _locked(pk)
        except ConsultationGone:
            continue  # its case was deleted meanwhile, and nobody reads it any more
        if row.ended_at is None:
            move(row, ConsultationMove.END, by=by.actor, at=at)
            ended += 1
    return ended


def _end(consultation: UUID, what: ConsultationMove, *, by: Membership, at: datetime) -> None:
    row = _locked(consultation)
    if row.asker_id != by.pk:
        cases.must_hold(row.case, by)
    move(row, what, by=by.actor, at=at)


def _locked(consultation: UUID) -> Consultation:
    """Return a consultation whose case is locked. Raises ConsultationGone."""
    found = Consultation.objects.filter(pk=consultation).values_list("case", flat=True).first()
    if found is None:
        raise ConsultationGone
    try:
        case = entries.locked(found)
    except entries.CaseGone:
        raise ConsultationGone from None
    row = consulting.rows().get(pk=consultation)
    row.case = case
    return row


def _seal_for(made: Consultation, to: Membership | Team, *, key: CaseKey, at: datetime) -> None:
    try:
        if isinstance(to, Team):
            parcels.seal_for_desk(parcel=made.pk, desk=to.pk, key=key, at=at)
        else:
            parcels.seal_for_person(parcel=made.pk, user=to.user_id, key=key, at=at)
    except (NoTeamKey, NoKeyYet):
        raise NobodyToAsk from None


def _must_be_same(before: ConsultationAnswer, text: str, *, by: Membership, key: CaseKey) -> None:
    place = places.consultation_answer(before.consultation_id, before.pk)
    is_same = open_sealed(bytes(before.sealed), key=key, place=place) == text
    if before.author_id != by.pk or not is_same:
        raise OtherAnswer
