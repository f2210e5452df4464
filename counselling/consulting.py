"""What is read about consultations: who may be asked, what lies with whom, what is said in a case."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts import queries as staff_queries
from accounts.models import Membership, Role, Team
from accounts.queries import team_ids
from counselling import places
from counselling.models import Case, Claim, Consultation, ConsultationAnswer
from counselling.states import ConsultationState
from vault import parcels
from vault.keyring import Holder
from vault.sealing import CaseKey, open_sealed

LISTED = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, opened."""

    author: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A consultation with its answers, opened, oldest first."""

    row: Consultation
    text: str
    answers: Sequence[Answer]


def rows() -> QuerySet[Consultation]:
    """Return consultations with everything that is said of them in a list."""
    return Consultation.objects.select_related(
        "case__organisation",
        "case__topic",
        "asker__organisation",
        "asker__user",
        "colleague",
        "team",
    )


def colleagues(member: Membership) -> QuerySet[Membership]:
    """Return whom a member may ask by name."""
    return staff_queries.colleagues(member).filter(user__is_active=True)


def teams(member: Membership) -> QuerySet[Team]:
    """Return the teams that a member may ask: somebody else counsels there."""
    return staff_queries.teams(member.organisation).filter(
        Exists(colleagues(member).filter(teams=OuterRef("pk")))
    )


def who_is_asked(to: Membership | Team, *, by: Membership) -> list[Membership]:
    """Return the people whom asking a colleague or a team asks; nobody if that is not possible."""
    found = colleagues(by).select_related("user", "organisation")
    found = found.filter(teams=to) if isinstance(to, Team) else found.filter(pk=to.pk)
    return list(found)


def reads_anyway(to: Membership | Team, case: Case) -> bool:
    """Say whether all who are asked may read the case without being asked: they are of its team."""
    if isinstance(to, Team):
        return to.pk == case.team_id
    return to.role in Role.counselling() and to.teams.filter(pk=case.team_id).exists()


def is_asked(member: Membership, consultation: Consultation) -> bool:
    """Say whether a member is who was asked, alone or with their team."""
    if member.role not in Role.counselling() or consultation.asker_id == member.pk:
        return False
    if consultation.team_id is not None:
        return member.teams.filter(pk=consultation.team_id).exists()
    return consultation.colleague_id == member.pk


def asked_of(member: Membership) -> list[Consultation]:
    """Return what lies with a member, unanswered first, then the oldest first, at most 100."""
    found = _asked_of(member).order_by("asked_at", "pk")[:LISTED]
    return sorted(found, key=lambda row: row.state != ConsultationState.ASKED)


def asked_by(member: Membership) -> list[Consultation]:
    """Return what a member has asked and not closed, answered first, at most 100."""
    found = rows().filter(asker=member, ended_at__isnull=True).order_by("asked_at", "pk")[:LISTED]
    return sorted(found, key=lambda row: row.state != ConsultationState.ANSWERED)


def readable(member: Membership, found: Collection[Consultation]) -> set[UUID]:
    """Return the cases among these consultations' that a member reads: as `rules.reads`, all at once."""
    teams = set(team_ids(member))
    held = Claim.objects.filter(
        case__in=[row.case_id for row in found], member=member, ended_at__isnull=True
    )
    of_teams = {row.case_id for row in found if row.case.team_id in teams}
    return of_teams | set(held.values_list("case", flat=True))


def unanswered(member: Membership) -> int:
    """Return how many consultations wait for a member's or their team's first answer."""
    return _asked_of(member).filter(state=ConsultationState.ASKED).count()


def open_for(member: Membership, consultation: UUID) -> Consultation | None:
    """Return an open consultation that lies with a member, or None."""
    return _asked_of(member).filter(pk=consultation).first()


def of_case(case: Case, *, holder: Holder) -> list[Opened]:
    """Return the consultations of a case, opened by who opens the case, oldest first.

    Raises keyring.KeyUnavailable or sealing.SealBroken.
    """
    found = list(rows().filter(case=case).order_by("asked_at", "pk"))
    answers = _answers_of(found)
    keys = parcels.open_all_by_case(parcels=[row.pk for row in found], case=case.pk, holder=holder)
    return [_opened(row, keys[row.pk], answers.get(row.pk, [])) for row in found]


def opened(row: Consultation, *, holder: Holder) -> Opened:
    """Return a consultation opened for who was asked. Raises keyring.KeyUnavailable or SealBroken."""
    key = parcels.open_by_colleague(parcel=row.pk, holder=holder)
    return _opened(row, key, _answers_of([row]).get(row.pk, []))


def mark(case: Case) -> str:
    """Return what changes whenever a consultation of the case does: how many, answers, ends."""
    found = Consultation.objects.filter(case=case)
    asked = found.count()
    if not asked:
        return "0"
    answers = ConsultationAnswer.objects.filter(consultation__case=case).count()
    return f"{asked}-{answers}-{found.filter(ended_at__isnull=False).count()}"


def _asked_of(member: Membership) -> QuerySet[Consultation]:
    if member.role not in Role.counselling():
        return Consultation.objects.none()
    return (
        rows()
        .filter(Q(colleague=member) | Q(team__in=team_ids(member)), ended_at__isnull=True)
        .exclude(asker=member)
    )


def _answers_of(found: Sequence[Consultation]) -> dict[UUID, list[ConsultationAnswer]]:
    by_consultation: dict[UUID, list[ConsultationAnswer]] = {}
    for one in ConsultationAnswer.objects.filter(consultation__in=found).select_related("author"):
        by_consultation.setdefault(one.consultation_id, []).append(one)
    return by_consultation


def _opened(row: Consultation, key: CaseKey, answers: Sequence[ConsultationAnswer]) -> Opened:
    return Opened(
        row,
        open_sealed(bytes(row.sealed), key=key, place=places.consultation(row.pk)),
        [
            Answer(
                one.author.name,
                one.created_at,
                open_sealed(
                    bytes(one.sealed),
                    key=key,
                    place=places.consultation_answer(row.pk, one.pk),
                ),
            )
            for one in answers
        ],
    )
