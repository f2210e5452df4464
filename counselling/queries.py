"""What is read about cases. Rows come back as small frozen records, so that a page costs the same
number of queries at three cases and at three hundred.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery

from accounts.models import Membership, Organisation
from accounts.queries import team_ids
from accounts.written import ID, OTHER_ID, Written
from counselling import files, places, sla
from counselling.files import File
from counselling.models import (
    Assessment,
    Attachment,
    Case,
    Claim,
    Draft,
    Message,
    Rating,
    Review,
    TextModule,
    Topic,
)
from counselling.sla import Urgency
from counselling.states import CaseState
from vault import keyring
from vault.codes import AccessCode
from vault.keyring import Holder
from vault.sealing import CaseKey, open_sealed

PAGE = 50  # cases on one page of a queue
COUNTED = 200  # waiting cases are counted up to here; beyond it "more than 200" says enough
LISTED = 100  # cases of colleagues and closed ones are listed up to here


@dataclass(frozen=True, slots=True)
class Entry:
    """One opened message. `author`: the counsellor's display name, empty for client and system.

    `token`: the sender's message id.
    """

    seq: int
    role: Message.Role
    text: str
    author: str
    created_at: datetime
    files: Sequence[File] = ()
    token: UUID | None = None


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page of a queue and where the next one starts, plus how many wait by urgency."""

    cases: Sequence[Case]
    next_after: str
    counts: dict[int, int]


def waiting(member: Membership, *, after: str = "") -> QueuePage:
    """Return the waiting cases of the member's teams, by urgency and due time, 50 at a time.

    after: `next_after` of the page before; anything else starts at the top.
    """
    teams = team_ids(member)
    # Each team's rows come in the order of its index, of which only the first are read; over all
    # teams at once the database would sort every waiting case.
    of_teams = [
        _beyond(waiting_in(team).select_related("topic", "team"), after)[: PAGE + 1]
        for team in teams
    ]
    page = list(islice(merge(*of_teams, key=_place), PAGE + 1))
    more = len(page) > PAGE
    page = page[:PAGE]
    return QueuePage(page, _mark(page[-1]) if more else "", _counts(teams))


def waiting_in(team: UUID) -> QuerySet[Case]:
    """Return the waiting cases of a team in the order of its queue, which is that of its index."""
    return Case.objects.filter(team=team, state=CaseState.WAITING).order_by(
        "urgency", "due_at", "id"
    )


def _place(case: Case) -> tuple[int, datetime, UUID]:
    if case.due_at is None:
        raise ValueError("a waiting case always has a due time")
    return case.urgency, case.due_at, case.pk


def _beyond(rows: QuerySet[Case], after: str) -> QuerySet[Case]:
    try:
        urgency, due, case = after.split("|")
        mark = (int(urgency), datetime.fromisoformat(due).astimezone(UTC), UUID(case))
    except (ValueError, OverflowError):
        return rows
    return rows.filter(
        Q(urgency__gt=mark[0])
        | Q(urgency=mark[0], due_at__gt=mark[1])
        | Q(urgency=mark[0], due_at=mark[1], id__gt=mark[2]),
        urgency__gte=mark[0],  # lets the index be entered in its middle
    )


def _mark(case: Case) -> str:
    urgency, due, pk = _place(case)
    return f"{urgency}|{due.isoformat()}|{pk}"


def _counts(teams: Iterable[UUID]) -> dict[int, int]:
    counts = dict.fromkeys((level.value for level in Case.UrgencyLevel), 0)
    of_teams = [waiting_in(team).values_list("urgency", flat=True)[: COUNTED + 1] for team in teams]
    for urgency in islice(merge(*of_teams), COUNTED + 1):
        counts[urgency] += 1
    return counts


def held_by(member: Membership) -> list[Case]:
    """Return the cases that the member holds: those whose client waits first, then by due time."""
    cases = [
        claim.case
        for claim in Claim.objects.filter(member=member, ended_at__isnull=True).select_related(
            "case__topic", "case__team"
        )
    ]
    return sorted(
        cases, key=lambda c: (c.due_at is None, c.urgency, c.due_at or c.created_at, str(c.pk))
    )


def held_by_colleagues(member: Membership) -> list[Claim]:
    """Return the open claims of colleagues in the member's teams, at most 100, by due time."""
    return list(
        Claim.objects.filter(case__team__in=team_ids(member), ended_at__isnull=True)
        .exclude(member=member)
        .select_related("case__topic", "case__team", "member")
        .order_by("case__urgency", "case__due_at", "pk")[:LISTED]
    )


def closed(member: Membership) -> list[Case]:
    """Return the cases of the member's teams that were closed last, at most 100."""
    of_teams = [
        Case.objects.filter(team=team, closed_at__isnull=False)
        .select_related("topic", "team")
        .order_by("-closed_at", "id")[:LISTED]
        for team in team_ids(member)
    ]
    latest = merge(*of_teams, key=lambda c: c.closed_at or c.created_at, reverse=True)
    return list(islice(latest, LISTED))


