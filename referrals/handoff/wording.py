"""How referrals are said: to the client in plain German, to counsellors and services briefly."""

from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from audit.models import TrailEntry
from counselling.wording import by_when
from referrals.handoff.candidates import FEWEST, Known, Reason
from referrals.handoff.looks import Look, look
from referrals.handoff.parcel import Contact, Field, Parcel
from referrals.models import Act, Appointment, Referral
from referrals.operations.partner_reading import Denial
from referrals.states import IllegalReferralMove, ReferralState, Waits, Why, waits_for

FIELDS: dict[str, Promise] = {
    Field.NAME: gettext_lazy("Wie Sie genannt werden möchten"),
    Field.TOPIC: gettext_lazy("Thema"),
    Field.AGE_BAND: gettext_lazy("Alter des Kindes"),
    Field.POSTCODE: gettext_lazy("Postleitzahl"),
    Field.LANGUAGE: gettext_lazy("Sprache"),
}
FIELDS_FOR_PARTNER: dict[str, Promise] = {**FIELDS, Field.NAME: gettext_lazy("Name")}

_ACTS: dict[str, Promise] = {
    "suggest": gettext_lazy("Vorgeschlagen"),
    "propose": gettext_lazy("Weitergabe in akuter Gefahr vorgesehen"),
    "open": gettext_lazy("Die Stelle hat gelesen, was gesendet wurde"),
    "report": gettext_lazy("Selbst berichtet, wie es gegangen ist"),
    "new_link": gettext_lazy("Der Stelle einen neuen Link geschickt"),
    "prepare": gettext_lazy("Text vorbereitet"),
    "confirm": gettext_lazy("Eingewilligt und gesendet"),
    "dismiss": gettext_lazy("Nicht gewählt"),
    "take_back": gettext_lazy("Vorschlag zurückgezogen"),
    "take_code": gettext_lazy("Code zum Mitnehmen gewählt"),
    "second_yes": gettext_lazy("Von zweiter Person bestätigt und gesendet"),
    "ask_back": gettext_lazy("Die Stelle fragt zurück"),
    "answer": gettext_lazy("Rückfrage beantwortet"),
    "accept": gettext_lazy("Die Stelle hat angenommen"),
    "waitlist": gettext_lazy("Die Stelle hat auf die Warteliste gesetzt"),
    "decline": gettext_lazy("Die Stelle hat abgelehnt"),
    "forward": gettext_lazy("Die Stelle empfiehlt eine andere Stelle"),
    "offer": gettext_lazy("Die Stelle bietet Termine an"),
    "pick": gettext_lazy("Termin ausgesucht"),
    "none_fits": gettext_lazy("Kein Termin passt"),
    "arrive": gettext_lazy("Bei der Stelle angekommen"),
    "miss": gettext_lazy("Zum Termin nicht gekommen"),
    "begin": gettext_lazy("Die Hilfe hat begonnen"),
    "complete": gettext_lazy("Die Stelle hat abgeschlossen"),
    "remind": gettext_lazy("Die Frist ist vorbei. Die Stelle wird erinnert"),
    "return": gettext_lazy("Keine Antwort in der Frist: zurück an die Beratung"),
    "revoke": gettext_lazy("Zurückgenommen"),
    "expire": gettext_lazy("Abgelaufen"),
}

_WHY: dict[Why, Promise] = {
    Why.NOT_SENT: gettext_lazy("Das geht noch nicht: Es ist noch nichts gesendet."),
    Why.ALREADY_SENT: gettext_lazy("Das geht nicht mehr: Die Anfrage ist schon gesendet."),
    Why.NO_QUESTION: gettext_lazy("Es ist keine Frage offen."),
    Why.NO_OFFER: gettext_lazy("Es sind keine Termine angeboten."),
    Why.NO_APPOINTMENT: gettext_lazy("Es ist kein Termin vereinbart."),
    Why.NOT_ARRIVED: gettext_lazy("Bitte vermerken Sie zuerst, dass die Person angekommen ist."),
    Why.HAS_ARRIVED: gettext_lazy("Das geht nicht mehr: Die Person ist schon angekommen."),
    Why.NOT_PREPARED: gettext_lazy("Bitte sehen Sie sich zuerst an, was gesendet würde."),
    Why.NEEDS_SECOND: gettext_lazy("Zuerst muss eine zweite Person bestätigen."),
    Why.WITH_CLIENT: gettext_lazy("Das geht gerade nicht: Die ratsuchende Person ist am Zug."),
    Why.WITH_COUNSELLOR: gettext_lazy("Das geht gerade nicht: Die Beratung ist am Zug."),
    Why.ENDED: gettext_lazy("Das geht nicht mehr: Diese Anfrage ist beendet."),
}

