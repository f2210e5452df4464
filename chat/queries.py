"""What is read about chats."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet

from accounts import queries as staff_queries
from accounts.models import Membership, Organisation, Team
from accounts.queries import team_ids
from accounts.written import ID, Written, WrittenForMany
from chat import sla
from chat.models import Chat, ChatRules, Companion
from chat.sla import Line, Opening, Wait
from chat.states import ChatState
from counselling import roster
from counselling.models import Channel, Claim, Message
from counselling.roster import Load
from counselling.states import CaseState

AHEAD = timedelta(days=14)  # in which the next opening is looked for
LENGTHS = 40  # latest chats whose lengths count
LISTED = 100


def rules(organisation: UUID) -> ChatRules:
    """Return whether and how an organisation chats; the defaults if it has said nothing."""
    return _RULES.first(organisation) or ChatRules(organisation_id=organisation)


_RULES = Written(lambda organisation: ChatRules.objects.filter(pk=organisation), ID)


def open_chat(case: UUID) -> Chat | None:
    """Return the chat that goes on in a case, or None."""
    return _OPEN_CHAT.first(case)


_OPEN_CHAT = Written(
    lambda case: Chat.objects.filter(case=case, over_at__isnull=True).select_related(
        "case__team", "case__organisation"
    )[:1],
    ID,
)


def open_chats(cases: Collection[UUID]) -> dict[UUID, Chat]:
    """Return the chats that go on in some cases, by case, with their cases."""
    return {chat.case_id: chat for chat in _OPEN_CHATS.instances(cases)}


_OPEN_CHATS = WrittenForMany(
    lambda cases: Chat.objects.filter(case__in=cases, over_at__isnull=True).select_related("case")
)


def companions_among(chats: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """Return which members have joined some chats openly, by chat; as `companions`."""
    found: dict[UUID, set[UUID]] = {}
    for chat, member in _COMPANIONS_AMONG.rows(chats):
        found.setdefault(chat, set()).add(member)
    return found


_COMPANIONS_AMONG = WrittenForMany(
    lambda chats: _companions(chat__in=chats).values_list("chat", "member")
)


def keep_times(organisations: Collection[UUID]) -> dict[UUID, timedelta]:
    """Return how long some organisations keep a place without a connection."""
    known = ChatRules.objects.in_bulk(organisations)
    return {
        pk: timedelta(minutes=known.get(pk, ChatRules(organisation_id=pk)).keep_minutes)
        for pk in organisations
    }


def latest_chat(case: UUID) -> Chat | None:
    """Return the latest chat of a case, over or not, or None."""
    return _LATEST_CHAT.first(case)


_LATEST_CHAT = Written(
    lambda case: (
        Chat.objects.filter(case=case)
        .select_related("case__team", "case__organisation")
        .order_by("-entered_at")[:1]
    ),
    ID,
)


def counsellors(team: Team, *, at: datetime) -> dict[Membership, Load]:
    """Return who of a team is on duty for chats and can read its cases, with how loaded they are.

    Without those whose words wait for a second person: no chat waits for one.
    """
    without_key = staff_queries.waiting_for_key(team.organisation)
    on_duty = roster.on_duty(team=team, at=at, channel=Channel.CHAT)
    learning = roster.learning(on_duty)
    there = [
        member
        for member in on_duty
        if member.pk not in learning and team not in without_key.get(member.pk, ())
    ]
    loads = roster.loads(there, at=at)
    return {member: loads[member.pk] for member in there}


def line(team: Team, *, at: datetime) -> Line:
    """Return how a team's chats stand."""
    loads = counsellors(team, at=at).values()
    return Line(
        waiting=_waiting_of(team.pk).count(),
        free=sum(load.free for load in loads),
        seats=sum(load.capacity for load in loads),
        lengths=_lengths(team.organisation_id),
    )