def case_of(member: Membership, case: UUID) -> Case | None:
    """Return a case of the member's organisation, with what a page shows of it."""
    return _CASE.first(case, member.organisation_id)


_CASE = Written(
    lambda case, house: Case.objects.filter(pk=case, organisation=house).select_related(
        "organisation", "team", "topic"
    ),
    ID,
    OTHER_ID,
)


def case_by_code(code: AccessCode) -> Case | None:
    """Return the case that an access code belongs to, or None."""
    return Case.objects.filter(lookup_id=code.lookup_id()).select_related("organisation").first()


def case_of_client(case: UUID) -> Case | None:
    """Return the case that a client's session names, or None when it was deleted."""
    return _CASE_OF_CLIENT.first(case)


_CASE_OF_CLIENT = Written(
    lambda case: Case.objects.filter(pk=case).select_related("organisation", "topic"), ID
)


def deleted_at(case: Case, *, at: datetime) -> datetime | None:
    """Return from when a closed case is deleted, if it stays closed; None for an open one."""
    if case.quiet_since is None or case.state != CaseState.CLOSED:
        return None
    return sla.deleted_at(
        case.quiet_since,
        days=case.organisation.retention_days,
        warned_at=case.deletion_warned_at,
        now=at,
    )


def thread(
    case: Case,
    *,
    holder: Holder,
    roles: Sequence[Message.Role] | None = None,
    after: int = 0,
    most: int | None = None,
) -> list[Entry]:
    """Return a case's entries in order, opened.

    roles: only these (None: all, for staff). after: only entries beyond this number. most: only the
    first so many of them (None: all). Raises keyring.KeyUnavailable or sealing.SealBroken.
    """
    key = keyring.open_case_key(subject=case.pk, holder=holder)
    rows = Message.objects.filter(case=case, seq__gt=after).select_related("author")
    if roles is not None:
        rows = rows.filter(role__in=roles)
    attached = _attached(case, key, roles=roles, after=after)
    return [open_entry(row, key, attached.get(row.seq, ())) for row in rows[:most]]


def _attached(
    case: Case, key: CaseKey, *, roles: Sequence[Message.Role] | None, after: int
) -> dict[int, list[File]]:
    rows = Attachment.objects.filter(message__case=case, message__seq__gt=after)
    if roles is not None:
        rows = rows.filter(message__role__in=roles)
    return files_by_message(
        rows.select_related("message").order_by("message__seq", "position"), key
    )


def files_by_message(rows: Iterable[Attachment], key: CaseKey) -> dict[int, list[File]]:
    """Return attachments with their names opened, by the number of their message."""
    by_message: dict[int, list[Attachment]] = {}
    for row in rows:
        by_message.setdefault(row.message.seq, []).append(row)
    return {seq: files.named(rows_of_one, key) for seq, rows_of_one in by_message.items()}


def open_entry(row: Message, key: CaseKey, attached: Sequence[File]) -> Entry:
    """Open one row. Raises sealing.SealBroken."""
    place = places.message(row.case_id, row.seq, row.role, row.client_msg_id)
    return Entry(
        seq=row.seq,
        role=Message.Role(row.role),
        text=open_sealed(bytes(row.sealed), key=key, place=place),
        author=row.author.name if row.author else "",
        created_at=row.created_at,
        files=attached,
        token=row.client_msg_id,
    )


def files_of(case: Case, *, holder: Holder) -> list[File]:
    """Return every attachment that the client may have, in order. Raises as `thread` does."""
    roles = Message.Role.for_client()
    key = keyring.open_case_key(subject=case.pk, holder=holder)
    attached = _attached(case, key, roles=roles, after=0)
    return [file for seq in sorted(attached) for file in attached[seq]]


def file(
    case: Case, attachment: UUID, *, holder: Holder, roles: Sequence[Message.Role] | None = None
) -> tuple[File, bytes] | None:
    """Return one attachment of a case with its bytes, opened; None if the case has no such one.

    roles: only of these messages (None: all, for staff). Raises keyring.KeyUnavailable,
    sealing.SealBroken or files.FileMissing.
    """
    row = Attachment.objects.filter(pk=attachment, message__case=case).select_related("message")
    found = (row if roles is None else row.filter(message__role__in=roles)).first()
    if found is None:
        return None
    key = keyring.open_case_key(subject=case.pk, holder=holder)
    beside = Attachment.objects.filter(message=found.message_id).select_related("message")
    named = files.named(list(beside.order_by("position")), key)
    (mine,) = (one for one in named if one.id == found.pk)
    return mine, files.content(found, key)


def facts(case: Case, *, holder: Holder) -> dict[str, str]:
    """Return what the client gave beside the text, opened: `postcode`, or nothing."""
    if case.facts is None:
        return {}
    key = keyring.open_case_key(subject=case.pk, holder=holder)
    opened: dict[str, str] = json.loads(
        open_sealed(bytes(case.facts), key=key, place=places.facts(case.pk))
    )
    return opened


