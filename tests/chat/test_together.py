"""What is said in many chats at once: the same rows as one by one, and nobody falls with their neighbour."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import event, given, settings
from hypothesis import strategies as st

from accounts.models import Membership
from audit import trail
from audit.models import TrailEntry
from chat import exchange, rooms
from chat.committer import Committer, Hear
from chat.exchange import Reader, Side, Speaker
from chat.operations import seats, speaking
from chat.protocol import Close, Kind, Send
from chat.saying import Said, Saying
from counselling import events, promises, triaging
from counselling.models import Assessment, Case, Claim, Deadline, Draft, Escalation, Message
from counselling.operations import cases, drafts, together
from counselling.operations.together import Line, Written
from counselling.operations.working import set_profile
from counselling.queries import thread
from tests.chat.house import FORENOON, Entered, chatting_house, enter
from tests.conftest import LONG
from tests.counselling.house import House
from tests.factories import holder_of
from tests.servers.chatting import until

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)
CALM = ("Er ist jetzt in der Schule.", "Am Montag ist der Termin.", "Wie lange dauert das?")
ALARMING = "Ich will nicht mehr leben, ich habe die Tabletten schon hier."


@pytest.fixture
def house() -> House:
    return chatting_house()


def seated(house: House, count: int) -> list[Entered]:
    """Let clients enter and Katrin take them."""
    set_profile(
        member=house.katrin,
        ceiling=count,
        needs_approval=False,
        topics=[],
        by=house.ada,
        at=FORENOON,
    )
    found = [enter(house) for _number in range(count)]
    for entered in found:
        seats.take(case=entered.pk, by=house.katrin, at=FORENOON)
    return found


def line(
    entered: Entered, text: str, by: Membership | None = None, token: UUID | None = None
) -> Line:
    holder = entered.holder if by is None else holder_of(by)
    if by is not None:
        holder.case_key(entered.pk)  # as a socket that has read has it
    return Line(entered.pk, text, token or uuid4(), holder, by)


def say(one: Line, at: Any) -> None:
    """Say a line by itself."""
    kwargs = {"text": one.text, "client_msg_id": one.client_msg_id, "holder": one.holder}
    if one.by is None:
        speaking.say(case=one.case, at=at, **kwargs)  # type: ignore[arg-type]
    else:
        speaking.reply(case=one.case, by=one.by, at=at, **kwargs)  # type: ignore[arg-type]


def draft(house: House, entered: Entered, at: datetime) -> None:
    drafts.save(
        case=entered.pk, text="Entwurf", by=house.katrin, holder=holder_of(house.katrin), at=at
    )


def rows_of(entered: Entered) -> dict[str, Any]:
    """Return every row that speaking writes, without what differs between two cases anyway."""

    def of(rows: Any, *names: str) -> list[tuple[Any, ...]]:
        return [
            tuple(str(value) for value in row) for row in rows.order_by("pk").values_list(*names)
        ]

    case = entered.pk
    fields = ("state", "urgency", "reason", "signal", "last_seq", "waiting_since", "due_at")
    return {
        "case": of(Case.objects.filter(pk=case), *fields, "closed_at", "quiet_since"),
        "messages": of(Message.objects.filter(case=case), "seq", "role", "author", "created_at"),
        "texts": [one.text for one in thread(entered.now(), holder=entered.holder)],
        "trail": of(
            TrailEntry.objects.filter(case=case, at__gt=FORENOON),
            *("at", "organisation", "actor_kind", "actor", "action", "old", "new", "detail"),
        ),
        "deadlines": of(
            Deadline.objects.filter(case=case),
            *("kind", "urgency", "levels", "since", "promised_at", "due_at", "warn_at"),
            *("ended_at", "end", "breached_at", "warned_at"),
        ),
        "claims": of(
            Claim.objects.filter(case=case), "member", "returns_at", "return_warned_at", "ended_at"
        ),
        "assessed": of(
            Assessment.objects.filter(case=case), "seq", "level", "score", "signals", "reasons"
        ),
        "alarms": sorted(
            of(
                Escalation.objects.filter(case=case),
                *("why", "urgency", "round_at", "ended_at", "how"),
            )
        ),
        "drafts": Draft.objects.filter(case=case).count(),
    }


@given(
    lives=st.lists(
        st.tuples(
            st.sampled_from(["client", "katrin", "draft"]),
            st.sampled_from(CALM * 3 + (ALARMING,)),
            st.sampled_from([1, 20, 90, 60 * 30]),  # minutes until then: promises pass meanwhile
        ),
        min_size=1,
        max_size=8,
    )
)
@settings(max_examples=60 if LONG else 12, deadline=None)
def test_a_line_leaves_the_same_rows_whichever_way_it_is_said(lives: Any) -> None:
    with transaction.atomic():
        house = chatting_house()
        one_by_one, at_once = seated(house, 2)
        at = FORENOON
        for who, text, minutes in lives:
            at += minutes * MINUTE
            if who == "draft":
                draft(house, one_by_one, at)
                draft(house, at_once, at)
                continue
            by = house.katrin if who == "katrin" else None
            say(line(one_by_one, text, by), at)
            said = line(at_once, text, by)
            (written,) = speaking.say_all([said], at=at)
            event("plain" if written else "by itself")
            if written is None:
                say(said, at)
            assert rows_of(at_once) == rows_of(one_by_one)
        transaction.set_rollback(True)


def test_statements_do_not_grow_with_the_batch(house: House) -> None:
    entered = seated(house, 9)
    for by in (None, house.katrin, None, house.katrin):
        counts = []
        for some in (entered[:1], entered[1:]):
            lines = [line(one, CALM[0], by) for one in some]
            promises.forget()  # what is remembered for two seconds would count for one of them only
            with CaptureQueriesContext(connection) as queries:
                written = speaking.say_all(lines, at=FORENOON + MINUTE)
            assert all(written)
            counts.append(len(queries))
        assert counts[1] <= counts[0]


def test_what_is_wrong_or_not_plain_takes_nobody_with_it(house: House) -> None:
    good, different, foreign, urgent, gone = seated(house, 5)
    known = line(different, "Zuerst das.")
    speaking.say_all([known], at=FORENOON)
    lines = [
        line(good, CALM[0]),
        line(different, "Etwas anderes.", token=known.client_msg_id),
        line(foreign, "Ich auch.", house.aylin),
        line(urgent, ALARMING),
        line(gone, CALM[1]),
    ]
    cases.delete(case=gone.pk, by=trail.CLIENT, at=FORENOON)
    written = speaking.say_all(lines, at=FORENOON + MINUTE)
    assert [one is not None for one in written] == [True, False, False, False, False]
    assert good.now().last_seq == 2
    assert [one.now().last_seq for one in (different, foreign, urgent)] == [2, 1, 1]


def test_what_was_heard_before_is_not_rated_again_unless_something_came_between(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = seated(house, 2)
    lines = together.hear([line(one, CALM[0]), line(other, CALM[1])])
    say(line(other, CALM[2], house.katrin), FORENOON)

    def rated_again(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("what was heard was rated again")

    monkeypatch.setattr(triaging, "rate_all", rated_again)
    first, second = speaking.say_all(lines, at=FORENOON + MINUTE)
    assert first is not None
    assert second is None, "it was rated against a conversation that has gone on"
    assert Assessment.objects.filter(case=one.pk, seq=first.seq).exists()


def test_two_lines_of_one_case_are_no_batch(house: House) -> None:
    (entered,) = seated(house, 1)
    with pytest.raises(ValueError, match="one line"):
        together.write([line(entered, "Eins."), line(entered, "Zwei.")], at=FORENOON)


def test_what_was_committed_but_never_acknowledged_is_the_same_message_and_rated_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    (entered,) = seated(house, 1)
    sent = line(entered, CALM[0])
    (first,) = speaking.say_all([sent], at=FORENOON)  # and then the process is killed
    assert first is not None

    def rated_again(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("a copy was rated")

    told: list[tuple[UUID, int]] = []
    monkeypatch.setattr(triaging, "rate_all", rated_again)
    monkeypatch.setattr(events, "case_changed", lambda case, seq: told.append((case, seq)))
    assert speaking.say_all([sent], at=FORENOON + MINUTE) == [Written(first.seq)]
    assert told == [(entered.pk, first.seq)], "other processes may never have heard of it"
    say(sent, FORENOON + MINUTE)  # by itself it is the same, too
    assert Message.objects.filter(case=entered.pk).count() == 2
    assert Assessment.objects.filter(case=entered.pk).count() == 2


def test_a_copy_among_others_is_told_its_number_and_keeps_nobody_from_being_written(
    house: House,
) -> None:
    one, other, third = seated(house, 3)
    sent, answer = line(one, CALM[0]), line(third, CALM[1], house.katrin)
    first, answered = speaking.say_all([sent, answer], at=FORENOON)
    assert first is not None
    assert answered is not None
    new = line(other, CALM[1])
    again = speaking.say_all([*together.hear([sent, new]), answer], at=FORENOON + MINUTE)
    assert [again[0], again[2]] == [Written(first.seq), Written(answered.seq)]
    assert again[1] is not None
    assert again[1].message is not None
    forged = replace(sent, text=CALM[2])
    assert speaking.say_all(together.hear([forged]), at=FORENOON + MINUTE) == [None]
    for entered in (one, other, third):
        assert Message.objects.filter(case=entered.pk).count() == 2
        assert entered.now().last_seq == 2
    assert Assessment.objects.filter(case=one.pk).count() == 2


def test_a_copy_of_a_reply_is_the_same_message_when_its_author_holds_the_case_no_more(
    house: House,
) -> None:
    (entered,) = seated(house, 1)
    answer = line(entered, CALM[1], house.katrin)
    (first,) = speaking.say_all([answer], at=FORENOON)
    assert first is not None
    seats.pass_on(
        case=entered.pk,
        to=house.aylin,
        introduction="Meine Kollegin kennt sich aus.",
        client_msg_id=uuid4(),
        by=house.katrin,
        holder=holder_of(house.katrin),
        at=FORENOON,
    )
    assert speaking.say_all([answer], at=FORENOON + MINUTE) == [Written(first.seq)]


def test_two_processes_in_one_chat_leave_no_gap_and_no_double(house: House) -> None:
    entered = seated(house, 3)
    start = Barrier(2)

    def talk(by: Membership | None, order: Sequence[Entered]) -> None:
        try:
            start.wait()
            for number in range(4):
                lines = [line(one, f"{CALM[number % 3]} {number}", by) for one in order]
                for one, written in zip(lines, speaking.say_all(lines, at=FORENOON), strict=True):
                    if written is None:  # the other one was there first
                        say(one, FORENOON)
        finally:
            connections.close_all()

    talking = [
        Thread(target=talk, args=(None, entered)),
        Thread(target=talk, args=(house.katrin, entered[::-1])),
    ]
    for thread_of_one in talking:
        thread_of_one.start()
    for thread_of_one in talking:
        thread_of_one.join()
    for one in entered:
        rows = Message.objects.filter(case=one.pk).order_by("seq").values_list("seq", flat=True)
        assert list(rows) == list(range(1, 10))


# --- The one who gathers --------------------------------------------------------------------------
def saying(case: UUID, text: str = "Hallo", by: Membership | None = None) -> Saying:
    side = Side.CLIENT if by is None else Side.TEAM
    speaker = Speaker(side, case, uuid4(), uuid4(), holder=None, member=by)  # type: ignore[arg-type]  # nobody opens anything
    return Saying(speaker, Send(uuid4(), text, Kind.MESSAGE), text)


def gathering(
    write: Callable[[Sequence[Saying]], list[Said | None]],
    alone: Callable[[Saying], dict[str, Any]],
    hear: Hear | None = None,
) -> tuple[Committer, list[list[str]]]:
    """Return one who gathers, and the texts of each batch that they have written."""
    batches: list[list[str]] = []

    async def _together(
        some: Sequence[Saying], _readers: Sequence[Sequence[Reader]]
    ) -> list[Said | None]:
        batches.append([one.text for one in some])
        await asyncio.sleep(0.02)
        return write(some)

    async def _alone(one: Saying) -> dict[str, Any]:
        await asyncio.sleep(0)
        return alone(one)

    return Committer(hear or heard, _together, _alone, rooms.Rooms(None)), batches  # type: ignore[arg-type]


async def heard(some: Sequence[Saying]) -> list[Saying]:
    """Hear lines at once."""
    return list(some)


async def test_what_comes_while_others_are_written_goes_together_and_in_order() -> None:
    committer, batches = gathering(
        lambda some: [Said({"text": one.text}, ()) for one in some], lambda _one: {}
    )
    first, second = uuid4(), uuid4()
    texts = [(first, "a"), (second, "b"), (first, "c"), (second, "d"), (first, "e")]
    answers = await asyncio.gather(*(committer.say(saying(*one)) for one in texts))
    assert [answer["text"] for answer in answers] == ["a", "b", "c", "d", "e"]
    assert batches == [["a", "b"], ["c", "d"], ["e"]]


async def test_who_answers_does_not_wait_for_what_is_being_rated() -> None:
    may_go_on = asyncio.Event()

    async def hear(some: Sequence[Saying]) -> list[Saying]:
        await may_go_on.wait()
        return list(some)

    committer, batches = gathering(
        lambda some: [Said({"text": one.text}, ()) for one in some], lambda _one: {}, hear
    )
    case, katrin = uuid4(), Membership()
    asking = asyncio.create_task(committer.say(saying(case, "Frage")))
    in_the_same = asyncio.create_task(committer.say(saying(case, "Antwort", katrin)))
    elsewhere = await committer.say(saying(uuid4(), "Antwort anderswo", katrin))
    assert elsewhere == {"text": "Antwort anderswo"}
    assert not asking.done()
    may_go_on.set()
    await asyncio.gather(asking, in_the_same)
    assert batches == [["Antwort anderswo"], ["Frage"], ["Antwort"]], "a case keeps its order"


async def test_what_could_not_be_heard_is_written_all_the_same() -> None:
    async def hear(_some: Sequence[Saying]) -> list[Saying]:
        raise DatabaseError("away")

    committer, batches = gathering(
        lambda some: [Said({"text": one.text}, ()) for one in some], lambda _one: {}, hear
    )
    assert await committer.say(saying(uuid4(), "Hallo")) == {"text": "Hallo"}
    assert batches == [["Hallo"]]


@pytest.mark.parametrize("error", [DatabaseError("away"), RuntimeError("a mistake")])
async def test_where_a_batch_fails_each_is_said_by_itself_and_only_one_is_refused(
    error: Exception,
) -> None:
    def fail(_some: Sequence[Saying]) -> list[Said | None]:
        raise error

    def alone(one: Saying) -> dict[str, Any]:
        if one.text == "bad":
            raise exchange.Gone(Close.NOT_THERE)
        return {"text": one.text}

    committer, _batches = gathering(fail, alone)
    answers = await asyncio.gather(
        *(committer.say(saying(uuid4(), text)) for text in ("good", "bad", "better")),
        return_exceptions=True,
    )
    assert [answers[0], answers[2]] == [{"text": "good"}, {"text": "better"}]
    assert isinstance(answers[1], exchange.Gone)


# --- Who looks when the database is away ------------------------------------------------------------
async def test_a_hint_that_met_no_database_is_followed_as_soon_as_there_is_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rooms, "AGAIN_WITHIN", (0.01, 0.02))
    looks = 0
    news = exchange.News([exchange.Encoded(1, "{}")], upto=1)

    async def read(_case: UUID, _readers: Sequence[Reader]) -> tuple[list[exchange.News], bool]:
        nonlocal looks
        looks += 1
        if looks < 4:
            raise DatabaseError("away")
        return [news], True

    class End:
        def __init__(self) -> None:
            self.brought: list[exchange.News] = []

        def stands(self) -> int:
            return len(self.brought)

        def wants(self) -> Reader:
            return Reader(speaker, self.stands(), 50)

        async def bring(self, found: exchange.News) -> None:
            self.brought.append(found)

        async def end(self, code: Close) -> None:
            raise AssertionError(code)

    speaker, end = saying(uuid4()).speaker, End()
    room = rooms.Rooms(read).enter(speaker.case, end)
    for _hint in range(2):
        with pytest.raises(DatabaseError):
            await room.look()
    await until(lambda: bool(end.brought), seconds=5)
    assert (end.brought, looks) == ([news], 4)
