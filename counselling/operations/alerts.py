"""The one that writes broken seals into the trail."""

from datetime import datetime

from django.db import transaction

from audit import trail
from counselling.models import Case
from vault import alerts


@transaction.atomic
def record_broken_seals(*, at: datetime) -> int:
    """Write what did not open in this thread into the trail: ids only. Returns how many alerts.

    Called when a request has ended, outside its transactions, so that no rollback takes an alert away.
    """
    noted = alerts.drain()
    organisations = dict(
        Case.objects.filter(pk__in=[alert.subject for alert in noted]).values_list(
            "pk", "organisation"
        )
    )
    for alert in noted:
        of_case = alert.subject in organisations
        trail.record(
            "vault.seal_broken",
            by=trail.SYSTEM,
            at=at,
            organisation=organisations.get(alert.subject),
            case=alert.subject if of_case else None,
            what=alert.what,
            seq=alert.seq,
            **({} if of_case else {"subject": str(alert.subject)}),
        )
    return len(noted)
