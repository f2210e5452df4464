"""The house that chats: Nordhafen with its chat open, and who waits and sits in it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from accounts.models import Membership
from chat.models import Chat, ChatRules
from chat.operations import entering, speaking
from chat.operations.settings import set_rules
from counselling.models import Case
from tests.counselling.house import House, open_house
from tests.factories import holder_of
from tests.factories.cases import Asked
from tests.factories.replay import built_once
from vault.codes import AccessCode

# A Tuesday forenoon: within the hours that count where none are set.
FORENOON = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
WORRY = "Mein Sohn schläft seit Wochen nicht durch. Was kann ich tun?"


@dataclass(frozen=True, slots=True)
class Entered(Asked):
    """Somebody who has entered the chat."""

    def chat(self) -> Chat:
        """Return the latest chat of the case as it is in the database now."""
        return Chat.objects.filter(case=self.pk).latest("entered_at")


@built_once
def chatting_house() -> House:
    """Open the house and let it offer chats; nobody has planned shifts, so the whole team counts."""
    house = open_house()
    offer(house.nordhafen.pk, by=house.ada)
    return house


def offer(organisation: UUID, *, by: Membership, **rules: int) -> None:
    """Let an organisation offer chats."""
    set_rules(
        rules=ChatRules(organisation_id=organisation, **{"offered": True, **rules}),
        by=by,
        at=FORENOON,
    )


def enter(
    house: House, text: str = WORRY, *, in_danger: bool = False, at: datetime = FORENOON
) -> Entered:
    """Enter the chat as a parent does."""
    code = AccessCode.generate()
    case: Case = entering.enter(
        organisation=house.nordhafen,
        text=text,
        in_danger=in_danger,
        code=code,
        submission=uuid4(),
        at=at,
        together_with=lambda _holder: None,
    )
    return Entered(case, code)


def reply(
    entered: Entered, by: Membership, text: str = "Guten Tag.", *, at: datetime = FORENOON
) -> None:
    """Answer as the counsellor does, on a page or in another process."""
    speaking.reply(
        case=entered.pk, text=text, client_msg_id=uuid4(), by=by, holder=holder_of(by), at=at
    )
