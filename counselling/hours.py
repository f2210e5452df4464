"""Working hours as people write them: "9-12, 14-17:30". Pure; what cannot be read is refused with why."""

import re
from collections.abc import Iterable
from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from counselling.working_time import DAY, Span, Spans

_SPAN = re.compile(
    r"(?P<from_hour>\d{1,2})(?:[:.](?P<from_minute>\d{2}))?\s*(?:uhr)?\s*(?:-|–|—|bis|to)\s*"
    r"(?P<to_hour>\d{1,2})(?:[:.](?P<to_minute>\d{2}))?\s*(?:uhr)?",
    re.IGNORECASE,
)
_FREE = frozenset(["", "-", "–", "geschlossen", "zu", "frei", "closed"])
_DAY = re.compile(r"(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4})(?::)?(?P<rest>.*)")
_LENGTH = re.compile(r"(?P<number>\d{1,4})\s*(?P<unit>[a-zäöü]+)\.?", re.IGNORECASE)
_MINUTES = {
    **dict.fromkeys(("m", "min", "minute", "minuten", "minutes"), 1),
    **dict.fromkeys(("h", "st", "std", "stunde", "stunden", "hour", "hours"), 60),
    **dict.fromkeys(("t", "d", "tag", "tage", "day", "days"), 24 * 60),
}
MOST_SPANS = 8  # on one day
MOST_DAYS = 400  # that differ
LONGEST_LINE = 200


class Unreadable(ValueError):
    """What somebody wrote is no time. `why`: a sentence for them."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def read_spans(text: str) -> Spans:
    """Return the spans of one day, in order: "9-12, 14-17"; nothing or "geschlossen" for none.

    Raises Unreadable. Whether spans overlap or run backwards is said by `working_time.Calendar`.
    """
    if text.strip().casefold() in _FREE:
        return ()
    parts = [part.strip() for part in re.split(r"[,;]|\bund\b|\band\b", text[:LONGEST_LINE])]
    if len(parts) > MOST_SPANS or len(text) > LONGEST_LINE:
        raise Unreadable(_("Mehr als 8 Zeiten an einem Tag gehen nicht."))
    return tuple(sorted(_span(part) for part in parts))


def written(spans: Iterable[Span]) -> str:
    """Return spans as `read_spans` reads them: "9:00-12:00, 14:00-17:00"."""
    return ", ".join(f"{_clock(span.opens)}-{_clock(span.closes)}" for span in spans)


def read_days(text: str) -> dict[date, Spans]:
    """Return days that differ, a line each: "24.12.2026 geschlossen", "28.11.2026 10-14".

    Raises Unreadable for a line that is none, a day that comes twice, and for too many.
    """
    days: dict[date, Spans] = {}
    for number, line in enumerate(filter(None, map(str.strip, text.splitlines())), start=1):
        if number > MOST_DAYS:
            raise Unreadable(_("Mehr als 400 einzelne Tage gehen nicht."))
        found = _DAY.fullmatch(line)
        if found is None or not found["rest"].strip():
            raise Unreadable(
                _(
                    "Zeile %(number)d: Bitte schreiben Sie „24.12.2026 geschlossen“ oder „28.11.2026 10-14“."
                )
                % {"number": number}
            )
        try:
            day = date(int(found["year"]), int(found["month"]), int(found["day"]))
        except ValueError:
            raise Unreadable(
                _("Zeile %(number)d: Diesen Tag gibt es nicht.") % {"number": number}
            ) from None
        if day in days:
            raise Unreadable(
                _("Zeile %(number)d: Dieser Tag steht schon weiter oben.") % {"number": number}
            )
        try:
            days[day] = read_spans(found["rest"])
        except Unreadable as refused:
            raise Unreadable(
                _("Zeile %(number)d: %(why)s") % {"number": number, "why": refused.why}
            ) from None
    return days


def written_days(days: dict[date, Spans]) -> str:
    """Return days as `read_days` reads them."""
    return "\n".join(
        f"{day:%d.%m.%Y} {written(spans) or _('geschlossen')}"
        for day, spans in sorted(days.items())
    )


def read_length(text: str) -> int:
    """Return a length of time in minutes: "30 Min.", "4 Std.", "2 Tage". Raises Unreadable."""
    found = _LENGTH.fullmatch(text.strip())
    factor = _MINUTES.get(found["unit"].casefold()) if found else None
    if found is None or factor is None:
        raise Unreadable(_("Bitte geben Sie eine Zeit an, zum Beispiel 30 Min. oder 4 Std."))
    return int(found["number"]) * factor


def written_length(minutes: int) -> str:
    """Return a length of time as `read_length` reads it."""
    if minutes % 60:
        return _("%(count)d Min.") % {"count": minutes}
    return _("%(count)d Std.") % {"count": minutes // 60}


def weekday_names() -> list[str]:
    """Return the names of the days, Monday first."""
    monday = date(2026, 11, 23)
    return [date_format(monday + timedelta(days=number), "l") for number in range(7)]


def _span(text: str) -> Span:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise Unreadable(
            _("„%(text)s“ ist keine Zeit. Bitte schreiben Sie zum Beispiel 9-12, 14-17:30.")
            % {"text": text[:40]}
        )
    opens, closes = (
        int(found[f"{end}_hour"]) * 60 + int(found[f"{end}_minute"] or 0) for end in ("from", "to")
    )
    minutes = (int(found["from_minute"] or 0), int(found["to_minute"] or 0))
    if max(opens, closes) > DAY or max(minutes) > 59:
        raise Unreadable(_("Ein Tag geht von 0 bis 24 Uhr."))
    return Span(opens, closes)


def _clock(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02d}"
