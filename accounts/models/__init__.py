"""Who there is: organisations and their teams, staff and their memberships, invitations."""

from accounts.models.device import DeviceRequest, StaffDevice
from accounts.models.organisation import CrisisLine, Organisation, Team
from accounts.models.recovery import Recovery
from accounts.models.session import StaffSession
from accounts.models.staff import Invitation, Membership, Role, User

__all__ = [
    "CrisisLine",
    "DeviceRequest",
    "Invitation",
    "Membership",
    "Organisation",
    "Recovery",
    "Role",
    "StaffDevice",
    "StaffSession",
    "Team",
    "User",
]