def draft(case: Case, *, holder: Holder) -> tuple[Draft, str] | None:
    """Return the case's draft and its text, or None."""
    row = Draft.objects.filter(case=case).select_related("author").first()
    if row is None:
        return None
    key = keyring.open_case_key(subject=case.pk, holder=holder)
    return row, open_sealed(bytes(row.sealed), key=key, place=places.draft(case.pk))


def rating(case: Case, *, holder: Holder) -> tuple[int, str] | None:
    """Return the client's rating (1 to 5) and its text, or None."""
    row = Rating.objects.filter(case=case).first()
    if row is None:
        return None
    if row.sealed is None:
        return row.stars, ""
    key = keyring.open_case_key(subject=case.pk, holder=holder)
    return row.stars, open_sealed(bytes(row.sealed), key=key, place=places.rating(case.pk))


def everything(case: Case, *, holder: Holder) -> dict[str, Any]:
    """Return all that is kept for the client to download, as JSON types."""
    rated = rating(case, holder=holder)
    return {
        "organisation": case.organisation.name,
        "created_at": case.created_at.isoformat(),
        "topic": case.topic.name if case.topic else None,
        "age_band": case.age_band or None,
        "facts": facts(case, holder=holder),
        "messages": [
            {
                "number": entry.seq,
                "from": entry.role.value,
                "name": entry.author or None,
                "at": entry.created_at.isoformat(),
                "text": entry.text,
                "files": [
                    {"name": file.saved_as, "type": file.kind.media_type, "bytes": file.size}
                    for file in entry.files
                ],
            }
            for entry in thread(case, holder=holder, roles=Message.Role.for_client())
        ],
        "rating": {"stars": rated[0], "text": rated[1]} if rated else None,
    }


def assessments(case: Case) -> list[Assessment]:
    """Return what the installed model found in the case's messages, oldest first."""
    return list(Assessment.objects.filter(case=case, shadow=False).order_by("seq"))


def last_review(case: Case) -> Review | None:
    """Return who last rated the case as a human, or None."""
    return Review.objects.filter(case=case).select_related("by").order_by("-at", "-pk").first()


def to_review(member: Membership) -> list[Case]:
    """Return the open cases of the member's teams in which an alarm waits for a human's review.

    At most 100, most urgent first, then those that were asked first. The machine has raised their
    urgency, and only a review lowers it: no other case need be looked at.
    """
    alarms = Assessment.objects.filter(
        case=OuterRef("pk"), shadow=False, review__isnull=True, level__lt=Urgency.NORMAL
    )
    of_teams = [
        Case.objects.filter(
            Exists(alarms), team=team, closed_at__isnull=True, urgency__lt=Urgency.NORMAL
        )
        .select_related("topic", "team")
        .order_by("urgency", "created_at", "pk")[:LISTED]
        for team in team_ids(member)
    ]
    return list(islice(merge(*of_teams, key=lambda c: (c.urgency, c.created_at, c.pk)), LISTED))


def misses(member: Membership) -> list[Review]:
    """Return where humans found a case of the member's teams more urgent than the machine, newest first."""
    return list(
        _misses(member).select_related("case__topic", "case__team", "by").order_by("-at")[:LISTED]
    )


def miss(member: Membership, review: UUID) -> Review | None:
    """Return one of those, or None."""
    return _misses(member).select_related("case__organisation").filter(pk=review).first()


def _misses(member: Membership) -> QuerySet[Review]:
    return Review.objects.filter(
        new__lt=F("machine"),
        case__team__in=team_ids(member),
        case__organisation=member.organisation_id,
    )


@dataclass(frozen=True, slots=True)
class Comparison:
    """How often the installed model and one on trial agree: (installed, trial) level to count."""

    installed: str
    trial: str
    counts: dict[tuple[int, int], int]


def comparisons(organisation: Organisation) -> list[Comparison]:
    """Return the comparison of each pair of models that rated the same messages; counts, no text."""
    own = Assessment.objects.filter(case=OuterRef("case"), seq=OuterRef("seq"), shadow=False)
    counted = (
        Assessment.objects.filter(shadow=True, case__organisation=organisation)
        .annotate(own_level=Subquery(own.values("level")[:1]))
        .annotate(own_model=Subquery(own.values("model")[:1]))
        .filter(own_level__isnull=False)
        .order_by()
        .values_list("own_model", "model", "own_level", "level")
        .annotate(number=Count("pk"))
    )
    pairs: dict[tuple[str, str], dict[tuple[int, int], int]] = {}
    for installed, trial, own_level, level, number in counted:
        pairs.setdefault((installed, trial), {})[own_level, level] = number
    return [Comparison(*names, counts) for names, counts in sorted(pairs.items())]


def topics(organisation: Organisation) -> QuerySet[Topic]:
    """Return the organisation's topics in their order."""
    return Topic.objects.filter(organisation=organisation).select_related("team")


def text_modules(organisation: Organisation) -> QuerySet[TextModule]:
    """Return the organisation's text modules in their order."""
    return TextModule.objects.filter(organisation=organisation)