def _lengths(organisation: UUID) -> Sequence[timedelta]:
    rows = (
        Chat.objects.filter(
            organisation=organisation, over_at__isnull=False, taken_at__isnull=False
        )
        .order_by("-over_at")
        .values_list("taken_at", "over_at")[:LENGTHS]
    )
    return [over - taken for taken, over in rows if taken and over]


def _waiting_of(team: UUID) -> QuerySet[Chat]:
    return Chat.objects.filter(
        state=ChatState.WAITING, over_at__isnull=True, case__team=team
    ).order_by("case__urgency", "entered_at", "id")


def position(chat: Chat) -> int:
    """Return the place of a waiting chat in its team's line: 1 is next. Who is in danger goes first."""
    case = chat.case
    before = Q(case__urgency__lt=case.urgency) | Q(
        Q(entered_at__lt=chat.entered_at) | Q(entered_at=chat.entered_at, pk__lt=chat.pk),
        case__urgency=case.urgency,
    )
    return _waiting_of(case.team_id).filter(before).count() + 1


def expected(chat: Chat, *, at: datetime) -> Wait | None:
    """Return how long a waiting chat will wait; None while nobody is there for it."""
    found = line(chat.case.team, at=at)
    return sla.expected(position(chat), free=found.free, seats=found.seats, lengths=found.lengths)


def opening(organisation: Organisation, *, at: datetime) -> Opening:
    """Return whether an organisation's chat is open: to who comes without a topic."""
    return opening_of(organisation, organisation.intake_team, at=at)


def opening_of(organisation: Organisation, team: Team | None, *, at: datetime) -> Opening:
    """Return whether an organisation's chat is open to who comes to one of its teams."""
    known = rules(organisation.pk)
    if not known.offered or team is None or reads_urgent_by_two(organisation.pk):
        return sla.opening(
            offered=False,
            hours=(),
            line=Line(0, 0, 0),
            most_waiting=0,
            last_entry=timedelta(),
            at=at,
        )
    return sla.opening(
        offered=True,
        hours=hours(team, at=at),
        line=line(team, at=at),
        most_waiting=known.most_waiting,
        last_entry=timedelta(minutes=known.last_entry_minutes),
        at=at,
    )


def reads_urgent_by_two(organisation: UUID) -> bool:
    """Say whether replies to who is in danger wait for a second person here: then nobody may chat.

    Somebody in danger would be in line, and no answer could leave at once.
    """
    return roster.house_rules(organisation).four_eyes_sofort


def hours(team: Team, *, at: datetime) -> Sequence[tuple[datetime, datetime]]:
    """Return when a team's chat is open from a moment on: opened, and somebody is on duty for it."""
    return roster.open_with(team, Channel.CHAT, start=at, end=at + AHEAD)


def closes_at(team: Team, *, at: datetime) -> datetime | None:
    """Return when a team's chat closes that is open now, or None."""
    return next((ends for starts, ends in hours(team, at=at) if starts <= at < ends), None)


def waiting(member: Membership) -> list[Chat]:
    """Return the chats that somebody may take: in line in their teams, and interrupted ones of others."""
    return list(
        _waiting_for(member)
        .select_related("case__topic", "case__team", "case__organisation")
        .order_by("-state", "case__urgency", "entered_at", "id")
        .distinct()[:LISTED]
    )


def how_many_wait(member: Membership) -> int:
    """Return how many chats somebody may take."""
    return _waiting_for(member).distinct().count()


def _waiting_for(member: Membership) -> QuerySet[Chat]:
    return Chat.objects.filter(
        Q(state=ChatState.WAITING)
        | Q(state=ChatState.INTERRUPTED)
        & ~Q(case__claims__member=member, case__claims__ended_at__isnull=True),
        over_at__isnull=True,
        case__team__in=team_ids(member),
    )


def held_by(member: Membership) -> list[Chat]:
    """Return the chats in which a member sits, the oldest first."""
    return list(
        Chat.objects.filter(
            over_at__isnull=True,
            state__in=sorted(ChatState.seated()),
            case__claims__member=member,
            case__claims__ended_at__isnull=True,
        )
        .select_related("case__topic", "case__team", "case__organisation")
        .order_by("taken_at", "id")
    )


