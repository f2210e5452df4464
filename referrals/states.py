"""Which moves of a referral are legal, and whom it waits for. Pure: no database, no clock.

The states map to FHIR Task as in SDOH Clinical Care (docs/fhir.md). A referral moves only as the table
says; every other move is refused with a name that says why.
"""

from enum import StrEnum


class Waits(StrEnum):
    """For whom a referral waits now."""

    CLIENT = "client"
    PARTNER = "partner"
    COUNSELLOR = "counsellor"
    NOBODY = "nobody"


class ReferralState(StrEnum):
    """Where a referral stands, from a counsellor's suggestion to its end."""

    SUGGESTED = "suggested"  # the client has a card and chooses
    PREPARED = "prepared"  # the client has written what would go; nothing is sent
    SECOND = "second"  # without consent, in acute danger: a second person must confirm
    CARD = "card"  # the client has a code; nothing was or will be sent
    SENT = "sent"
    ASKED = "asked"  # the partner has a question to the client
    ACCEPTED = "accepted"
    WAITLISTED = "waitlisted"
    OFFERED = "offered"  # the client picks an appointment
    APPOINTMENT = "appointment"
    ARRIVED = "arrived"
    STARTED = "started"
    RETURNED = "returned"  # no answer in time: the counsellor looks for others
    COMPLETED = "completed"
    DECLINED = "declined"
    FORWARDED = "forwarded"
    DISMISSED = "dismissed"  # never sent
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"

    @classmethod
    def open(cls) -> frozenset["ReferralState"]:
        """Return the states in which something is still to happen."""
        return frozenset(cls) - cls.ended()

    @classmethod
    def ended(cls) -> frozenset["ReferralState"]:
        """Return the states that nothing leaves."""
        return frozenset(
            [
                cls.COMPLETED,
                cls.DECLINED,
                cls.FORWARDED,
                cls.DISMISSED,
                cls.WITHDRAWN,
                cls.EXPIRED,
            ]
        )

    @classmethod
    def unsent(cls) -> frozenset["ReferralState"]:
        """Return the open states in which nothing has left the house."""
        return frozenset([cls.SUGGESTED, cls.PREPARED, cls.SECOND, cls.CARD])

    @classmethod
    def with_partner(cls) -> frozenset["ReferralState"]:
        """Return the states in which the partner may read what was sent."""
        return cls.open() - cls.unsent()

    @classmethod
    def needs_look(cls) -> frozenset["ReferralState"]:
        """Return the states that the counsellor must have seen: help has not come about here."""
        return frozenset([cls.SECOND, cls.RETURNED, cls.DECLINED, cls.FORWARDED, cls.EXPIRED])

    @classmethod
    def arrived(cls) -> frozenset["ReferralState"]:
        """Return the states in which the loop counts as closed: somebody arrived."""
        return frozenset([cls.ARRIVED, cls.STARTED, cls.COMPLETED])


class ReferralMove(StrEnum):
    """What can happen to a referral."""

    PREPARE = "prepare"
    CONFIRM = "confirm"
    DISMISS = "dismiss"
    TAKE_BACK = "take_back"
    TAKE_CODE = "take_code"
    SECOND_YES = "second_yes"
    ASK_BACK = "ask_back"
    ANSWER = "answer"
    ACCEPT = "accept"
    WAITLIST = "waitlist"
    DECLINE = "decline"
    FORWARD = "forward"
    OFFER = "offer"
    PICK = "pick"
    NONE_FITS = "none_fits"
    ARRIVE = "arrive"
    MISS = "miss"
    BEGIN = "begin"
    COMPLETE = "complete"
    REMIND = "remind"
    RETURN = "return"
    REVOKE = "revoke"
    EXPIRE = "expire"

    @classmethod
    def of_partner(cls) -> frozenset["ReferralMove"]:
        """Return the moves of the service, made by itself or entered by the counsellor for it."""
        return frozenset(
            [
                cls.ASK_BACK,
                cls.ACCEPT,
                cls.WAITLIST,
                cls.DECLINE,
                cls.FORWARD,
                cls.OFFER,
                cls.ARRIVE,
                cls.MISS,
                cls.BEGIN,
                cls.COMPLETE,
            ]
        )

    @classmethod
    def of_clock(cls) -> frozenset["ReferralMove"]:
        """Return the moves that time makes."""
        return frozenset([cls.REMIND, cls.RETURN, cls.EXPIRE])


