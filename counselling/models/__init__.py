"""Cases and what belongs to them."""

from counselling.models.approval import Approval
from counselling.models.assessment import Assessment, Review
from counselling.models.attachment import Attachment
from counselling.models.case import Case, Claim
from counselling.models.consultation import Consultation, ConsultationAnswer
from counselling.models.escalation import (
    AlarmNumber,
    AlarmRules,
    Escalation,
    EscalationStep,
    LadderStep,
    Whom,
)
from counselling.models.message import Draft, Message, Rating
from counselling.models.promise import (
    Breach,
    ClockJump,
    Deadline,
    Reckoning,
    ServiceLevel,
    SweepClock,
    WorkCalendar,
)
from counselling.models.remains import Deletion, Tally
from counselling.models.roster import (
    Absence,
    Channel,
    OnCall,
    Pattern,
    RosterFeed,
    Shift,
    Swap,
)
from counselling.models.setting import TextModule, Topic
from counselling.models.working import HouseRules, TeamRules, WorkProfile

__all__ = [
    "Absence",
    "AlarmNumber",
    "AlarmRules",
    "Approval",
    "Assessment",
    "Attachment",
    "Breach",
    "Case",
    "Channel",
    "Claim",
    "ClockJump",
    "Consultation",
    "ConsultationAnswer",
    "Deadline",
    "Deletion",
    "Draft",
    "Escalation",
    "EscalationStep",
    "HouseRules",
    "LadderStep",
    "Message",
    "OnCall",
    "Pattern",
    "Rating",
    "Reckoning",
    "Review",
    "RosterFeed",
    "ServiceLevel",
    "Shift",
    "Swap",
    "SweepClock",
    "Tally",
    "TeamRules",
    "TextModule",
    "Topic",
    "Whom",
    "WorkCalendar",
    "WorkProfile",
]
