"""Opening hours in the words of people: „Mo–Fr 9–12 Uhr, Do auch 14–18 Uhr, an Feiertagen geschlossen“. Pure."""

import re
from collections import Counter
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from referrals import hours
from referrals.hours import DAYS
from referrals.opening import ZONE, Opening

_HOLIDAY_RULE = re.compile(r"^(PH|SH)\s+(.+)$")
_SPAN = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_COMMENT = re.compile(r'"([^"]*)"')
Times = tuple[str, ...]


def day_names() -> dict[str, str]:
    """Return the short names of the days of the week, by OSM's."""
    names = (
        pgettext("weekday", "Mo"),
        pgettext("weekday", "Di"),
        pgettext("weekday", "Mi"),
        pgettext("weekday", "Do"),
        pgettext("weekday", "Fr"),
        pgettext("weekday", "Sa"),
        pgettext("weekday", "So"),
    )
    return dict(zip(DAYS, names, strict=True))


def wording(expression: str) -> str:
    """Return hours as people say them; what is too particular for that is shown with its days translated."""
    text = " ".join(expression.split())
    if not text:
        return ""
    if text == "24/7":
        return _("rund um die Uhr")
    if text in {"off", "closed", "24/7 off", "24/7 closed"}:
        return _("geschlossen")
    comments = _COMMENT.findall(text)
    bare = " ".join(_COMMENT.sub("", text).split())
    weekly, holidays = _split(bare)
    said = _weekly(weekly)
    if said is None:
        return _literally(text)
    return ", ".join(filter(None, [said, *holidays, *comments]))


def state(one: Opening, *, at: datetime) -> str:
    """Return how it is now, and what comes next: „jetzt offen bis 12 Uhr“, „öffnet Mo 9 Uhr“."""
    if one.is_open:
        if one.changes_at is None:
            return _("jetzt offen")
        return _("jetzt offen bis %(time)s") % {"time": _moment(one.changes_at, at)}
    if one.opens_at is None:
        return _("nach Vereinbarung") if one.by_arrangement else _("zurzeit geschlossen")
    return _("geschlossen, öffnet %(time)s") % {"time": _moment(one.opens_at, at)}


def _moment(moment: datetime, at: datetime) -> str:
    local, now = moment.astimezone(ZONE), at.astimezone(ZONE)
    clock = _("%(time)s Uhr") % {"time": _clock(str(local.hour), f"{local.minute:02}")}
    if local.date() == now.date():
        return clock
    if (local.date() - now.date()).days < 7:
        return f"{day_names()[DAYS[local.weekday()]]} {clock}"
    return f"{local.day}.{local.month}. {clock}"


def _split(text: str) -> tuple[str, list[str]]:
    """Return the rules for the week, and what is said of holidays."""
    weekly: list[str] = []
    said: list[str] = []
    for rule in filter(None, (part.strip() for part in re.split(r";", text))):
        match = _HOLIDAY_RULE.match(rule)
        if match is None:
            weekly.append(rule)
        elif match[2] in {"off", "closed"}:
            said.append(
                _("an Feiertagen geschlossen")
                if match[1] == "PH"
                else _("in den Schulferien geschlossen")
            )
        else:
            when = _("an Feiertagen") if match[1] == "PH" else _("in den Schulferien")
            said.append(f"{when} {_times(tuple(match[2].split(',')))}")
    return "; ".join(weekly), said


def _weekly(text: str) -> str | None:
    """Return the week's hours, None when they do not follow the days of the week."""
    if not text:
        return ""
    spans: dict[str, list[str]] = {day: [] for day in DAYS}
    for byday, opens, closes in hours.to_schedules(text):
        for day in byday.split(","):  # HSDS writes MO
            spans[day.title()].append(f"{opens}-{closes}")
    week: dict[str, Times] = {day: tuple(sorted(times)) for day, times in spans.items()}
    if not any(week.values()):
        return None
    base = _usual(week)
    pieces = []
    rest = dict(week)
    if base and sum(_has(times, base) for times in week.values()) > 1:
        pieces.append(_line([day for day in DAYS if _has(week[day], base)], base))
        rest = {
            day: tuple(t for t in times if t not in base or not _has(times, base))
            for day, times in week.items()
        }
    for times, days in _grouped(rest).items():
        also = all(_has(week[day], base) for day in days) and bool(pieces)
        pieces.append(_line(days, times, also=also))
    return ", ".join(pieces)


def _usual(week: dict[str, Times]) -> Times:
    """Return the times that most days have in common."""
    counts = Counter(times for times in week.values() if times)
    return max(
        counts,
        key=lambda times: (sum(_has(other, times) for other in week.values()), len(times)),
        default=(),
    )


def _has(times: Times, base: Times) -> bool:
    return bool(times) and bool(base) and set(base) <= set(times)


def _grouped(week: dict[str, Times]) -> dict[Times, list[str]]:
    groups: dict[Times, list[str]] = {}
    for day in DAYS:
        if week.get(day):
            groups.setdefault(week[day], []).append(day)
    return groups


def _line(days: list[str], times: Times, *, also: bool = False) -> str:
    said = _days(days)
    if also:
        return _("%(days)s auch %(times)s") % {"days": said, "times": _times(times)}
    return f"{said} {_times(times)}"


def _days(days: list[str]) -> str:
    """Return „Mo–Fr“, „Mo, Mi“ or „täglich“."""
    if len(days) == len(DAYS):
        return _("täglich")
    names = day_names()
    runs: list[list[str]] = []
    for day in days:
        if runs and DAYS.index(day) == DAYS.index(runs[-1][-1]) + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    said = []
    for run in runs:
        if len(run) > 2:
            said.append(f"{names[run[0]]}–{names[run[-1]]}")
        else:
            said.extend(names[day] for day in run)
    return ", ".join(said)


def _times(times: Times) -> str:
    said = []
    for time in times:
        match = _SPAN.fullmatch(time.strip())
        if match is None:
            said.append(time.strip())
        else:
            said.append(f"{_clock(match[1], match[2])}–{_clock(match[3], match[4])}")
    return _("%(time)s Uhr") % {"time": _(" und ").join(said)}


def _clock(hour: str, minute: str) -> str:
    return str(int(hour)) if minute == "00" else f"{int(hour)}:{minute}"


def _literally(text: str) -> str:
    """Return OSM syntax with its day names and words translated."""
    words = {
        **day_names(),
        "Mar": pgettext("month", "Mär"),
        "May": pgettext("month", "Mai"),
        "Oct": pgettext("month", "Okt"),
        "Dec": pgettext("month", "Dez"),
        "PH": _("Feiertage"),
        "SH": _("Schulferien"),
        "off": _("geschlossen"),
        "closed": _("geschlossen"),
        "open": _("geöffnet"),
        "unknown": _("nach Vereinbarung"),
    }
    text = _SPAN.sub(lambda m: f"{_clock(m[1], m[2])}–{_clock(m[3], m[4])} " + _("Uhr"), text)
    said = re.sub(r"[A-Za-z]+", lambda m: words.get(m[0], m[0]), text)
    return re.sub(r"(?<=\w)-(?=\w)", "–", said).replace('"', "")
