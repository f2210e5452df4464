"""What a list of the team shows of a case, in words: facts only, never a word that anybody wrote.

Made from rows that are loaded already, so that a page costs the same number of queries at three
cases and at three hundred.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, npgettext, pgettext

from counselling import alarms
from counselling.models import Case
from counselling.sla import Channel
from counselling.states import CaseState

SOON = timedelta(hours=1)  # a due time this near is marked
# How exactly words like "noch 12 Min." follow the clock while a page lies open: the nearest moment decides.
# Up to a quarter of an hour to the minute, up to an hour to five minutes, ...
_STEPS = (
    (timedelta(minutes=15), timedelta(minutes=1)),
    (timedelta(hours=1), timedelta(minutes=5)),
    (timedelta(days=2), timedelta(minutes=15)),
    (timedelta.max, timedelta(hours=1)),
)

_WHY: dict[str, Promise] = {
    Case.Reason.ASKED: gettext_lazy("Neue Frage. Noch niemand hat geantwortet."),
    Case.Reason.DANGER: gettext_lazy("Die ratsuchende Person gibt an: Jemand ist in Gefahr."),
    Case.Reason.WROTE_AGAIN: gettext_lazy("Die ratsuchende Person hat wieder geschrieben."),
    Case.Reason.RELEASED: gettext_lazy("Zurückgegeben. Niemand hat den Fall."),
    Case.Reason.HANDED_OVER: gettext_lazy("Kommt von einem anderen Team."),
    Case.Reason.REOPENED: gettext_lazy("Wieder geöffnet."),
    Case.Reason.REVIEWED: gettext_lazy("Von einem Menschen neu eingestuft."),
    Case.Reason.SHIFT_ENDED: gettext_lazy(
        "Zurück, weil der Dienst zu Ende war. Niemand hat den Fall."
    ),
    Case.Reason.UNANSWERED: gettext_lazy(
        "Zurück, weil lange keine Antwort kam. Niemand hat den Fall."
    ),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One case in a list; the names are those of components/queue_row.html."""

    id: str
    url: str
    urgency: int
    title: str
    facts: Sequence[str]
    state: str
    due: str = ""
    due_iso: str = ""
    due_state: str = "ok"
    due_left: str = ""
    waiting: str = ""
    why: str = ""
    holder: str = ""
    is_next: bool = False
    claim_url: str = ""


def row(case: Case, *, at: datetime, holder: str = "", is_next: bool = False) -> Row:
    """Put a case into words.

    case: with topic and team loaded. holder: who has it, when a list should say so.
    """
    waits = case.state == Case.State.WAITING
    return Row(
        id=f"case-{case.reference.lower()}",
        url=reverse("case", args=[case.pk]),
        urgency=case.urgency,
        title=title(case),
        facts=[
            fact
            for fact in (
                case.get_age_band_display() if case.age_band else "",
                case.team.name,
                _("Fall %(reference)s") % {"reference": case.reference},
                closed_words(case),
            )
            if fact
        ],
        state=case.state,
        due=due_words(case.due_at, at=at) if case.due_at else "",
        due_iso=case.due_at.isoformat() if case.due_at else "",
        due_state=due_state(case.due_at, at=at) if case.due_at else "ok",
        due_left=left_words(case.due_at, at=at) if case.due_at else "",
        waiting=waiting_words(case.waiting_since, at=at) if case.waiting_since else "",
        why=why_words(case) if case.due_at else "",
        holder=holder,
        is_next=is_next,
        claim_url=reverse("case-claim", args=[case.pk]) if waits else "",
    )


def rows(
    cases: Iterable[Case],
    *,
    at: datetime,
    next_up: Case | None = None,
    returning: Mapping[UUID, datetime] | None = None,
) -> list[Row]:
    """Put cases into words. next_up: the one to take first; returning: which go back soon, and when."""
    listed = []
    for case in cases:
        made = row(case, at=at, is_next=next_up is not None and case == next_up)
        back = (returning or {}).get(case.pk)
        listed.append(made if back is None else replace(made, why=returning_words(back)))
    return listed


def returning_words(returns_at: datetime) -> str:
    """Return that a case goes back to the queue, and when."""
    return _("Geht um %(time)s Uhr zurück in die Warteschlange, wenn keine Antwort kommt.") % {
        "time": date_format(timezone.localtime(returns_at), "H:i")
    }


