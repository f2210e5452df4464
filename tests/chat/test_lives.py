"""Random lives of a chat: whatever people and clocks do in whatever order, it stands where a small model says."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from hypothesis import event, given, settings
from hypothesis import strategies as st

from accounts.models import Membership
from chat.models import Companion
from chat.operations import company, ending, moves, seats, speaking
from chat.states import ChatState
from counselling.models import Case, Claim, Message
from counselling.operations import cases
from counselling.states import CaseState, IllegalMove
from tests.chat.house import FORENOON, Entered, chatting_house, enter, offer
from tests.conftest import LONG
from tests.counselling.house import House
from tests.factories import holder_of
from vault.keyring import StaffHolder

pytestmark = pytest.mark.django_db(transaction=True)

KEEP = timedelta(minutes=2)  # that a place is kept
SEAT = timedelta(minutes=1)  # that a seat is (source: issue "Live chat")
QUIET, WARNED = (
    timedelta(minutes=2),
    timedelta(minutes=1),
)  # of silence: until the warning, until the end
LONGEST = timedelta(minutes=20)  # of a life
EXAMPLES = 150 if LONG else 20
REFUSED = (
    cases.NotHolder,
    cases.ClaimedByOther,
    moves.NoChat,
    company.NotSeated,
    IllegalMove,
    seats.NotThere,
)


@dataclass
class Model:
    """What a chat should be: the plan in a few lines."""

    now: datetime
    kept_until: datetime
    state: ChatState = ChatState.WAITING
    holder: str = ""
    seat_until: datetime | None = None
    said: list[tuple[Message.Role, str]] = field(default_factory=list)
    beside: set[str] = field(default_factory=set)
    owes: bool = False  # the client, a word
    stirred: datetime = FORENOON  # when somebody last wrote, sat down or said that they are there
    ends: datetime | None = None  # by itself, of silence

    @property
    def is_open(self) -> bool:
        return self.state in ChatState.open()

    @property
    def is_seated(self) -> bool:
        return self.state in ChatState.seated()

    def sit(self, who: str) -> None:
        self.state, self.holder, self.seat_until = ChatState.ACTIVE, who, self.now + SEAT

    def over(self, state: ChatState) -> None:
        self.state, self.seat_until, self.ends = state, None, None
        self.beside.clear()

    def stir(self) -> None:
        self.stirred, self.ends = self.now, None

    def say(self, role: Message.Role, text: str) -> None:
        self.said.append((role, text))
        self.owes = role is Message.Role.REPLY
        self.stir()

    def sweep(self) -> None:
        if (
            self.state is ChatState.ACTIVE
            and self.seat_until is not None
            and self.seat_until <= self.now
        ):
            self.state, self.ends = ChatState.INTERRUPTED, None
        if self.is_open and self.kept_until <= self.now:
            self.over(ChatState.LEFT)
        if self.state is ChatState.ACTIVE and self.owes and self.stirred + QUIET <= self.now:
            if self.ends is None:
                self.ends = self.now + WARNED
            elif self.ends <= self.now:
                self.over(ChatState.MAIL)


@dataclass
class Life:
    """One chat and its model. people: who may answer, by name, with what opens cases for them."""

    entered: Entered
    people: dict[str, tuple[Membership, StaffHolder]]
    model: Model

    def take(self, who: str) -> bool:
        seats.take(case=self.case, by=self.people[who][0], at=self.model.now)
        if self.model.holder != who or self.model.state is not ChatState.ACTIVE:
            self.model.sit(who)
        return True

    def may_take(self, who: str) -> bool:
        return self.model.state in (ChatState.WAITING, ChatState.INTERRUPTED) or (
            self.model.is_open and self.model.holder == who
        )

    def pass_on(self, who: str) -> None:
        to = next(name for name in self.people if name != who)
        member, holder = self.people[who]
        seats.pass_on(
            case=self.case,
            to=self.people[to][0],
            introduction="Meine Kollegin kennt sich damit aus.",
            client_msg_id=uuid4(),
            by=member,
            holder=holder,
            at=self.model.now,
        )
        self.model.say(Message.Role.REPLY, "Meine Kollegin kennt sich damit aus.")
        self.model.sit(to)

    def let_go(self, who: str) -> None:
        cases.release(case=self.case, by=self.people[who][0], at=self.model.now)
        self.model.holder, self.model.owes, self.model.ends = "", False, None
        if self.model.is_open:
            self.model.state, self.model.seat_until = ChatState.WAITING, None

    def claim(self, who: str) -> None:
        """Take the case from the queue, where it may lie whether or not its chat goes on."""
        cases.claim(case=self.case, by=self.people[who][0], at=self.model.now)
        if self.model.is_open and not self.holds(who):
            self.model.sit(who)
        self.model.holder = who

    def may_claim(self, who: str) -> bool:
        if self.model.is_open:
            return self.model.holder in ("", who)
        return self.holds(who) or self._case().state == CaseState.WAITING

    def join(self, who: str) -> None:
        member, holder = self.people[who]
        company.join(case=self.case, by=member, holder=holder, at=self.model.now)
        if not self.holds(who) and who not in self.model.beside:
            self.model.beside.add(who)
            self.model.stir()

    def leave_company(self, who: str) -> None:
        member, holder = self.people[who]
        company.leave(case=self.case, by=member, holder=holder, at=self.model.now)
        if who in self.model.beside:
            self.model.beside.remove(who)
            if not self.holds(who):
                self.model.stir()

    def end(self, who: str) -> None:
        member, holder = self.people[who]
        ending.end(
            case=self.case,
            summary="",
            client_msg_id=uuid4(),
            by=member,
            holder=holder,
            at=self.model.now,
        )
        self.model.over(ChatState.ENDED)
        self.model.holder = ""

    def to_mail(self, who: str) -> None:
        ending.to_mail(case=self.case, by=self.people[who][0], at=self.model.now)
        self.model.over(ChatState.MAIL)

    def answer(self, who: str) -> None:
        member, holder = self.people[who]
        text = f"Antwort {len(self.model.said)}"
        speaking.reply(
            case=self.case,
            text=text,
            client_msg_id=uuid4(),
            by=member,
            holder=holder,
            at=self.model.now,
        )
        self.model.say(Message.Role.REPLY, text)

    def may_answer(self, who: str) -> bool:
        return self.holds(who) or (who in self.model.beside and self.model.is_seated)

    def is_there(self, who: str) -> None:
        """Be connected as a counsellor: who comes back has the seat again."""
        speaking.keep_seat(case=self.case, by=self.people[who][0], at=self.model.now)
        mine = self.model.holder == who
        if mine and self.model.state in (ChatState.ACTIVE, ChatState.INTERRUPTED):
            self.model.sit(who)

    def client_is_there(self, _who: str) -> None:
        speaking.keep_place(case=self.case, at=self.model.now)
        # A third of the time is written off before the place is kept anew.
        left = self.model.kept_until - self.model.now
        if self.model.is_open and timedelta() < left < KEEP * 2 / 3:
            self.model.kept_until = self.model.now + KEEP

    def client_says(self, _who: str) -> None:
        text = f"Frage {len(self.model.said)}"
        sent = {"case": self.case, "text": text, "client_msg_id": uuid4()}
        # Twice, as after a lost acknowledgement: it is there once.
        for _time in range(2):
            speaking.say(**sent, holder=self.entered.holder, at=self.model.now)  # type: ignore[arg-type]
        self.model.say(Message.Role.CLIENT, text)

    def client_stays(self, _who: str) -> None:
        """Say "I am still there"."""
        ending.stay(case=self.case, at=self.model.now)
        self.model.stir()

    def client_takes_as_mail(self, _who: str) -> None:
        ending.take_as_mail(case=self.case, at=self.model.now)
        self.model.over(ChatState.MAIL)

    def client_leaves(self, _who: str) -> None:
        ending.leave(case=self.case, at=self.model.now)
        self.model.over(ChatState.LEFT)

    def passes(self, seconds: int) -> None:
        """Let time pass, after which the worker looks."""
        later = self.model.now + timedelta(seconds=seconds)
        if later < FORENOON + LONGEST:
            self.model.now = later
            ending.sweep(at=later)
            self.model.sweep()

    def nobody_writes(self, seconds: int) -> None:
        """Let time pass in which both stay connected."""
        for _part in range(0, seconds, 30):
            self.client_is_there("")
            if self.model.holder:
                self.is_there(self.model.holder)
            self.passes(30)

    @property
    def case(self) -> UUID:
        return self.entered.pk

    def _case(self) -> Case:
        return Case.objects.get(pk=self.case)

    def holds(self, who: str) -> bool:
        return self.model.holder == who

    def agrees(self) -> None:
        """Assert that the database says what the model says."""
        chat, model = self.entered.chat(), self.model
        claim = Claim.objects.filter(case=self.case, ended_at__isnull=True).select_related("member")
        assert chat.state == model.state
        assert (chat.seat_until, chat.kept_until) == (model.seat_until, model.kept_until)
        assert [one.member.name for one in claim] == ([model.holder] if model.holder else [])
        beside = Companion.objects.filter(chat=chat, left_at__isnull=True)
        assert {one.member.name for one in beside} == model.beside
        case = self._case()
        assert chat.ends_by_itself_at == model.ends
        assert (case.channel == "chat") == model.is_open
        assert (chat.over_at is None) == model.is_open
        # The thread: no gaps, and whatever was said, once and in order.
        thread = Message.objects.filter(case=case).order_by("seq").values_list("seq", "role")
        assert [seq for seq, _role in thread] == list(range(1, case.last_seq + 1))
        spoken = (Message.Role.CLIENT, Message.Role.REPLY)
        roles = [role for _seq, role in thread if role in spoken]
        assert roles == [role for role, _text in model.said]
        # Nothing is lost: who waits for an answer is in a queue or with somebody.
        if model.said[-1][0] is Message.Role.CLIENT and not model.is_open and not model.holder:
            assert case.state in (CaseState.WAITING, CaseState.CLOSED)


BY_STAFF: dict[Callable[[Life, str], object], Callable[[Life, str], bool]] = {
    Life.take: Life.may_take,
    Life.pass_on: lambda life, who: life.holds(who) and life.model.is_open,
    Life.let_go: Life.holds,
    Life.claim: Life.may_claim,
    Life.join: lambda life, _who: life.model.is_seated,
    Life.leave_company: lambda life, _who: life.model.is_open,
    Life.end: lambda life, who: life.holds(who) and life.model.is_open,
    Life.to_mail: lambda life, who: life.holds(who) and life.model.is_open,
    Life.answer: Life.may_answer,
    Life.is_there: lambda _life, _who: True,
}
BY_CLIENT: dict[Callable[[Life, str], object], Callable[[Life, str], bool]] = {
    Life.client_is_there: lambda _life, _who: True,
    Life.client_says: lambda _life, _who: True,
    Life.client_stays: lambda life, _who: life.model.is_open,
    Life.client_takes_as_mail: lambda life, _who: life.model.is_open,
    Life.client_leaves: lambda life, _who: life.model.is_open,
}
NAMES = ("Katrin Petersen", "Aylin Demir")
# What ends a life comes seldom, so that lives are long.
often = (
    Life.take,
    Life.is_there,
    Life.answer,
    Life.answer,
    Life.pass_on,
    Life.client_says,
    Life.join,
)
people_do = st.tuples(
    st.sampled_from([*BY_STAFF, *BY_CLIENT, *often, *often, Life.client_is_there]),
    st.sampled_from(NAMES),
)
times = st.tuples(st.just(Life.passes), st.sampled_from((15, 45, 61, 125)))
silences = st.tuples(st.just(Life.nobody_writes), st.sampled_from((60, 120, 180)))
# Half of the lives begin with an answer, so that there is something to fall silent after.
answered = [(Life.take, NAMES[0]), (Life.answer, NAMES[0])]
steps = st.tuples(
    st.sampled_from(([], answered)),
    st.lists(people_do | times | silences, min_size=4, max_size=14),
).map(lambda parts: [*parts[0], *parts[1]])


def test_a_chat_stands_where_its_life_has_led_it() -> None:
    house = chatting_house()
    offer(house.nordhafen.pk, by=house.ada, keep_minutes=2, quiet_minutes=2, quiet_end_minutes=1)
    people = {one.name: (one, holder_of(one)) for one in (house.katrin, house.aylin)}

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(steps)
    def lives(life: list[tuple[Callable[[Life, object], object], object]]) -> None:
        with transaction.atomic():
            _live(house, people, life)
            transaction.set_rollback(True)

    lives()


def _live(
    house: House,
    people: dict[str, tuple[Membership, StaffHolder]],
    steps: list[tuple[Callable[[Life, object], object], object]],
) -> None:
    entered = enter(house)
    model = Model(FORENOON, FORENOON + KEEP, said=[(Message.Role.CLIENT, "")])
    life = Life(entered, people, model)
    allowed = BY_STAFF | BY_CLIENT
    for step, what in steps:
        legal = step in (Life.passes, Life.nobody_writes) or allowed[step](life, what)  # type: ignore[arg-type]
        if legal:
            step(life, what)
        else:
            with pytest.raises(REFUSED), transaction.atomic():
                step(life, what)
        life.agrees()
    event(f"ends {model.state}")
    event(f"why: {entered.chat().why or '-'}")
