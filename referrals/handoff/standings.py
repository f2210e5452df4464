"""Where a referral stands, said to its client in plain German and to the service briefly."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from counselling.wording import by_when
from referrals.handoff.wording import weeks_words
from referrals.models import Referral
from referrals.states import ReferralState

S = ReferralState
Said = dict[ReferralState, tuple[str, Promise, Promise]]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a referral stands. `kind`: of the notice that says it."""

    kind: str
    title: str
    text: str = ""


# A letter cannot be closed from here, and has left only when the counsellor has sent it.
_ON_PAPER: Said = {
    S.SENT: (
        "info",
        gettext_lazy("Ihre Beratung gibt Ihre Anfrage jetzt weiter."),
        gettext_lazy(
            "Diese Stelle hat keine E-Mail. Ihre Beratung schreibt ihr oder ruft dort an."
        ),
    ),
    S.COMPLETED: ("success", gettext_lazy("Die Stelle meldet: abgeschlossen."), gettext_lazy("")),
    S.DECLINED: (
        "warning",
        gettext_lazy("Diese Stelle kann leider nicht helfen."),
        gettext_lazy(
            "Grund: %(decline)s. Ihre Beraterin oder Ihr Berater sucht andere Hilfe und fragt Sie vorher."
        ),
    ),
    S.WITHDRAWN: (
        "info",
        gettext_lazy("Zurückgenommen."),
        gettext_lazy(
            "Ihre Beratung sagt es der Stelle. Einen Brief, der schon dort ist, soll sie vernichten."
        ),
    ),
    S.EXPIRED: (
        "warning",
        gettext_lazy("Die Zeit ist abgelaufen."),
        gettext_lazy("Ihre Beratung sieht das auch."),
    ),
}
_IN_DANGER: Said = {
    S.SENT: (
        "warning",
        gettext_lazy("Wir haben diese Stelle verständigt."),
        gettext_lazy("Jemand war in akuter Gefahr. Sie können uns jederzeit danach fragen."),
    ),
}
_NEVER_SENT: Said = {
    S.COMPLETED: ("success", gettext_lazy("Die Stelle meldet: abgeschlossen."), gettext_lazy("")),
    S.WITHDRAWN: (
        "info",
        gettext_lazy("Zurückgenommen."),
        gettext_lazy("Es wurde nichts gesendet."),
    ),
    S.EXPIRED: (
        "warning",
        gettext_lazy("Die Zeit ist abgelaufen."),
        gettext_lazy("Es wurde nichts gesendet."),
    ),
}


_FOR_CLIENT: Said = {
    S.SUGGESTED: (
        "info",
        gettext_lazy("Das ist ein Vorschlag."),
        gettext_lazy("Es ist nichts gesendet. Sie entscheiden, ob und was diese Stelle erfährt."),
    ),
    S.PREPARED: (
        "info",
        gettext_lazy("Noch ist nichts gesendet."),
        gettext_lazy("Ihr Text ist vorbereitet. Gesendet wird erst, wenn Sie zustimmen."),
    ),
    S.SECOND: (
        "info",
        gettext_lazy("Die Beratung prüft, ob Hilfe verständigt werden muss."),
        gettext_lazy("Es ist nichts gesendet."),
    ),
    S.CARD: (
        "info",
        gettext_lazy("Sie haben einen Code für diese Stelle."),
        gettext_lazy(
            "Es ist nichts gesendet. Gehen Sie hin oder rufen Sie an, und nennen Sie dort den Code."
        ),
    ),
    S.SENT: (
        "info",
        gettext_lazy("Ihre Anfrage ist bei der Stelle."),
        gettext_lazy("Sie soll bis %(due)s antworten. Sonst fragen wir nach."),
    ),
    S.ASKED: (
        "warning",
        gettext_lazy("Die Stelle hat eine Frage an Sie."),
        gettext_lazy("Bitte antworten Sie ihr, dann geht es weiter."),
    ),
    S.ACCEPTED: (
        "success",
        gettext_lazy("Die Stelle hat Ja gesagt."),
        gettext_lazy("Sie soll sich bis %(due)s mit einem Termin melden. Sonst fragen wir nach."),
    ),
    S.WAITLISTED: (
        "info",
        gettext_lazy("Sie stehen auf der Warteliste."),
        gettext_lazy("Die Stelle rechnet mit etwa %(weeks)s. Wir fragen danach von selbst nach."),
    ),
    S.OFFERED: (
        "warning",
        gettext_lazy("Die Stelle bietet Ihnen Termine an."),
        gettext_lazy("Bitte suchen Sie einen davon aus."),
    ),
    S.APPOINTMENT: (
        "success",
        gettext_lazy("Sie haben einen Termin."),
        gettext_lazy("Sie können ihn in Ihren Kalender übernehmen."),
    ),
    S.ARRIVED: ("success", gettext_lazy("Sie sind bei der Stelle angekommen."), gettext_lazy("")),
    S.STARTED: ("success", gettext_lazy("Die Hilfe hat begonnen."), gettext_lazy("")),
    S.RETURNED: (
        "warning",
        gettext_lazy("Die Stelle hat nicht geantwortet. Das tut uns leid."),
        gettext_lazy(
            "Ihre Beraterin oder Ihr Berater sucht jetzt andere Hilfe und fragt Sie vorher. "
            "Antwortet die Stelle doch noch, sehen Sie es hier."
        ),
    ),
    S.COMPLETED: (
        "success",
        gettext_lazy("Die Stelle meldet: abgeschlossen."),
        gettext_lazy("Sie kann Ihren Text jetzt nicht mehr lesen."),
    ),
    S.DECLINED: (
        "warning",
        gettext_lazy("Diese Stelle kann leider nicht helfen."),
        gettext_lazy(
            "Grund: %(decline)s. Sie kann Ihren Text nicht mehr lesen. Ihre Beraterin oder Ihr Berater "
            "sucht andere Hilfe und fragt Sie vorher."
        ),
    ),
    S.FORWARDED: (
        "info",
        gettext_lazy("Diese Stelle empfiehlt Ihnen eine andere."),
        gettext_lazy(
            "Dorthin ist nichts gesendet. Sie finden die andere Stelle als neuen Vorschlag."
        ),
    ),
    S.DISMISSED: (
        "info",
        gettext_lazy("Diesen Vorschlag haben Sie nicht gewählt."),
        gettext_lazy("Es wurde nichts gesendet."),
    ),
    S.WITHDRAWN: (
        "info",
        gettext_lazy("Zurückgenommen."),
        gettext_lazy(
            "Die Stelle kann Ihren Text nicht mehr lesen. Sie weiß nur, dass er zurückgenommen wurde. "
            "Was sie vorher gelesen hat, können wir nicht ungeschehen machen."
        ),
    ),
    S.EXPIRED: (
        "warning",
        gettext_lazy("Die Zeit ist abgelaufen."),
        gettext_lazy("Die Stelle kann nichts mehr lesen. Ihre Beratung sieht das auch."),
    ),
}

