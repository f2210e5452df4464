"""How chats are said: states, waits and refusals become sentences, on pages and on the wire."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from chat import sla
from chat.models import Chat
from chat.operations.seats import NoRoom
from chat.sla import Opening, Shut, Wait
from chat.states import ChatState
from counselling import wording as case_wording
from counselling.models import Case, Message
from counselling.sla import Urgency
from counselling.wording import Standing, by_when

ALL_DAY = timedelta(hours=16)  # who is open for longer need not say until when


@dataclass(frozen=True, slots=True)
class InLine:
    """Where somebody stands in line. until: when the chat closes, None: nobody is there any more."""

    position: int
    wait: Wait | None
    until: datetime | None


def clock(moment: datetime) -> str:
    """Return the end of something today as a time: "17:30"; midnight is "24:00"."""
    local = timezone.localtime(moment)
    return "24:00" if local.hour == local.minute == 0 else date_format(local, "H:i")


def wait_words(wait: Wait | None) -> str:
    """Return how long somebody will wait, with its range."""
    if wait is None:
        return _("Gerade ist niemand für den Chat da. Wir wissen nicht, wie lange es dauert.")
    most = _minutes(wait.most)
    if wait.least < timedelta(minutes=5):
        words = ngettext(
            "Es dauert höchstens etwa %(most)d Minute.",
            "Es dauert höchstens etwa %(most)d Minuten.",
            most,
        ) % {"most": most}
    else:
        words = _("Es dauert etwa %(least)d bis %(most)d Minuten.") % {
            "least": _minutes(wait.least),
            "most": most,
        }
    if wait.known:
        return words
    guess = _("Das ist eine grobe Schätzung: Wir haben noch wenig Erfahrung damit.")
    return f"{words} {guess}"


def waiting(case: Case, line: InLine, *, at: datetime) -> Standing:
    """Say where somebody in line stands, and early if nobody may come any more today."""
    if line.position == 1:
        title = _("Sie sind als Nächstes dran.")
    else:
        title = _("Sie sind auf Platz %(position)d.") % {"position": line.position}
    text = wait_words(line.wait)
    if case.urgency == Urgency.SOFORT:
        danger = _("Ihre Nachricht steht ganz vorn. Wird die Gefahr größer? Rufen Sie 112 an.")
        return Standing("warning", title, f"{danger} {text}")
    if sla.misses_closing(line.wait, until=line.until, at=at):
        return Standing("warning", title, f"{text} {_late(line.until)}")
    return Standing("info", title, text)


def _late(until: datetime | None) -> str:
    if until is None:
        return _(
            "Vielleicht kommt heute niemand mehr. Sie können warten oder Ihre Frage als Nachricht "
            "stellen. Dann antworten wir in jedem Fall."
        )
    return _(
        "Der Chat endet um %(until)s Uhr. Vielleicht schaffen wir es bis dahin nicht. Sie können "
        "warten oder Ihre Frage als Nachricht stellen. Dann antworten wir in jedem Fall."
    ) % {"until": clock(until)}


def seated(chat: Chat, counsellor: str, beside: Sequence[str]) -> Standing:
    """Say who sits in a chat, or that they are gone for the moment. beside: who has joined them."""
    if chat.state == ChatState.INTERRUPTED:
        return Standing(
            "warning",
            _("Die Verbindung zu %(name)s ist unterbrochen.") % {"name": counsellor},
            _(
                "Bitte warten Sie einen Moment. Jemand anderes aus dem Team kann weitermachen. Was "
                "Sie schreiben, kommt an."
            ),
        )
    if chat.ends_by_itself_at is not None:
        return Standing(
            "warning",
            _("Sind Sie noch da?"),
            _(
                "Es ist schon eine Weile still. Lassen Sie sich Zeit: Schreiben Sie einfach weiter, oder "
                "sagen Sie unten, dass Sie noch da sind. Sonst endet der Chat um %(until)s Uhr. Nichts "
                "geht verloren: Es geht dann als Nachricht weiter."
            )
            % {"until": clock(chat.ends_by_itself_at)},
        )
    title = _("%(name)s ist für Sie da.") % {"name": counsellor}
    if beside:
        title = _("%(name)s und %(others)s sind für Sie da.") % {
            "name": counsellor,
            "others": ", ".join(beside),
        }
    return Standing(
        "success",
        title,
        _("Schreiben Sie einfach. Sie können jederzeit als Nachricht weitermachen."),
    )


_OVER: dict[str, tuple[Promise, Promise]] = {
    Chat.Why.CLIENT: (
        gettext_lazy("Sie haben den Chat verlassen."),
        gettext_lazy(
            "Was Sie geschrieben haben, liegt noch hier. Wir antworten als Nachricht. Sie können es "
            "auch löschen."
        ),
    ),
    Chat.Why.COUNSELLOR: (
        gettext_lazy("Der Chat ist zu Ende."),
        gettext_lazy("Ihr Gespräch bleibt hier. Sie können jederzeit eine Nachricht schreiben."),
    ),
    Chat.Why.GONE: (
        gettext_lazy("Ihre Verbindung war zu lange weg."),
        gettext_lazy(
            "Deshalb ist der Chat zu Ende. Nichts ist verloren: Wir antworten Ihnen als Nachricht."
        ),
    ),
    Chat.Why.CLOSING: (
        gettext_lazy("Der Chat hat jetzt geschlossen. Das tut uns leid."),
        gettext_lazy(
            "Es hat niemand mehr Zeit gehabt. Ihre Frage ist nicht verloren: Wir antworten als "
            "Nachricht."
        ),
    ),
    Chat.Why.CLOSED: (
        gettext_lazy("Der Chat ist zu Ende."),
        gettext_lazy("Ihr Gespräch bleibt hier. Sie können jederzeit eine Nachricht schreiben."),
    ),
}
_TO_MAIL: dict[str, tuple[Promise, Promise]] = {
    Chat.Why.QUIET: (
        gettext_lazy("Der Chat ist zu Ende, weil es lange still war."),
        gettext_lazy(
            "Nichts ist verloren. Schreiben Sie hier weiter, wann immer Sie möchten: Wir antworten als "
            "Nachricht."
        ),
    ),
    Chat.Why.CLIENT: (
        gettext_lazy("Ihre Frage ist jetzt eine Nachricht."),
        gettext_lazy("Sie brauchen nicht zu warten. Kommen Sie mit Ihrem Code zurück."),
    ),
    Chat.Why.COUNSELLOR: (
        gettext_lazy("Es geht als Nachricht weiter."),
        gettext_lazy("Sie brauchen nicht online zu bleiben. Kommen Sie mit Ihrem Code zurück."),
    ),
}


def over(chat: Chat, *, at: datetime) -> Standing:
    """Say how a chat ended and how it goes on; by when an answer comes, if one is due.

    A time that has passed, or is no answer's, is never promised: then the conversation's own words hold.
    """
    table = _TO_MAIL if chat.state == ChatState.MAIL and chat.why in _TO_MAIL else _OVER
    title, text = table[chat.why]
    words = str(text)
    case = chat.case
    if case.due_at is None:
        return Standing("info", str(title), words)
    if case.due_at < at or case.urgency == Urgency.SOFORT:
        now = case_wording.standing(case, Message.Role.CLIENT, deleted_at=None, at=at)
        return Standing(now.kind, str(title), f"{words} {now.title} {now.text}")
    due = _("Sie haben eine Antwort bis %(due)s.") % {"due": by_when(case.due_at)}
    words = f"{words} {due}"
    return Standing("info", str(title), words)


def opening_words(opening: Opening, *, mail_due: datetime, at: datetime) -> Standing:
    """Say whether the chat is open, until when, and what there is instead.

    mail_due: by when a question would be answered.
    """
    instead = _("Schreiben Sie uns eine Frage. Dann haben Sie eine Antwort bis %(due)s.") % {
        "due": by_when(mail_due)
    }
    if opening.shut is None:
        assert opening.until is not None  # an open chat closes
        title = _("Der Chat ist offen bis %(until)s Uhr.") % {"until": clock(opening.until)}
        if opening.until - at > ALL_DAY:
            title = _("Der Chat ist offen.")
        return Standing("success", title, wait_words(opening.wait))
    if opening.shut is Shut.FULL:
        return Standing("warning", _("Gerade warten zu viele. Das tut uns leid."), instead)
    if opening.shut is Shut.CLOSING:
        assert opening.until is not None  # it closes soon
        title = _("Der Chat endet um %(until)s Uhr. Heute schaffen wir kein neues Gespräch mehr.")
        return Standing("warning", title % {"until": clock(opening.until)}, instead)
    if opening.shut is Shut.HOURS and opening.opens_at is not None:
        again = _("Er öffnet wieder: %(opens)s.") % {"opens": by_when(opening.opens_at)}
        return Standing("info", _("Der Chat ist gerade geschlossen."), f"{again} {instead}")
    return Standing("info", _("Der Chat ist gerade geschlossen."), instead)


def no_room_words(refusal: NoRoom) -> str:
    """Return why somebody cannot take another chat."""
    return _("Voll: Es sind schon %(capacity)d Fälle und Chats zugleich.") % {
        "capacity": refusal.capacity
    }


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
