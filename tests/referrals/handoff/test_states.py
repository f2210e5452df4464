"""Every event in every state: what the model allows happens, everything else is refused by name."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from referrals import states
from referrals.handoff.fhir import TASK_STATUS
from referrals.models import Referral
from referrals.operations.referring import PAST
from referrals.states import (
    IllegalReferralMove,
    ReferralMove,
    ReferralState,
    Waits,
    Why,
    after,
    waits_for,
)

M, S = ReferralMove, ReferralState

# The model, written from design.md and the issue and not from the table: what must have happened, and
# what must not have, before an event may. `sent`: something is at the service. `with_client`: it waits
# for the client's answer.


def allowed(move: ReferralMove, at: ReferralState) -> bool:
    """Say whether an event may happen, as somebody would who only knows the issue."""
    ended = at in {S.COMPLETED, S.DECLINED, S.FORWARDED, S.DISMISSED, S.WITHDRAWN, S.EXPIRED}
    if ended:
        return False
    if move in {M.REVOKE, M.EXPIRE}:
        return True
    unsent = at in {S.SUGGESTED, S.PREPARED, S.SECOND, S.CARD}
    arrived = at in {S.ARRIVED, S.STARTED}
    rules = {
        M.PREPARE: at in {S.SUGGESTED, S.PREPARED},
        M.TAKE_CODE: at in {S.SUGGESTED, S.PREPARED},
        M.CONFIRM: at is S.PREPARED,
        M.SECOND_YES: at is S.SECOND,
        M.DISMISS: unsent and at is not S.SECOND,
        M.TAKE_BACK: unsent and at is not S.CARD,
        M.ANSWER: at is S.ASKED,
        M.PICK: at is S.OFFERED,
        M.NONE_FITS: at is S.OFFERED,
        M.MISS: at is S.APPOINTMENT,
        M.BEGIN: at is S.ARRIVED,
        M.COMPLETE: arrived,
        M.ARRIVE: not arrived and (not unsent or at is S.CARD),
        M.ASK_BACK: at in {S.SENT, S.WAITLISTED, S.RETURNED},
        M.OFFER: at in {S.ACCEPTED, S.WAITLISTED, S.OFFERED, S.APPOINTMENT, S.RETURNED},
        M.REMIND: at in {S.SENT, S.ACCEPTED, S.WAITLISTED, S.APPOINTMENT} or arrived,
        M.RETURN: at in {S.SENT, S.ACCEPTED, S.WAITLISTED, S.APPOINTMENT},
        M.ACCEPT: at in {S.SENT, S.ASKED, S.WAITLISTED, S.RETURNED},
        M.WAITLIST: at in {S.SENT, S.ASKED, S.ACCEPTED, S.WAITLISTED, S.RETURNED},
        M.FORWARD: at in {S.SENT, S.ASKED, S.ACCEPTED, S.WAITLISTED, S.RETURNED},
        M.DECLINE: at in {S.SENT, S.ASKED, S.ACCEPTED, S.WAITLISTED, S.OFFERED, S.RETURNED},
    }
    return rules[move]


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("move", list(M))
def test_every_event_in_every_state(move: ReferralMove, state: ReferralState) -> None:
    if allowed(move, state):
        assert after(move, state) in S
        return
    with pytest.raises(IllegalReferralMove) as refused:
        after(move, state)
    assert (refused.value.move, refused.value.state) == (move, state)
    assert isinstance(refused.value.why, Why)


def test_what_is_refused_says_why() -> None:
    reasons = {
        (M.ACCEPT, S.SUGGESTED): Why.NOT_SENT,
        (M.ACCEPT, S.WITHDRAWN): Why.ENDED,
        (M.CONFIRM, S.SUGGESTED): Why.NOT_PREPARED,
        (M.PREPARE, S.SENT): Why.ALREADY_SENT,
        (M.COMPLETE, S.ACCEPTED): Why.NOT_ARRIVED,
        (M.ANSWER, S.SENT): Why.NO_QUESTION,
        (M.PICK, S.ACCEPTED): Why.NO_OFFER,
        (M.MISS, S.ACCEPTED): Why.NO_APPOINTMENT,
        (M.ACCEPT, S.ARRIVED): Why.HAS_ARRIVED,
        (M.ACCEPT, S.SECOND): Why.NEEDS_SECOND,
        (M.RETURN, S.OFFERED): Why.WITH_CLIENT,
        (M.RETURN, S.STARTED): Why.HAS_ARRIVED,
        (M.REMIND, S.RETURNED): Why.WITH_COUNSELLOR,
    }
    assert {pair: states.why_not(*pair) for pair in reasons} == reasons


def test_every_open_state_waits_for_somebody_and_ended_ones_for_nobody() -> None:
    assert all(waits_for(state) is not Waits.NOBODY for state in S.open())
    assert all(waits_for(state) is Waits.NOBODY for state in S.ended())


def test_every_open_state_can_be_revoked_and_can_run_out() -> None:
    assert {state for state in S if after_or_none(M.REVOKE, state)} == S.open()
    assert {state for state in S if after_or_none(M.EXPIRE, state)} == S.open()


def test_every_state_and_move_has_its_words_everywhere() -> None:
    assert set(Referral.State.values) == {state.value for state in S}
    assert set(TASK_STATUS) == set(S)
    assert set(PAST) == set(M)


def after_or_none(move: ReferralMove, state: ReferralState) -> ReferralState | None:
    """Return where a move leads, or None where it is refused."""
    try:
        return after(move, state)
    except IllegalReferralMove:
        return None


class Life(RuleBasedStateMachine):
    """Any events in any order, beside a model that remembers what has happened."""

    def __init__(self) -> None:
        super().__init__()
        self.state = S.SUGGESTED
        self.consents = 0
        self.was_sent = False
        self.has_arrived = False
        self.over = False

    @rule(move=st.sampled_from(list(M)))
    def happens(self, move: ReferralMove) -> None:
        """Let one event happen, or be refused."""
        before = self.state
        if not allowed(move, before):
            with pytest.raises(IllegalReferralMove):
                after(move, before)
            assert self.state is before
            return
        self.state = after(move, before)
        self.consents += move in {M.CONFIRM, M.SECOND_YES}
        self.was_sent = self.was_sent or move in {M.CONFIRM, M.SECOND_YES}
        self.has_arrived = self.has_arrived or move is M.ARRIVE
        self.over = self.state in S.ended()

    @precondition(lambda self: self.state in S.with_partner())
    @invariant()
    def nobody_reads_without_a_consent(self) -> None:
        assert self.was_sent or self.has_arrived

    @invariant()
    def one_consent_is_for_one_sending(self) -> None:
        assert self.consents <= 1

    @precondition(lambda self: self.state in S.arrived())
    @invariant()
    def the_loop_is_closed_by_arriving_only(self) -> None:
        assert self.has_arrived

    @precondition(lambda self: self.over)
    @invariant()
    def nothing_leaves_an_end(self) -> None:
        assert all(after_or_none(move, self.state) is None for move in M)


Life.TestCase.settings = settings(max_examples=120, stateful_step_count=30, deadline=None)
TestLife = Life.TestCase
