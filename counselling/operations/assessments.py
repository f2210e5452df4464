"""The one writer of assessments: what the machine found in a message, without one word of it."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery, Window
from django.db.models.functions import Coalesce, RowNumber

from accounts.models import Organisation
from accounts.written import WrittenForMany, WrittenRows, ask
from counselling import places, triaging
from counselling.models import Assessment, Case, Message, Review
from counselling.operations.entries import CaseGone
from counselling.triage.rating import RUN, Thresholds
from counselling.triaging import Said, Verdict, Wanted
from vault import keyring
from vault.keyring import Holder, KeyUnavailable
from vault.sealing import CaseKey, SealBroken, open_sealed


@dataclass(frozen=True, slots=True)
class Heard:
    """A verdict, and after which message of the case it was reached."""

    verdict: Verdict
    after: int


class _Standing(NamedTuple):
    """What a rating needs to know of a case. judged: up to which message by a human; dringend, sofort: percent."""

    case: UUID
    last_seq: int
    dringend: int
    sofort: int
    judged: int
    has_key: bool


_STANDING = (
    *("pk", "last_seq", "organisation__triage_dringend", "organisation__triage_sofort"),
    *("judged", "has_key"),
)


class _Sealed(NamedTuple):
    """A client's message that nobody has opened yet."""

    case: UUID
    seq: int
    client_msg_id: UUID
    sealed: bytes | memoryview
    number: int  # of the client's messages in the case, from 1


def of_question(text: str, *, organisation: Organisation) -> Verdict:
    """Rate the first text of a case, in this request's memory, before it is sealed."""
    thresholds = _thresholds(organisation.triage_dringend, organisation.triage_sofort)
    return triaging.rate(Wanted([Said(1, text)], thresholds))


def of_message(case: UUID, text: str, *, holder: Holder) -> Heard:
    """Rate a client's further text against the conversation so far, before it is sealed.

    Raises CaseGone or keyring.KeyUnavailable.
    """
    (heard,) = of_messages([(case, text, holder)])
    if isinstance(heard, Exception):
        raise heard
    return heard


def of_messages(
    lines: Sequence[tuple[UUID, str, Holder]],
) -> list[Heard | CaseGone | KeyUnavailable]:
    """Rate clients' further texts in different cases, as `of_message`; what that raises is returned.

    The number of statements does not grow with the lines.
    """
    ids = [case for case, _text, _holder in lines]
    cases, recent = _CASES.asked_rows(ids), _RECENT.asked_rows(ids)
    ask(cases, recent)
    standing = {one.case: one for one in map(_Standing._make, cases.answer)}
    keys = keyring.open_case_keys(
        [(case, holder) for case, _text, holder in lines],
        there={one.case for one in standing.values() if one.has_key},
    )
    so_far: dict[UUID, list[_Sealed]] = {}
    for row in recent.answer:
        message = _Sealed(*row)
        so_far.setdefault(message.case, []).append(message)
    asked = [
        _wanted(standing.get(case), so_far.get(case, ()), text, key)
        for (case, text, _holder), key in zip(lines, keys, strict=True)
    ]
    rated = iter(triaging.rate_all([one for one in asked if isinstance(one, Wanted)]))
    return [
        one
        if isinstance(one, Exception)
        else Heard(next(rated) if isinstance(one, Wanted) else one, standing[line[0]].last_seq)
        for one, line in zip(asked, lines, strict=True)
    ]


def _standing(cases: Collection[UUID]) -> QuerySet[Case, Any]:
    judged = Review.objects.filter(case=OuterRef("pk")).order_by("-seq").values("seq")[:1]
    found = Case.objects.filter(pk__in=cases).annotate(
        judged=Coalesce(Subquery(judged), 0), has_key=keyring.has_key(OuterRef("pk"))
    )
    return found.values_list(*_STANDING)


def _recent(cases: Collection[UUID]) -> QuerySet[Message, Any]:
    # Only what shares a run with the new text. The case keeps what the others raised it to.
    back = Window(RowNumber(), partition_by="case", order_by="-seq")
    written = Message.objects.filter(case__in=cases, role=Message.Role.CLIENT)
    number = Window(RowNumber(), partition_by="case", order_by="seq")
    return (
        written.alias(back=back)
        .annotate(number=number)
        .filter(back__lt=RUN)
        .order_by("case", "seq")
        .values_list("case_id", "seq", "client_msg_id", "sealed", "number")
    )


_CASES, _RECENT = WrittenForMany(_standing), WrittenForMany(_recent)


def _wanted(
    case: _Standing | None, so_far: Sequence[_Sealed], text: str, key: CaseKey | KeyUnavailable
) -> Wanted | Verdict | CaseGone | KeyUnavailable:
    """Return what is to be rated; a verdict where that is not possible."""
    if case is None:
        return CaseGone()
    if isinstance(key, KeyUnavailable):
        return key
    try:
        conversation = [_said(message, key) for message in so_far]
    except SealBroken:
        # An old text that does not open must not keep the client from writing.
        return triaging.unrated("failure")
    return Wanted(
        [*conversation, Said(case.last_seq + 1, text)],
        _thresholds(case.dringend, case.sofort),
        judged=case.judged,
        before=so_far[0].number - 1 if so_far else 0,
    )


def _said(message: _Sealed, key: CaseKey) -> Said:
    role = Message.Role.CLIENT
    place = places.message(message.case, message.seq, role, message.client_msg_id)
    return Said(message.seq, open_sealed(bytes(message.sealed), key=key, place=place))


def keep(case: Case, seq: int, verdict: Verdict, *, at: datetime) -> None:
    """Store what was found in a message, and what a model on trial found in it."""
    keep_all([(case, seq, verdict)], at=at)


def keep_all(found: Iterable[tuple[Case, int, Verdict]], *, at: datetime) -> None:
    """Store what was found in messages, by case and number."""
    rows = [
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
        for case, seq, verdict in found
        for one, shadow in _with_shadow(verdict)
    ]
    _ASSESSMENTS.add(rows)


_ASSESSMENTS = WrittenRows(Assessment)


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


def _thresholds(dringend: int, sofort: int) -> Thresholds:
    return Thresholds(dringend=dringend / 100, sofort=sofort / 100, alone=dringend / 100)
