"""Open now, open next, by the holidays of the Land; and how people say it."""

from datetime import datetime

import pytest
from django.utils import translation

from referrals import opening
from referrals.hours_wording import state, wording
from referrals.opening import ZONE, BadHours

CORPUS_CHRISTI = datetime(2026, 6, 4, 10, 30, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("hours", "in_cologne", "in_berlin"),
    [
        ("Mo-Fr 09:00-17:00", False, True),  # nothing said of holidays: as on Sundays
        ("Mo-Fr 09:00-17:00; PH off", False, True),
        ("PH off; Mo-Fr 09:00-17:00", False, True),
        ("Mo-Fr,PH 09:00-12:00", True, True),
        ("Mo-Fr 14:00-17:00; PH 10:00-12:00", True, False),
        ("PH,Su 10:00-14:00", True, False),
        ("Mo-Su 08:00-22:00", True, True),
        ("24/7", True, True),
        ("Mo-Fr 09:00-12:00, Th 14:00-18:00; PH off", False, True),
    ],
)
def test_corpus_christi_is_a_holiday_in_cologne_and_none_in_berlin(
    hours: str, in_cologne: bool, in_berlin: bool
) -> None:
    assert opening.opening(hours, at=CORPUS_CHRISTI, land="NW").is_open is in_cologne
    assert opening.opening(hours, at=CORPUS_CHRISTI, land="BE").is_open is in_berlin


@pytest.mark.parametrize(
    "hours",
    [
        "Tu,Th 10:00-15:00; PH off",
        "Tu, Th 10:00-15:00; PH off",
        "Tu , Th 10:00-15:00; PH off",
        "PH off; Mo-Tu,Th 10:00-15:00",
        "Tu,Th 10:00-15:00, Sa 09:00-12:00; SH off",
        "Sa 09:00-12:00, Tu,Th 10:00-15:00; PH off",
        "PH,Tu 10:00-15:00",
    ],
)
@pytest.mark.parametrize(
    "day", [datetime(2026, 11, 24, tzinfo=ZONE), datetime(2026, 1, 1, tzinfo=ZONE)]
)
def test_days_in_a_list_have_the_hours_behind_it(hours: str, day: datetime) -> None:
    """„Tu,Th 10:00-15:00“ once left a Tuesday without hours: open all day and all night."""
    holiday_too = "PH," in hours
    working = day.month == 11 or holiday_too
    night, morning = day.replace(hour=3), day.replace(hour=11)
    assert not opening.opening(hours, at=night, land="HH").is_open
    assert opening.opening(hours, at=morning, land="HH").is_open is working
    assert not opening.opening(hours, at=day.replace(hour=16), land="HH").is_open


def test_the_next_opening_is_the_day_after_the_holiday() -> None:
    found = opening.opening("Mo-Fr 09:00-17:00", at=CORPUS_CHRISTI, land="NW")
    assert found.opens_at == datetime(2026, 6, 5, 9, 0, tzinfo=ZONE)


def test_school_holidays_are_the_lands_own() -> None:
    august = datetime(
        2026, 8, 5, 10, 30, tzinfo=ZONE
    )  # holidays in Köln and Berlin, none in München yet
    july = datetime(2026, 7, 29, 10, 30, tzinfo=ZONE)
    hours = "Mo-Fr 09:00-12:00; SH off"
    assert not opening.opening(hours, at=august, land="NW").is_open
    assert opening.opening(hours, at=july, land="BY").is_open


def test_an_austrian_holiday_closes_in_austria() -> None:
    national_day = datetime(2026, 10, 26, 10, 30, tzinfo=ZONE)
    assert not opening.opening("Mo-Fr 09:00-17:00", at=national_day, country="AT").is_open
    assert opening.opening("Mo-Fr 09:00-17:00", at=national_day, land="NW").is_open


def test_hours_by_arrangement_are_not_open() -> None:
    found = opening.opening('Mo-Fr unknown "nach Vereinbarung"', at=CORPUS_CHRISTI, land="BE")
    assert not found.is_open
    assert found.by_arrangement


@pytest.mark.parametrize("hours", ["Mo-Fr 25:00-26:00", "immer", "Mo–Fr 9 bis 12", "; ;"])
def test_what_cannot_be_read_is_refused_with_a_sentence(hours: str) -> None:
    with pytest.raises(BadHours, match="lässt sich nicht als Öffnungszeit lesen"):
        opening.check(hours)


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (
            "Mo-Fr 09:00-12:00, Th 14:00-18:00; PH off",
            "Mo–Fr 9–12 Uhr, Do auch 14–18 Uhr, an Feiertagen geschlossen",
        ),
        ("24/7", "rund um die Uhr"),
        ("Mo-Su 08:00-22:00", "täglich 8–22 Uhr"),
        ("Mo-Th 08:30-16:00", "Mo–Do 8:30–16 Uhr"),
        ("Mo,We 14:00-18:00, Fr 09:00-11:00", "Mo, Mi 14–18 Uhr, Fr 9–11 Uhr"),
        (
            "Mo-Fr 09:00-12:00,14:00-16:30; SH off",
            "Mo–Fr 9–12 und 14–16:30 Uhr, in den Schulferien geschlossen",
        ),
        ("Sa-Su 10:00-12:00; PH 10:00-12:00", "Sa, So 10–12 Uhr, an Feiertagen 10–12 Uhr"),
        ('Mo-Fr 09:00-12:00 "nach Vereinbarung"', "Mo–Fr 9–12 Uhr, nach Vereinbarung"),
        ("Mo-Fr 09:00-17:00; We off", "Mo, Di, Do, Fr 9–17 Uhr"),
        ("Mar-Oct Mo-Fr 09:00-12:00", "Mär–Okt Mo–Fr 9–12 Uhr"),
        ("off", "geschlossen"),
        ("", ""),
    ],
)
def test_hours_are_said_as_people_say_them(hours: str, said: str) -> None:
    with translation.override("de"):
        assert wording(hours) == said


def test_now_and_next_are_said() -> None:
    with translation.override("de"):
        is_open = opening.opening("Mo-Fr 09:00-17:00", at=CORPUS_CHRISTI, land="BE")
        closed = opening.opening("Mo-Fr 09:00-17:00", at=CORPUS_CHRISTI, land="NW")
        assert state(is_open, at=CORPUS_CHRISTI) == "jetzt offen bis 17 Uhr"
        assert state(closed, at=CORPUS_CHRISTI) == "geschlossen, öffnet Fr 9 Uhr"
