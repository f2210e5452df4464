"""Opening hours as OpenStreetMap writes them, read from what clerks write and from HSDS schedules. Pure.

`Mo-Fr 09:00-12:00; PH off`. Whether a service is open at a moment is asked elsewhere; here it is
only made sure that what is stored can be read, and that it says what was meant.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

import opening_hours

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_RRULE_DAYS = {day.upper(): day for day in DAYS}
# German day names, longest first so that „Montag“ is not read as „Mo“ and a rest.
_GERMAN_DAYS = {
    "montags?": "Mo", "dienstags?": "Tu", "mittwochs?": "We", "donnerstags?": "Th",
    "freitags?": "Fr", "samstags?": "Sa", "sonnabends?": "Sa", "sonntags?": "Su",
    "feiertags?": "PH", "feiertagen?": "PH",
    r"mo\.?": "Mo", r"di\.?": "Tu", r"mi\.?": "We", r"do\.?": "Th", r"fr\.?": "Fr",
    r"sa\.?": "Sa", r"so\.?": "Su",
}  # fmt: skip
_GERMAN = [
    (re.compile(rf"(?<!\w){pattern}(?!\w)", re.IGNORECASE), day)
    for pattern, day in _GERMAN_DAYS.items()
]
_CLOCK = re.compile(r"(?<![\d:])(\d{1,2})(?:[:.](\d{2}))?(?![\d:])")
_SPAN = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})")
_ADDED = re.compile(r"(?<=\d),\s*(?=(?:Mo|Tu|We|Th|Fr|Sa|Su|PH)\b)")


@dataclass(frozen=True, slots=True)
class Hours:
    """What was read: OSM syntax, or a `problem` code of `reports` and why (`hint`)."""

    osm: str = ""
    problem: str = ""
    hint: str = ""


@lru_cache(maxsize=4096)
def read(typed: str) -> Hours:
    """Read opening hours from OSM syntax or from plain German such as „Mo.–Fr. 9–12 Uhr“."""
    text = " ".join(typed.split())
    if not text:
        return Hours()
    impossible = _impossible(text)
    if impossible:
        return Hours(problem="impossible-hours", hint=impossible)
    osm = text if opening_hours.validate(text) else _from_german(text)
    if not osm:
        return Hours(problem="no-hours")
    impossible = _impossible(osm)
    if impossible:
        return Hours(problem="impossible-hours", hint=impossible)
    return Hours(osm, problem="overnight-hours" if _is_overnight(osm) else "")


def from_schedules(rows: Sequence[Mapping[str, Any]]) -> Hours:
    """Read HSDS schedules (RFC 5545) that follow the days of the week.

    Rows that follow anything else make it `partial-hours`: half the truth would send people to
    closed doors.
    """
    spans: dict[str, list[str]] = {}
    for row in rows:
        days = _weekdays(row)
        opens, closes = (_clock(row.get(name)) for name in ("opens_at", "closes_at"))
        if days is None or not opens or not closes:
            return Hours(problem="partial-hours")
        for day in days:
            spans.setdefault(day, []).append(f"{opens}-{closes}")
    osm = _by_days(spans)
    if not osm:
        return Hours()
    hours = read(osm)
    return hours if hours.osm else Hours(problem=hours.problem, hint=hours.hint)


@lru_cache(maxsize=4096)
def to_schedules(osm: str) -> tuple[tuple[str, str, str], ...]:
    """Return (byday, opens_at, closes_at) of hours that follow the days of the week; else nothing.

    After a semicolon a day's hours replace what was said of it before, after a comma they are added.
    """
    if osm.strip() == "24/7":
        return ((",".join(day.upper() for day in DAYS), "00:00", "24:00"),)
    spans: dict[str, list[str]] = {day: [] for day in DAYS}
    for rule in filter(None, (part.strip() for part in osm.split(";"))):
        for place, added in enumerate(_ADDED.split(rule)):
            words = added.split()
            if words[0] == "PH":
                continue
            days = _days_of(words[0]) if len(words) == 2 else None
            times = [] if words[-1] in {"off", "closed"} else words[-1].split(",")
            if days is None or not all(_SPAN.fullmatch(time) for time in times):
                return ()
            for day in days:
                spans[day] = times if place == 0 else spans[day] + times
    by_span: dict[str, list[str]] = {}
    for day in DAYS:
        for span in spans[day]:
            by_span.setdefault(span, []).append(day.upper())
    return tuple((",".join(days), *_ends(span)) for span, days in by_span.items())


def _ends(span: str) -> tuple[str, str]:
    opens, _, closes = span.partition("-")
    return opens, closes


def _from_german(text: str) -> str:
    """Return OSM syntax for plain German, or nothing."""
    osm = re.sub(r"[–—]", "-", text)
    osm = re.sub(r"(?<=\w)\s*\bbis\b\s*(?=\w)", "-", osm, flags=re.IGNORECASE)
    osm = re.sub(r"\b(Uhr|von|h)\b|geöffnet", " ", osm, flags=re.IGNORECASE)
    for pattern, day in _GERMAN:
        osm = pattern.sub(day, osm)
    osm = re.sub(r"\s*(\bund\b|\bsowie\b|\+|&|/)\s*", ",", osm, flags=re.IGNORECASE)
    osm = re.sub(r"geschlossen", "off", osm, flags=re.IGNORECASE)
    osm = re.sub(r"\s*-\s*", "-", osm)
    osm = _CLOCK.sub(lambda m: f"{int(m[1]):02d}:{m[2] or '00'}", osm)
    osm = re.sub(r"(?<=[A-Za-z])\s*:\s*", " ", osm)
    osm = re.sub(r"\s*,\s*", ",", osm)
    # „Mo-Fr 9-12, Di 14-17“ adds the afternoon; OSM says that with a comma, a semicolon would replace.
    osm = re.sub(r"(?<=\d)\s*[,;]?\s*(?=(Mo|Tu|We|Th|Fr|Sa|Su)\b)", ", ", osm)
    osm = re.sub(r"\s*[,;]?\s*(?=PH\b)", "; ", osm)
    osm = re.sub(r"[,;]?\s*((?:(?:Mo|Tu|We|Th|Fr|Sa|Su)[-,]?)+) off\b[,;]?\s*", r"; \1 off; ", osm)
    osm = re.sub(r"([,;]\s*)*;\s*([,;]\s*)*", "; ", " ".join(osm.split())).strip(" ;,.")
    has_days = re.search(r"\b(Mo|Tu|We|Th|Fr|Sa|Su)\b", osm)
    return osm if has_days and opening_hours.validate(osm) else ""


def _impossible(text: str) -> str:
    """Return what no clock shows in a text, or nothing."""
    for hour, minute in re.findall(r"(?<![\d.:])(\d{1,2})[:.](\d{2})(?![\d.:])", text):
        if int(minute) > 59 or int(hour) > 26 or (int(hour) >= 24 and int(minute) > 0):
            return f"{hour}:{minute}"
    for span in _SPAN.finditer(text):
        if (span[1], span[2]) == (span[3], span[4]):
            return span[0]
        if int(span[1]) >= 24:
            return span[0]
    return ""


def _is_overnight(osm: str) -> bool:
    return (
        any((span[3], span[4]) < (span[1], span[2]) for span in _SPAN.finditer(osm))
        and "PH" not in osm.split(";")[0]
    )


def _weekdays(row: Mapping[str, Any]) -> list[str] | None:
    """Return the days that a schedule holds on every week, None when it follows another rule."""
    other = ("byweekno", "bymonthday", "byyearday", "count", "until")
    if row.get("freq", "WEEKLY") != "WEEKLY" or any(row.get(name) for name in other):
        return None
    if row.get("interval") not in (None, "", 1):
        return None
    named = [part.strip().upper() for part in str(row.get("byday") or "").split(",")]
    days = [_RRULE_DAYS[part] for part in named if part in _RRULE_DAYS]
    return days if days and len(days) == len(named) else None


def _clock(value: object) -> str:
    """Return `HH:MM` of `9:00`, `09:00:00Z`, `09:00+01:00` or `4:00 PM`; nothing for what is no time."""
    written = str(value or "").strip().lower()
    match = re.match(r"(\d{1,2})(?::(\d{2}))?\s*(am|pm)?", written)
    if match is None or not (match[2] or match[3]):
        return ""
    hour = int(match[1])
    if match[3]:
        hour = hour % 12 + (12 if match[3] == "pm" else 0)
    return f"{hour:02d}:{match[2] or '00'}"


def _days_of(word: str) -> list[str] | None:
    """Return the days of `Mo-Fr` or `Mo,We`; None for anything else."""
    days: list[str] = []
    for part in word.split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last and last not in DAYS):
            return None
        begin, end = DAYS.index(first), DAYS.index(last or first)
        days += DAYS[begin : end + 1] if begin <= end else DAYS[begin:] + DAYS[: end + 1]
    return days


def _by_days(spans: Mapping[str, list[str]]) -> str:
    """Return OSM rules, days with the same times together."""
    rules: list[str] = []
    listed = [(day, ",".join(sorted(set(spans.get(day, []))))) for day in DAYS]
    for times, group in groupby(listed, key=lambda entry: entry[1]):
        days = [day for day, _ in group]
        if times:
            rules.append(f"{days[0]}-{days[-1]} {times}" if len(days) > 1 else f"{days[0]} {times}")
    return "; ".join(rules)
