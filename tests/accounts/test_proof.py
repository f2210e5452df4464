"""Proof of work: what a browser brings counts once, for its form, for a while, and nothing else counts."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import altcha
import pytest
import time_machine
from django.utils import timezone

from accounts import proof
from accounts.proof import ProofExpired, ProofMissing, ProofRefused, ProofUsed, ProofWrong


def solved(challenge: str) -> str:
    """Solve a challenge as a browser does."""
    asked = altcha.Challenge.from_dict(json.loads(challenge))
    solution = altcha.solve_challenge(asked)
    assert solution is not None
    return altcha.Payload(asked, solution).to_base64()


def fresh(purpose: str = "ask") -> str:
    return solved(proof.challenge(purpose=purpose, at=timezone.now()))


def changed(solution: str, change: Callable[[dict[str, Any]], None]) -> str:
    """Return a solution with something else in it."""
    content = json.loads(base64.b64decode(solution))
    change(content)
    return base64.b64encode(json.dumps(content).encode()).decode()


def test_a_solved_challenge_counts_once() -> None:
    solution = fresh()
    proof.redeem(solution, purpose="ask", at=timezone.now())
    with pytest.raises(ProofUsed):
        proof.redeem(solution, purpose="ask", at=timezone.now())


def test_the_same_solution_written_differently_is_still_the_same() -> None:
    solution = fresh()
    proof.redeem(solution, purpose="ask", at=timezone.now())
    again = changed(solution, lambda content: content["solution"].update(time=12))
    assert again != solution
    with pytest.raises(ProofUsed):
        proof.redeem(again, purpose="ask", at=timezone.now())


def test_the_same_form_sent_twice_may_bring_it_twice_and_another_form_may_not() -> None:
    solution, question = fresh(), uuid4()
    for _time in range(2):
        proof.redeem(solution, purpose="ask", at=timezone.now(), again_for=question)
    with pytest.raises(ProofUsed):
        proof.redeem(solution, purpose="ask", at=timezone.now(), again_for=uuid4())


def test_it_counts_for_its_form_only() -> None:
    with pytest.raises(ProofWrong):
        proof.redeem(fresh("return"), purpose="ask", at=timezone.now())


def test_it_holds_for_three_hours() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        early, late = fresh(), fresh()
        clock.shift(proof.LIFETIME - timedelta(seconds=2))
        proof.redeem(early, purpose="ask", at=timezone.now())
        clock.shift(timedelta(seconds=4))
        with pytest.raises(ProofExpired):
            proof.redeem(late, purpose="ask", at=timezone.now())


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c["challenge"]["parameters"].update(cost=1),
        lambda c: c["challenge"]["parameters"].update(keyPrefix=""),
        lambda c: c["challenge"]["parameters"].update(expiresAt=None),
        lambda c: c["challenge"]["parameters"].update(expiresAt=9999999999),
        lambda c: c["challenge"]["parameters"].update(data={"purpose": "return"}),
        lambda c: c["challenge"]["parameters"].pop("keySignature"),
        lambda c: c["challenge"]["parameters"].update(algorithm="SHA-256"),
        lambda c: c["challenge"].update(signature="00" * 32),
        lambda c: c["challenge"].update(signature=None),
        lambda c: c["solution"].update(derivedKey="00" * 32),
        lambda c: c["solution"].update(derivedKey=None),
    ],
)
def test_whoever_changes_anything_has_no_proof(change: Callable[[dict[str, Any]], None]) -> None:
    with pytest.raises(ProofWrong):
        proof.redeem(changed(fresh(), change), purpose="ask", at=timezone.now())


@pytest.mark.parametrize(
    "junk",
    [
        "x",
        "ä",
        "e30=",
        "bnVsbA==",
        "W10=",
        "A" * 100_000,
        base64.b64encode(b'{"challenge":[],"solution":[]}').decode(),
        base64.b64encode(b'{"challenge":{"parameters":"x"},"solution":{}}').decode(),
        base64.b64encode(b"[" * 2000).decode(),
        base64.b64encode(
            b'{"challenge":{"parameters":{"algorithm":1,"nonce":2,"salt":3,"cost":"x"},'
            b'"signature":5},"solution":{"counter":-1,"derivedKey":7}}'
        ).decode(),
    ],
)
def test_junk_is_refused_with_a_name(junk: str) -> None:
    with pytest.raises(ProofRefused):
        proof.redeem(junk, purpose="ask", at=timezone.now())


def test_nothing_is_missing_and_not_wrong() -> None:
    with pytest.raises(ProofMissing):
        proof.redeem("", purpose="ask", at=timezone.now())


def test_a_challenge_names_nobody_and_stays_small() -> None:
    text = proof.challenge(purpose="ask", at=timezone.now())
    assert len(text) < 700
    assert len(fresh()) < proof.LONGEST / 2
    assert set(json.loads(text)["parameters"]["data"]) == {"purpose"}
