"""Who may do what with the directory and with referrals: their part of the permission table.

Everybody reads the directory. An entry is changed by the editors of the organisation that owns it; one
that nobody owns by every organisation's editors. A confidential address is read by the editors of
its owner only, and where nobody owns the entry by nobody at all.
"""

from accounts.models import Membership, Role
from accounts.rules import Predicate, define, with_role
from counselling.rules import reads, sends
from referrals.models import Service

EDITORS = (Role.ADMIN, Role.SUPERVISOR)
PLANNERS = (Role.PLANNER, Role.ADMIN, Role.SUPERVISOR)


def edits(member: Membership, service: Service | None) -> bool:
    """Want an editor, and an entry of the own organisation or one that nobody owns."""
    if member.role not in EDITORS:
        return False
    if service is None or service.owner_id == member.organisation_id:
        return True
    return service.owner_id is None and not service.confidential


def plans() -> Predicate:
    """Return who sees counts of the directory: they hold no person, and are of no organisation."""
    return with_role(*PLANNERS)


define(
    {
        "directory.search": with_role(*Role),
        "directory.edit": edits,
        "directory.import": with_role(Role.ADMIN),
        "directory.plan": plans(),
        "referral.suggest": sends,
        "referral.see": reads,
        "referral.necessity": sends,
        "referral.list": with_role(*Role.counselling()),
        "referral.figures": plans(),
        "partner.let_in": edits,
        "partner.desk": with_role(Role.PARTNER),
    }
)
