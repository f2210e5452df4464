"""The gate of forms that anybody may send: two lanes, limits, and always a way on for a real parent."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from redis.exceptions import RedisError

from accounts import gate, throttle
from accounts.models import Organisation
from counselling.models import Case, Message
from tests import factories
from tests.accounts.test_proof import solved
from tests.counselling.pages import box, come_back, errors, hidden, words
from vault.codes import AccessCode

pytestmark = pytest.mark.django_db
ASK, RETURN = "/nordhafen/frage/", "/nordhafen/zurueck/"
LONG_TEXT = "Unser Sohn schläft nicht. " * 3


@pytest.fixture(autouse=True)
def nordhafen(settings: Settings) -> Organisation:
    """An organisation with the real limits."""
    settings.FORM_MINIMUM_AGE = 3
    settings.LIMITS_FACTOR = 1
    return factories.staffed("nordhafen")


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller


def fields(page: Any, *, work: bool) -> dict[str, str]:
    """Return what a form carries, with the challenge solved or not."""
    source = page.content.decode()
    carried = {name: hidden(page, name) for name in ("ticket", "opened") if f'"{name}"' in source}
    if work:
        found = re.search(r'data-proof="([^"]+)"', source)
        assert found
        carried["altcha"] = solved(unescape(found.group(1)))
    return carried


def question(client: Client, *, work: bool = False, **more: str) -> dict[str, str]:
    return {**fields(client.get(ASK), work=work), "text": LONG_TEXT, "danger": "nein", **more}


def test_with_the_work_done_a_question_is_taken_at_once(client: Client) -> None:
    assert client.post(ASK, question(client, work=True)).status_code == 302


def test_without_javascript_a_question_is_taken_after_some_seconds(
    client: Client, clock: time_machine.Traveller
) -> None:
    form = question(client)
    clock.shift(timedelta(seconds=4))
    assert client.post(ASK, form).status_code == 302


def test_who_is_too_fast_sends_the_same_page_again_and_it_goes(
    client: Client, clock: time_machine.Traveller
) -> None:
    page = client.post(ASK, question(client))
    assert "Das ging sehr schnell." in errors(page)
    assert box(page, "text").split() == LONG_TEXT.split()
    assert Case.objects.count() == 0
    form = {**fields(page, work=False), "text": box(page, "text")}
    clock.shift(timedelta(seconds=4))
    assert client.post(ASK, form).status_code == 302


@pytest.mark.parametrize("opened", ["", "kaputt", "\x00", "A" * 5000])
def test_a_form_without_its_time_is_asked_for_again(
    client: Client, clock: time_machine.Traveller, opened: str
) -> None:
    form = question(client, opened=opened)
    clock.shift(timedelta(minutes=1))
    page = client.post(ASK, form)
    assert "Es ist noch alles da." in errors(page)
    clock.shift(timedelta(seconds=4))
    again = {**fields(page, work=False), "text": box(page, "text")}
    assert client.post(ASK, again).status_code == 302


def test_a_form_that_was_open_all_night_needs_no_proof_any_more(
    client: Client, clock: time_machine.Traveller
) -> None:
    form = question(client, work=True)
    clock.shift(timedelta(hours=9))
    assert client.post(ASK, form).status_code == 302


def test_after_two_days_the_text_is_still_there_and_goes_at_the_second_try(
    client: Client, clock: time_machine.Traveller
) -> None:
    form = question(client, work=True)
    clock.shift(timedelta(days=2))
    page = client.post(ASK, form)
    assert "Ihr Text ist noch da." in errors(page)
    clock.shift(timedelta(seconds=4))
    again = {**fields(page, work=False), "text": box(page, "text")}
    assert client.post(ASK, again).status_code == 302


def test_two_tabs_do_not_hinder_each_other(client: Client) -> None:
    first, second = question(client, work=True), question(client, work=True)
    assert client.post(ASK, second).status_code == 302
    assert client.post(ASK, first).status_code == 302
    assert Case.objects.count() == 2


def test_a_double_click_is_one_question_and_nobody_is_asked_to_wait(client: Client) -> None:
    form = question(client, work=True)
    for _click in range(4):
        assert client.post(ASK, form).headers["Location"] == "/nordhafen/code/"
    assert Case.objects.count() == 1


def test_a_proof_that_was_used_is_none(client: Client, clock: time_machine.Traveller) -> None:
    form = question(client, work=True)
    client.post(ASK, form)
    stolen = question(client, altcha=form["altcha"])
    assert "Das ging sehr schnell." in errors(client.post(ASK, stolen))
    clock.shift(timedelta(seconds=4))
    sent = [
        client.post(ASK, question(client, altcha=form["altcha"], opened=stolen["opened"]))
        for _try in range(gate.QUESTION.without.times + 1)
    ]
    assert [answer.status_code for answer in sent] == [302] * gate.QUESTION.without.times + [429]


def flood(client: Client) -> Any:
    """Send questions without a proof until it is too much, and return the last answer."""
    with time_machine.travel(timezone.now(), tick=False) as clock:
        forms = [question(client) for _form in range(gate.QUESTION.without.times + 1)]
        clock.shift(timedelta(seconds=4))
        answers = [client.post(ASK, form) for form in forms]
    assert [a.status_code for a in answers[:-1]] == [302] * gate.QUESTION.without.times
    return answers[-1]


def test_too_much_gets_a_warm_page_with_help_the_text_and_the_time(client: Client) -> None:
    page = flood(client)
    assert page.status_code == 429
    assert page.headers["Retry-After"] == "900"
    assert "in 15 Minuten noch einmal" in words(page)
    assert "Rufen Sie jetzt an." in words(page)
    assert 'href="tel:' in page.content.decode()
    assert box(page, "text").split() == LONG_TEXT.split()
    assert Case.objects.count() == gate.QUESTION.without.times


def test_after_the_wait_it_goes_on_with_the_same_form(client: Client, settings: Settings) -> None:
    # Redis has a clock of its own, which nobody here can set forward.
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    with time_machine.travel(timezone.now(), tick=False) as clock:
        page = flood(client)
        form = {**fields(page, work=False), "text": box(page, "text")}
        clock.shift(timedelta(minutes=15, seconds=5))
        assert client.post(ASK, form).status_code == 302


def test_who_does_the_work_is_not_held_up_by_a_flood_without(client: Client) -> None:
    assert flood(client).status_code == 429
    assert client.post(ASK, question(client, work=True)).status_code == 302


def test_another_family_is_not_held_up(client: Client) -> None:
    assert flood(client).status_code == 429
    neighbour = Client(REMOTE_ADDR="203.0.113.9")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        form = question(neighbour)
        clock.shift(timedelta(seconds=4))
        assert neighbour.post(ASK, form).status_code == 302


def test_mistakes_in_the_form_do_not_count(client: Client, clock: time_machine.Traveller) -> None:
    form = question(client, work=True)
    for _mistake in range(40):
        assert client.post(ASK, {**form, "text": ""}).status_code == 200
    assert client.post(ASK, form).status_code == 302


def test_a_cache_that_is_down_locks_nobody_out(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Callable[..., Any]:
            def fail(*_args: Any, **_kwargs: Any) -> Any:
                raise RedisError

            return fail

    monkeypatch.setattr(throttle, "cache", Broken())
    for _question in range(3):
        assert client.post(ASK, question(client, work=True)).status_code == 302


def test_codes_are_tried_only_so_often_and_the_right_one_waits_like_the_wrong(
    client: Client, clock: time_machine.Traveller
) -> None:
    asked = factories.ask(Organisation.objects.get())
    entry = fields(client.get(RETURN), work=False)
    clock.shift(timedelta(seconds=4))
    for _try in range(gate.CODE.without.times):
        wrong = AccessCode.generate().display()
        assert client.post(RETURN, {**entry, "code": wrong}).status_code == 200
    right = client.post(RETURN, {**entry, "code": asked.code.display()})
    wrong_page = client.post(RETURN, {**entry, "code": AccessCode.generate().display()})
    assert right.status_code == wrong_page.status_code == 429
    assert box(right, "code") == asked.code.display()
    assert "in 15 Minuten noch einmal" in words(right)
    proven = {**fields(right, work=True), "code": asked.code.display()}
    assert client.post(RETURN, proven).headers["Location"] == "/nordhafen/gespraech/"


def test_one_proof_is_one_try_at_a_code(client: Client, clock: time_machine.Traveller) -> None:
    entry = fields(client.get(RETURN), work=True)
    first = client.post(RETURN, {**entry, "code": AccessCode.generate().display()})
    assert "Zu diesem Code finden wir kein Gespräch." in errors(first)
    second = client.post(RETURN, {**entry, "code": AccessCode.generate().display()})
    assert "Das ging sehr schnell." in errors(second)


@pytest.fixture
def sabine(client: Client, settings: Settings) -> Client:
    """Sabine's browser with her conversation open, with an answer in it."""
    here = Organisation.objects.get()
    asked = factories.ask(here)
    factories.reply(asked, factories.enrol(here, "Katrin"))
    settings.FORM_MINIMUM_AGE = 0
    come_back(client, asked.code.display())
    settings.FORM_MINIMUM_AGE = 3
    return client


