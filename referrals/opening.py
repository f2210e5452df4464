"""Whether a place is open at a moment, and when next: OSM opening hours by the Land's holidays. Pure.

opening-hours-py knows only a country's holidays. Corpus Christi is one in Nordrhein-Westfalen and none
in Berlin, so `PH` and `SH` are written out as dates of the Land before the expression is evaluated.
Hours that say nothing of public holidays are taken as Germany means them: a public holiday is like a
Sunday. School holidays come from the same package (KMK) as far as they are fixed, a few years ahead;
beyond that no day counts as one.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from holidays.countries.austria import Austria
from holidays.countries.germany import Germany  # alone: the package would load every country
from holidays.countries.switzerland import Switzerland
from holidays.holiday_base import HolidayBase
from opening_hours import OpeningHours, State, validate

ZONE = ZoneInfo("Europe/Berlin")  # Vienna's and Zürich's clocks show the same
COUNTRIES: dict[str, type[HolidayBase]] = {"DE": Germany, "AT": Austria, "CH": Switzerland}
LOOKED_AHEAD = timedelta(days=60)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_RULES = re.compile(r"(\s*;\s*|\s*,\s*(?=(?:Mo|Tu|We|Th|Fr|Sa|Su|PH|SH)\b[^;]*?\d{2}:))")
_HOLIDAY = re.compile(r"\b(PH|SH)\b")
_DAYS = re.compile(r"^((?:(?:Mo|Tu|We|Th|Fr|Sa|Su|PH|SH)(?:\s*[-,]\s*)?)+)(.*)$")


class BadHours(ValueError):
    """An expression cannot be read as opening hours; the text quotes it."""


@dataclass(frozen=True, slots=True)
class Opening:
    """How it is at a moment. `changes_at`: when that ends; `opens_at`: when it is open next, if closed.

    Both are None where nothing changes within two months. `by_arrangement`: the hours say so.
    """

    is_open: bool
    changes_at: datetime | None
    opens_at: datetime | None
    by_arrangement: bool = False


def check(expression: str) -> None:
    """Refuse what cannot be read. Raises BadHours with a sentence for whoever typed it."""
    if not validate(expression):
        raise BadHours(
            _(
                "„%(hours)s“ lässt sich nicht als Öffnungszeit lesen. Ein Beispiel: Mo-Fr 09:00-12:00; PH off"
            )
            % {"hours": expression}
        )


def opening(expression: str, *, at: datetime, country: str = "DE", land: str = "") -> Opening:
    """Return whether hours are open at a moment. land: code of the Bundesland. Raises BadHours."""
    local = at.astimezone(ZONE).replace(tzinfo=None)
    hours = _with_holidays(expression, country, land, local.year)
    state, comment = hours.state(local)
    changes = _within(hours.next_change(local), local)
    opens = None if state == State.OPEN else _next_opening(hours, local)
    return Opening(
        is_open=state == State.OPEN,
        changes_at=_aware(changes),
        opens_at=_aware(opens),
        by_arrangement=state == State.UNKNOWN or "vereinbarung" in comment.lower(),
    )


def _next_opening(hours: OpeningHours, moment: datetime) -> datetime | None:
    end = moment + LOOKED_AHEAD
    while (change := hours.next_change(moment)) is not None and change <= end:
        if hours.state(change)[0] == State.OPEN:
            return change
        moment = change
    return None


def _within(change: datetime | None, moment: datetime) -> datetime | None:
    return change if change is not None and change <= moment + LOOKED_AHEAD else None


def _aware(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=ZONE)


def _parsed(expression: str) -> OpeningHours:
    return OpeningHours(expression, auto_country=False, auto_timezone=False)


@lru_cache(maxsize=20_000)
def _with_holidays(expression: str, country: str, land: str, year: int) -> OpeningHours:
    """Return hours for a year and the next, holidays written out as dates. Raises BadHours."""
    check(expression)
    public = _dates(country, land, "public", year)
    school = _dates(country, land, "school", year)
    if _HOLIDAY.search(expression):
        dated = _written_out(expression, {"PH": public, "SH": school})
        names_public = "PH" in expression
    else:
        dated, names_public = expression, False
    if not names_public and public and not _opens_on_sundays(expression):
        dated = f"{dated}; {public} off"
    # A way of naming holidays that cannot be written out: without them.
    return _parsed(dated if validate(dated) else expression)


def _opens_on_sundays(expression: str) -> bool:
    """Say whether hours are open on some Sunday of the next weeks that is no holiday."""
    hours = _parsed(expression)
    sunday = datetime.combine(date(2026, 11, 8), time())
    for week in range(4):
        begin = sunday + timedelta(weeks=week)
        change = hours.next_change(begin)
        if hours.is_open(begin) or (change is not None and change < begin + timedelta(days=1)):
            return True
    return False


def _written_out(expression: str, dates: dict[str, str]) -> str:
    """Return an expression with `PH` and `SH` as dates, last, so that no rule for weekdays undoes them.

    A holiday without known dates takes its rule along.
    """
    pieces = _RULES.split(expression)
    rules: list[str] = []
    holidays: list[str] = []
    for at in range(0, len(pieces), 2):
        separator = "," if at and pieces[at - 1].strip() == "," else ";"
        weekly, dated = _rule(pieces[at].strip(), dates)
        if weekly:
            rules.append(f"{separator} {weekly}" if rules else weekly)
        holidays.extend(f"; {rule}" for rule in dated)
    return "".join(rules or ["off"]) + "".join(holidays)


def _rule(rule: str, dates: dict[str, str]) -> tuple[str, list[str]]:
    """Return a rule for days of the week, or nothing, and the same for holidays as dates."""
    match = _DAYS.match(rule)
    if not match or not _HOLIDAY.search(match[1]):
        return rule, []
    rest = match[2].strip()
    selectors = [part.strip() for part in match[1].split(",") if part.strip()]
    week = [part for part in selectors if part not in dates]
    weekly = f"{','.join(week)} {rest}" if week else ""
    return weekly, [f"{dates[part]} {rest}" for part in selectors if dates.get(part)]


@lru_cache(maxsize=256)
def _calendar(country: str, land: str, category: str) -> HolidayBase:
    kind = COUNTRIES.get(country, Germany)
    subdivision = land if land in kind.subdivisions else None
    return kind(subdiv=subdivision, categories=(category,))


@lru_cache(maxsize=1024)
def _dates(country: str, land: str, category: str, year: int) -> str:
    """Return the holidays of a year and the next as OSM dates, nothing where none are known."""
    kind = COUNTRIES.get(country, Germany)
    if category not in kind.supported_categories or (category == "school" and not land):
        return ""
    calendar = _calendar(country, land, category)
    days = [
        date(one, 1, 1) + timedelta(days=number)
        for one in (year, year + 1)
        for number in range(366)
        if (date(one, 1, 1) + timedelta(days=number)).year == one
    ]
    return ",".join(
        f"{day.year} {_MONTHS[day.month - 1]} {day.day:02}" for day in days if day in calendar
    )
