"""Who holds a case: its open claim. Reads only.

`operations/claims.py` begins claims, `operations/entries.py` ends them.
"""

from collections.abc import Collection
from uuid import UUID

from accounts.models import Membership
from accounts.written import ID, Written, WrittenForMany
from counselling.models import Claim


def open_claim(case: UUID) -> Claim | None:
    """Return the claim under which somebody holds the case, with the member, or None."""
    return _CLAIM.first(case)


def holds(case: UUID, member: Membership) -> bool:
    """Say whether a member holds a case."""
    return holders([case]).get(case) == member.pk


def holders(cases: Collection[UUID]) -> dict[UUID, UUID]:
    """Return which members hold some cases, by case."""
    return dict(_HELD.rows(cases))


_CLAIM = Written(
    lambda case: Claim.objects.filter(case=case, ended_at__isnull=True).select_related("member"), ID
)
_HELD = WrittenForMany(
    lambda cases: Claim.objects.filter(case__in=cases, ended_at__isnull=True).values_list(
        "case_id", "member_id"
    ),
)
