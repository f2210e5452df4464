"""The hints of counselling: something changed in a queue or a case. Group names are made here."""

from uuid import UUID

from accounts.events import member_group, publish_on_commit


def queue_group(team: UUID) -> str:
    """Return the group of everybody who looks at a team's queue."""
    return f"queue.{team.hex}"


def case_group(case: UUID) -> str:
    """Return the group of everybody who looks at a case."""
    return f"case.{case.hex}"


def alarm_group(organisation: UUID) -> str:
    """Return the group of everybody on whose pages an organisation's alarms stand."""
    return f"alarm.{organisation.hex}"


def alarms_changed(organisation: UUID) -> None:
    """Tell an organisation's pages that an alarm began, went on or ended."""
    publish_on_commit(alarm_group(organisation), {"type": "changed", "what": "alarm"})


def queue_changed(team: UUID) -> None:
    """Tell a team's queue pages to look again."""
    publish_on_commit(queue_group(team), {"type": "changed", "what": "queue"})


def consultation_changed(*, colleague: UUID | None, team: UUID | None) -> None:
    """Tell who was asked, a colleague or a team, to look again. No id: they may not know the case's."""
    group = queue_group(team) if team is not None else member_group(colleague) if colleague else ""
    if group:
        publish_on_commit(group, {"type": "changed", "what": "consultation"})


def case_changed(case: UUID, seq: int) -> None:
    """Tell a case's pages that there is something up to a sequence number."""
    publish_on_commit(case_group(case), {"type": "changed", "what": "case", "seq": seq})
