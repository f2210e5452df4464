"""Signing in: password, a code that works once, an organisation; and out again."""

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.urls import reverse
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import throttle
from accounts.models import Membership, Role
from accounts.operations import staff
from audit.models import TrailEntry
from counselling.operations import cases
from counselling.states import CaseState
from tests.accounts.authenticator import (
    code_now,
    show_code,
    show_password,
    sign_in,
    wrong_code,
)
from tests.counselling.house import House, open_house
from tests.factories import PASSWORD, ask, claim, enrol
from tests.factories.sessions import signed_in

MONDAY = datetime(2026, 11, 23, 9, 0, 5, tzinfo=UTC)
SENTENCE = "Diese E-Mail-Adresse und dieses Passwort passen nicht zusammen."


def without_token(html: bytes) -> str:
    """Return a page without what differs from one answer to the next: the form's own token."""
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", html.decode())


def test_katrin_signs_in_with_password_and_code_and_lands_in_the_queue(
    client: Client, house: House
) -> None:
    assert sign_in(client, house.katrin) == reverse("desk")
    assert client.get(reverse("desk")).headers["Location"] == reverse("queue")
    entered = TrailEntry.objects.get(action="staff.entered")
    assert entered.actor == house.katrin.pk


def test_the_password_alone_opens_nothing(client: Client, house: House) -> None:
    show_password(client, house.katrin)

    assert client.get(reverse("queue")).headers["Location"].startswith(reverse("login"))


def test_a_code_works_once(client: Client, house: House) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        code = code_now()
        show_password(client, house.katrin)
        assert show_code(client, code) == reverse("desk")

        second = Client()
        show_password(second, house.katrin)
        response = second.post(reverse("login-code"), {"code": code})

        assert "wurde schon benutzt" in response.content.decode()
        assert second.get(reverse("queue")).status_code == 302
        clock.shift(31)
        assert show_code(second, code_now()) == reverse("desk")


def test_wrong_codes_make_one_wait(client: Client, house: House) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        show_password(client, house.katrin)
        assert "Dieser Code stimmt nicht" in post_code(client, wrong_code())
        assert "Bitte warten Sie 1 Sekunde " in post_code(client, code_now())
        clock.shift(2)
        assert "Dieser Code stimmt nicht" in post_code(client, wrong_code())
        assert "Bitte warten Sie 2 Sekunden" in post_code(client, code_now())
        clock.shift(3)
        assert show_code(client, code_now()) == reverse("desk")


def post_code(client: Client, code: str) -> str:
    """Send a code and return the page."""
    return str(client.post(reverse("login-code"), {"code": code}).content.decode())


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "12\x003456", "−12345", "１２３４５６"]
)
def test_what_is_no_code_is_answered_beside_the_field(
    client: Client, house: House, code: str
) -> None:
    show_password(client, house.katrin)

    response = client.post(reverse("login-code"), {"code": code})

    assert response.status_code == 200
    assert 'aria-invalid="true"' in response.content.decode()


def test_a_code_may_be_typed_in_two_groups(client: Client, house: House) -> None:
    show_password(client, house.katrin)
    code = code_now()

    assert show_code(client, f" {code[:3]} {code[3:]} ") == reverse("desk")


def test_after_five_minutes_the_password_counts_no_more(client: Client, house: House) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        show_password(client, house.katrin)
        clock.shift(5 * 60 + 1)

        response = client.post(reverse("login-code"), {"code": code_now()}, follow=True)

        assert response.redirect_chain[-1][0] == reverse("login")
        assert "Zwischen Passwort und Code lag zu viel Zeit" in response.content.decode()


def test_without_the_password_there_is_no_second_step(client: Client, house: House) -> None:
    assert client.get(reverse("login-code")).headers["Location"] == reverse("login")
    assert show_code(client, code_now()) == reverse("login")


def test_nobody_learns_whether_an_address_has_an_account(client: Client, house: House) -> None:
    gone = enrol(house.nordhafen, "Gerd Fort")
    gone.user.is_active = False
    gone.user.save()
    email = "wer@example.org"

    def body(address: str, password: str) -> str:
        response = client.post(reverse("login"), {"email": address, "password": password})
        assert response.status_code == 200
        return without_token(response.content).replace(address, email)

    unknown = body("niemand@nordhafen.example", PASSWORD)

    assert SENTENCE in unknown
    assert body(house.katrin.user.email, "falsches-passwort") == unknown
    assert body(gone.user.email, PASSWORD) == unknown