_DENIED: dict[Denial, Promise] = {
    Denial.UNKNOWN: gettext_lazy("Diesen Link gibt es nicht."),
    Denial.NOT_YOURS: gettext_lazy("Diesen Link gibt es nicht."),
    Denial.USED: gettext_lazy(
        "Dieser Link wurde schon benutzt. Jeder gilt einmal. Der nächste steht in unserer letzten Mail."
    ),
    Denial.RUN_OUT: gettext_lazy(
        "Dieser Link ist zu alt. Die Beratungsstelle schickt einen neuen."
    ),
    Denial.CLOSED: gettext_lazy(
        "Dieser Link ist geschlossen. Die Beratungsstelle schickt Ihnen einen neuen."
    ),
    Denial.WRONG_CODE: gettext_lazy(
        "Dieser Code passt nicht. Bitte vergleichen Sie ihn. Nach fünf falschen Codes schließt der Link."
    ),
    Denial.REVOKED: gettext_lazy(
        "Diese Anfrage wurde zurückgenommen. Es ist nichts mehr zu lesen und nichts mehr zu tun."
    ),
    Denial.EXPIRED: gettext_lazy(
        "Die Zeit, für die eingewilligt wurde, ist vorbei. Es ist nichts mehr zu lesen."
    ),
    Denial.ENDED: gettext_lazy("Diese Anfrage ist beendet. Es ist nichts mehr zu lesen."),
    Denial.CHANGED: gettext_lazy(
        "Was hier liegt, ist nicht das, was freigegeben wurde. Wir zeigen es deshalb nicht. Die "
        "Beratungsstelle weiß Bescheid, sobald sie in den Vorgang sieht."
    ),
    Denial.NO_CONSENT: gettext_lazy("Dafür gibt es keine Einwilligung. Es ist nichts zu lesen."),
    Denial.NO_KEY: gettext_lazy(
        "Sie haben für dieses Postfach noch keinen Schlüssel. Sobald jemand aus Ihrer Stelle angemeldet "
        "ist, bekommen Sie ihn von selbst."
    ),
}

_LOOKS: dict[Look, Promise] = {
    Look.NONE_CAME: gettext_lazy("Hier ist keine Hilfe zustande gekommen."),
    Look.CALL: gettext_lazy("Bitte rufen Sie die Stelle an und sagen Sie ihr den Code."),
    Look.SEND: gettext_lazy("Bitte schicken Sie der Stelle den Brief oder rufen Sie an."),
    Look.ASK: gettext_lazy("Die Frist ist vorbei. Bitte fragen Sie bei der Stelle nach."),
    Look.TELL: gettext_lazy(
        "Zurückgenommen. Bitte sagen Sie der Stelle nur das, und dass sie den Brief vernichten soll."
    ),
}

_REASONS: dict[Reason, Promise] = {
    Reason.NEED: gettext_lazy("passt zum Anliegen"),
    Reason.NEAR: gettext_lazy("in der Nähe"),
    Reason.AGE: gettext_lazy("passt zum Alter"),
    Reason.LANGUAGE: gettext_lazy("spricht die Sprache"),
    Reason.ROOM: gettext_lazy("Plätze frei"),
    Reason.WAITING: gettext_lazy("Warteliste"),
    Reason.FULL: gettext_lazy("zurzeit voll"),
    Reason.ACCEPTS: gettext_lazy("nimmt oft an"),
    Reason.DECLINES: gettext_lazy("lehnt oft ab"),
    Reason.QUICK: gettext_lazy("antwortet schnell"),
    Reason.SLOW: gettext_lazy("antwortet langsam"),
    Reason.DESK: gettext_lazy("hat ein Postfach bei Lotse"),
    Reason.STALE: gettext_lazy("Eintrag lange nicht bestätigt"),
}

_CONTACTS: dict[Contact, Promise] = {
    Contact.LOTSE: gettext_lazy("nur über Lotse"),
    Contact.EMAIL: gettext_lazy("per E-Mail"),
    Contact.PHONE: gettext_lazy("per Telefon"),
    Contact.CODE: gettext_lazy("nicht melden; die Person kommt mit einem Code"),
}


def look_words(found: Look) -> str:
    """Return what the counsellor is asked to do."""
    return str(_LOOKS[found])


def for_counsellor(row: Referral) -> str:
    """Say in a list what the counsellor is asked to do, or whose turn it is."""
    found = look(row)
    if found is not None and found is not Look.NONE_CAME:
        return look_words(found)
    return whose_turn(row)


