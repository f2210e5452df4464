"""Which moves of a chat are legal, and how long somebody waits: pure, against what the plan says."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat import sla, states
from chat.sla import Line, Shut
from chat.states import ChatMove, ChatState

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
TEN = timedelta(minutes=10)


@given(st.lists(st.sampled_from(ChatMove)))
def test_what_is_over_stays_over_and_nobody_sits_in_a_chat_without_a_seat(
    moves: list[ChatMove],
) -> None:
    state, seated = ChatState.WAITING, False
    for move in moves:
        try:
            new = states.after(move, state)
        except states.IllegalMove:
            assert state not in ChatState.open() or move not in (ChatMove.LEAVE, ChatMove.TO_MAIL)
            continue
        assert state in ChatState.open(), "nothing brings a chat back"
        if move is ChatMove.TAKE:
            assert not seated, "a seat is taken by one"
            seated = True
        elif move is ChatMove.GIVE_BACK:
            seated = False
        state = new
        if state in ChatState.open():
            assert seated == (state in ChatState.seated())


def test_a_client_can_leave_and_go_on_by_mail_at_any_time() -> None:
    for move in (ChatMove.LEAVE, ChatMove.TO_MAIL):
        for state in ChatState.open():
            assert states.after(move, state) not in ChatState.open()


@given(
    position=st.integers(1, 50),
    free=st.integers(0, 10),
    seats=st.integers(1, 20),
    lengths=st.lists(st.timedeltas(timedelta(minutes=1), timedelta(hours=3)), max_size=40),
)
def test_an_expected_wait_is_a_range_and_never_shorter_for_who_stands_further_back(
    position: int, free: int, seats: int, lengths: list[timedelta]
) -> None:
    wait = sla.expected(position, free=free, seats=seats, lengths=lengths)
    behind = sla.expected(position + 1, free=free, seats=seats, lengths=lengths)
    assert wait is not None
    assert behind is not None
    assert timedelta() <= wait.least <= wait.most
    assert wait.least <= behind.least
    assert wait.most <= behind.most


def test_without_anybody_on_duty_no_number_is_made_up() -> None:
    assert sla.expected(1, free=0, seats=0, lengths=[TEN] * 20) is None


def test_who_has_seen_few_chats_says_that_the_wait_is_a_guess() -> None:
    few = sla.expected(3, free=0, seats=1, lengths=[TEN] * 3)
    many = sla.expected(3, free=0, seats=1, lengths=[TEN] * 20)
    assert few is not None
    assert many is not None
    assert (few.known, many.known) == (False, True)
    # Three turns of ten minutes, of which the first goes on already.
    assert (many.least, many.most) == (timedelta(minutes=20), timedelta(minutes=35))


HOURS = [(NOON - timedelta(hours=1), NOON + timedelta(hours=2))]


@pytest.mark.parametrize(
    ("hours", "line", "shut"),
    [
        (HOURS, Line(0, 2, 2), None),
        ([], Line(0, 2, 2), Shut.HOURS),
        (HOURS, Line(0, 0, 0), Shut.HOURS),
        (HOURS, Line(5, 2, 2), None),
        (HOURS, Line(8, 2, 2), Shut.FULL),
        (HOURS, Line(30, 0, 1), Shut.CLOSING),
        ([(NOON - timedelta(hours=1), NOON + TEN)], Line(0, 2, 2), Shut.CLOSING),
    ],
)
def test_the_chat_is_open_by_hours_by_people_and_by_how_many_wait(
    hours: list[tuple[datetime, datetime]], line: Line, shut: Shut | None
) -> None:
    found = sla.opening(
        offered=True,
        hours=hours,
        line=line,
        most_waiting=3,
        last_entry=timedelta(minutes=15),
        at=NOON,
    )
    assert found.shut is shut


def test_a_closed_chat_says_when_it_opens() -> None:
    tomorrow = NOON + timedelta(days=1)
    found = sla.opening(
        offered=True,
        hours=[(tomorrow, tomorrow + TEN)],
        line=Line(0, 2, 2),
        most_waiting=3,
        last_entry=TEN,
        at=NOON,
    )
    assert (found.shut, found.opens_at, found.until) == (Shut.HOURS, tomorrow, None)
