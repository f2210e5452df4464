"""What happens in counselling that others act on, without its ground knowing them."""

from django.dispatch import Signal

# Sent inside the transaction in which a case was asked or moved. Arguments: team (UUID), at (datetime).
# Receivers look whether somebody has room for what waits.
case_moved = Signal()

# Sent inside the transaction in which a case goes to another team: `case`: its id; `team`: the new one's. Who
# keeps the team of a case beside it follows.
case_changed_team = Signal()

# Sent inside the transaction in which somebody begins or ends to hold a case. Arguments: case (UUID),
# holder (Membership, or None when a claim ended), how (Claim.End, or nothing when one began), at.
claim_changed = Signal()

# Sent by `counselling.operations.cases.delete` inside the deleting transaction, while the case is still
# there: `case`: its id; `by`: trail.Actor; `at`: the moment. Who keeps something of a case lets go of it.
case_deleting = Signal()

# Sent by the client's download: `case`: the row; `holder`: the client's. Who keeps something of a case
# answers with it, by name: JSON types and moments, which the file and the page show.
case_saving = Signal()
