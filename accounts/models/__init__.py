"""Who there is: organisations and their teams, staff and their memberships, invitations."""

from accounts.models.organisation import CrisisLine, Organisation, Team
from accounts.models.session import StaffSession
from accounts.models.staff import Invitation, Membership, Role, User

__all__ = [
    "CrisisLine",
    "Invitation",
    "Membership",
    "Organisation",
    "Role",
    "StaffSession",
    "Team",
    "User",
]
