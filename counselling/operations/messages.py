"""The one writer of messages: what the client writes, replies and internal notes."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Membership
from audit import trail
from counselling import roster
from counselling.models import Case, Draft, Escalation, Message
from counselling.operations import (
    assessments,
    attachments,
    cases,
    deadlines,
    entries,
    escalations,
    holding,
)
from counselling.operations.assessments import Heard
from counselling.operations.attachments import Stored
from counselling.operations.entries import Appended
from counselling.sla import Happened, Urgency
from counselling.states import CaseState, Move
from counselling.triaging import Verdict
from counselling.uploads.receiving import Received
from vault import keyring
from vault.keyring import Holder


class NeedsApproval(Exception):
    """A second person has to read this reply first: hand it in (`approvals.submit`)."""


def write(
    *,
    case: UUID,
    text: str,
    client_msg_id: UUID,
    in_danger: bool,
    holder: Holder,
    at: datetime,
    files: Sequence[Received] = (),
) -> Appended:
    """Add what the client writes, rated. A closed case opens again and waits in its team's queue.

    in_danger: the client says that somebody is in danger now. The case becomes as urgent as that or as
    the triage finds it, with the promises of that; it never becomes less urgent. files: clean; no
    program rates them. Raises entries.CaseGone, entries.DifferentText, attachments.NotStored or
    attachments.TooManyFiles.
    """
    # Before the lock: nobody else waits while a text is read. What was sent before was rated then.
    is_known = entries.was_sent(case, Message.Role.CLIENT, client_msg_id)
    heard = None if is_known else assessments.of_message(case, text, holder=holder)
    with attachments.stored(files, case=case) as kept, transaction.atomic():
        return _write(case, text, client_msg_id, heard, in_danger, holder, at, kept)


def _write(
    case: UUID,
    text: str,
    client_msg_id: UUID,
    heard: Heard | None,
    in_danger: bool,
    holder: Holder,
    at: datetime,
    kept: Sequence[Stored],
) -> Appended:
    row = entries.locked(case)
    if heard is not None and row.last_seq != heard.after:
        # Something was written meanwhile: only against all of it does the rating count.
        heard = assessments.of_message(case, text, holder=holder)
    key = keyring.open_case_key(subject=case, holder=holder)
    appended = entries.append(
        row,
        role=Message.Role.CLIENT,
        text=text,
        key=key,
        at=at,
        client_msg_id=client_msg_id,
        files=kept,
    )
    if heard is None or not appended.is_new:
        return appended
    verdict = heard.verdict
    assessments.keep(row, appended.seq, verdict, at=at)
    raised = entries.alarm(
        row,
        Urgency.SOFORT if in_danger else verdict.level,
        signal=assessments.main_signal(verdict) if verdict.is_urgent else "",
        at=at,
    )
    alarms = verdict.is_urgent and (raised or verdict.shows_in(appended.seq))
    was_answered = row.state == CaseState.ANSWERED
    entries.move(
        row,
        Move.CLIENT_WRITES,
        by=trail.CLIENT,
        at=at,
        reason=reason_of(row, verdict, in_danger=in_danger, alarms=alarms),
        seq=appended.seq,
        files=len(kept),
        **rated_as(verdict, in_danger=in_danger),
    )
    deadlines.happened(row, Happened.CLIENT_WROTE, at=at)
    if in_danger or alarms:
        escalations.start(case=row, why=Escalation.Why.URGENT, at=at)
    if was_answered:
        holding.let_go_if_gone(row, at=at)
    return appended


def rated_as(verdict: Verdict, *, in_danger: bool) -> dict[str, str | int | bool | None]:
    """Return what the trail keeps of a rating."""
    return {"danger": in_danger, "triage": int(verdict.level), "unrated": verdict.unrated}


def reason_of(case: Case, verdict: Verdict, *, in_danger: bool, alarms: bool) -> Case.Reason:
    """Return why a locked case stands in its queue once its client has written again."""
    if in_danger:
        return Case.Reason.DANGER
    if alarms:
        return assessments.why(verdict)
    if case.state == CaseState.WAITING and case.reason in Case.Reason.alarming():
        return Case.Reason(case.reason)  # nobody has looked yet
    return Case.Reason.WROTE_AGAIN


def reply(
    *,
    case: UUID,
    text: str,
    client_msg_id: UUID,
    by: Membership,
    holder: Holder,
    at: datetime,
    seen: int | None = None,
    files: Sequence[Received] = (),
    beside_holder: bool = False,
) -> Appended:
    """Send a reply to the client; it is never changed afterwards. The draft goes, the clock stops.

    seen: number of the last entry that the sender saw; a client message after it is not to be
    answered unread, as the reply would stop its clock (None: not asked). files: clean. beside_holder: the
    sender need not hold the case, but somebody must; who calls has asked that they may. Raises
    cases.NotHolder, entries.CaseGone, entries.DifferentText, attachments.NotStored,
    attachments.TooManyFiles, entries.Unread or NeedsApproval.
    """
    with attachments.stored(files, case=case) as kept, transaction.atomic():
        return _reply(
            case, text, client_msg_id, by, holder, at, seen, kept, beside_holder=beside_holder
        )


def _reply(
    case: UUID,
    text: str,
    client_msg_id: UUID,
    by: Membership,
    holder: Holder,
    at: datetime,
    seen: int | None,
    kept: Sequence[Stored],
    *,
    beside_holder: bool,
) -> Appended:
    row = entries.locked(case)
    if not beside_holder or cases.holder_of(case) is None:
        cases.must_hold(row, by)
    if roster.needs_second_person(row, by):
        raise NeedsApproval
    key = keyring.open_case_key(subject=case, holder=holder)
    appended = entries.append(
        row,
        role=Message.Role.REPLY,
        text=text,
        key=key,
        at=at,
        client_msg_id=client_msg_id,
        author=by,
        files=kept,
    )
    if appended.is_new:
        entries.must_have_seen(row, seen)
        if not beside_holder:
            Draft.objects.filter(case=row).delete()
        entries.move(row, Move.REPLY, by=by.actor, at=at, seq=appended.seq, files=len(kept))
        deadlines.happened(row, Happened.REPLIED, at=at)
    return appended


def note(
    *,
    case: UUID,
    text: str,
    client_msg_id: UUID,
    by: Membership,
    holder: Holder,
    at: datetime,
    files: Sequence[Received] = (),
) -> Appended:
    """Add an internal note, which no client ever sees and which stops no clock.

    files: clean. Raises entries.CaseGone, entries.DifferentText, attachments.NotStored or
    attachments.TooManyFiles.
    """
    with attachments.stored(files, case=case) as kept, transaction.atomic():
        return _note(case, text, client_msg_id, by, holder, at, kept)


def _note(
    case: UUID,
    text: str,
    client_msg_id: UUID,
    by: Membership,
    holder: Holder,
    at: datetime,
    kept: Sequence[Stored],
) -> Appended:
    row = entries.locked(case)
    key = keyring.open_case_key(subject=case, holder=holder)
    appended = entries.append(
        row,
        role=Message.Role.NOTE,
        text=text,
        key=key,
        at=at,
        client_msg_id=client_msg_id,
        author=by,
        files=kept,
    )
    if appended.is_new:
        trail.record(
            "case.noted",
            by=by.actor,
            at=at,
            organisation=row.organisation_id,
            case=case,
            seq=appended.seq,
            files=len(kept),
        )
    return appended
