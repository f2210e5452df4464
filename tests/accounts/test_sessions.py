"""Sessions of staff: listed for their owner, ended by them, and over by themselves."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Membership, Role, StaffSession
from accounts.operations import sessions, staff
from audit.models import TrailEntry
from tests.accounts.authenticator import sign_in
from tests.counselling.house import House
from tests.factories import ask
from tests.factories.sessions import signed_in

MONDAY = datetime(2026, 11, 23, 9, 0, 5, tzinfo=UTC)
PAGE = reverse("sessions")


def is_in(browser: Client) -> bool:
    return browser.get(reverse("queue")).status_code == 200


def entry_of(browser: Client) -> str:
    """Return the id of a browser's own entry in the list."""
    return str(browser.session["staff-session"]["id"])


def test_katrin_sees_where_she_is_signed_in_and_which_of_them_is_here(house: House) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        signed_in(house.katrin)
        clock.shift(timedelta(minutes=20))
        here = signed_in(house.katrin)
        page = here.get(PAGE).content.decode()

    assert page.count("Angemeldet am 23. November 2026") == 2
    assert page.count("dieses Fenster") == 1
    assert "10:00 Uhr" in page
    assert "10:20 Uhr" in page


def test_ending_one_puts_that_browser_out_at_its_next_request(house: House) -> None:
    here, office, home = (signed_in(house.katrin) for _browser in range(3))

    here.post(PAGE, {"end": entry_of(office)})

    assert [is_in(browser) for browser in (here, office, home)] == [True, False, True]
    assert TrailEntry.objects.get(action="session.ended").actor == house.katrin.pk


def test_ending_all_others_leaves_this_one(house: House) -> None:
    here, office, home = (signed_in(house.katrin) for _browser in range(3))
    aylin = signed_in(house.aylin)

    page = here.post(PAGE, {"end": "others"}, follow=True).content.decode()

    assert "2 andere Anmeldungen sind beendet." in page
    assert [is_in(browser) for browser in (here, office, home, aylin)] == [True, False, False, True]


def test_nobody_ends_a_session_of_somebody_else(house: House) -> None:
    katrin, aylin = signed_in(house.katrin), signed_in(house.aylin)

    for which in (entry_of(katrin), str(uuid4()), "", "x", "\x00"):
        page = aylin.post(PAGE, {"end": which}, follow=True).content.decode()
        assert "war schon beendet" in page

    assert is_in(katrin)


def test_the_list_holds_neither_address_nor_browser(house: House) -> None:
    browser = Client(REMOTE_ADDR="203.0.113.77", HTTP_USER_AGENT="Kanarienvogel/1.0")
    sign_in(browser, house.katrin)

    row = StaffSession.objects.get()
    assert {field.name for field in StaffSession._meta.get_fields()} == {
        "id",
        "user",
        "row",
        "device",
        "signed_in_at",
        "seen_at",
    }
    assert str(browser.session.session_key) not in row.row
    assert "203.0.113" not in browser.get(PAGE).content.decode()


def test_who_does_nothing_for_an_hour_is_out(house: House) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        browser = signed_in(house.katrin)
        clock.shift(timedelta(minutes=59))
        assert is_in(browser)
        clock.shift(timedelta(minutes=59))
        assert is_in(browser)
        clock.shift(timedelta(minutes=61))
        assert not is_in(browser)


def test_a_page_that_renews_itself_keeps_nobody_in(house: House) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        browser = signed_in(house.katrin)
        for _poll in range(8):
            clock.shift(timedelta(minutes=9))
            response = browser.get(reverse("queue"), headers={"HX-Request": "true"})

        assert response.headers["HX-Redirect"] == reverse("login")


def test_after_twelve_hours_everybody_signs_in_again(house: House) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        browser = signed_in(house.katrin)
        for _half_hour in range(23):
            clock.shift(timedelta(minutes=30))
            assert is_in(browser)
        clock.shift(timedelta(minutes=31))
        assert not is_in(browser)


