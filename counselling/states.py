"""Which moves of a case and of a consultation are legal. Pure: no database, no clock."""

from enum import StrEnum


class CaseState(StrEnum):
    """Where a case stands, from first word to deletion."""

    WAITING = "waiting"  # in the queue; the client waits, nobody holds it
    CLAIMED = "claimed"  # a counsellor holds it; the client waits
    ANSWERED = "answered"  # a counsellor holds it; it waits for the client
    CLOSED = "closed"

    @classmethod
    def open(cls) -> frozenset["CaseState"]:
        """Return the states of a case that is not closed."""
        return frozenset([cls.WAITING, cls.CLAIMED, cls.ANSWERED])

    @classmethod
    def held(cls) -> frozenset["CaseState"]:
        """Return the states in which a counsellor holds the case."""
        return frozenset([cls.CLAIMED, cls.ANSWERED])

    @classmethod
    def quiet(cls) -> frozenset["CaseState"]:
        """Return the states in which nobody waits for anything: what rests there is deleted in time."""
        return frozenset([cls.ANSWERED, cls.CLOSED])

    @classmethod
    def client_waits(cls) -> frozenset["CaseState"]:
        """Return the states in which the client waits for an answer and a due time runs."""
        return frozenset([cls.WAITING, cls.CLAIMED])


class Move(StrEnum):
    """What can happen to a case."""

    CLAIM = "claim"
    RELEASE = "release"
    HAND_TO_COLLEAGUE = "hand_to_colleague"
    HAND_TO_TEAM = "hand_to_team"
    REPLY = "reply"
    CLIENT_WRITES = "client_writes"
    CLOSE = "close"
    REOPEN = "reopen"


_TABLE: dict[Move, dict[CaseState, CaseState]] = {
    Move.CLAIM: {CaseState.WAITING: CaseState.CLAIMED},
    Move.RELEASE: {
        CaseState.CLAIMED: CaseState.WAITING,
        # Nobody waits for an answer, yet nobody holds it any more: it must be seen by somebody.
        CaseState.ANSWERED: CaseState.WAITING,
    },
    Move.HAND_TO_COLLEAGUE: {
        CaseState.CLAIMED: CaseState.CLAIMED,
        CaseState.ANSWERED: CaseState.ANSWERED,
    },
    Move.HAND_TO_TEAM: {
        CaseState.WAITING: CaseState.WAITING,
        CaseState.CLAIMED: CaseState.WAITING,
        CaseState.ANSWERED: CaseState.WAITING,
    },
    Move.REPLY: {
        CaseState.CLAIMED: CaseState.ANSWERED,
        CaseState.ANSWERED: CaseState.ANSWERED,
    },
    Move.CLIENT_WRITES: {
        CaseState.WAITING: CaseState.WAITING,
        CaseState.CLAIMED: CaseState.CLAIMED,
        CaseState.ANSWERED: CaseState.CLAIMED,
        CaseState.CLOSED: CaseState.WAITING,
    },
    Move.CLOSE: {
        CaseState.CLAIMED: CaseState.CLOSED,
        CaseState.ANSWERED: CaseState.CLOSED,
    },
    Move.REOPEN: {CaseState.CLOSED: CaseState.CLAIMED},
}


class IllegalMove(Exception):
    """The move is not possible from this state. `move` and `state` say which and where."""

    def __init__(self, move: Move, state: CaseState) -> None:
        super().__init__(f"{move} is not possible while a case is {state}")
        self.move = move
        self.state = state


def after(move: Move, state: CaseState) -> CaseState:
    """Return the state that a move leads to. Raises IllegalMove."""
    try:
        return _TABLE[move][state]
    except KeyError:
        raise IllegalMove(move, state) from None


def sources(move: Move) -> frozenset[CaseState]:
    """Return the states from which a move is possible."""
    return frozenset(_TABLE[move])


class ConsultationState(StrEnum):
    """Where a consultation stands: a colleague or a team is asked for advice inside a case."""

    ASKED = "asked"
    ANSWERED = "answered"  # at least once; who was asked may answer again
    CLOSED = "closed"  # done with: who was asked reads it no more
    WITHDRAWN = "withdrawn"  # ended before anybody answered

    @classmethod
    def open(cls) -> frozenset["ConsultationState"]:
        """Return the states in which who was asked may read and answer."""
        return frozenset([cls.ASKED, cls.ANSWERED])


class ConsultationMove(StrEnum):
    """What can happen to a consultation."""

    ANSWER = "answer"
    CLOSE = "close"
    WITHDRAW = "withdraw"
    END = "end"  # nobody can go on: the case was closed, or who was asked has left


_CONSULTATIONS: dict[ConsultationMove, dict[ConsultationState, ConsultationState]] = {
    ConsultationMove.ANSWER: {
        ConsultationState.ASKED: ConsultationState.ANSWERED,
        ConsultationState.ANSWERED: ConsultationState.ANSWERED,
    },
    ConsultationMove.CLOSE: {ConsultationState.ANSWERED: ConsultationState.CLOSED},
    ConsultationMove.WITHDRAW: {ConsultationState.ASKED: ConsultationState.WITHDRAWN},
    ConsultationMove.END: {
        ConsultationState.ASKED: ConsultationState.WITHDRAWN,
        ConsultationState.ANSWERED: ConsultationState.CLOSED,
    },
}


class ConsultationMoved(Exception):
    """The consultation stands elsewhere by now: answered, closed or withdrawn. `state`: where."""

    def __init__(self, move: ConsultationMove, state: ConsultationState) -> None:
        super().__init__(f"{move} is not possible while a consultation is {state}")
        self.move = move
        self.state = state


def consultation_after(move: ConsultationMove, state: ConsultationState) -> ConsultationState:
    """Return the state that a move of a consultation leads to. Raises ConsultationMoved."""
    try:
        return _CONSULTATIONS[move][state]
    except KeyError:
        raise ConsultationMoved(move, state) from None
