"""The one writer of assessments: what the machine found in a message, without one word of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import Organisation
from counselling import queries, triaging
from counselling.models import Assessment, Case, Message, Review
from counselling.operations.entries import CaseGone
from counselling.triage.rating import Thresholds
from counselling.triaging import Said, Verdict
from vault.keyring import Holder
from vault.sealing import SealBroken

_SPOKEN = (Message.Role.CLIENT, Message.Role.REPLY)


@dataclass(frozen=True, slots=True)
class Heard:
    """A verdict, and after which message of the case it was reached."""

    verdict: Verdict
    after: int


def of_question(text: str, *, organisation: Organisation) -> Verdict:
    """Rate the first text of a case, in this request's memory, before it is sealed."""
    return triaging.rate([Said(1, "client", text)], thresholds=_thresholds(organisation))


def of_message(case: UUID, text: str, *, holder: Holder) -> Heard:
    """Rate a client's further text against the conversation so far, before it is sealed.

    Raises CaseGone or keyring.KeyUnavailable.
    """
    row = Case.objects.select_related("organisation").filter(pk=case).first()
    if row is None:
        raise CaseGone
    last = Review.objects.filter(case=row).order_by("-seq").values_list("seq", flat=True).first()
    try:
        so_far = [
            Said(
                entry.seq,
                "client" if entry.role is Message.Role.CLIENT else "counsellor",
                entry.text,
            )
            for entry in queries.thread(row, holder=holder, roles=_SPOKEN)
        ]
    except SealBroken:
        # An old text that does not open must not keep the client from writing.
        return Heard(triaging.unrated("failure"), row.last_seq)
    verdict = triaging.rate(
        [*so_far, Said(row.last_seq + 1, "client", text)],
        thresholds=_thresholds(row.organisation),
        judged=last or 0,
    )
    return Heard(verdict, row.last_seq)


def keep(case: Case, seq: int, verdict: Verdict, *, at: datetime) -> None:
    """Store what was found in a message, and what a model on trial found in it."""
    Assessment.objects.bulk_create(
        Assessment(
            case=case,
            seq=seq,
            level=one.level,
            score=one.score,
            signals=list(one.signals),
            reasons=[list(place) for place in one.reasons],
            language=one.language,
            unrated=one.unrated,
            model=one.model,
            shadow=shadow,
            duration_ms=one.duration_ms,
            created_at=at,
        )
        for one, shadow in _with_shadow(verdict)
    )


def why(verdict: Verdict) -> Case.Reason:
    """Return why an urgent verdict puts a case into the queue."""
    return Case.Reason.UNRATED if verdict.found_nothing else Case.Reason.TRIAGE


def main_signal(verdict: Verdict) -> str:
    """Return the code that a list shows: of the first signal, or why it is unrated."""
    return (*verdict.signals, verdict.unrated)[0]


def _with_shadow(verdict: Verdict) -> Iterator[tuple[Verdict, bool]]:
    yield verdict, False
    if verdict.shadow is not None:
        yield verdict.shadow, True


def _thresholds(organisation: Organisation) -> Thresholds:
    dringend = organisation.triage_dringend / 100
    return Thresholds(dringend=dringend, sofort=organisation.triage_sofort / 100, alone=dringend)
