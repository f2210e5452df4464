"""Referrals, made the way the pages make them: suggested, prepared, confirmed, answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.text import slugify

from accounts.models import Membership, Role
from accounts.operations import staff
from outbox.models import Delivery
from referrals.handoff.parcel import Codes, Contact, Parcel
from referrals.models import Consent, HandoffLink, PartnerDesk, Referral, Service
from referrals.operations import consents, desks, handing_over, suggestions
from referrals.operations.partner_reading import BY_LINK, Side, at_desk
from referrals.queries import handoff as queries
from tests.factories import directory
from tests.factories.cases import Asked, ask, claim
from tests.factories.people import PASSWORD, TOTP_KEY, enrol, holder_of, organisation
from vault.sealing import CaseKey

WORDS = "Mein Sohn ist zwei und schläft nicht. Ich kann nicht mehr."


@dataclass(frozen=True, slots=True)
class Handed:
    """A case of Katrin's with a referral to one service."""

    asked: Asked
    counsellor: Membership
    service: Service
    referral: UUID

    def now(self) -> Referral:
        """Return the referral as it is in the database now."""
        return Referral.objects.select_related("service", "organisation").get(pk=self.referral)

    def key(self) -> CaseKey:
        """Return the referral's key, as the client opens it."""
        key = queries.key_by_case(self.now(), holder=self.asked.holder)
        assert key is not None
        return key

    def codes(self) -> Codes:
        """Return the codes that the counsellor reads out."""
        return handing_over.codes_of(self.now(), holder=holder_of(self.counsellor))


def service(number: int = 1, **fields: Any) -> Service:
    """Return a service in Hamburg with a mail address and no desk."""
    return directory.read_in(directory.document(number, **fields))[0]


def desk(
    of: Service, by: Membership, name: str = "Frieda Stelle", *, at: datetime | None = None
) -> tuple[PartnerDesk, Membership]:
    """Let a service in, and let its first person accept the invitation."""
    moment = at or timezone.now()
    made, invitation, token = desks.let_in(service=of, name=name, by=by, at=moment)
    member = staff.accept_as_new(
        invitation=invitation,
        token=token,
        email=f"{slugify(name)}@{made.organisation.slug}.example",
        password=PASSWORD,
        totp_key=TOTP_KEY,
        totp_step=-1,
        at=moment,
    )[0]
    return made, member


def suggested(
    *,
    to: Service | None = None,
    asked: Asked | None = None,
    counsellor: Membership | None = None,
    text: str = "",
    at: datetime | None = None,
) -> Handed:
    """Suggest one service in a case that Katrin holds."""
    moment = at or timezone.now()
    if asked is None or counsellor is None:
        here = organisation()
        counsellor = enrol(here)
        asked = ask(here, at=moment - timedelta(hours=1))
    claim(asked, counsellor, at=moment)
    chosen = to or service()
    made = suggestions.suggest(
        case=asked.pk,
        services=[chosen],
        text=text,
        by=counsellor,
        holder=holder_of(counsellor),
        at=moment,
    )
    return Handed(asked, counsellor, chosen, made[0].pk)


def sent(
    handed: Handed | None = None,
    *,
    text: str = WORDS,
    contact: Contact = Contact.LOTSE,
    reach: str = "",
    fields: dict[str, str] | None = None,
    days: int = 90,
    at: datetime | None = None,
    **more: Any,
) -> Handed:
    """Let the client prepare and confirm, and return the referral. more: of a fresh suggestion."""
    moment = at or timezone.now()
    handed = handed or suggested(at=moment, **more)
    mark = consents.prepare(
        referral=handed.referral,
        sending=Parcel(
            str(handed.service.pk),
            handed.service.name,
            text,
            contact,
            fields=fields or {},
            reach=reach,
        ),
        holder=handed.asked.holder,
        at=moment,
    )
    consents.confirm(
        referral=handed.referral,
        mark=mark,
        about=Consent.About.OWN_CHILD,
        days=days,
        holder=handed.asked.holder,
        at=moment,
    )
    return handed


def at_a_desk(*, at: datetime | None = None, **more: Any) -> tuple[Handed, Membership]:
    """Return a referral that lies at a desk, and who works there."""
    moment = at or timezone.now()
    handed = suggested(at=moment)
    lead = enrol(handed.counsellor.organisation, "Vera Verwaltung", role=Role.ADMIN)
    _made, partner = desk(handed.service, lead, at=moment)
    return sent(handed, at=moment, **more), partner


def side(partner: Membership | None = None) -> Side:
    """Return who acts for the service: a member of its desk, or somebody with a link."""
    return at_desk(partner) if partner else BY_LINK


def mails() -> Sequence[Delivery]:
    """Return the mails that wait to leave, the oldest first."""
    return list(Delivery.objects.order_by("promised_at", "pk"))


def token_of(handed: Handed) -> str:
    """Return the secret of the link that opens the referral now, from its mail."""
    link = HandoffLink.objects.get(
        referral=handed.referral, used_at__isnull=True, closed_at__isnull=True
    )
    body = Delivery.objects.get(key=f"referral:{handed.referral}:link:{link.pk}").body
    return body.split("/weitergabe/")[1].split("/")[0]
