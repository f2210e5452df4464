"""What happens in counselling that other parts of it act on, without its ground knowing them."""

from django.dispatch import Signal

# Sent inside the transaction in which a case was asked or moved. Arguments: team (UUID), at (datetime).
# Receivers look whether somebody has room for what waits.
case_moved = Signal()