_FOR_PARTNER: dict[ReferralState, Promise] = {
    S.SENT: gettext_lazy("Neu. Bitte antworten Sie bis %(due)s."),
    S.ASKED: gettext_lazy("Ihre Rückfrage liegt bei der Person."),
    S.ACCEPTED: gettext_lazy("Angenommen. Bitte bieten Sie bis %(due)s Termine an."),
    S.WAITLISTED: gettext_lazy("Auf Ihrer Warteliste. Bitte melden Sie sich bis %(due)s."),
    S.OFFERED: gettext_lazy("Ihre Termine liegen bei der Person."),
    S.APPOINTMENT: gettext_lazy(
        "Termin vereinbart. Danach bitte bis %(due)s: gekommen oder nicht."
    ),
    S.ARRIVED: gettext_lazy("Angekommen. Bitte sagen Sie, wie es weitergeht."),
    S.STARTED: gettext_lazy("Die Hilfe hat begonnen."),
    S.RETURNED: gettext_lazy("Ihre Frist ist vorbei. Antworten können Sie weiterhin."),
    S.COMPLETED: gettext_lazy("Abgeschlossen."),
    S.DECLINED: gettext_lazy("Von Ihnen abgelehnt."),
    S.FORWARDED: gettext_lazy("Sie haben eine andere Stelle empfohlen."),
    S.WITHDRAWN: gettext_lazy("Zurückgenommen. Es ist nichts mehr zu tun."),
    S.EXPIRED: gettext_lazy("Abgelaufen."),
}
_OUTLASTED = gettext_lazy(
    "Die Stelle rechnet mit etwa %(weeks)s. Ihre Einwilligung endet schon am %(ends)s. Möchten Sie dann "
    "weiter warten, sagen Sie es bitte Ihrer Beratung."
)
_ANSWERED = gettext_lazy("Die Person hat geantwortet. Bitte antworten Sie bis %(due)s.")


def for_client(row: Referral, *, offers_over: bool = False) -> Standing:
    """Say where a referral stands, to its client. offers_over: no offered appointment lies ahead."""
    state = ReferralState(row.state)
    if state is S.OFFERED and offers_over:
        return Standing("warning", _("Die angebotenen Termine sind vorbei."))
    kind, title, text = _special(row).get(state, _FOR_CLIENT[state])
    if row.state == S.SENT and row.due_at is None:
        return Standing(kind, str(title))
    if state is S.WAITLISTED and row.due_at is not None and row.due_at > row.expires_at:
        text = _OUTLASTED
    return Standing(kind, str(title), str(text) % _values(row))


def for_partner(row: Referral, *, offers_over: bool = False) -> str:
    """Say where a referral stands, to the service. offers_over: no offered appointment lies ahead."""
    if row.state == S.OFFERED and offers_over:
        return _("Ihre Termine sind vorbei. Bitte bieten Sie andere an.")
    words: Promise | None = _FOR_PARTNER.get(ReferralState(row.state))
    if row.state == S.SENT and row.answered_at is not None:  # its question came back
        words = _ANSWERED
    return str(words) % _values(row) if words is not None else ""


def _special(row: Referral) -> Said:
    """Return what is said otherwise of this referral than of one that lies sealed with the service."""
    if row.sent_at is None:
        return _NEVER_SENT
    if row.basis == Referral.Basis.NECESSITY:
        return _IN_DANGER
    if row.way != Referral.Way.LETTER:
        return {}
    has_left = row.handled_at is not None or row.reminded_at is not None
    return {state: said for state, said in _ON_PAPER.items() if state != S.SENT or not has_left}


def _values(row: Referral) -> dict[str, str]:
    return {
        "due": by_when(row.due_at) if row.due_at else "",
        "weeks": weeks_words(row.weeks),
        "ends": date_format(timezone.localtime(row.expires_at), "j. F Y"),
        "decline": str(row.get_decline_display()) if row.decline else "",
    }
