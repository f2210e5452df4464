"""A referral on paper, in words: what the letter says. `letter.py` draws it."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from referrals.handoff import wording
from referrals.handoff.letter import Letter, draw
from referrals.handoff.parcel import Parcel
from referrals.models import Referral
from referrals.queries.entry_page import EntryPage


def letter(row: Referral, sent: Parcel, page: EntryPage | None, *, at: datetime) -> bytes:
    """Return the letter of a referral as PDF. page: the service's entry, for the address."""
    place = page.places[0] if page and page.places else None
    recipient = [sent.recipient_name]
    if place is not None:
        recipient += [line for line in (place.street, place.town) if line]
    facts = [(str(wording.FIELDS_FOR_PARTNER[code]), value) for code, value in sent.fields.items()]
    facts.append((_("Kontakt"), wording.contact_line(sent)))
    if sent.until:
        facts.append((_("Einwilligung gilt bis"), wording.until_words(sent)))
    mark = {"mark": str(row.pk)[:8]}
    consented = row.basis == Referral.Basis.CONSENT
    return draw(
        Letter(
            title=_("Anfrage mit Einwilligung") if consented else _("Mitteilung in akuter Gefahr"),
            sender=f"{row.organisation.name}, {date_format(at, 'j. F Y')}",
            recipient=recipient,
            intro=_(
                "Jemand, der sich anonym an unsere Beratung gewandt hat, möchte bei Ihnen Hilfe bekommen "
                "und hat eingewilligt, dass Sie das Folgende lesen."
            )
            if consented
            else _("Wir teilen Ihnen das Folgende mit, um eine akute Gefahr abzuwenden."),
            facts=facts,
            text_title=_("Text"),
            text=sent.text,
            foot=(
                _(
                    "Bitte verwenden Sie diese Angaben nur, um zu helfen, und vernichten Sie den Brief, wenn die "
                    "Einwilligung zurückgenommen wird oder abläuft. Wird sie zurückgenommen, sagen wir Ihnen "
                    "Bescheid. Kennzeichen: %(mark)s"
                )
                if consented
                else _(
                    "Bitte verwenden Sie diese Angaben nur, um die Gefahr abzuwenden, und vernichten Sie den "
                    "Brief, sobald Sie ihn dafür nicht mehr brauchen. Kennzeichen: %(mark)s"
                )
            )
            % mark,
            answers_title=_("Ihre Antwort"),
            answers_hint=_(
                "Bitte antworten Sie der Beratung am Telefon oder faxen Sie diese Seite zurück. "
                "Kennzeichen: %(mark)s"
            )
            % mark,
            answers=[
                (_("Wir nehmen an."), 0),
                (_("Wir bieten diese Termine an (Tag, Uhrzeit, Ort):"), 3),
                (_("Auf der Warteliste. Dauer in Wochen, ungefähr:"), 1),
                (_("Wir haben eine Frage:"), 2),
                (_("Wir können nicht helfen. Grund:"), 1),
                (_("Wir empfehlen eine andere Stelle:"), 1),
            ],
            later_title=_("Später"),
            later=[
                (_("Die Person ist angekommen."), 0),
                (_("Die Person ist nicht gekommen."), 0),
                (_("Die Hilfe hat begonnen."), 0),
                (_("Abgeschlossen. Ergebnis:"), 1),
            ],
            lines=[
                _("Telefon der Beratung"),
                _("Gesprochen mit"),
                _("Am, um"),
                _("Eingetragen von"),
            ],
            language="de",
        )
    )
