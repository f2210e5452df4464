"""What accounts tells the apps above it."""

from django.dispatch import Signal

# Sent inside the transaction that ends a membership. Arguments: member (Membership), by (Membership),
# at (datetime). Receivers take back what the member holds.
membership_ending = Signal()

# Sent when keys were handed on or wrapped anew beside the requests, outside any transaction. Argument:
# at (datetime). Receivers write down what did not open meanwhile.
duty_done = Signal()