def test_the_address_may_be_typed_in_capitals(client: Client, house: House) -> None:
    response = client.post(
        reverse("login"), {"email": house.katrin.user.email.upper(), "password": PASSWORD}
    )

    assert response.headers["Location"] == reverse("login-code")


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "x" * 200_000,
        "a\x00b@c.example",
        "<script>alert(1)</script>",
        "\u202eabc",
        "é" * 300,
    ],
)
def test_no_address_and_no_password_breaks_the_page(
    client: Client, house: House, typed: str
) -> None:
    for data in ({"email": typed, "password": "x"}, {"email": "a@b.example", "password": typed}):
        response = client.post(reverse("login"), data)

        assert response.status_code == 200
        html = response.content.decode()
        assert 'aria-invalid="true"' in html
        assert "<script>alert" not in html


def test_the_session_gets_a_new_key_at_both_steps(client: Client, house: House) -> None:
    session = client.session
    session["planted"] = "x"
    session.save()
    keys = [session.session_key]
    client.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
    show_password(client, house.katrin)
    keys.append(client.cookies[settings.SESSION_COOKIE_NAME].value)
    show_code(client, code_now())
    keys.append(client.cookies[settings.SESSION_COOKIE_NAME].value)

    assert len(set(keys)) == 3


def test_who_wanted_to_go_somewhere_gets_there(client: Client, house: House) -> None:
    asked = client.get(reverse("my-cases"))
    assert asked.headers["Location"] == f"{reverse('login')}?next=%2Fteam%2Fmeine%2F"

    assert sign_in(client, house.katrin, next=reverse("my-cases")) == reverse("my-cases")


@pytest.mark.parametrize(
    "elsewhere",
    ["https://boese.example/", "//boese.example/", "/\\boese.example", "javascript:alert(1)", "x"],
)
def test_nobody_is_led_to_another_site(client: Client, house: House, elsewhere: str) -> None:
    page = client.get(reverse("login"), {"next": elsewhere}).content.decode()
    assert 'name="next"' not in page

    assert sign_in(client, house.katrin, next=elsewhere) == reverse("desk")


def test_signing_out_takes_a_post_and_ends_the_session(client: Client, house: House) -> None:
    sign_in(client, house.katrin)

    assert client.get(reverse("logout")).status_code == 405
    assert client.post(reverse("logout")).headers["Location"] == reverse("login")
    assert client.get(reverse("queue")).headers["Location"].startswith(reverse("login"))


# --- More than one organisation, or none ------------------------------------------------------


@pytest.fixture
def boris_in_both(house: House) -> Membership:
    """Let Boris of Südstadt counsel in Nordhafen too; return his place there."""
    invitation, token = staff.invite(
        organisation=house.nordhafen,
        name="Boris Lang",
        role=Role.COUNSELLOR,
        teams=list(house.nordhafen.teams.filter(name="Krise")),
        by=house.ada,
        at=MONDAY,
    )
    return staff.accept_as(invitation=invitation, token=token, user=house.boris.user, at=MONDAY)


def test_boris_chooses_between_his_organisations_and_switches(
    client: Client, house: House, boris_in_both: Membership
) -> None:
    choice = reverse("choose-organisation")
    assert sign_in(client, house.boris) == choice
    page = client.get(choice).content.decode()
    assert house.nordhafen.name in page
    assert house.suedstadt.name in page

    client.post(choice, {"membership": str(boris_in_both.pk)})
    assert house.nordhafen.name in client.get(reverse("queue")).content.decode()

    client.post(choice, {"membership": str(house.boris.pk)})
    page = client.get(reverse("queue")).content.decode()
    assert house.suedstadt.name in page
    assert house.nordhafen.name not in page


@pytest.mark.parametrize("choice", ["", "x", "00000000-0000-0000-0000-000000000000", "\x00"])
def test_nobody_chooses_a_place_that_is_not_theirs(house: House, choice: str) -> None:
    client = signed_in(house.boris)

    for membership in (choice, str(house.katrin.pk)):
        response = client.post(reverse("choose-organisation"), {"membership": membership})
        assert response.status_code == 404


def test_who_belongs_nowhere_reads_why_and_can_sign_out(client: Client, house: House) -> None:
    staff.end_membership(member=house.katrin, by=house.ada, at=MONDAY)

    assert sign_in(client, house.katrin, next=reverse("queue")) == reverse("choose-organisation")
    page = client.get(reverse("choose-organisation")).content.decode()
    assert "gehört zurzeit zu keiner Organisation" in page
    assert reverse("logout") in page


