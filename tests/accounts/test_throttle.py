"""How often somebody may try: growing waits that end, counted under names nobody can turn back."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache, caches
from django.test import RequestFactory
from pytest_django import Settings

from accounts import throttle
from accounts.throttle import Brake, Rate, client_of, name_of

BRAKE = Brake("test", free=3, first=2, longest=8, memory=600)
KATRIN = "katrin.petersen@nordhafen.example"
OFFICE = "203.0.113.77"


IN_MEMORY = {
    "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
    "LOCATION": "throttle-test",
}


def count_in(monkeypatch: pytest.MonkeyPatch, backend: dict[str, Any]) -> None:
    monkeypatch.setitem(caches.settings, "under-test", backend)
    chosen = caches.create_connection("under-test")
    chosen.clear()
    monkeypatch.setattr(throttle, "cache", chosen)


@pytest.fixture(params=["memory", "redis"])
def either_cache(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Count in the cache of the embedded default, and in Redis as beyond one machine."""
    if request.param == "redis" and not settings.REDIS_URL:
        pytest.skip("no Redis in this run")
    redis: dict[str, Any] = settings.CACHES["default"]
    count_in(monkeypatch, IN_MEMORY if request.param == "memory" else redis)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[time_machine.Traveller]:
    """Count in memory, where the cache's time is ours: Redis has a clock of its own."""
    count_in(monkeypatch, IN_MEMORY)
    with time_machine.travel(1_800_000_000, tick=False) as traveller:
        yield traveller


def tries(number: int, who: str = "katrin") -> list[bool]:
    return [BRAKE.take(who) for _try in range(number)]


def test_the_first_tries_are_free_and_then_one_waits(either_cache: None) -> None:
    assert tries(6) == [True, True, True, True, False, False]


def test_the_wait_doubles_up_to_its_limit_and_always_ends(clock: time_machine.Traveller) -> None:
    assert tries(4) == [True] * 4
    for wait in (2, 4, 8, 8, 8):
        clock.shift(wait - 0.5)
        assert not BRAKE.take("katrin")
        clock.shift(0.6)
        assert BRAKE.take("katrin")


def test_who_comes_too_early_a_hundred_times_waits_no_longer_for_it(
    clock: time_machine.Traveller,
) -> None:
    assert tries(4) == [True] * 4
    assert not any(tries(100))
    clock.shift(2.1)
    assert BRAKE.take("katrin")


def test_aylin_does_not_wait_for_katrins_tries(either_cache: None) -> None:
    tries(10, "katrin")

    assert tries(3, "aylin") == [True] * 3


def test_who_has_shown_that_it_was_them_begins_anew(either_cache: None) -> None:
    tries(10)
    BRAKE.forget("katrin")

    assert tries(4) == [True] * 4


def test_a_right_try_does_not_count(either_cache: None) -> None:
    for _colleague in range(20):
        assert BRAKE.take("office")
        BRAKE.give_back("office")

    assert BRAKE.tried("office") == 0


def test_everything_is_forgotten_after_a_while(clock: time_machine.Traveller) -> None:
    tries(10)
    clock.shift(601)

    assert tries(4) == [True] * 4


def test_of_twenty_at_the_same_moment_no_more_get_through_than_one_after_the_other(
    either_cache: None,
) -> None:
    start = threading.Barrier(20)
    passed: list[bool] = []

    def attempt() -> None:
        start.wait()
        passed.append(BRAKE.take("katrin"))

    threads = [threading.Thread(target=attempt) for _number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(passed) == 4


def test_a_rate_allows_so_many_in_its_window(either_cache: None) -> None:
    rate = Rate("asked", times=2, window=60)

    assert [rate.take("here"), rate.take("here"), rate.take("here")] == [True, True, False]
    assert rate.take("there")


def test_a_name_shows_no_address_and_changes_with_its_key() -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=OFFICE)

    first = name_of("address", KATRIN)
    assert "katrin" not in first
    assert OFFICE not in (client_of(request) or "")
    cache.clear()  # as when the key's day is over
    assert name_of("address", KATRIN) != first


def test_an_address_on_the_internet_is_kept_so_short_that_hundreds_share_a_name() -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=OFFICE)

    assert len((client_of(request) or "").removeprefix("client:")) * 4 == 24


def test_one_household_has_one_name_whichever_of_its_ipv6_addresses_it_uses() -> None:
    def client(address: str) -> str | None:
        return client_of(RequestFactory().get("/", REMOTE_ADDR=address))

    assert client("2001:db8:1:2::1") == client("2001:db8:1:2:ffff::9")
    assert client("2001:db8:1:2::1") != client("2001:db8:1:3::1")


def test_only_what_the_own_proxy_added_counts(settings: Settings) -> None:
    def client(forwarded: str) -> str | None:
        request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forwarded)
        return client_of(request)

    assert client("198.51.100.1") == client("198.51.100.2")  # no proxy: what it says is ignored
    settings.BEHIND_PROXY = True
    assert client(f"198.51.100.1, {OFFICE}") == client(f"198.51.100.2, {OFFICE}")
    assert client("198.51.100.1") != client("198.51.100.2")


@pytest.mark.parametrize("shown", ["", "unix:", "not an address", "\x00"])
def test_where_nobody_knows_where_it_comes_from_nobody_is_counted(shown: str) -> None:
    assert client_of(RequestFactory().get("/", REMOTE_ADDR=shown)) is None


def test_a_cache_that_is_down_locks_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://127.0.0.1:9",  # the port of the service `discard`: nobody listens
    }
    monkeypatch.setitem(caches.settings, "gone", gone)
    monkeypatch.setattr(throttle, "cache", caches.create_connection("gone"))

    assert tries(20, name_of("address", KATRIN)) == [True] * 20
