"""Who may do what with cases: counselling's part of the permission table.

Each predicate takes the member and the case (None: at all). A member reads the cases of their teams
and those they hold.
"""

from accounts.models import Membership, Role, Team
from accounts.rules import define, same_organisation, with_role
from accounts.written import ID, OTHER_ID, Written
from counselling import claims, consulting
from counselling.models import Case, Consultation, Escalation


def reads(member: Membership, case: Case | None) -> bool:
    """Want a counselling role, and a case of an own team or one that the member holds."""
    if member.role not in Role.counselling():
        return False
    if case is None:
        return True
    return same_organisation(member, case) and (
        bool(_IN_TEAM.of(member.pk, case.team_id)) or claims.holds(case.pk, member)
    )


_IN_TEAM = Written(
    lambda member, team: Team.objects.filter(pk=team, members=member).values_list("pk"),
    ID,
    OTHER_ID,
)


def sends(member: Membership, case: Case | None) -> bool:
    """Let who reads send, except in training: a trainee's reply leaves only by a second person."""
    return member.role != Role.TRAINEE and reads(member, case)


def approves(member: Membership, case: Case | None) -> bool:
    """Let who sends approve others' replies; whose own ones need it is decided by the operation."""
    return sends(member, case)


def asks(member: Membership, case: Case | None) -> bool:
    """Let who reads a case ask colleagues inside it; that they hold it is asked by the operation."""
    return reads(member, case)


def is_asked(member: Membership, consultation: Consultation | None) -> bool:
    """Want a counselling role, and a consultation that was asked of the member or their team."""
    if consultation is None:
        return member.role in Role.counselling()
    return same_organisation(member, consultation.case) and consulting.is_asked(
        member, consultation
    )


def hears(member: Membership, alarm: Escalation | None) -> bool:
    """Want a counselling role, and an alarm of an own team or, for who leads, of the organisation."""
    if member.role not in Role.counselling():
        return False
    if alarm is None:
        return True
    return same_organisation(member, alarm) and (
        member.role == Role.SUPERVISOR or bool(_IN_TEAM.of(member.pk, alarm.case.team_id))
    )


define(
    {
        "queue.see": with_role(*Role.counselling()),
        "case.read": reads,
        "case.claim": reads,
        "case.release": reads,
        "case.hand_over": reads,
        "case.set_urgency": reads,
        "case.close": sends,
        "case.reopen": sends,
        "case.draft": reads,
        "case.note": reads,
        "case.reply": sends,
        "reply.approve": approves,
        "case.consult": asks,
        "consultation.see": is_asked,
        "shift.see": with_role(*Role.counselling(), Role.ADMIN),
        "shift.plan": with_role(Role.ADMIN, Role.SUPERVISOR),
        "alarm.see": with_role(*Role.counselling()),
        "alarm.acknowledge": hears,
        "alarm.reach": with_role(*Role),
        "delivery.manage": with_role(Role.ADMIN, Role.SUPERVISOR),
        "ladder.change": with_role(Role.ADMIN),
        "triage.review": with_role(*Role.counselling()),
        "triage.misses": with_role(Role.SUPERVISOR),
        "triage.compare": with_role(Role.ADMIN, Role.SUPERVISOR),
        "promise.change": with_role(Role.ADMIN),
        "topic.change": with_role(Role.ADMIN),
        "text_module.change": with_role(Role.ADMIN, Role.SUPERVISOR),
    }
)
