"""What templates may use of the directory and of referrals."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from counselling.models import Case
from referrals.handoff import standings, wording
from referrals.handoff.looks import look
from referrals.models import Referral, Service
from referrals.queries import handoff as queries
from referrals.states import ReferralMove, ReferralState, sources


def directory(request: HttpRequest) -> dict[str, Any]:
    """Return the address of the directory's search, or nothing while it has no entries."""
    organisation = getattr(request, "organisation", None)
    if organisation is None:
        return {}
    address = reverse("directory", args=[organisation.slug])
    # Asked for once and only by a page that shows it.
    return {"directory_url": SimpleLazyObject(lambda: address if _has_entries() else "")}


def _has_entries() -> bool:
    return Service.objects.visible(timezone.localdate()).exists()


def handoff(request: HttpRequest) -> dict[str, Any]:
    """Return the referrals of the case that a page is about, for its client or for the team."""
    case = getattr(request, "case", None)
    if case is None:
        return {}
    is_team = getattr(request, "member", None) is not None
    # Asked for once and only by a page that shows them.
    if is_team:
        return {"help_box": SimpleLazyObject(lambda: help_box(case))}
    at = timezone.now()
    return {"help_cards": SimpleLazyObject(lambda: _cards(case, at))}


def help_box(case: Case) -> dict[str, Any]:
    """Return the referrals of a case as its page shows them to the team, and a mark of their state."""
    rows = queries.of_case(case)
    return {"cards": [_for_team(row) for row in rows], "seen": queries.mark(rows)}


def _cards(case: Case, at: datetime) -> list[dict[str, Any]]:
    # What is over stands below what still wants something.
    rows = sorted(queries.of_case(case), key=lambda row: not row.is_open)
    near = queries.near_appointments(rows, at=at)
    return [_for_client(row) | {"reminder": wording.reminder(near.get(row.pk), at)} for row in rows]


def _for_client(row: Referral) -> dict[str, Any]:
    chooses = ReferralState(row.state) in sources(ReferralMove.PREPARE)
    return {
        "referral": row,
        "standing": standings.for_client(row),
        "chooses": chooses and row.service is not None,
        "service": row.service,
        "weeks": wording.weeks_words(row.service.waiting_weeks) if row.service else "",
    }


def _for_team(row: Referral) -> dict[str, Any]:
    return {
        "referral": row,
        "standing": wording.for_counsellor(row),
        "needs_look": look(row) is not None,
    }
