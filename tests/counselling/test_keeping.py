"""Sums that took long to count are shown again for a while; others are counted at every look."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.core.cache import cache

from counselling import keeping

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Sum:
    """What was counted, and when."""

    at: datetime


def count(_of: UUID, at: datetime) -> Sum:
    """Count nothing."""
    return Sum(at)


@pytest.fixture(autouse=True)
def from_a_second_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counting takes long from a second on; other tests keep nothing."""
    monkeypatch.setattr(keeping, "LONG", 1.0)


def taking(seconds: float) -> Callable[[], float]:
    """Return a clock by which counting takes so long."""
    times: Iterator[float] = iter([0.0, seconds])
    return lambda: next(times)


def test_what_took_long_is_of_then() -> None:
    house = uuid4()
    assert keeping.kept(count, house, at=NOON, clock=taking(2)).at == NOON
    later = NOON + timedelta(seconds=5)
    assert keeping.kept(count, house, at=later, clock=taking(2)).at == NOON


def test_what_was_quick_is_counted_again() -> None:
    house = uuid4()
    keeping.kept(count, house, at=NOON, clock=taking(0.5))
    later = NOON + timedelta(seconds=5)
    assert keeping.kept(count, house, at=later, clock=taking(0.5)).at == later


def test_another_house_has_its_own() -> None:
    keeping.kept(count, uuid4(), at=NOON, clock=taking(2))
    later = NOON + timedelta(seconds=5)
    assert keeping.kept(count, uuid4(), at=later, clock=taking(2)).at == later


def test_it_is_kept_for_a_share_of_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[float] = []
    monkeypatch.setattr(cache, "set", lambda _key, _value, seconds: kept.append(seconds))
    keeping.kept(count, uuid4(), at=NOON, share=20, clock=taking(2))
    keeping.kept(count, uuid4(), at=NOON, clock=taking(1000))
    assert kept == [40, keeping.LONGEST]