def test_messages_are_limited_and_the_text_stays(sabine: Client) -> None:
    path = "/nordhafen/gespraech/schreiben/"
    for number in range(gate.MESSAGE.times):
        form = {"message": str(uuid4()), "text": f"Nachricht {number}"}
        assert sabine.post(path, form).status_code == 302
    form = {"message": str(uuid4()), "text": "Die eine zu viel."}
    page = sabine.post(path, form)
    assert page.status_code == 429
    assert box(page, "text") == "Die eine zu viel."
    assert hidden(page, "message") == form["message"]
    assert "Rufen Sie jetzt an." in words(page)
    assert Message.objects.filter(role="client").count() == gate.MESSAGE.times + 1


def test_ratings_are_limited_and_the_words_stay(sabine: Client) -> None:
    form = {"stars": "4", "text": "Danke Ihnen."}
    path = "/nordhafen/gespraech/bewerten/"
    answers = [sabine.post(path, form) for _rating in range(gate.RATING.times + 1)]
    assert [answer.status_code for answer in answers] == [302] * gate.RATING.times + [429]
    assert "Danke Ihnen." in answers[-1].content.decode()


@pytest.mark.parametrize(
    ("method", "path", "rate"),
    [("get", "mitnehmen/", gate.DOWNLOAD), ("get", "mitnehmen/?als=json", gate.DOWNLOAD)],
)
def test_downloads_are_limited(sabine: Client, method: str, path: str, rate: Any) -> None:
    address = f"/nordhafen/gespraech/{path}"
    answers = [getattr(sabine, method)(address) for _time in range(rate.times + 1)]
    assert [answer.status_code for answer in answers] == [200] * rate.times + [429]
    assert "in 15 Minuten noch einmal" in words(answers[-1])
    assert "schläft" not in answers[-1].content.decode()


def test_deletions_are_limited_and_asking_about_them_is_not(sabine: Client) -> None:
    path = "/nordhafen/gespraech/loeschen/"
    who = throttle.name_of("client", "127.0.0.1", bits=throttle.CLIENT_BITS)
    cache.set(f"throttle:{gate.DELETION.name}:{who}", gate.DELETION.times, 900)
    assert sabine.get(path).status_code == 200
    assert sabine.post(path).status_code == 429
    assert Case.objects.count() == 1
    cache.clear()
    assert sabine.post(path).status_code == 302
    assert Case.objects.count() == 0


def test_nobody_is_counted_where_the_server_does_not_know_who_it_is(
    client: Client, settings: Settings
) -> None:
    settings.BEHIND_PROXY = True
    for _question in range(gate.QUESTION.with_proof.times + 2):
        assert client.post(ASK, question(client, work=True)).status_code == 302
