"""Until when an entry counts as checked, and from when nobody is shown it. Pure.

An entry that nobody stands by any more does harm: it sends people to closed doors. It is first marked
and ranked lower, and only much later hidden, so that an editor's holiday empties no search.
"""

from datetime import date, timedelta

ASSURANCE = timedelta(days=365)  # how long a check counts when the entry names no end itself
PATIENCE = timedelta(days=180)  # how long a stale entry is still shown
REMINDER = timedelta(days=28)  # how long before its end an editor is asked to confirm


def fresh_until(*, assured_date: date | None, assured_until: date | None, seen_on: date) -> date:
    """Return until when an entry counts as checked.

    seen_on: the day on which an editor or a source last stood by the entry.
    """
    return assured_until or (assured_date or seen_on) + ASSURANCE


def hide_from(*, fresh_until: date, seen_on: date) -> date:
    """Return the day from which the entry is hidden: long after its end, and after it was last seen."""
    return max(fresh_until, seen_on) + PATIENCE
