"""Cases and what belongs to them."""

from counselling.models.assessment import Assessment, Review
from counselling.models.attachment import Attachment
from counselling.models.case import Case, Claim
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
from counselling.models.setting import TextModule, Topic

__all__ = [
    "Assessment",
    "Attachment",
    "Breach",
    "Case",
    "Claim",
    "ClockJump",
    "Deadline",
    "Deletion",
    "Draft",
    "Message",
    "Rating",
    "Reckoning",
    "Review",
    "ServiceLevel",
    "SweepClock",
    "Tally",
    "TextModule",
    "Topic",
    "WorkCalendar",
]
