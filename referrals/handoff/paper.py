"""A referral on paper, in words: what the letter says. `letter.py` draws it."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from referrals.forms.partners import ACTS
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
    return draw(
        Letter(
            title=_("Anfrage mit Einwilligung")
            if row.basis == Referral.Basis.CONSENT
            else _("Mitteilung in akuter Gefahr"),
            sender=f"{row.organisation.name}, {date_format(at, 'j. F Y')}",
            recipient=recipient,
            intro=_(
                "Jemand, der sich anonym an unsere Beratung gewandt hat, möchte bei Ihnen Hilfe bekommen "
                "und hat eingewilligt, dass Sie das Folgende lesen."
            )
            if row.basis == Referral.Basis.CONSENT
            else _("Wir teilen Ihnen das Folgende mit, um eine akute Gefahr abzuwenden."),
            facts=facts,
            text_title=_("Text"),
            text=sent.text,
            foot=_(
                "Bitte verwenden Sie diese Angaben nur, um zu helfen, und vernichten Sie den Brief, wenn die "
                "Einwilligung zurückgenommen wird. Wir sagen Ihnen dann Bescheid. Kennzeichen: %(mark)s"
            )
            % {"mark": str(row.pk)[:8]},
            answers_title=_("Ihre Antwort"),
            answers_hint=_(
                "Bitte antworten Sie der Beratung am Telefon oder faxen Sie diese Seite zurück. "
                "Kennzeichen: %(mark)s"
            )
            % {"mark": str(row.pk)[:8]},
            answers=[
                *(str(label) for _move, label in ACTS),
                _("Termine: ______________________________"),
                _("Wartezeit in Wochen: ______"),
                _("Name und Datum: ______________________________"),
            ],
            language="de",
        )
    )
