"""Passkeys: added with the password, used instead of the code, and worth nothing anywhere else."""

import json
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django_otp_webauthn.models import WebAuthnCredential
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Membership
from audit.models import TrailEntry
from tests.accounts.authenticator import show_password
from tests.accounts.passkey_device import PasskeyDevice
from tests.counselling.house import House
from tests.factories import PASSWORD
from tests.factories.sessions import signed_in

HERE = {"host": "localhost"}  # browsers know no passkeys for `testserver`
TRY_AGAIN = "Mit dem Passkey hat es nicht geklappt."


def asked(page: str) -> dict[str, Any]:
    """Return what a page asks the browser."""
    found = re.search(r'data-passkey-options="([^"]*)"', page)
    assert found, "the page asks for no passkey"
    options: dict[str, Any] = json.loads(unescape(found.group(1)))
    return options


def add(browser: Client, device: PasskeyDevice, **changes: str) -> str:
    """Add a passkey as the page does; return the page that follows."""
    options = asked(browser.get(reverse("passkeys"), headers=HERE).content.decode())
    form = {"name": "Laptop", "password": PASSWORD, "answer": device.create(options)} | changes
    response = browser.post(reverse("passkeys"), form, follow=True, headers=HERE)
    return unescape(response.content.decode())


def own_passkey(member: Membership) -> PasskeyDevice:
    """Let a member add a passkey; return it."""
    device = PasskeyDevice()
    assert "ist eingerichtet" in add(signed_in(member), device)
    return device


def between_the_steps(member: Membership) -> tuple[Client, dict[str, Any]]:
    """Let a member show the password; return the browser and what it is asked now."""
    browser = Client(headers=HERE)
    show_password(browser, member)
    return browser, asked(browser.get(reverse("login-code")).content.decode())


def prove(browser: Client, answer: str) -> str:
    response = browser.post(reverse("login-passkey"), {"answer": answer})
    return str(response.headers["Location"])


def test_katrin_adds_a_passkey_and_signs_in_with_it(house: House) -> None:
    device = own_passkey(house.katrin)
    browser, options = between_the_steps(house.katrin)

    assert prove(browser, device.get(options)) == reverse("desk")
    assert browser.get(reverse("queue")).status_code == 200
    assert list(
        TrailEntry.objects.filter(action="passkey.added").values_list("actor", flat=True)
    ) == [house.katrin.pk]


def test_who_has_no_passkey_is_asked_for_the_code_only(house: House) -> None:
    browser = Client(headers=HERE)
    show_password(browser, house.katrin)

    assert "data-passkey" not in browser.get(reverse("login-code")).content.decode()


def test_a_passkey_alone_opens_nothing(house: House) -> None:
    device = own_passkey(house.katrin)
    _browser, options = between_the_steps(house.katrin)

    assert prove(Client(headers=HERE), device.get(options)) == reverse("login")


def test_aylins_passkey_does_not_let_anybody_in_as_katrin(house: House) -> None:
    own_passkey(house.katrin)
    aylins = own_passkey(house.aylin)
    browser, options = between_the_steps(house.katrin)

    assert prove(browser, aylins.get(options)) == reverse("login-code")
    assert TRY_AGAIN in browser.get(reverse("login-code")).content.decode()
    assert browser.get(reverse("queue")).status_code == 302


def test_a_proof_counts_once(house: House) -> None:
    device = own_passkey(house.katrin)
    browser, options = between_the_steps(house.katrin)
    answer = device.get(options)
    assert prove(browser, answer) == reverse("desk")

    browser.post(reverse("logout"))
    show_password(browser, house.katrin)
    browser.get(reverse("login-code"))
    assert prove(browser, answer) == reverse("login-code")


def test_a_proof_made_for_a_page_that_looks_like_ours_is_refused(house: House) -> None:
    device = own_passkey(house.katrin)
    browser, options = between_the_steps(house.katrin)
    device.origin = "http://localhost.boese.example"

    assert prove(browser, device.get(options)) == reverse("login-code")


