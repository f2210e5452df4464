"""Who may: one table of permissions for the whole house, asked through `allows`.

Each app defines its own entries with `define` in its `rules.py`; `Permission` names are
`noun.verb`. A permission that nobody defined is an error, not a refusal.
"""

from collections.abc import Callable, Mapping
from typing import Any

from accounts.models import Invitation, Membership, Organisation, Role

Predicate = Callable[[Membership, Any], bool]

TABLE: dict[str, Predicate] = {}


def define(permissions: Mapping[str, Predicate]) -> None:
    """Add permissions to the table. Raises ValueError for a name that is taken."""
    for name, predicate in permissions.items():
        if name in TABLE:
            raise ValueError(f"the permission {name} is defined twice")
        TABLE[name] = predicate


def allows(member: Membership, permission: str, thing: object = None) -> bool:
    """Say whether a member may do something, to one thing or (None) at all.

    Raises KeyError for a permission that is not in the table.
    """
    return member.ended_at is None and TABLE[permission](member, thing)


def with_role(*roles: Role) -> Predicate:
    """Return a predicate for members with one of these roles, on things of their organisation."""
    allowed = frozenset(roles)

    def has_role(member: Membership, thing: Any) -> bool:
        return member.role in allowed and same_organisation(member, thing)

    return has_role


def same_organisation(member: Membership, thing: Any) -> bool:
    """Say whether a thing belongs to the member's organisation; None always does."""
    if thing is None:
        return True
    owner = thing.id if isinstance(thing, Organisation) else thing.organisation_id
    return bool(owner == member.organisation_id)


def invitable_roles(member: Membership) -> list[Role]:
    """Return the roles that a member may invite somebody to: nobody makes more than they are."""
    if member.role == Role.ADMIN:
        return [role for role in Role if role in Role.of_the_house()]
    if member.role == Role.SUPERVISOR:
        return [Role.COUNSELLOR, Role.TRAINEE]
    return []


def invites(member: Membership, invitation: Invitation | None) -> bool:
    """Say whether a member may invite at all, or make and take back this invitation."""
    roles = invitable_roles(member)
    if invitation is None:
        return bool(roles)
    return same_organisation(member, invitation) and invitation.role in roles


define(
    {
        "desk.enter": with_role(*Role),
        "organisation.change": with_role(Role.ADMIN),
        "staff.see": with_role(Role.ADMIN, Role.SUPERVISOR),
        "staff.invite": invites,
        "staff.end": with_role(Role.ADMIN),
        "staff.recover": with_role(Role.ADMIN, Role.SUPERVISOR),
    }
)