def test_being_there_is_written_once_a_minute_at_most(house: House) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        browser = signed_in(house.katrin)
        is_in(browser)

        def writes() -> int:
            with CaptureQueriesContext(connection) as captured:
                is_in(browser)
            return sum("UPDATE" in query["sql"] for query in captured.captured_queries)

        clock.shift(timedelta(seconds=59))
        assert writes() == 0
        clock.shift(timedelta(seconds=2))
        assert writes() == 2  # the session and its entry in the list
        assert writes() == 0


def test_the_list_asks_as_often_for_twenty_entries_as_for_one(house: House) -> None:
    browser = signed_in(house.katrin)
    browser.get(PAGE)
    counts = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as captured:
            browser.get(PAGE)
        counts.append(len(captured.captured_queries))
        for _browser in range(19):
            signed_in(house.katrin)

    assert counts[0] == counts[1]


def test_a_session_with_a_new_key_stays_in_the_list_and_can_be_ended(house: House) -> None:
    here, office = signed_in(house.katrin), signed_in(house.katrin)
    asked = ask(house.nordhafen)
    # A client's code in the same browser gives the session a new key.
    office.post(reverse("return", args=["nordhafen"]), {"code": asked.code.display()})
    assert is_in(office)

    here.post(PAGE, {"end": entry_of(office)})

    assert not is_in(office)


def test_signing_out_takes_the_session_off_the_list(house: House) -> None:
    here, office = signed_in(house.katrin), signed_in(house.katrin)

    office.post(reverse("logout"))

    assert here.get(PAGE).content.decode().count("Angemeldet am") == 1
    assert StaffSession.objects.count() == 1


def test_who_signs_in_where_they_are_in_already_gets_a_new_session(house: House) -> None:
    browser = signed_in(house.katrin)
    before = browser.session.session_key

    browser.force_login(house.katrin.user)

    assert browser.session.session_key != before
    assert StaffSession.objects.count() == 1


def test_what_has_run_out_is_cleared_away(house: House) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        signed_in(house.katrin)
        clock.shift(timedelta(hours=2))
        fresh = signed_in(house.aylin)

        sessions.clear_expired(at=MONDAY + timedelta(hours=2))

        assert StaffSession.objects.get().user == house.aylin.user
        assert Session.objects.count() == 1
        assert is_in(fresh)


def test_who_leaves_the_last_organisation_is_out_everywhere(house: House) -> None:
    katrin = signed_in(house.katrin)

    staff.end_membership(member=house.katrin, by=house.ada, at=MONDAY)

    assert katrin.get(reverse("choose-organisation")).status_code == 302
    assert not StaffSession.objects.filter(user=house.katrin.user).exists()


def test_who_leaves_one_of_two_stays_in_the_other(house: House) -> None:
    invitation, token = staff.invite(
        organisation=house.suedstadt,
        name="Katrin P.",
        role=Role.COUNSELLOR,
        teams=list(house.suedstadt.teams.all()),
        by=house.boris,
        at=MONDAY,
    )
    staff.accept_as(invitation=invitation, token=token, user=house.katrin.user, at=MONDAY)
    katrin = signed_in(house.katrin)

    staff.end_membership(member=house.katrin, by=house.ada, at=MONDAY)

    assert house.suedstadt.name in katrin.get(reverse("queue")).content.decode()


@pytest.mark.parametrize("name", ["security", "sessions", "authenticator", "passkeys"])
def test_these_pages_are_for_the_signed_in_only(name: str, house: House) -> None:
    password_only = Client()
    password_only.force_login(house.katrin.user)

    for browser in (Client(), password_only):
        assert browser.get(reverse(name)).headers["Location"].startswith(reverse("login"))


def test_also_who_belongs_nowhere_sees_their_own_account(house: House) -> None:
    membership: Membership = house.katrin
    staff.end_membership(member=membership, by=house.ada, at=MONDAY)
    browser = signed_in(membership)

    for name in ("security", "sessions", "authenticator", "passkeys"):
        assert browser.get(reverse(name)).status_code == 200