def test_a_counter_that_runs_backwards_is_refused(house: House) -> None:
    device = own_passkey(house.katrin)
    browser, options = between_the_steps(house.katrin)
    prove(browser, device.get(options))
    device.signed = 0  # as a copy of the key that did not see the last use
    browser, options = between_the_steps(house.katrin)

    assert prove(browser, device.get(options)) == reverse("login-code")


def test_adding_takes_the_password(house: House) -> None:
    page = add(signed_in(house.katrin), PasskeyDevice(), password="nicht-das-passwort")

    assert "Dieses Passwort stimmt nicht." in page
    assert not WebAuthnCredential.objects.exists()


def test_a_passkey_has_a_name(house: House) -> None:
    page = add(signed_in(house.katrin), PasskeyDevice(), name=" ")

    assert "Bitte geben Sie dem Passkey einen Namen." in page
    assert not WebAuthnCredential.objects.exists()


def test_the_same_passkey_is_not_added_twice(house: House) -> None:
    device = own_passkey(house.katrin)

    assert "keinen passenden Passkey" in add(signed_in(house.aylin), device)


def test_renaming_and_removing_is_for_its_owner_only(house: House) -> None:
    own_passkey(house.katrin)
    passkey = WebAuthnCredential.objects.get()
    aylin, katrin = signed_in(house.aylin), signed_in(house.katrin)

    for form in ({"rename": passkey.pk, "name": "Meiner"}, {"remove": passkey.pk}):
        assert aylin.post(reverse("passkeys"), form).status_code == 404
    katrin.post(reverse("passkeys"), {"rename": passkey.pk, "name": "Büro <b>"})
    assert "Büro &lt;b&gt;" in katrin.get(reverse("passkeys"), headers=HERE).content.decode()
    katrin.post(reverse("passkeys"), {"remove": passkey.pk})
    assert not WebAuthnCredential.objects.exists()


def test_who_is_in_by_a_passkey_that_is_removed_is_out(house: House) -> None:
    device = own_passkey(house.katrin)
    browser, options = between_the_steps(house.katrin)
    prove(browser, device.get(options))

    signed_in(house.katrin).post(
        reverse("passkeys"), {"remove": WebAuthnCredential.objects.get().pk}
    )

    assert browser.get(reverse("queue")).headers["Location"].startswith(reverse("login"))


@pytest.mark.parametrize("number", ["", "x", "-1", "1" * 40, "٣", "\x00"])
def test_a_number_that_is_none_is_not_there(house: House, number: str) -> None:
    katrin = signed_in(house.katrin)

    assert katrin.post(reverse("passkeys"), {"remove": number}).status_code == 404


def test_by_a_number_instead_of_a_name_the_page_says_why_not(house: House) -> None:
    page = signed_in(house.katrin).get(reverse("passkeys"), headers={"host": "127.0.0.1"})

    assert "Hier geht das nicht" in page.content.decode()


ANSWERS = st.one_of(
    st.text(max_size=200),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["id", "rawId", "type", "response", "clientDataJSON"]), inner
            )
        ),
        max_leaves=8,
    ).map(json.dumps),
)


def test_no_answer_breaks_the_page(house: House) -> None:
    own_passkey(house.katrin)
    browser, _options = between_the_steps(house.katrin)

    @given(answer=ANSWERS)
    def refused(answer: str) -> None:
        browser.get(reverse("login-code"))
        assert prove(browser, answer) == reverse("login-code")

    refused()


@pytest.mark.parametrize("part", ["authenticatorData", "clientDataJSON", "signature"])
def test_a_damaged_proof_is_refused_wherever_it_is_damaged(house: House, part: str) -> None:
    device = own_passkey(house.katrin)
    browser, options = between_the_steps(house.katrin)
    whole = json.loads(device.get(options))
    text = whole["response"][part]

    for place in range(0, len(text) - 2, 11):
        other = "A" if text[place] != "A" else "B"
        damaged = text[:place] + other + text[place + 1 :]
        session = browser.session
        session["passkey-asked"] = {
            "challenge": options["challenge"],
            "require_user_verification": False,
        }
        session.save()
        answer = json.dumps(whole | {"response": whole["response"] | {part: damaged}})
        assert prove(browser, answer) == reverse("login-code"), place
