"""A question arrives: the one place where a case begins."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from accounts.models import Organisation
from accounts.written import WrittenRows, at_once
from audit import trail
from counselling import events, places
from counselling.models import Case, Escalation, Message, Topic
from counselling.operations import assessments, attachments, deadlines, entries, escalations
from counselling.operations.attachments import Stored
from counselling.signals import case_moved
from counselling.sla import Channel, Urgency
from counselling.triaging import Verdict
from counselling.uploads.receiving import Received
from vault import keyring
from vault.codes import AccessCode
from vault.keyring import ClientHolder
from vault.models import KeyWrap
from vault.sealing import open_sealed, seal
from vault.team_keys import NoTeamKey


class AlreadyAsked(Exception):
    """This form was sent before. `holder`: opens its case. `same`: whether text and files were the same."""

    def __init__(self, holder: ClientHolder, *, same: bool) -> None:
        super().__init__("this form was sent before")
        self.holder = holder
        self.same = same


class NobodyAnswers(Exception):
    """The organisation has no team that could answer, or nobody in it who could read the question."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a client hands in. Only the text is needed."""

    text: str
    topic: Topic | None = None
    age_band: str = ""
    postcode: str = ""
    in_danger: bool = False
    files: Sequence[Received] = ()
    channel: Channel = Channel.MAIL


def ask(
    *,
    organisation: Organisation,
    question: Question,
    code: AccessCode,
    submission: UUID,
    at: datetime,
    together_with: Callable[[ClientHolder], None] | None = None,
) -> Case:
    """Open a case with a client's question, rated and then sealed under a fresh key.

    code: the access code that the client will be shown. submission: the id of the form that was
    sent; the same form again raises AlreadyAsked. together_with: called inside the
    transaction with what opens the case; what it writes is committed with the case or not at all.
    Raises NobodyAnswers, attachments.NotStored, or keyring.KeyUnavailable for a form sent again whose
    case does not open.
    """
    team = _team_for(organisation, question.topic)
    verdict = assessments.of_question(question.text, organisation=organisation)
    urgency = Urgency.SOFORT if question.in_danger else verdict.level
    case = Case(
        organisation=organisation,
        team_id=team,
        submission=submission,
        lookup_id=code.lookup_id(),
        urgency=urgency,
        reason=_reason(question, verdict),
        signal=assessments.main_signal(verdict) if verdict.is_urgent else "",
        channel=question.channel,
        topic=question.topic,
        age_band=question.age_band,
        last_seq=1,
        created_at=at,
    )
    with attachments.stored(question.files, case=case.pk) as kept:
        try:
            with transaction.atomic():
                holder = _insert(case, question, code, verdict, kept, at)
                if together_with is not None:
                    together_with(holder)
        except NoTeamKey:
            raise NobodyAnswers from None
        except IntegrityError:
            raise _already_asked(submission, question, code, kept) from None
    return case


def _reason(question: Question, verdict: Verdict) -> Case.Reason:
    if question.in_danger:
        return Case.Reason.DANGER
    return assessments.why(verdict) if verdict.is_urgent else Case.Reason.ASKED


def _insert(
    case: Case,
    question: Question,
    code: AccessCode,
    verdict: Verdict,
    kept: Sequence[Stored],
    at: datetime,
) -> ClientHolder:
    with at_once():
        holder = keyring.create_case_key(
            subject=case.pk, code=code, team=case.team_id, at=at, store=_WRAPS.add
        )
        if question.postcode:
            facts = json.dumps({"postcode": question.postcode})
            case.facts = seal(facts, key=holder.key, place=places.facts(case.pk))
        due = deadlines.begin(case, at=at)
        _CASES.add([case])
        deadlines.store(due)
        token = uuid4()
        place = places.message(case.pk, 1, Message.Role.CLIENT, token)
        message = Message(
            case=case,
            seq=1,
            role=Message.Role.CLIENT,
            client_msg_id=token,
            sealed=seal(question.text, key=holder.key, place=place),
            created_at=at,
        )
        entries.MESSAGES.add([message])
        assessments.keep(case, 1, verdict, at=at)
        asked = trail.entry(
            "case.asked",
            by=trail.CLIENT,
            at=at,
            organisation=case.organisation_id,
            case=case.pk,
            new=case.state,
            urgency=int(case.urgency),
            triage=int(verdict.level),
            unrated=verdict.unrated,
            files=len(kept),
        )
        trail.record_all([asked], store=entries.TRAIL.add)
    if kept:
        attachments.keep(Message.objects.get(case=case, seq=1), kept, key=holder.key)
    if case.urgency < Urgency.NORMAL:
        escalations.start(case=case, why=Escalation.Why.URGENT, at=at)
    case_moved.send(sender=Case, team=case.team_id, at=at)
    events.queue_changed(case.team_id)
    return holder


_WRAPS, _CASES = WrittenRows(KeyWrap), WrittenRows(Case)


def _team_for(organisation: Organisation, topic: Topic | None) -> UUID:
    team = topic.team_id if topic else organisation.intake_team_id
    if team is None:
        raise NobodyAnswers
    return team


def _already_asked(
    submission: UUID, question: Question, code: AccessCode, kept: Sequence[Stored]
) -> AlreadyAsked:
    case = Case.objects.get(submission=submission)
    # The form's ticket carries the code of the case that it began.
    holder = keyring.holder_by_code(subject=case.pk, code=code)
    first = Message.objects.get(case=case, seq=1)
    place = places.message(case.pk, 1, Message.Role.CLIENT, first.client_msg_id)
    same = open_sealed(bytes(first.sealed), key=holder.key, place=place) == question.text
    same = same and attachments.are_the_same(first, kept, key=holder.key)
    return AlreadyAsked(holder, same=same)