def test_who_is_ended_is_out_at_the_next_request_and_their_cases_wait_again(house: House) -> None:
    client = signed_in(house.katrin)
    asked = ask(house.nordhafen)
    claim(asked, house.katrin)
    assert client.get(reverse("queue")).status_code == 200

    admin = signed_in(house.ada)
    admin.post(reverse("staff-end", args=[house.katrin.pk]))

    assert client.get(reverse("queue")).headers["Location"].startswith(reverse("login"))
    assert (
        client.get(reverse("choose-organisation")).headers["Location"].startswith(reverse("login"))
    )
    assert asked.now().state == CaseState.WAITING
    assert cases.holder_of(asked.pk) is None


@pytest.mark.parametrize(
    ("person", "page"), [("katrin", "queue"), ("lea", "queue"), ("ada", "staff-list")]
)
def test_the_desk_leads_everybody_to_their_work(house: House, person: str, page: str) -> None:
    client = signed_in(getattr(house, person))

    assert client.get(reverse("desk")).headers["Location"] == reverse(page)


def test_a_planner_starts_with_the_figures_and_sees_no_case(house: House) -> None:
    client = signed_in(enrol(house.nordhafen, "Petra Plan", role=Role.PLANNER, teams=[]))

    assert client.get(reverse("desk")).headers["Location"] == reverse("figures")
    assert client.get(reverse("queue")).status_code == 404


# --- Wrong passwords, too often ---------------------------------------------------------------


def try_password(email: str, password: str, *, place: str = "203.0.113.1") -> bool:
    """Show a password from a place on the internet; say whether it led to the second step."""
    response = Client(REMOTE_ADDR=place).post(
        reverse("login"), {"email": email, "password": password}
    )
    return bool(response.headers.get("Location") == reverse("login-code"))


@pytest.fixture
def in_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[time_machine.Traveller]:
    """Count in memory, where the cache's time is ours: Redis has a clock of its own."""
    backend = {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "signing-in",
    }
    monkeypatch.setitem(caches.settings, "signing-in", backend)
    chosen = caches.create_connection("signing-in")
    chosen.clear()
    monkeypatch.setattr(throttle, "cache", chosen)
    with time_machine.travel(MONDAY, tick=False) as clock:
        yield clock


def test_after_several_wrong_passwords_the_right_one_waits_a_minute_at_most(
    house: House, in_memory: time_machine.Traveller
) -> None:
    email = house.katrin.user.email
    assert not any(try_password(email, "falsch") for _try in range(50))

    assert not try_password(email, PASSWORD)
    in_memory.shift(61)
    assert try_password(email, PASSWORD)
    assert try_password(email, PASSWORD)  # and from then on without waiting


def test_a_stranger_who_tries_for_hours_keeps_katrin_out_nowhere_else(
    house: House, in_memory: time_machine.Traveller
) -> None:
    email = house.katrin.user.email
    for _minute in range(40):
        try_password(email, "geraten", place="198.51.100.9")
        in_memory.shift(61)

    assert try_password(email, PASSWORD)


def test_from_one_place_not_everybodys_password_can_be_tried(
    house: House, in_memory: time_machine.Traveller
) -> None:
    for number in range(60):
        try_password(f"person{number}@nordhafen.example", "Sommer2026!")

    assert not try_password(house.katrin.user.email, PASSWORD)
    assert try_password(house.katrin.user.email, PASSWORD, place="198.51.100.9")
    in_memory.shift(61)
    assert try_password(house.katrin.user.email, PASSWORD)


def test_thirty_colleagues_in_one_office_sign_in_one_after_the_other(
    house: House, in_memory: time_machine.Traveller
) -> None:
    for number in range(60):
        member = enrol(house.nordhafen, f"Kollegin {number}", teams=["Krise"])
        assert try_password(member.user.email, PASSWORD), number


def test_many_wrong_codes_never_make_one_wait_for_more_than_five_minutes(
    client: Client, house: House
) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        show_password(client, house.katrin)
        TOTPDevice.objects.filter(user=house.katrin.user).update(
            throttling_failure_count=40, throttling_failure_timestamp=MONDAY
        )
        assert "Bitte warten Sie" in post_code(client, code_now())
        clock.shift(4 * 60 + 30)
        assert show_code(client, code_now()) == reverse("desk")


@pytest.mark.django_db(transaction=True)
def test_of_the_same_code_shown_eight_times_at_once_one_counts() -> None:
    house = open_house()
    browsers = [Client() for _number in range(8)]
    for browser in browsers:
        show_password(browser, house.katrin)
    code = code_now()
    start = threading.Barrier(len(browsers))
    ways: list[str] = []

    def show(browser: Client) -> None:
        start.wait()
        ways.append(show_code(browser, code))
        connection.close()

    threads = [threading.Thread(target=show, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(ways) == [""] * 7 + [reverse("desk")]
    assert sum(browser.get(reverse("queue")).status_code == 200 for browser in browsers) == 1