class Why(StrEnum):
    """Why a move is refused."""

    NOT_SENT = "not sent"  # nothing has gone to the partner yet
    ALREADY_SENT = "already sent"
    NO_QUESTION = "no question"
    NO_OFFER = "no offer"
    NO_APPOINTMENT = "no appointment"
    NOT_ARRIVED = "not arrived"
    HAS_ARRIVED = "has arrived"
    NOT_PREPARED = "not prepared"
    NEEDS_SECOND = "needs second"
    WITH_CLIENT = "with client"  # the client's turn: no deadline runs
    WITH_COUNSELLOR = "with counsellor"
    ENDED = "ended"


class IllegalReferralMove(Exception):
    """The move is not possible from this state. `move`, `state`, and `why` by name."""

    def __init__(self, move: ReferralMove, state: ReferralState, why: Why) -> None:
        super().__init__(f"{move} is not possible while a referral is {state}: {why}")
        self.move = move
        self.state = state
        self.why = why


_S, _M = ReferralState, ReferralMove


def _all_to(target: ReferralState, *sources: ReferralState) -> dict[ReferralState, ReferralState]:
    return dict.fromkeys(sources, target)


def _stay(*states: ReferralState) -> dict[ReferralState, ReferralState]:
    return {state: state for state in states}


_TABLE: dict[ReferralMove, dict[ReferralState, ReferralState]] = {
    _M.PREPARE: _all_to(_S.PREPARED, _S.SUGGESTED, _S.PREPARED),
    _M.CONFIRM: {_S.PREPARED: _S.SENT},
    _M.DISMISS: _all_to(_S.DISMISSED, _S.SUGGESTED, _S.PREPARED, _S.CARD),
    _M.TAKE_BACK: _all_to(_S.DISMISSED, _S.SUGGESTED, _S.PREPARED, _S.SECOND),
    _M.TAKE_CODE: _all_to(_S.CARD, _S.SUGGESTED, _S.PREPARED),
    _M.SECOND_YES: {_S.SECOND: _S.SENT},
    _M.ASK_BACK: _all_to(_S.ASKED, _S.SENT, _S.WAITLISTED, _S.RETURNED),
    _M.ANSWER: {_S.ASKED: _S.SENT},
    _M.ACCEPT: _all_to(_S.ACCEPTED, _S.SENT, _S.ASKED, _S.WAITLISTED, _S.RETURNED),
    _M.WAITLIST: _all_to(_S.WAITLISTED, _S.SENT, _S.ASKED, _S.ACCEPTED, _S.WAITLISTED, _S.RETURNED),
    _M.DECLINE: _all_to(
        _S.DECLINED, _S.SENT, _S.ASKED, _S.ACCEPTED, _S.WAITLISTED, _S.OFFERED, _S.RETURNED
    ),
    _M.FORWARD: _all_to(_S.FORWARDED, _S.SENT, _S.ASKED, _S.ACCEPTED, _S.WAITLISTED, _S.RETURNED),
    _M.OFFER: _all_to(
        _S.OFFERED, _S.ACCEPTED, _S.WAITLISTED, _S.OFFERED, _S.APPOINTMENT, _S.RETURNED
    ),
    _M.PICK: {_S.OFFERED: _S.APPOINTMENT},
    _M.NONE_FITS: {_S.OFFERED: _S.ACCEPTED},
    _M.ARRIVE: _all_to(
        _S.ARRIVED,
        _S.CARD,
        _S.SENT,
        _S.ASKED,
        _S.ACCEPTED,
        _S.WAITLISTED,
        _S.OFFERED,
        _S.APPOINTMENT,
        _S.RETURNED,
    ),
    _M.MISS: {_S.APPOINTMENT: _S.ACCEPTED},
    _M.BEGIN: {_S.ARRIVED: _S.STARTED},
    _M.COMPLETE: _all_to(_S.COMPLETED, _S.ARRIVED, _S.STARTED),
    _M.REMIND: _stay(_S.SENT, _S.ACCEPTED, _S.WAITLISTED, _S.APPOINTMENT, _S.ARRIVED, _S.STARTED),
    # After somebody arrived nothing is returned: the loop is closed, only its end is not told.
    _M.RETURN: _all_to(_S.RETURNED, _S.SENT, _S.ACCEPTED, _S.WAITLISTED, _S.APPOINTMENT),
    _M.REVOKE: dict.fromkeys(_S.open(), _S.WITHDRAWN),
    _M.EXPIRE: dict.fromkeys(_S.open(), _S.EXPIRED),
}

