"""Clocks: what starts and stops them, and whether the promise was kept.

Each timeline is read aloud: events with their times, then the clocks that ran. Monday is the 23rd of
November 2026; the week before Christmas begins on Monday, the 21st of December.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from counselling.sla import Clock, Event, Happened, Targets, Urgency, clocks, promise
from counselling.working_time import Calendar, Span, working_days

BERLIN = ZoneInfo("Europe/Berlin")
ALWAYS_WEEKDAYS = working_days("BE")
OFFICE = Calendar(
    ((Span(540, 720), Span(840, 1020)),) * 5 + ((), ()),
    land="BE",
)
OFFICE_TARGETS = Targets(normal=timedelta(hours=6))

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


def told(clock: Clock, calendar: Calendar, targets: Targets, now: datetime) -> str:
    """Return a clock as the tables below tell it: which answer, by when, how it stands."""
    promised = promise(clock, targets=targets, calendar=calendar)
    due = promised.due_at.astimezone(BERLIN)
    return f"{clock.response} by {due:%m-%d %H:%M} {promised.standing(clock, now=now)}"


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
        ("28 23:58 asks sofort", "29 00:00", ["first by 11-29 00:03 running"]),
        ("28 23:58 asks sofort", "29 00:02", ["first by 11-29 00:03 warned"]),
        ("28 23:58 asks sofort, 29 00:04 reply", "29 09:00", ["first by 11-29 00:03 breached"]),
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
            ["first by 11-23 13:00 breached"],
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
            ["first by 11-23 09:05 kept", "next by 11-23 12:05 running"],
        ),
        ("", "23 09:00", []),
    ],
)
def test_weekdays_are_counted_whole(events: str, now: str, expected: list[str]) -> None:
    ran = clocks(history(events))
    assert [told(c, ALWAYS_WEEKDAYS, Targets(), at(now)) for c in ran] == expected


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
    ran = clocks(history(events))
    assert [told(c, OFFICE, OFFICE_TARGETS, at(now)) for c in ran] == expected
