"""Sockets that tell staff pages to look again."""

from accounts.models import Membership
from accounts.queries import team_ids
from accounts.rules import allows
from accounts.sockets import StaffConsumer
from counselling import events, queries


class QueueConsumer(StaffConsumer):
    """Hints for the queue page: something changed in one of the member's teams, or with an alarm."""

    def groups_for(self, member: Membership) -> list[str] | None:
        """Return the groups of the member's teams."""
        if not allows(member, "queue.see"):
            return None
        alarms = events.alarm_group(member.organisation_id)
        return [*(events.queue_group(team) for team in team_ids(member)), alarms]


class CaseConsumer(StaffConsumer):
    """Hints for a case page: there is a new entry, or the case moved."""

    def groups_for(self, member: Membership) -> list[str] | None:
        """Return the case's group if the member may read it."""
        case = queries.case_of(member, self.scope["url_route"]["kwargs"]["case"])
        if case is None or not allows(member, "case.read", case):
            return None
        return [events.case_group(case.pk), events.alarm_group(member.organisation_id)]