def title(case: Case) -> str:
    """Return what a case is called in a list: its topic."""
    return case.topic.name if case.topic else _("Ohne Thema")


def why_words(case: Case) -> str:
    """Return why the case stands in the queue, in a sentence or two."""
    words = _reason_words(case)
    if case.state == CaseState.WAITING and case.channel == Channel.CHAT:
        return _("Wartet jetzt im Chat. %(why)s") % {"why": words}
    return words


def _reason_words(case: Case) -> str:
    if case.reason in {Case.Reason.TRIAGE, Case.Reason.UNRATED}:
        return alarms.why_words(case)
    words = _WHY.get(case.reason)
    return str(words) if words is not None else str(case.get_reason_display())


def closed_words(case: Case) -> str:
    """Return when the case was closed, or nothing."""
    if case.closed_at is None:
        return ""
    return _("abgeschlossen am %(day)s") % {"day": _date(timezone.localtime(case.closed_at))}


def due_state(due: datetime, *, at: datetime) -> str:
    """Return `late`, `soon` or `ok`."""
    if due <= at:
        return "late"
    return "soon" if due - at <= SOON else "ok"


def clock(
    dues: Sequence[datetime | None], sinces: Iterable[datetime | None], *, at: datetime
) -> tuple[object, ...]:
    """Return what changes when words about these moments are to be said anew, for marks of lists.

    dues: due times; that one is near or past, and that a day ends, shows at once. sinces: moments of
    which is said how long ago they are. Words about spans may lag behind by a step.
    """
    given = [due for due in dues if due is not None]
    spans = [abs(at - moment) for moment in (*given, *sinces) if moment is not None]
    nearest = min(spans, default=timedelta.max)
    step = next(step for limit, step in _STEPS if nearest <= limit)
    states = [due_state(due, at=at) for due in given]
    return states, timezone.localdate(at), step, at.timestamp() // step.total_seconds()


def due_words(due: datetime, *, at: datetime) -> str:
    """Return a moment as a day near today and an hour: "heute, 14:30 Uhr".

    Midnight is the end of a day, as the client reads it (`wording.by_when`).
    """
    local = timezone.localtime(due)
    midnight = local.hour == local.minute == 0
    shown = local - timedelta(days=1) if midnight else local
    days = (shown.date() - timezone.localtime(at).date()).days
    near = {-1: _("gestern"), 0: _("heute"), 1: _("morgen")}
    day = near.get(days) or _date(shown)
    if midnight:
        return _("%(day)s, 24 Uhr") % {"day": day}
    return _("%(day)s, %(time)s Uhr") % {"day": day, "time": date_format(local, "H:i")}


def left_words(due: datetime, *, at: datetime) -> str:
    """Return how long until a due time, or since."""
    if due <= at:
        return _("überfällig seit %(span)s") % {"span": span_since(at - due)}
    return _("noch %(span)s") % {"span": span_until(due - at)}


def waiting_words(since: datetime, *, at: datetime) -> str:
    """Return how long somebody has been waiting."""
    return _("wartet seit %(span)s") % {"span": span_since(at - since)}


def span_since(span: timedelta) -> str:
    """Return a length of time as it stands after "seit": "40 Min.", "5 Std.", "3 Tagen"."""
    if span < timedelta(days=2):
        return _short(span)
    return npgettext("after „seit“", "%(count)d Tag", "%(count)d Tagen", span.days) % {
        "count": span.days
    }


def span_until(span: timedelta) -> str:
    """Return a length of time as it stands after "noch": "40 Min.", "5 Std.", "3 Tage"."""
    if span < timedelta(days=2):
        return _short(span)
    return npgettext("after „noch“", "%(count)d Tag", "%(count)d Tage", span.days) % {
        "count": span.days
    }


def _short(span: timedelta) -> str:
    minutes = max(1, int(span.total_seconds() // 60))
    if minutes < 60:
        return _("%(count)d Min.") % {"count": minutes}
    return _("%(count)d Std.") % {"count": minutes // 60}


def _date(local: datetime) -> str:
    return date_format(local, pgettext("format of a date in lists", "D, j. F"))
