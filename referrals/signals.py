"""What the directory tells those who keep something beside its rows, such as the search's index."""

from django.dispatch import Signal

# Sent by `referrals.operations` inside the transaction that changed rows, once for all of them:
# `services`: list of the ids of services that were written or whose place, provider or terms were;
# `at`: the moment. Also for entries that became hidden or defunct; the receiver looks again.
services_changed = Signal()