def companions(chat: Chat) -> list[Membership]:
    """Return who has joined a chat openly and is still there, beside its counsellor; nobody where none sits."""
    if chat.state not in ChatState.seated():
        return []
    return [row.member for row in _COMPANIONS.instances(chat.pk)]


def _companions(**where: Any) -> QuerySet[Companion]:
    held = Claim.objects.filter(
        case=OuterRef("chat__case"), member=OuterRef("member"), ended_at__isnull=True
    )
    there = Companion.objects.filter(left_at__isnull=True, member__ended_at__isnull=True, **where)
    return there.exclude(Exists(held))


_COMPANIONS = Written(lambda chat: _companions(chat=chat).select_related("member"), ID)


def sits_beside(case: UUID, member: Membership) -> bool:
    """Say whether somebody has joined the chat that goes on in a case openly."""
    return Companion.objects.filter(
        chat__case=case,
        chat__state__in=sorted(ChatState.seated()),
        member=member,
        left_at__isnull=True,
    ).exists()


def of_colleagues(member: Membership) -> list[tuple[Chat, str]]:
    """Return the chats in which others of a member's teams sit, the oldest first, with who does."""
    chats = (
        Chat.objects.filter(
            over_at__isnull=True,
            state__in=sorted(ChatState.seated()),
            case__team__in=team_ids(member),
        )
        .filter(case__claims__in=Claim.objects.filter(ended_at__isnull=True).exclude(member=member))
        .annotate(counsellor=F("case__claims__member__name"))
        .select_related("case__topic", "case__team", "case__organisation")
        .order_by("taken_at", "id")[:LISTED]
    )
    return [(chat, chat.counsellor) for chat in chats]


def overdue_places(*, at: datetime, most: int) -> list[UUID]:
    """Return the cases of chats whose client has been gone for longer than their place is kept."""
    return _cases(Q(kept_until__lte=at), most)


def overdue_seats(*, at: datetime, most: int) -> list[UUID]:
    """Return the cases of chats whose counsellor's connection is gone for too long."""
    return _cases(Q(state=ChatState.ACTIVE, seat_until__lte=at), most)


def quiet_chats(*, at: datetime) -> list[UUID]:
    """Return the cases of chats in which the client has owed a word for too long."""
    return [
        chat.case_id
        for chat in Chat.objects.filter(
            state=ChatState.ACTIVE, over_at__isnull=True, case__state=CaseState.ANSWERED
        ).select_related("case")
        if is_quiet(chat, at=at)
    ]


def is_quiet(chat: Chat, *, at: datetime) -> bool:
    """Say whether the client has owed a word for as long as the organisation lets it be still.

    While the last word is the client's, or the counsellor's connection is gone, nothing is owed.
    """
    if chat.state != ChatState.ACTIVE or chat.case.state != CaseState.ANSWERED:
        return False
    said = Message.objects.filter(case=chat.case_id, role__in=Message.Role.for_client()).aggregate(
        at=Max("created_at")
    )["at"]
    latest = max(filter(None, [said, chat.taken_at, chat.here_at]))
    known = rules(chat.organisation_id)
    return bool(latest + timedelta(minutes=known.quiet_minutes) <= at)


def teams_in_line() -> list[Team]:
    """Return the teams for which somebody waits."""
    return list(
        Team.objects.filter(
            cases__chats__state=ChatState.WAITING, cases__chats__over_at__isnull=True
        )
        .select_related("organisation")
        .distinct()
    )


def in_line(team: UUID, *, most: int) -> list[UUID]:
    """Return the cases of those who wait for a team."""
    return list(_waiting_of(team).values_list("case", flat=True)[:most])


def _cases(which: Q, most: int) -> list[UUID]:
    rows = Chat.objects.filter(which, over_at__isnull=True).order_by("entered_at")
    return list(rows.values_list("case", flat=True)[:most])
