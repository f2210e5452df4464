"""The socket of the supervisor's page."""

from accounts.models import Membership, Team
from accounts.rules import allows
from accounts.sockets import StaffConsumer
from counselling import events


class SupervisionConsumer(StaffConsumer):
    """Hints that something changed in any team of the member's organisation."""

    def groups_for(self, member: Membership) -> list[str] | None:
        """Return the groups of all teams and of the alarms."""
        if not allows(member, "supervision.see"):
            return None
        teams = Team.objects.filter(organisation=member.organisation_id)
        return [
            *(events.queue_group(team) for team in teams.values_list("pk", flat=True)),
            events.alarm_group(member.organisation_id),
        ]
