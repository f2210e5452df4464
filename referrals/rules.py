"""Who may do what with the directory: referrals' part of the permission table."""

from accounts.models import Role
from accounts.rules import define, with_role

define({"directory.search": with_role(*Role)})
