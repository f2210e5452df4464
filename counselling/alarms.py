"""How alarms are said: codes of the triage become German sentences for the team, and marked words."""

from collections.abc import Iterable, Sequence

from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from counselling.models import Assessment, Case

_SIGNALS: dict[str, Promise] = {
    "suicidality": gettext_lazy("Hinweise auf Gedanken an Suizid."),
    "suicidality_passive": gettext_lazy("Hinweise, dass jemand nicht mehr leben möchte."),
    "farewell": gettext_lazy("Klingt nach einem Abschied."),
    "self_harm": gettext_lazy("Hinweise auf Selbstverletzung."),
    "child_harm": gettext_lazy("Hinweise, dass ein Kind verletzt wird oder wurde."),
    "loss_of_control": gettext_lazy("Hinweise, dass jemand die Beherrschung verliert."),
    "child_emergency": gettext_lazy("Hinweise auf einen medizinischen Notfall bei einem Kind."),
    "violence_now": gettext_lazy("Hinweise auf Gewalt, die gerade geschieht."),
    "violence_recurrent": gettext_lazy("Hinweise auf wiederkehrende Gewalt."),
    "threat": gettext_lazy("Hinweise auf eine Drohung."),
    "stalking": gettext_lazy("Hinweise auf Stalking."),
    "postpartum_crisis": gettext_lazy("Hinweise auf eine Krise nach der Geburt."),
    "psychosis": gettext_lazy("Hinweise auf Wahn oder Stimmenhören."),
    "child_missing": gettext_lazy("Hinweise auf ein vermisstes Kind."),
    "child_alone": gettext_lazy("Hinweise auf ein Kind, das allein ist."),
    "abuse_suspected": gettext_lazy("Verdacht auf sexuellen Missbrauch."),
    "grooming": gettext_lazy("Hinweise, dass Fremde sich an ein Kind heranmachen."),
    "homelessness": gettext_lazy("Hinweise auf drohende oder akute Wohnungslosigkeit."),
    "neglect": gettext_lazy("Hinweise auf Vernachlässigung."),
    "addiction": gettext_lazy("Hinweise auf Sucht in der Nähe eines Kindes."),
    "eating_disorder": gettext_lazy("Hinweise auf eine Essstörung."),
    "abduction": gettext_lazy("Hinweise, dass ein Kind weggebracht werden soll."),
    "exhaustion_severe": gettext_lazy("Hinweise auf völlige Erschöpfung."),
}
_OTHER = gettext_lazy("Der Wortlaut insgesamt klingt nach einer Notlage.")
_UNRATED: dict[str, Promise] = {
    "empty": gettext_lazy("Die Nachricht enthält keine Wörter, die sich bewerten lassen."),
    "language": gettext_lazy("Die Sprache wurde nicht sicher erkannt."),
    "too_long": gettext_lazy("Die Nachricht ist zu lang, um sie ganz zu bewerten."),
    "timeout": gettext_lazy("Die Bewertung hat zu lange gedauert."),
}
_FAILED = gettext_lazy("Die automatische Bewertung ist ausgefallen.")


def signal_words(code: str) -> str:
    """Return the sentence for a signal of the triage; one that fits always for an unknown code."""
    return str(_SIGNALS.get(code, _OTHER))


def unrated_words(code: str) -> str:
    """Return the sentence that says why a message was not rated."""
    return str(_UNRATED.get(code, _FAILED))


def why_words(case: Case) -> str:
    """Return why an alarm put the case into the queue, with its main reason."""
    if case.reason == Case.Reason.UNRATED:
        return _("Nicht bewertet, bitte zuerst ansehen: %(why)s") % {
            "why": unrated_words(case.signal)
        }
    return _("Automatisch eingestuft: %(why)s") % {"why": signal_words(case.signal)}


def codes(found: Iterable[Assessment]) -> list[str]:
    """Return the signals of what nobody has reviewed yet, each once, newest message first."""
    listed: list[str] = []
    for one in reversed([one for one in found if _is_open_alarm(one)]):
        if not one.unrated or one.signals:
            listed.extend(one.signals or ["wording"])
    return list(dict.fromkeys(listed))


def unrated_codes(found: Iterable[Assessment]) -> list[str]:
    """Return why messages were not rated that nobody has reviewed yet, each once."""
    return list(dict.fromkeys(one.unrated for one in found if one.unrated and _is_open_alarm(one)))


def places_by_message(found: Iterable[Assessment]) -> dict[int, list[tuple[int, int]]]:
    """Return which characters of which message alarmed, by message number."""
    places: dict[int, list[tuple[int, int]]] = {}
    for one in found:
        for _code, seq, start, end in one.reasons:
            places.setdefault(seq, []).append((start, end))
    return places


def marked(text: str, places: Sequence[tuple[int, int]], *, offset: int = 0) -> SafeString:
    """Return a text as HTML in which the words at these places are marked.

    offset: where the text begins in the message that the places count in.
    """
    pieces: list[tuple[SafeString]] = []
    position = 0
    for start, end in _joined(places):
        first, last = max(start - offset, position), min(end - offset, len(text))
        if first >= last:
            continue
        pieces.append((format_html("{}<mark>{}</mark>", text[position:first], text[first:last]),))
        position = last
    return format_html("{}{}", format_html_join("", "{}", pieces), text[position:])


def _joined(places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return places in order, those that touch as one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _is_open_alarm(one: Assessment) -> bool:
    return one.review_id is None and one.level < Case.UrgencyLevel.NORMAL
