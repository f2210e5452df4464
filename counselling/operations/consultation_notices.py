"""Mails and messages about consultations: that something waits, never what, nor about whom."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import Membership
from counselling import reaching
from counselling.ladders import Rung, Whom
from counselling.models import Consultation, ConsultationAnswer
from counselling.operations.consultation_ground import prefix
from counselling.reaching import Way
from outbox.models import Channel
from outbox.operations import deliveries


def tell_asked(row: Consultation, to: Sequence[Membership], *, at: datetime) -> None:
    """Promise a notice to who is asked, by mail and, outside the quiet hours, on their devices."""
    for way in _ways(to, at):
        with translation.override(way.member.organisation.language):
            address = settings.PUBLIC_URL + reverse("consultation", args=[row.pk])
            body = _(
                "Guten Tag %(name)s,\n\nbei %(organisation)s bittet Sie jemand aus der Beratung um "
                "Rat:\n\n%(link)s\n\nWorum es geht, steht aus gutem Grund nicht in dieser E-Mail.\n"
            )
            _promise(row, f"asked:{way.member.pk.hex}", way, _("Bitte um Rat"), body, address, at)


def tell_asker(row: Consultation, answer: ConsultationAnswer, *, at: datetime) -> None:
    """Promise a notice to who asked that there is an answer."""
    if row.asker.ended_at is not None:
        return
    for way in _ways([row.asker], at):
        with translation.override(way.member.organisation.language):
            address = settings.PUBLIC_URL + reverse("consultations")
            body = _(
                "Guten Tag %(name)s,\n\nbei %(organisation)s hat jemand auf Ihre Bitte um Rat "
                "geantwortet:\n\n%(link)s\n\nWas darin steht, steht aus gutem Grund nicht in dieser "
                "E-Mail.\n"
            )
            key = f"answer:{answer.pk.hex}"
            _promise(row, key, way, _("Antwort auf Ihre Bitte um Rat"), body, address, at)


def _ways(members: Sequence[Membership], at: datetime) -> list[Way]:
    if not members:
        return []
    quiet = reaching.quiet_of(members[0].organisation).covers(timezone.localtime(at))
    step = Rung(Whom.EVERYBODY, mail=True, push=not quiet, webhook=False, wait=0)
    return [way for way in reaching.ways(step, members) if way.channel != Channel.WEBHOOK]


def _promise(
    row: Consultation, key: str, way: Way, subject: str, body: str, link: str, at: datetime
) -> None:
    organisation = way.member.organisation.name
    words = {"name": way.member.name, "organisation": organisation, "link": link}
    deliveries.promise(
        key=f"{prefix(row.pk)}{key}:{way.channel}:{way.to}"[:200],
        channel=way.channel,
        to=way.to,
        subject=subject,
        body=organisation if way.channel == Channel.PUSH else body % words,
        at=at,
        organisation=row.case.organisation_id,
    )
