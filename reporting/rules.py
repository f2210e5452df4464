"""Who may see counts: reporting's part of the permission table."""

from accounts.models import Role
from accounts.rules import define, with_role

define(
    {
        "figures.see": with_role(Role.ADMIN, Role.SUPERVISOR, Role.PLANNER),
        "supervision.see": with_role(Role.ADMIN, Role.SUPERVISOR),
    }
)
