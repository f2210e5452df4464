"""How things are said: codes and times become German sentences, for every page in the same words."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from counselling.files import File
from counselling.models import Case, Message
from counselling.sla import Urgency
from counselling.states import CaseState

_SYSTEM: dict[str, Promise] = {
    "handed_to_team": gettext_lazy(
        "Ein anderes Team kümmert sich jetzt um Ihre Frage. Es kann lesen, was bisher geschrieben wurde."
    ),
    "closed": gettext_lazy(
        "Das Gespräch ist abgeschlossen. Wenn Sie noch einmal schreiben, geht es weiter."
    ),
    "reopened": gettext_lazy("Das Gespräch ist wieder geöffnet."),
    "help_suggested": gettext_lazy(
        "Wir haben Hilfe für Sie gefunden. Die Vorschläge stehen unter dem Gespräch. Sie entscheiden."
    ),
    "handed_on_in_danger": gettext_lazy(
        "Weil jemand in akuter Gefahr ist, haben wir eine Stelle verständigt. Was wir geschrieben "
        "haben, sehen Sie unter dem Gespräch."
    ),
    "joined": gettext_lazy("%(name)s ist dazugekommen und kann mitlesen und mitschreiben."),
    "joined_left": gettext_lazy("%(name)s ist wieder gegangen."),
}

_SYSTEM_FOR_TEAM: dict[str, Promise] = {
    "handed_to_team": gettext_lazy("Der Fall wurde an ein anderes Team übergeben."),
    "closed": gettext_lazy("Der Fall wurde abgeschlossen."),
    "reopened": gettext_lazy("Der Fall wurde wieder geöffnet."),
    "help_suggested": gettext_lazy("Hilfe vor Ort wurde vorgeschlagen."),
    "handed_on_in_danger": gettext_lazy("In akuter Gefahr ohne Einwilligung weitergegeben."),
    "joined": gettext_lazy("%(name)s ist dazugekommen. Die ratsuchende Person sieht das."),
    "joined_left": gettext_lazy("%(name)s ist wieder gegangen."),
}

# A page that sets no cookie is told what to say by its address: a word of ours, never of a case.
_NOTICES: dict[str, Promise] = {
    "geloescht": gettext_lazy(
        "Alles ist gelöscht: Ihre Texte, unsere Antworten und der Schlüssel dazu. "
        "Ihr Code öffnet nichts mehr."
    ),
    "beendet": gettext_lazy(
        "Dieses Gerät kennt Ihr Gespräch nicht mehr. Mit Ihrem Code kommen Sie jederzeit zurück."
    ),
    "nicht-mehr-da": gettext_lazy(
        "Dieses Gespräch gibt es nicht mehr. Es wurde gelöscht. Sie können jederzeit neu schreiben."
    ),
    "anderes": gettext_lazy(
        "In einem anderen Fenster ist inzwischen ein anderes Gespräch offen. Bitte geben Sie den Code "
        "von dem Gespräch ein, das Sie hier meinen."
    ),
    "code": gettext_lazy(
        "Auf diesem Gerät ist gerade kein Gespräch offen. Bitte geben Sie Ihren Code ein."
    ),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a conversation or a chat stands, for its client. `kind`: of the notice that says it."""

    kind: str
    title: str
    text: str


def system_words(code: str) -> str:
    """Return the sentence for a system entry, as the client reads it. code: perhaps with a name behind ":"."""
    return _system_words(_SYSTEM, code)


def system_words_for_team(code: str) -> str:
    """Return the sentence for a system entry, as the team reads it."""
    return _system_words(_SYSTEM_FOR_TEAM, code)


def _system_words(table: dict[str, Promise], code: str) -> str:
    kind, _colon, name = code.partition(":")
    words = table.get(kind)
    if words is None:
        return _("Hier hat sich etwas geändert.")
    return str(words) % {"name": name} if name else str(words)


def file_words(file: File) -> dict[str, str]:
    """Return how an attachment is called and what it is: `Bild 1`, `JPEG, 1,2 MB`."""
    name = _("Bild %(number)d") if file.kind.is_image else _("Dokument %(number)d")
    facts = [file.kind.value.upper(), filesizeformat(file.size)]
    if file.pages:
        pages = ngettext("%(count)d Seite", "%(count)d Seiten", file.pages)
        facts.insert(1, pages % {"count": file.pages})
    return {"name": name % {"number": file.number}, "facts": ", ".join(facts)}


def not_stored_words() -> str:
    """Return what a person reads when the storage takes no file."""
    return _(
        "Die Dateien konnten gerade nicht gespeichert werden. Es ist nichts angekommen. Senden Sie "
        "Ihren Text ohne Dateien, oder versuchen Sie es später noch einmal."
    )


def too_many_files_words() -> str:
    """Return what a person reads when a case has as many files as it may have."""
    return _(
        "In diesem Gespräch sind schon sehr viele Dateien. Mehr als 50 gehen nicht. Ihr Text wurde "
        "noch nicht gesendet: Senden Sie ihn bitte ohne Dateien."
    )


def by_when(moment: datetime) -> str:
    """Return a moment as it stands after "bis": "Dienstag, 24. November, 15 Uhr"."""
    local = timezone.localtime(moment)
    midnight = local.hour == local.minute == 0
    # "Dienstag, 0 Uhr" is easily read as the end of Tuesday; the end of Monday is not.
    shown = local - timedelta(days=1) if midnight else local
    day = date_format(shown, pgettext("format of the day of a promise", "l, j. F"))
    if midnight:
        return _("%(day)s, 24 Uhr") % {"day": day}
    if local.minute == 0:
        return _("%(day)s, %(hour)s Uhr") % {"day": day, "hour": local.hour}
    return _("%(day)s, %(time)s Uhr") % {"day": day, "time": date_format(local, "H:i")}


