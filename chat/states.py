"""Which moves of a chat are legal. Pure: no database, no clock."""

from enum import StrEnum


class ChatState(StrEnum):
    """Where a chat stands. What was said in it is in its case, whatever becomes of the chat."""

    WAITING = "waiting"  # in line; nobody sits in it
    ACTIVE = "active"  # a counsellor sits in it
    INTERRUPTED = "interrupted"  # the counsellor's connection is gone; a colleague may take it
    ENDED = "ended"  # a counsellor has ended it
    MAIL = "mail"  # it goes on as messages
    LEFT = "left"  # the client has gone; what they wrote is answered as a message

    @classmethod
    def open(cls) -> frozenset["ChatState"]:
        """Return the states of a chat that goes on."""
        return frozenset([cls.WAITING, cls.ACTIVE, cls.INTERRUPTED])

    @classmethod
    def seated(cls) -> frozenset["ChatState"]:
        """Return the states in which a counsellor has the chat."""
        return frozenset([cls.ACTIVE, cls.INTERRUPTED])


class ChatMove(StrEnum):
    """What can happen to a chat."""

    TAKE = "take"  # somebody sits down
    GIVE_BACK = "give_back"  # its counsellor lets go: back into the line, in the old place
    LOSE = "lose"  # its counsellor's connection is gone for too long
    COME_BACK = "come_back"  # and is there again
    END = "end"
    TO_MAIL = "to_mail"
    LEAVE = "leave"


_TABLE: dict[ChatMove, dict[ChatState, ChatState]] = {
    ChatMove.TAKE: {ChatState.WAITING: ChatState.ACTIVE},
    ChatMove.GIVE_BACK: dict.fromkeys(ChatState.seated(), ChatState.WAITING),
    ChatMove.LOSE: {ChatState.ACTIVE: ChatState.INTERRUPTED},
    ChatMove.COME_BACK: {ChatState.INTERRUPTED: ChatState.ACTIVE},
    ChatMove.END: dict.fromkeys(ChatState.seated(), ChatState.ENDED),
    ChatMove.TO_MAIL: dict.fromkeys(ChatState.open(), ChatState.MAIL),
    ChatMove.LEAVE: dict.fromkeys(ChatState.open(), ChatState.LEFT),
}


class IllegalMove(Exception):
    """The move is not possible from this state. `move` and `state` say which and where."""

    def __init__(self, move: ChatMove, state: ChatState) -> None:
        super().__init__(f"{move} is not possible while a chat is {state}")
        self.move = move
        self.state = state


def after(move: ChatMove, state: ChatState) -> ChatState:
    """Return the state that a move leads to. Raises IllegalMove."""
    try:
        return _TABLE[move][state]
    except KeyError:
        raise IllegalMove(move, state) from None
