"""Clocks: what starts and stops them, and whether the promise was kept.

Each timeline is read aloud: events with their times, then the clocks that ran. Monday is the 23rd of
November 2026; the week before Christmas begins on Monday, the 21st of December.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counselling.sla import (
    Event,
    Happened,
    Level,
    Promise,
    Response,
    Targets,
    Urgency,
    clocks,
    promise,
)
from counselling.working_time import Calendar, Span, working_days

BERLIN = ZoneInfo("Europe/Berlin")
ALWAYS_WEEKDAYS = working_days("BE")
OFFICE = Calendar(
    ((Span(540, 720), Span(840, 1020)),) * 5 + ((), ()),
    land="BE",
)
SIX_HOURS = timedelta(hours=6)
OFFICE_TARGETS = Targets(normal=Level(SIX_HOURS, SIX_HOURS))

WORDS = {
    "asks": Happened.ASKED,
    "writes": Happened.CLIENT_WROTE,
    "reply": Happened.REPLIED,
    "close": Happened.CLOSED,
    "reopen": Happened.REOPENED,
    "note": Happened.NOTED,
    "machine": Happened.ANSWERED_BY_MACHINE,
    "moved": Happened.MOVED,
    "rated": Happened.RATED,
    "seen": Happened.SEEN,
}


def at(text: str) -> datetime:
    """Return a moment: `23 09:00` of November, or `12-24 09:00`."""
    day, clock = text.split()
    day = day if "-" in day else f"11-{day}"
    return datetime.fromisoformat(f"2026-{day} {clock}").replace(tzinfo=BERLIN)


def history(text: str) -> list[Event]:
    """Return the events of a timeline such as `23 09:00 asks dringend, 23 10:00 reply`."""
    events = []
    for part in filter(None, text.split(", ")):
        day, clock, word, *level = part.split()
        urgency = Urgency[level[0].upper()] if level else None
        events.append(Event(at(f"{day} {clock}"), WORDS[word], urgency))
    return events


def told(events: str, calendar: Calendar, targets: Targets, now: str) -> list[str]:
    """Return the clocks of a timeline as the tables tell them: which answer, by when, how it stands."""
    lines = []
    for clock in clocks(history(events)):
        promised = promise(clock, targets=targets, calendar=calendar)
        if promised is not None:
            due = promised.due_at.astimezone(BERLIN)
            standing = promised.standing(clock, now=at(now))
            lines.append(f"{clock.response} by {due:%m-%d %H:%M} {standing}")
    return lines


@pytest.mark.parametrize(
    ("events", "now", "expected"),
    [
        # The first answer
        ("23 09:00 asks", "23 09:00", ["first by 11-24 09:00 running"]),
        ("23 09:00 asks", "24 02:59", ["first by 11-24 09:00 running"]),
        ("23 09:00 asks", "24 03:00", ["first by 11-24 09:00 warned"]),
        ("23 09:00 asks", "24 09:00", ["first by 11-24 09:00 warned"]),
        ("23 09:00 asks", "24 09:01", ["first by 11-24 09:00 breached"]),
        ("23 09:00 asks, 24 09:00 reply", "30 09:00", ["first by 11-24 09:00 kept"]),
        ("23 09:00 asks, 24 09:01 reply", "30 09:00", ["first by 11-24 09:00 breached"]),
        ("27 15:00 asks", "29 12:00", ["first by 11-30 15:00 running"]),  # over a weekend
        ("27 15:00 asks", "30 09:00", ["first by 11-30 15:00 warned"]),
        ("12-24 15:00 asks", "12-27 12:00", ["first by 12-28 15:00 running"]),  # Christmas
        # Escalation although answered; a clock that restarts wrongly, or not at all
        ("23 09:00 asks, 23 10:00 note", "24 09:01", ["first by 11-24 09:00 breached"]),
        ("23 09:00 asks, 23 09:00 machine", "24 09:01", ["first by 11-24 09:00 breached"]),
        ("23 09:00 asks, 23 10:00 moved", "24 09:01", ["first by 11-24 09:00 breached"]),
        ("23 09:00 asks, 23 12:00 writes", "24 09:01", ["first by 11-24 09:00 breached"]),
        (
            "23 09:00 asks, 23 10:00 reply, 24 10:00 writes",
            "24 11:00",
            ["first by 11-24 09:00 kept", "next by 11-25 10:00 running"],
        ),
        (
            "23 09:00 asks, 23 10:00 reply, 24 10:00 writes, 24 20:00 writes",
            "25 10:01",
            ["first by 11-24 09:00 kept", "next by 11-25 10:00 breached"],
        ),
        (
            "23 09:00 asks, 23 10:00 reply, 24 10:00 writes, 24 11:00 note, 24 12:00 reply",
            "30 09:00",
            ["first by 11-24 09:00 kept", "next by 11-25 10:00 kept"],
        ),
        (
            "23 09:00 asks, 23 10:00 reply, 23 11:00 reply, 23 12:00 note",
            "30 09:00",  # the case waits for the client: nothing runs
            ["first by 11-24 09:00 kept"],
        ),
        # Closed and opened again
        ("23 09:00 asks, 23 10:00 close", "30 09:00", ["first by 11-24 09:00 kept"]),
        (
            "23 09:00 asks, 23 10:00 close, 25 10:00 writes",
            "25 11:00",
            ["first by 11-24 09:00 kept", "first by 11-26 10:00 running"],
        ),
        (
            "23 09:00 asks, 23 10:00 reply, 23 11:00 close, 25 10:00 reopen",
            "26 10:01",
            ["first by 11-24 09:00 kept", "next by 11-26 10:00 breached"],
        ),
        # Urgent ones are counted around the clock
        (
            "28 23:58 asks sofort",
            "29 00:00",
            ["ack by 11-29 00:03 running", "first by 11-29 00:58 running"],
        ),
        (
            "28 23:58 asks sofort",
            "29 00:02",
            ["ack by 11-29 00:03 warned", "first by 11-29 00:58 running"],
        ),
        (
            "28 23:58 asks sofort, 29 00:04 reply",
            "29 09:00",
            ["ack by 11-29 00:03 breached", "first by 11-29 00:58 kept"],
        ),
        ("28 22:00 asks dringend", "29 01:00", ["first by 11-29 02:00 warned"]),
        (
            "12-24 23:00 asks dringend, 12-25 02:00 reply",
            "12-28 09:00",
            ["first by 12-25 03:00 kept"],
        ),
        # It becomes more urgent while it waits: the shorter of both promises holds
        ("23 09:00 asks, 23 15:00 rated dringend", "23 15:00", ["first by 11-23 19:00 running"]),
        ("23 09:00 asks, 24 08:00 rated dringend", "24 08:00", ["first by 11-24 09:00 warned"]),
        (
            "23 09:00 asks dringend, 23 12:58 rated sofort",
            "23 13:01",
            ["first by 11-23 13:00 breached"],  # who rated it has looked
        ),
        (
            "23 09:00 asks dringend, 23 10:00 rated normal",
            "23 14:00",
            ["first by 11-24 09:00 running"],
        ),
        ("23 09:00 asks, 23 10:00 rated normal", "23 14:00", ["first by 11-24 09:00 running"]),
        (
            "23 09:00 asks sofort, 23 09:04 reply, 23 12:00 writes",
            "23 12:01",
            [
                "ack by 11-23 09:05 kept",
                "first by 11-23 10:00 kept",
                "ack by 11-23 12:05 running",
                "next by 11-23 13:00 running",
            ],
        ),
        ("", "23 09:00", []),
    ],
)
def test_weekdays_are_counted_whole(events: str, now: str, expected: list[str]) -> None:
    assert told(events, ALWAYS_WEEKDAYS, Targets(), now) == expected


@pytest.mark.parametrize(
    ("events", "now", "expected"),
    [
        ("23 09:00 asks", "23 16:00", ["first by 11-23 17:00 warned"]),
        ("23 16:00 asks", "24 09:00", ["first by 11-24 16:00 running"]),
        ("23 18:00 asks", "24 15:29", ["first by 11-24 17:00 running"]),
        ("23 18:00 asks", "24 15:30", ["first by 11-24 17:00 warned"]),
        ("27 16:00 asks, 30 16:00 reply", "12-01 09:00", ["first by 11-30 16:00 kept"]),
        ("28 03:00 asks", "30 09:00", ["first by 11-30 17:00 running"]),
        ("12-24 16:00 asks", "12-28 09:00", ["first by 12-28 16:00 running"]),
        ("23 13:00 asks dringend", "23 16:59", ["first by 11-23 17:00 warned"]),
    ],
)
def test_office_hours(events: str, now: str, expected: list[str]) -> None:
    assert told(events, OFFICE, OFFICE_TARGETS, now) == expected


@pytest.mark.parametrize(
    ("events", "now", "expected"),
    [
        # Until a human has looked: claimed, rated, acknowledged, answered, closed
        ("23 09:00 asks sofort, 23 09:04 seen", "23 09:10", ["ack 09:05 kept", "first 10:00"]),
        ("23 09:00 asks sofort, 23 09:05 seen", "23 09:10", ["ack 09:05 kept", "first 10:00"]),
        ("23 09:00 asks sofort, 23 09:06 seen", "23 09:10", ["ack 09:05 breached", "first 10:00"]),
        ("23 09:00 asks sofort, 23 09:06 moved", "23 09:10", ["ack 09:05 breached", "first 10:00"]),
        ("23 09:00 asks sofort, 23 09:03 note", "23 09:10", ["ack 09:05 breached", "first 10:00"]),
        (
            "23 09:00 asks sofort, 23 09:03 machine",
            "23 09:10",
            ["ack 09:05 breached", "first 10:00"],
        ),
        (
            "23 09:00 asks sofort, 23 09:03 close",
            "23 09:10",
            ["ack 09:05 kept", "first 10:00 kept"],
        ),
        (
            "23 09:00 asks sofort, 23 09:03 rated sofort",
            "23 09:10",
            ["ack 09:05 kept", "first 10:00"],
        ),
        (
            "23 09:00 asks sofort, 23 09:06 rated normal",
            "23 09:10",
            # The answer is due as if it had never been higher; that nobody had looked stays true.
            ["ack 09:05 breached", "first 11-24 09:00"],
        ),
        ("23 09:00 asks dringend, 23 09:03 seen", "23 09:10", ["first 13:00"]),
        # It gets dangerous while it waits: the client writes, and a human must look
        (
            "23 09:00 asks, 23 10:00 writes sofort",
            "23 10:04",
            ["ack 10:05 warned", "first 11:00"],
        ),
        (
            "23 09:00 asks, 23 09:30 seen, 23 10:00 writes sofort",
            "23 10:06",
            ["ack 10:05 breached", "first 11:00"],
        ),
        (
            "23 09:00 asks sofort, 23 09:01 seen, 23 09:30 writes",
            "23 09:40",
            ["ack 09:05 kept", "first 10:00"],  # somebody is there: no second look is owed
        ),
        (
            "23 09:00 asks sofort, 23 09:30 writes",
            "23 09:31",
            ["ack 09:05 breached", "first 10:00"],  # never from the newest message
        ),
        (
            "23 09:00 asks dringend, 23 12:30 writes sofort",
            "23 12:31",
            ["ack 12:35", "first 13:00 warned"],  # what was promised before stays promised
        ),
        # Answered, and a new one
        (
            "23 09:00 asks sofort, 23 09:02 reply, 24 03:00 writes",
            "24 03:06",
            ["ack 09:05 kept", "first 10:00 kept", "ack 11-24 03:05 breached", "next 11-24 04:00"],
        ),
        (
            "23 09:00 asks, 23 10:00 reply, 24 10:00 writes dringend",
            "24 13:30",
            ["first 11-24 09:00 kept", "next 11-24 14:00 warned"],
        ),
        # Opened again by a counsellor, who has looked
        (
            "23 09:00 asks sofort, 23 09:01 reply, 23 09:02 close, 24 09:00 reopen",
            "24 09:30",
            ["ack 09:05 kept", "first 10:00 kept", "next 11-24 10:00"],
        ),
        # At midnight, over the change of clocks, over a year's end, on a leap day
        ("03-29 01:30 asks dringend", "03-29 01:30", ["first 03-29 06:30"]),
        ("10-25 01:30 asks dringend", "10-25 01:30", ["first 10-25 04:30"]),
        ("12-31 23:30 asks dringend", "12-31 23:31", ["first 01-01 03:30"]),
        ("12-31 15:00 asks", "12-31 15:01", ["first 01-04 15:00"]),
        ("12-25 03:00 asks sofort", "12-25 03:00", ["ack 12-25 03:05", "first 12-25 04:00"]),
        ("27 23:59 asks", "28 00:00", ["first 11-30 23:59"]),
        ("28 00:00 asks", "28 00:00", ["first 12-01 00:00"]),
    ],
)
def test_until_a_human_has_looked(events: str, now: str, expected: list[str]) -> None:
    lines = told(events, ALWAYS_WEEKDAYS, Targets(), now)
    short = [
        line.replace(" by ", " ").replace(" 11-23 ", " ").removesuffix(" running") for line in lines
    ]
    assert short == expected


def spans(*hours: tuple[int, int]) -> tuple[Span, ...]:
    """Return spans of full hours."""
    return tuple(Span(opens * 60, closes * 60) for opens, closes in hours)


MORNINGS = Calendar((spans((8, 12)),) * 5 + ((), ()), land="BE")
EVENINGS = Calendar(((),) * 5 + (spans((18, 22)), spans((18, 22))), land="BE")
SPLIT = Calendar((spans((8, 10), (12, 14), (16, 18)),) * 5 + ((), ()), land="BE")
BAVARIA = Calendar((spans((9, 17)),) * 5 + ((), ()), land="BY")
CLOSED_WEEK = replace(MORNINGS, closed=frozenset(date(2026, 11, day) for day in range(23, 28)))
OPEN_SATURDAY = replace(MORNINGS, opened={date(2026, 11, 28): spans((10, 14))})
ADVENT = replace(MORNINGS, opened={date(2026, 12, 25): spans((8, 12))})
NIGHTS = Calendar((spans((0, 4)),) * 7)
LISBON = replace(MORNINGS, zone="Europe/Lisbon", land="")
FOUR = Targets(normal=Level(timedelta(hours=4), timedelta(hours=2)))
DAY_OR_TWO = Targets()  # 24 hours, and never past two working days


@pytest.mark.parametrize(
    ("calendar", "targets", "events", "expected"),
    [
        (MORNINGS, FOUR, "23 08:00 asks", "first by 11-23 12:00"),
        (MORNINGS, FOUR, "23 08:01 asks", "first by 11-24 08:01"),
        (MORNINGS, FOUR, "23 12:00 asks", "first by 11-24 12:00"),
        (MORNINGS, FOUR, "27 11:00 asks", "first by 11-30 11:00"),
        (MORNINGS, FOUR, "29 23:59 asks", "first by 11-30 12:00"),
        (MORNINGS, FOUR, "12-24 10:00 asks", "first by 12-28 10:00"),
        (MORNINGS, FOUR, "12-31 10:00 asks", "first by 01-04 10:00"),
        (MORNINGS, FOUR, "23 08:00 asks, 23 09:00 reply, 23 11:00 writes", "next by 11-24 09:00"),
        (EVENINGS, FOUR, "23 08:00 asks", "first by 11-28 22:00"),
        (EVENINGS, FOUR, "28 20:00 asks", "first by 11-29 20:00"),
        (EVENINGS, FOUR, "29 21:00 asks", "first by 12-05 21:00"),
        (SPLIT, FOUR, "23 09:00 asks", "first by 11-23 17:00"),
        (SPLIT, FOUR, "23 11:00 asks", "first by 11-23 18:00"),
        (SPLIT, FOUR, "23 17:00 asks", "first by 11-24 13:00"),
        (BAVARIA, FOUR, "01-05 16:00 asks", "first by 01-07 12:00"),  # Epiphany is free there
        (BAVARIA, FOUR, "23 16:00 asks", "first by 11-24 12:00"),
        (CLOSED_WEEK, FOUR, "20 11:00 asks", "first by 11-30 11:00"),
        (CLOSED_WEEK, FOUR, "25 11:00 asks dringend", "first by 11-25 15:00"),
        (OPEN_SATURDAY, FOUR, "27 11:00 asks", "first by 11-28 13:00"),
        (ADVENT, FOUR, "12-24 10:00 asks", "first by 12-25 10:00"),
        (NIGHTS, FOUR, "03-28 12:00 asks", "first by 03-30 01:00"),  # that night has three hours
        (NIGHTS, FOUR, "10-24 12:00 asks", "first by 10-25 03:00"),  # and that one five
        (LISBON, FOUR, "23 09:00 asks", "first by 11-23 13:00"),
        # Never past two working days, however few hours they have
        (MORNINGS, DAY_OR_TWO, "23 09:00 asks", "first by 11-25 12:00"),
        (MORNINGS, DAY_OR_TWO, "26 09:00 asks", "first by 11-30 12:00"),
        (MORNINGS, DAY_OR_TWO, "28 09:00 asks", "first by 12-01 12:00"),
        (EVENINGS, DAY_OR_TWO, "23 09:00 asks", "first by 11-29 22:00"),
        (OFFICE, DAY_OR_TWO, "12-23 09:00 asks", "first by 12-28 17:00"),
        (ALWAYS_WEEKDAYS, DAY_OR_TWO, "27 09:00 asks", "first by 11-30 09:00"),
    ],
)
def test_calendars(calendar: Calendar, targets: Targets, events: str, expected: str) -> None:
    *_done, last = told(events, calendar, targets, "20 00:00")
    assert last.removesuffix(" running").removesuffix(" breached") == expected


def test_a_clock_that_was_set_back_promises_nothing_before_the_beginning() -> None:
    ran = clocks(history("23 09:00 asks, 23 07:00 rated sofort"))
    assert Response.FIRST in {clock.response for clock in ran}
    for clock in ran:
        made = promise(clock, targets=Targets(), calendar=ALWAYS_WEEKDAYS)
        assert made is None or clock.since < made.due_at


def test_a_warning_comes_after_the_share_of_working_time_that_is_set() -> None:
    [clock] = [one for one in clocks(history("23 09:00 asks")) if one.response is Response.FIRST]
    early = Targets(normal=Level(timedelta(hours=8), timedelta(hours=8), warning=0.25))
    promised = promise(clock, targets=early, calendar=MORNINGS)
    # Two of eight hours; and of what is left when two working days cut it short.
    assert promised == Promise(at("25 09:00"), at("23 11:00"))
    cut = Targets(normal=Level(timedelta(hours=24), timedelta(hours=24), most_days=1, warning=0.5))
    promised = promise(clock, targets=cut, calendar=MORNINGS)
    assert promised == Promise(at("24 12:00"), at("24 08:30"))


# --- Against counting minutes ------------------------------------------------------------------------
happenings = st.lists(
    st.tuples(
        st.integers(1, 600),  # minutes since the one before
        st.sampled_from(list(Happened)),
        st.sampled_from([None, *Urgency]),
    ),
    max_size=12,
)
SHORT = Targets(
    sofort=Level(timedelta(minutes=60), timedelta(minutes=30), timedelta(minutes=5)),
    dringend=Level(timedelta(minutes=240), timedelta(minutes=120)),
    normal=Level(timedelta(minutes=300), timedelta(minutes=200)),
)


@settings(max_examples=60)
@given(happenings)
def test_it_agrees_with_living_through_every_minute(
    drawn: list[tuple[int, Happened, Urgency | None]],
) -> None:
    """A slow reference: every minute is lived through, with the rules of the design in plain words."""
    events = [Event(at("23 07:00").astimezone(UTC), Happened.ASKED)]
    for gap, what, urgency in drawn:
        # Only a human's rating lowers; what else changes the urgency raises it.
        events.append(Event(events[-1].at + timedelta(minutes=gap), what, urgency))
    reckoned = []
    for clock in clocks(events):
        if clock.response is Response.ACKNOWLEDGEMENT:
            continue
        promised = promise(clock, targets=SHORT, calendar=SPLIT)
        assert promised is not None
        reckoned.append((clock.since, promised.due_at.astimezone(UTC), clock.stopped_at))
    assert reckoned == list(lived(events))


def lived(events: list[Event]) -> Iterator[tuple[datetime, datetime, datetime | None]]:
    """Yield when each wait for an answer began, when it was due and when it ended."""
    waits_since: datetime | None = None
    due: datetime = events[0].at
    answered, urgency = False, Urgency.NORMAL
    for event in events:
        urgency = urgency if event.urgency is None else event.urgency
        if waits_since is not None and event.what in (Happened.REPLIED, Happened.CLOSED):
            yield waits_since, due, event.at
            waits_since = None
        wants = event.what in (Happened.ASKED, Happened.CLIENT_WROTE, Happened.REOPENED)
        if waits_since is None and wants:
            waits_since, level, due = event.at, urgency, minutes_from(event.at, urgency, answered)
        elif waits_since is not None and urgency < level:
            due, level = min(due, minutes_from(event.at, urgency, answered)), urgency
        elif waits_since is not None and urgency > level:
            due, level = minutes_from(waits_since, urgency, answered), urgency
        answered = answered or event.what is Happened.REPLIED
    if waits_since is not None:
        yield waits_since, due, None


def minutes_from(start: datetime, urgency: Urgency, answered: bool) -> datetime:
    """Count the target of an urgency minute by minute."""
    level = SHORT.of(urgency)
    left = (level.next if answered else level.first).total_seconds() / 60
    moment = start
    while left:
        wall = moment.astimezone(BERLIN)
        minute = wall.hour * 60 + wall.minute
        working = any(s.opens <= minute < s.closes for s in SPLIT.spans_on(wall.date()))
        left -= 1 if working or urgency is not Urgency.NORMAL else 0
        moment += timedelta(minutes=1)
    return moment
