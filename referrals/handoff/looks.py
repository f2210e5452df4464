"""What the counsellor has to do for a referral now, because nobody else can. Pure.

A service without a desk hears of a referral only if the counsellor calls or writes: it needs the code
of its link, or the letter; nobody can remind it by mail, nor tell it that consent was taken back.
"""

from enum import StrEnum

from referrals.models import Referral
from referrals.states import ReferralState, Waits, waits_for


class Look(StrEnum):
    """Why a referral waits for a counsellor."""

    NONE_CAME = "none_came"  # help has not come about here
    CALL = "call"  # the service has a link and no code yet
    SEND = "send"  # the letter, or a call
    ASK = "ask"  # its time is over, and no mail reaches it
    TELL = "tell"  # it has a letter, and consent was taken back


def look(row: Referral) -> Look | None:
    """Return what waits for a counsellor, or None where nothing does or one has seen it."""
    if row.handled_at is not None:
        return None
    state = ReferralState(row.state)
    if state in ReferralState.needs_look():
        return Look.NONE_CAME
    on_paper = row.way == Referral.Way.LETTER
    if state is ReferralState.WITHDRAWN:
        return Look.TELL if on_paper and row.sent_at is not None else None
    if state not in ReferralState.with_partner():
        return None
    if on_paper and row.reminded_at is not None and waits_for(state) is Waits.PARTNER:
        return Look.ASK
    if state is ReferralState.SENT and row.seen_at is None:
        return {Referral.Way.LINK.value: Look.CALL, Referral.Way.LETTER.value: Look.SEND}.get(
            row.way
        )
    return None
