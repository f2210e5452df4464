"""What counselling tells the apps above it, which it must not import."""

from django.dispatch import Signal

# Sent by `counselling.operations.cases.delete` inside the deleting transaction, while the case is still
# there: `case`: its id; `by`: trail.Actor; `at`: the moment. Who keeps something of a case lets go of it.
case_deleting = Signal()
