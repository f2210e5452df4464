"""Random lives of a case against a simple model: state, holder and promise always agree."""

from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import pytest
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from hypothesis.strategies import sampled_from

from accounts.models import Membership
from audit.models import TrailEntry
from counselling.models import Case, Claim, Message
from counselling.operations import cases, messages
from counselling.states import CaseState, IllegalMove
from tests import factories


class CaseLife(RuleBasedStateMachine):
    """A parent, two counsellors and a case. The model: who holds it, in which state, since when."""

    @initialize()
    def ask(self) -> None:
        where = factories.organisation(slug=f"o-{uuid4().hex[:12]}")
        self.people: list[Membership] = [factories.enrol(where, name) for name in ("Anna", "Bernd")]
        self.now = datetime(2026, 11, 17, 8, tzinfo=UTC)
        self.asked = factories.ask(where, at=self.now)
        self.case = self.asked.pk
        self.state = CaseState.WAITING
        self.holder: Membership | None = None
        self.visible = 1

    def later(self) -> datetime:
        self.now += timedelta(minutes=7)
        return self.now

    @rule(who=sampled_from([0, 1]))
    def claim(self, who: int) -> None:
        member = self.people[who]
        if self.state is CaseState.WAITING:
            cases.claim(case=self.case, by=member, at=self.later())
            self.state, self.holder = CaseState.CLAIMED, member
        elif self.holder == member:
            cases.claim(case=self.case, by=member, at=self.later())  # no error, no change
        else:
            with pytest.raises(cases.ClaimedByOther) as lost:
                cases.claim(case=self.case, by=member, at=self.later())
            assert lost.value.holder == self.holder

    @rule(who=sampled_from([0, 1]))
    def release(self, who: int) -> None:
        member = self.people[who]
        if self.holder == member:
            cases.release(case=self.case, by=member, at=self.later())
            self.state, self.holder = CaseState.WAITING, None
        else:
            with pytest.raises(cases.NotHolder):
                cases.release(case=self.case, by=member, at=self.later())

    @rule(who=sampled_from([0, 1]))
    def reply(self, who: int) -> None:
        member = self.people[who]
        answer = partial(
            messages.reply,
            case=self.case,
            text="Antwort",
            client_msg_id=uuid4(),
            by=member,
            holder=factories.holder_of(member),
        )
        if self.holder == member:
            answer(at=self.later())
            self.state = CaseState.ANSWERED
            self.visible += 1
        else:
            with pytest.raises(cases.NotHolder):
                answer(at=self.later())

    @rule()
    def client_writes(self) -> None:
        messages.write(
            case=self.case,
            text="Noch etwas",
            client_msg_id=uuid4(),
            in_danger=False,
            holder=self.asked.holder,
            at=self.later(),
        )
        self.visible += 1
        if self.state is CaseState.ANSWERED:
            self.state = CaseState.CLAIMED
        elif self.state is CaseState.CLOSED:
            self.state = CaseState.WAITING

    @rule(who=sampled_from([0, 1]))
    def hand_to_colleague(self, who: int) -> None:
        member, other = self.people[who], self.people[1 - who]
        if self.holder == member:
            self.hand(member, other)
            self.holder = other
        else:
            with pytest.raises(cases.NotHolder):
                self.hand(member, other)

    def hand(self, member: Membership, other: Membership) -> None:
        cases.hand_to_colleague(
            case=self.case,
            to=other,
            by=member,
            holder=factories.holder_of(member),
            at=self.later(),
        )

    @rule(who=sampled_from([0, 1]))
    def close(self, who: int) -> None:
        member = self.people[who]
        if self.holder == member:
            cases.close(
                case=self.case, by=member, holder=factories.holder_of(member), at=self.later()
            )
            self.state, self.holder = CaseState.CLOSED, None
            self.visible += 1
        else:
            with pytest.raises(cases.NotHolder):
                cases.close(
                    case=self.case, by=member, holder=factories.holder_of(member), at=self.later()
                )

    @rule(who=sampled_from([0, 1]))
    def reopen(self, who: int) -> None:
        member = self.people[who]
        if self.state is CaseState.CLOSED:
            cases.reopen(
                case=self.case, by=member, holder=factories.holder_of(member), at=self.later()
            )
            self.state, self.holder = CaseState.CLAIMED, member
            self.visible += 1
        else:
            with pytest.raises(IllegalMove):
                cases.reopen(
                    case=self.case, by=member, holder=factories.holder_of(member), at=self.later()
                )

    @precondition(lambda self: self.holder is not None)
    @rule()
    def holder_leaves(self) -> None:
        assert self.holder is not None
        cases.release_all_of(member=self.holder, by=self.people[0], at=self.later())
        self.state, self.holder = CaseState.WAITING, None

    @invariant()
    def row_and_model_agree(self) -> None:
        if not hasattr(self, "case"):
            return
        row = Case.objects.get(pk=self.case)
        assert row.state == self.state
        assert cases.holder_of(self.case) == self.holder
        assert Claim.objects.filter(case=row, ended_at__isnull=True).count() == bool(self.holder)
        # A promise runs exactly while the client waits for somebody.
        assert (row.due_at is not None) == (self.state in CaseState.client_waits())

    @invariant()
    def numbers_have_no_gap(self) -> None:
        if hasattr(self, "case"):
            numbers = list(Message.objects.filter(case=self.case).values_list("seq", flat=True))
            assert numbers == list(range(1, self.visible + 1))

    @invariant()
    def every_change_of_state_is_in_the_trail(self) -> None:
        if hasattr(self, "case"):
            last = TrailEntry.objects.filter(case=self.case).exclude(new="").latest("pk")
            assert last.new == self.state


@pytest.mark.django_db
def test_random_lives_of_a_case() -> None:
    run_state_machine_as_test(
        CaseLife, settings=settings(settings.default, stateful_step_count=25, max_examples=25)
    )
