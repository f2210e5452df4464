"""How shifts are said: times in words, the same on every page."""

from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from counselling.models import Pattern, Shift


def day_words(day: date) -> str:
    """Return a day of the roster: "Mo, 2. März"."""
    return date_format(day, pgettext("format of a day of the roster", "D, j. F"))


def clock_words(moment: datetime) -> str:
    """Return a time of day: "9:30"."""
    return date_format(timezone.localtime(moment), "G:i")


def span_words(starts_at: datetime, ends_at: datetime) -> str:
    """Return from when to when: "9:00–17:00 Uhr", with the day where it ends on another one."""
    first, last = timezone.localtime(starts_at), timezone.localtime(ends_at)
    midnight = last.hour == last.minute == 0 and last.date() == first.date() + timedelta(days=1)
    ends = "24:00" if midnight else clock_words(ends_at)
    if last.date() != first.date() and not midnight:
        ends = _("%(day)s, %(time)s") % {"day": day_words(last.date()), "time": ends}
    return _("%(begins)s–%(ends)s Uhr") % {"begins": clock_words(starts_at), "ends": ends}


def shift_words(shift: Shift) -> str:
    """Return when a shift is: "Mo, 2. März, 9:00–17:00 Uhr"."""
    day = day_words(timezone.localtime(shift.starts_at).date())
    return _("%(day)s, %(span)s") % {
        "day": day,
        "span": span_words(shift.starts_at, shift.ends_at),
    }


def pattern_words(pattern: Pattern) -> str:
    """Return when a weekly shift is: "Montag, 9:00–17:00 Uhr"."""
    monday = date(2024, 1, 1)  # a Monday
    day = date_format(monday + timedelta(days=pattern.weekday), "l")
    ends = pattern.ends % (24 * 60)
    words = _("%(day)s, %(begins)s–%(ends)s Uhr") % {
        "day": day,
        "begins": f"{pattern.begins // 60}:{pattern.begins % 60:02}",
        "ends": "24:00" if pattern.ends == 24 * 60 else f"{ends // 60}:{ends % 60:02}",
    }
    if pattern.ends > 24 * 60:
        words = _("%(words)s (am nächsten Tag)") % {"words": words}
    return words


def overlap_words(other: Shift | Pattern | None) -> str:
    """Return that somebody has another shift at that time, and which one."""
    if isinstance(other, Shift):
        return _("Da hat die Person schon einen Dienst: %(when)s.") % {"when": shift_words(other)}
    if isinstance(other, Pattern):
        return _("Da hat die Person jede Woche schon einen Dienst: %(when)s.") % {
            "when": pattern_words(other)
        }
    return _("Da hat die Person schon einen Dienst.")
