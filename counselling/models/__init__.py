"""Cases and what belongs to them."""

from counselling.models.assessment import Assessment, Review
from counselling.models.attachment import Attachment
from counselling.models.case import Case, Claim
from counselling.models.message import Draft, Message, Rating
from counselling.models.remains import Deletion, Tally
from counselling.models.setting import TextModule, Topic

__all__ = [
    "Assessment",
    "Attachment",
    "Case",
    "Claim",
    "Deletion",
    "Draft",
    "Message",
    "Rating",
    "Review",
    "Tally",
    "TextModule",
    "Topic",
]
