"""The one writer of how alarms reach a member: the number for the gateway, and a message on trial."""

from datetime import datetime

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Membership
from audit import trail
from counselling import ladders, reaching
from counselling.ladders import Whom
from counselling.models import AlarmNumber
from outbox.operations import deliveries

_EVERY_WAY = ladders.Rung(Whom.ON_CALL, mail=True, push=True, webhook=True, wait=1)


@transaction.atomic
def set_number(*, member: Membership, number: str, at: datetime) -> None:
    """Set the number under which the gateway reaches a member; empty takes it away.

    number: in E.164.
    """
    if number:
        AlarmNumber.objects.update_or_create(member=member, defaults={"number": number})
    else:
        AlarmNumber.objects.filter(member=member).delete()
    trail.record(
        "alarm.number_set",
        by=member.actor,
        at=at,
        organisation=member.organisation_id,
        is_set=bool(number),
    )


@transaction.atomic
def try_out(*, member: Membership, at: datetime) -> int:
    """Promise a member a message on trial over every way they have. Returns how many."""
    ways = reaching.ways(_EVERY_WAY, [member])
    with translation.override(member.organisation.language):
        for place, way in enumerate(ways):
            deliveries.promise(
                key=f"trial:{member.pk.hex}:{at.isoformat()}:{place}",
                channel=way.channel,
                to=way.to,
                subject=_("Probe: So erreicht Sie ein Alarm"),
                body=_("Das ist nur eine Probe. Sie müssen nichts tun."),
                at=at,
                organisation=member.organisation_id,
            )
    return len(ways)
