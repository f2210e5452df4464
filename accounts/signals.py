"""What accounts tells the apps above it."""

from django.dispatch import Signal

# Sent inside the transaction that ends a membership. Arguments: member (Membership), by (Membership),
# at (datetime). Receivers take back what the member holds.
membership_ending = Signal()
