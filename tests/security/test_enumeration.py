"""Trying codes tells nothing: what never was and what was deleted look the same and take as long.

A code that exists opens its conversation: whoever has all 120 bits may. So what must not differ is
everything short of that: with a wrong character, and while the gate is closed, also a code that exists
answers as any other.
"""

import random
import re
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client
from pytest_django import Settings

from audit import trail
from counselling.operations import cases
from tests import factories
from tests.conftest import LONG
from tests.factories import Asked
from vault.codes import AccessCode

pytestmark = pytest.mark.django_db
SAMPLES = 2000 if LONG else 100
ROUNDS = 3
# Of the median. The long form holds the promise itself, by the clock on the wall and on a machine of
# its own; the short one looks at the processor's time, which no other program spoils.
APART = 0.05 if LONG else 0.15
CLOCK = time.perf_counter if LONG else time.process_time
RETURN = "/nordhafen/zurueck/"


@dataclass(frozen=True)
class Codes:
    """Ways to make a code of each kind that can be tried. No two tries are the same where possible."""

    existing: list[Asked]
    deleted: list[AccessCode]

    def kinds(self) -> dict[str, Callable[[], str]]:
        return {
            "existing": lambda: random.choice(self.existing).code.display(),  # noqa: PLW0108 - chosen anew each time
            "unknown": lambda: AccessCode.generate().display(),
            "deleted": lambda: random.choice(self.deleted).display(),
        }


@pytest.fixture
def codes() -> Codes:
    here = factories.organisation("nordhafen")
    factories.enrol(here, "Katrin Petersen")
    asked = [factories.ask(here, "Er schläft nicht.") for _case in range(20)]
    for gone in asked[10:]:
        cases.delete(case=gone.pk, by=trail.CLIENT, at=gone.case.created_at)
    return Codes(asked[:10], [gone.code for gone in asked[10:]])


def with_a_wrong_character(code: str) -> str:
    return code[:-1] + ("2" if code[-1] != "2" else "3")


def what_is_shown(source: bytes) -> str:
    """Return a page without what is different at every look: sealed and typed values."""
    return re.sub(r'(value|data-proof)="[^"]*"', "", source.decode())


def try_all(kinds: dict[str, Callable[[], str]], samples: int) -> dict[str, list[float]]:
    """Try codes of each kind in turn; return how long each took, in seconds.

    Fails when two answers differ in anything but time.
    """
    browser = Client()
    took: dict[str, list[float]] = defaultdict(list)
    shown = set()
    order = list(kinds)
    for _round in range(samples):
        random.shuffle(order)
        for kind in order:
            code = kinds[kind]()
            start = CLOCK()
            answer = browser.post(RETURN, {"code": code})
            took[kind].append(CLOCK() - start)
            shown.add((answer.status_code, what_is_shown(answer.content)))
            assert not browser.session.keys(), kind
    assert len(shown) == 1, "the answers differ"
    return took


def alike(what: str, kinds: dict[str, Callable[[], str]], figures: list[str]) -> None:
    """Try until the medians are as close as they must be, at most three rounds."""
    took: dict[str, list[float]] = defaultdict(list)
    for _round in range(ROUNDS):
        for kind, more in try_all(kinds, SAMPLES).items():
            took[kind] += more
        medians = {kind: statistics.median(times) for kind, times in took.items()}
        apart = max(medians.values()) / min(medians.values()) - 1
        if apart <= APART:
            break
    times = took[next(iter(kinds))]
    listed = ", ".join(f"{kind} {median * 1000:.2f} ms" for kind, median in medians.items())
    figures.append(
        f"enumeration, {what}: {len(times)} samples each, same body, {CLOCK.__name__} medians {listed}, "
        f"{apart:.1%} apart"
    )
    assert apart <= APART, figures[-1]


def test_unknown_and_deleted_codes(codes: Codes, figures: list[str]) -> None:
    kinds = codes.kinds()
    alike("whole codes", {k: kinds[k] for k in ("unknown", "deleted")}, figures)


def test_codes_with_a_wrong_character(codes: Codes, figures: list[str]) -> None:
    def wrong(make: Callable[[], str]) -> Callable[[], str]:
        return lambda: with_a_wrong_character(make())

    alike("one character wrong", {k: wrong(m) for k, m in codes.kinds().items()}, figures)


def test_while_the_gate_is_closed(codes: Codes, figures: list[str], settings: Settings) -> None:
    settings.FORM_MINIMUM_AGE = 3
    alike("sent too fast", codes.kinds(), figures)
    settings.FORM_MINIMUM_AGE, settings.LIMITS_FACTOR = 0, 0
    alike("sent too often", codes.kinds(), figures)


def test_a_code_that_exists_opens_its_conversation(codes: Codes) -> None:
    """The difference that there must be, and that the tests above would see."""
    kinds = codes.kinds()
    with pytest.raises(AssertionError):
        try_all({k: kinds[k] for k in ("existing", "unknown")}, 1)