def when(moment: datetime) -> str:
    """Return a moment that has passed, with its year: "22. November 2026, 03:12 Uhr"."""
    local = timezone.localtime(moment)
    day = date_format(local, pgettext("format of a day with its year", "j. F Y"))
    return _("%(day)s, %(time)s Uhr") % {"day": day, "time": date_format(local, "H:i")}


def notice_words(name: str) -> str:
    """Return the sentence for a notice that an address asks for; nothing for any other word."""
    words = _NOTICES.get(name)
    return str(words) if words is not None else ""


def standing(
    case: Case,
    last: Message.Role,
    *,
    deleted_at: datetime | None,
    at: datetime,
    told: datetime | None = None,
) -> Standing:
    """Say where a conversation stands and by when something happens.

    last: who wrote the last message that the client sees, `client` or `reply`. deleted_at: from when
    a closed case is deleted. told: a time that was promised before, when it has got later since.
    """
    if case.state == CaseState.CLOSED:
        return _standing_closed(case, deleted_at)
    if last == Message.Role.REPLY or case.due_at is None:
        return Standing(
            "success",
            _("Sie haben eine Antwort."),
            _("Lesen Sie in Ruhe. Wenn Sie möchten, können Sie gleich hier zurückschreiben."),
        )
    is_held = case.state in CaseState.held()
    if case.urgency == Urgency.SOFORT:
        return _standing_sofort(case.due_at, is_held=is_held, at=at)
    if case.due_at < at:
        return _standing_late(case.due_at, is_held=is_held)
    if told is not None:
        return _standing_later(told, case.due_at)
    if is_held:
        title = _("Jemand aus unserem Team kümmert sich um Ihre Nachricht.")
    elif case.last_seq == 1:
        title = _("Ihre Frage ist angekommen und wartet auf Antwort.")
    else:
        title = _("Ihre Nachricht ist angekommen und wartet auf Antwort.")
    return Standing("info", title, _("Wir antworten bis %(due)s.") % {"due": by_when(case.due_at)})


def _standing_closed(case: Case, deleted_at: datetime | None) -> Standing:
    write = _("Möchten Sie noch etwas sagen? Schreiben Sie einfach, dann geht es weiter.")
    if deleted_at is None:
        return Standing("info", _("Dieses Gespräch ist abgeschlossen."), write)
    day = date_format(
        timezone.localtime(deleted_at), pgettext("format of a day with its year", "j. F Y")
    )
    if case.deletion_warned_at is None:
        gone = _("Am %(day)s wird es gelöscht.") % {"day": day}
        return Standing("info", _("Dieses Gespräch ist abgeschlossen."), f"{write} {gone}")
    return Standing(
        "warning",
        _("Dieses Gespräch wird am %(day)s gelöscht.") % {"day": day},
        _(
            "Danach kann niemand mehr etwas davon lesen, auch Sie nicht. Möchten Sie etwas "
            "behalten? Unten können Sie alles speichern. Oder lassen Sie es noch stehen."
        ),
    )


def _standing_later(told: datetime, due_at: datetime) -> Standing:
    return Standing(
        "warning",
        _("Es dauert länger, als wir gesagt haben. Das tut uns leid."),
        _(
            "Wir hatten Ihnen eine Antwort bis %(told)s versprochen. Das geht leider nicht. Wir "
            "antworten bis %(due)s. Wenn Sie nicht warten können, rufen Sie eine der Nummern oben "
            "unter „Hilfe sofort“ an."
        )
        % {"told": by_when(told), "due": by_when(due_at)},
    )


def _standing_late(due_at: datetime, *, is_held: bool) -> Standing:
    if is_held:
        text = _(
            "Wir haben Ihnen eine Antwort bis %(due)s versprochen und das nicht geschafft. "
            "Jemand aus unserem Team kümmert sich gerade darum."
        )
    else:
        text = _(
            "Wir haben Ihnen eine Antwort bis %(due)s versprochen und das nicht geschafft. "
            "Sie sind nicht vergessen: Ihre Nachricht steht weit vorn in unserer Liste. Wenn Sie "
            "nicht warten können, rufen Sie eine der Nummern oben unter „Hilfe sofort“ an."
        )
    title = _("Wir sind zu spät. Das tut uns leid.")
    return Standing("warning", title, text % {"due": by_when(due_at)})


def _standing_sofort(due_at: datetime, *, is_held: bool, at: datetime) -> Standing:
    danger = _("Wenn die Gefahr größer wird, warten Sie nicht auf uns. Rufen Sie 112 an.")
    if is_held and due_at < at:
        late = _standing_late(due_at, is_held=True)
        return Standing(late.kind, late.title, f"{late.text} {danger}")
    if is_held:
        answer = _("Wir antworten bis %(due)s.") % {"due": by_when(due_at)}
        return Standing(
            "info",
            _("Jemand aus unserem Team kümmert sich jetzt um Ihre Nachricht."),
            f"{answer} {danger}",
        )
    if due_at < at:
        return Standing(
            "warning",
            _("Noch hat sich niemand um Ihre Nachricht gekümmert. Das tut uns leid."),
            _(
                "Sie steht bei uns ganz vorn. Wir wollten bis %(due)s so weit sein. "
                "Bitte warten Sie nicht länger auf uns. Rufen Sie jetzt an."
            )
            % {"due": by_when(due_at)},
        )
    return Standing(
        "info",
        _("Ihre Nachricht steht bei uns ganz vorn."),
        _("Bis %(due)s soll sich jemand aus unserem Team darum kümmern.")
        % {"due": by_when(due_at)},
    )
