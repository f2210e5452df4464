"""Cases and what belongs to them."""

from counselling.models.approval import Approval
from counselling.models.assessment import Assessment, Review
from counselling.models.attachment import Attachment
from counselling.models.case import Case, Claim
from counselling.models.message import Draft, Message, Rating
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
    "Approval",
    "Assessment",
    "Attachment",
    "Case",
    "Channel",
    "Claim",
    "Deletion",
    "Draft",
    "HouseRules",
    "Message",
    "OnCall",
    "Pattern",
    "Rating",
    "Review",
    "RosterFeed",
    "Shift",
    "Swap",
    "Tally",
    "TeamRules",
    "TextModule",
    "Topic",
    "WorkProfile",
]