_WAITS: dict[ReferralState, Waits] = {
    _S.SUGGESTED: Waits.CLIENT,
    _S.PREPARED: Waits.CLIENT,
    _S.CARD: Waits.CLIENT,
    _S.ASKED: Waits.CLIENT,
    _S.OFFERED: Waits.CLIENT,
    _S.SECOND: Waits.COUNSELLOR,
    _S.RETURNED: Waits.COUNSELLOR,
    _S.SENT: Waits.PARTNER,
    _S.ACCEPTED: Waits.PARTNER,
    _S.WAITLISTED: Waits.PARTNER,
    _S.APPOINTMENT: Waits.PARTNER,
    _S.ARRIVED: Waits.PARTNER,
    _S.STARTED: Waits.PARTNER,
}

# What is missing for a move, where it is not that nothing was sent or that all is over.
_MISSING: dict[ReferralMove, Why] = {
    _M.CONFIRM: Why.NOT_PREPARED,
    _M.ANSWER: Why.NO_QUESTION,
    _M.PICK: Why.NO_OFFER,
    _M.NONE_FITS: Why.NO_OFFER,
    _M.MISS: Why.NO_APPOINTMENT,
    _M.BEGIN: Why.NOT_ARRIVED,
    _M.COMPLETE: Why.NOT_ARRIVED,
}
_BEFORE_SENDING = frozenset(
    [_M.PREPARE, _M.CONFIRM, _M.DISMISS, _M.TAKE_BACK, _M.TAKE_CODE, _M.SECOND_YES]
)


def after(move: ReferralMove, state: ReferralState) -> ReferralState:
    """Return the state that a move leads to. Raises IllegalReferralMove."""
    try:
        return _TABLE[move][state]
    except KeyError:
        raise IllegalReferralMove(move, state, why_not(move, state)) from None


def sources(move: ReferralMove) -> frozenset[ReferralState]:
    """Return the states from which a move is possible."""
    return frozenset(_TABLE[move])


def waits_for(state: ReferralState) -> Waits:
    """Return whose turn it is."""
    return _WAITS.get(state, Waits.NOBODY)


def why_not(move: ReferralMove, state: ReferralState) -> Why:
    """Return why a move that the table does not have is refused."""
    if state in _S.ended():
        return Why.ENDED
    if move in _M.of_clock():
        return (
            Why.WITH_COUNSELLOR
            if waits_for(state) is Waits.COUNSELLOR
            else (Why.HAS_ARRIVED if state in _S.arrived() else Why.WITH_CLIENT)
        )
    if state is _S.SECOND:
        return Why.NEEDS_SECOND
    if move in _BEFORE_SENDING and state not in _S.unsent():
        return Why.ALREADY_SENT
    if move in _MISSING:
        return _MISSING[move]
    if state in _S.unsent():
        return Why.NOT_SENT
    return Why.HAS_ARRIVED if state in _S.arrived() else _turn(state)


def _turn(state: ReferralState) -> Why:
    return {
        Waits.CLIENT: Why.WITH_CLIENT,
        Waits.COUNSELLOR: Why.WITH_COUNSELLOR,
    }.get(waits_for(state), Why.ALREADY_SENT)