def whose_turn(row: Referral) -> str:
    """Say whose turn it is and until when, to the counsellor."""
    whose = waits_for(ReferralState(row.state))
    if whose is Waits.PARTNER and row.due_at is not None:
        return _("Stelle am Zug bis %(due)s") % {"due": by_when(row.due_at)}
    return {
        Waits.PARTNER: _("Stelle am Zug"),
        Waits.CLIENT: _("Ratsuchende Person am Zug"),
        Waits.COUNSELLOR: _("Beratung am Zug"),
    }.get(whose, "")


def act_words(act: Act) -> str:
    """Return what an act was."""
    return str(_ACTS.get(act.move, act.move))


def who(act: Act, *, for_client: bool) -> str:
    """Return who did it, as far as the reader may know."""
    if act.entered:
        return _("eingetragen von der Beratung")
    return {
        TrailEntry.ActorKind.CLIENT: _("Sie") if for_client else _("ratsuchende Person"),
        TrailEntry.ActorKind.STAFF: act.member.name if act.member else _("Beratung"),
        TrailEntry.ActorKind.PARTNER: _("die Stelle"),
    }.get(TrailEntry.ActorKind(act.actor_kind), _("von selbst"))


def refusal_words(refusal: IllegalReferralMove) -> str:
    """Return the sentence for a move that is not possible."""
    return str(_WHY[refusal.why])


def denied_words(why: Denial) -> str:
    """Return the sentence for a service that may not read."""
    return str(_DENIED[why])


def contact_words(contact: Contact) -> str:
    """Return how somebody wants to be reached."""
    return str(_CONTACTS[contact])


def contact_line(sent: Parcel) -> str:
    """Return how the client may be reached, in one line."""
    said = [contact_words(sent.contact)]
    if sent.reach:
        said.append(sent.reach)
    if sent.times:
        said.append(_("sicher: %(times)s") % {"times": sent.times})
    if sent.contact is Contact.PHONE:
        said.append(_("Mailbox erlaubt") if sent.voicemail else _("nicht auf die Mailbox sprechen"))
    return ", ".join(said)


def facts_for_client(sent: Parcel) -> list[dict[str, str]]:
    """Return what goes beside the text, to the client, for components/facts.html."""
    facts = [{"label": str(FIELDS[code]), "value": value} for code, value in sent.fields.items()]
    facts.append({"label": _("So darf man sich melden"), "value": contact_line(sent)})
    if sent.until:
        facts.append({"label": _("Lesbar bis"), "value": until_words(sent)})
    return facts


def until_words(sent: Parcel) -> str:
    """Return the last day on which a service may read what was sent."""
    return date_format(date.fromisoformat(sent.until), "j. F Y")


def reasons(found: list[Reason]) -> list[str]:
    """Return why a service stands where it stands."""
    return [str(_REASONS[reason]) for reason in found]


def record_words(known: Known) -> str:
    """Return how a service has answered, or that too little is known."""
    record = known.record
    if record.rate is None or record.median is None:
        return _("noch weniger als %(few)d Antworten") % {"few": FEWEST}
    return _("nimmt %(rate)d %% an, antwortet meist nach %(span)s") % {
        "rate": round(record.rate * 20) * 5,
        "span": span_words(record.median),
    }


def span_words(span: timedelta) -> str:
    """Return a span in hours or days."""
    if span < timedelta(hours=48):
        hours = max(1, round(span.total_seconds() / 3600))
        return ngettext("%(n)d Stunde", "%(n)d Stunden", hours) % {"n": hours}
    return ngettext("%(n)d Tag", "%(n)d Tagen", span.days) % {"n": span.days}


def weeks_words(weeks: int | None) -> str:
    """Return a number of weeks."""
    if not weeks:
        return ""
    return ngettext("%(n)d Woche", "%(n)d Wochen", weeks) % {"n": weeks}


def moment(at: datetime) -> str:
    """Return an appointment's moment: day, date with year, time."""
    return by_when(at)


def reminder(appointment: Appointment | None, at: datetime) -> str:
    """Return when an appointment is that is near, as one says it: today, tomorrow, or the day."""
    if appointment is None:
        return ""
    starts = timezone.localtime(appointment.starts_at)
    days = (starts.date() - timezone.localdate(at)).days
    time = date_format(starts, "TIME_FORMAT")
    if days == 0:
        return _("Heute um %(time)s Uhr haben Sie einen Termin.") % {"time": time}
    if days == 1:
        return _("Morgen um %(time)s Uhr haben Sie einen Termin.") % {"time": time}
    return _("Am %(day)s um %(time)s Uhr haben Sie einen Termin.") % {
        "day": date_format(starts, pgettext("format of the day of a promise", "l, j. F")),
        "time": time,
    }
