"""What the outbox tells whoever promised something. Nobody below knows who that is."""

from django.dispatch import Signal

# Sent when something was promised and committed. Argument: channel (str). The worker looks sooner.
promised = Signal()

# Sent when a gateway answered that a human has acknowledged. Arguments: key (str) of the delivery, at
# (datetime).
acknowledged = Signal()
