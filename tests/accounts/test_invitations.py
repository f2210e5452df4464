"""Invitations: who may invite whom to what, and how a link is accepted exactly once."""

import base64
import re
import threading
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Invitation, Membership, Role, User
from accounts.operations import staff
from tests.accounts.authenticator import code_now, show_code, show_password, sign_in, wrong_code
from tests.counselling.house import House, open_house
from tests.factories.sessions import signed_in
from vault import staff_keys
from vault.staff_keys import Stretched
from vault.stretching import Busy

GOOD_PASSWORD = "wolke-sieben-auf-stelzen"


def invite(house: House, *, role: Role = Role.COUNSELLOR) -> str:
    """Let Ada invite Mia to the team Krise; return the address of the link."""
    _invitation, token = staff.invite(
        organisation=house.nordhafen,
        name="Mia Köhler",
        role=role,
        teams=list(house.nordhafen.teams.filter(name="Krise")),
        by=house.ada,
        at=timezone.now(),
    )
    return reverse("invitation", args=[token])


def fill_in(html: str, **changes: str) -> dict[str, str]:
    """Return the enrolment form as a person with an authenticator app fills it in."""
    groups = re.search(r'class="authenticator__key"[^>]*>(.*?)</p>', html, re.DOTALL)
    ticket = re.search(r'name="ticket"\s+value="([^"]*)"', html)
    assert groups is not None
    assert ticket is not None
    key = base64.b32decode("".join(re.findall(r"[A-Z2-7]{4}", groups.group(1)))).hex()
    filled = {
        "email": "mia.koehler@example.org",
        "password": GOOD_PASSWORD,
        "password_again": GOOD_PASSWORD,
        "code": wrong_code(key) if changes.pop("wrong", "") else code_now(key),
        "ticket": unescape(ticket.group(1)),
    }
    return filled | changes


def test_mia_accepts_with_a_new_account_and_is_in(client: Client, house: House) -> None:
    link = invite(house)
    page = client.get(link).content.decode()
    assert "Ada Nowak lädt Sie ein" in page
    assert house.nordhafen.name in page
    assert "Krise" in page
    assert 'src="data:image/svg+xml' in page

    response = client.post(link, fill_in(page))

    assert response.headers["Location"] == reverse("desk")
    assert client.get(reverse("queue")).status_code == 200
    mia = Membership.objects.get(name="Mia Köhler")
    assert mia.role == Role.COUNSELLOR
    assert [team.name for team in mia.teams.all()] == ["Krise"]
    assert not User.objects.get(pk=mia.user_id).password.startswith(GOOD_PASSWORD)


def test_who_was_taken_in_is_let_in_although_too_many_sign_in_just_then(
    client: Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = invite(house)
    form = fill_in(client.get(link).content.decode())
    turns = iter([staff_keys.stretched(GOOD_PASSWORD)])

    def one_turn_is_left(_password: str) -> Stretched:
        for turn in turns:
            return turn
        raise Busy

    monkeypatch.setattr(staff_keys, "stretched", one_turn_is_left)

    assert client.post(link, form)["Location"] == reverse("desk")


def test_the_code_that_confirmed_the_app_does_not_sign_in_again(
    client: Client, house: House
) -> None:
    link = invite(house)
    form = fill_in(client.get(link).content.decode())
    client.post(link, form)
    later = Client()
    later.post(reverse("login"), {"email": form["email"], "password": GOOD_PASSWORD})

    assert show_code(later, form["code"]) == ""


def test_a_link_works_once(client: Client, house: House) -> None:
    link = invite(house)
    second = Client()
    first_form = fill_in(client.get(link).content.decode())
    second_form = fill_in(second.get(link).content.decode(), email="anders@example.org")
    client.post(link, first_form)

    response = second.post(link, second_form)

    assert response.status_code == 410
    assert "schon angenommen" in response.content.decode()
    assert not User.objects.filter(email="anders@example.org").exists()


@pytest.mark.django_db(transaction=True)
def test_of_ten_people_who_open_the_same_link_one_joins() -> None:
    house = open_house()
    link = invite(house)
    browsers = [Client() for _number in range(10)]
    forms = [
        fill_in(browser.get(link).content.decode(), email=f"mia{number}@example.org")
        for number, browser in enumerate(browsers)
    ]
    answers: list[int] = []
    start = threading.Barrier(len(browsers))

    def accept(browser: Client, form: dict[str, str]) -> None:
        start.wait()
        answers.append(browser.post(link, form).status_code)
        connection.close()

    threads = [
        threading.Thread(target=accept, args=pair) for pair in zip(browsers, forms, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [302] + [410] * 9
    assert Membership.objects.filter(name="Mia Köhler").count() == 1
    assert User.objects.filter(email__startswith="mia").count() == 1


def test_an_unknown_a_revoked_and_an_expired_link_say_what_to_do(
    client: Client, house: House
) -> None:
    unknown = client.get(reverse("invitation", args=["gibt-es-nicht"]))
    assert unknown.status_code == 404
    assert "bitten Sie um einen neuen" in unknown.content.decode()

    revoked = invite(house)
    signed_in(house.ada).post(
        reverse("invitation-revoke", args=[Invitation.objects.get().pk]), follow=True
    )
    page = client.get(revoked)
    assert page.status_code == 410
    assert "zurückgenommen" in page.content.decode()

    expired = invite(house)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    Invitation.objects.update(revoked_at=None)
    page = client.get(expired)
    assert page.status_code == 410
    assert "abgelaufen" in page.content.decode()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"email": ""}, "Bitte geben Sie die E-Mail-Adresse ein."),
        ({"email": "keine"}, "Das ist keine vollständige E-Mail-Adresse."),
        ({"email": "a\x00@example.org"}, "Das ist keine vollständige E-Mail-Adresse."),
        ({"email": "a" * 300 + "@example.org"}, "Diese E-Mail-Adresse ist zu lang."),
        ({"password": "", "password_again": ""}, "Bitte wählen Sie ein Passwort."),
        ({"password": "kurz", "password_again": "kurz"}, "Dieses Passwort ist zu kurz."),
        (
            {"password": "passwort1234", "password_again": "passwort12345"},
            "Die beiden Passwörter sind nicht gleich.",
        ),
        ({"password": "x" * 600, "password_again": "x" * 600}, "Dieses Passwort ist zu lang."),
        ({"code": ""}, "Bitte geben Sie den Code aus der App ein."),
        ({"code": "1"}, "Der Code hat sechs Ziffern"),
        ({"wrong": "1"}, "Dieser Code stimmt nicht."),
        ({"ticket": ""}, "Diese Seite war zu lange offen."),
        ({"ticket": "\x00<script>"}, "Diese Seite war zu lange offen."),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(
    client: Client, house: House, changes: dict[str, str], sentence: str
) -> None:
    link = invite(house)
    form = fill_in(client.get(link).content.decode(), **changes)

    response = client.post(link, form)

    assert response.status_code == 200
    html = unescape(response.content.decode())
    assert sentence in html
    assert GOOD_PASSWORD not in html
    if "email" not in changes:
        assert form["email"] in html
    if "ticket" not in changes:
        assert form["ticket"] in html  # the same secret: the app is set up already
    assert not Membership.objects.filter(name="Mia Köhler").exists()


def test_a_form_of_another_invitation_brings_no_secret(client: Client, house: House) -> None:
    other = fill_in(client.get(invite(house)).content.decode())
    link = invite(house)

    response = client.post(link, other)

    assert "Diese Seite war zu lange offen." in response.content.decode()


def test_boris_who_has_an_account_signs_in_and_joins_with_one_button(
    client: Client, house: House
) -> None:
    link = invite(house)
    form = fill_in(client.get(link).content.decode(), email=house.boris.user.email)
    page = client.post(link, form).content.decode()
    assert "Für diese E-Mail-Adresse gibt es schon ein Konto." in page

    assert sign_in(client, house.boris, next=link) == link
    page = client.get(link).content.decode()
    assert f"Als {house.boris.user.email} beitreten" in page
    response = client.post(link)

    assert response.headers["Location"] == reverse("desk")
    assert house.boris.user.memberships.filter(organisation=house.nordhafen).count() == 1
    assert house.nordhafen.name in client.get(reverse("queue")).content.decode()


def test_who_was_ended_comes_back_by_a_new_invitation(client: Client, house: House) -> None:
    staff.end_membership(member=house.katrin, by=house.ada, at=timezone.now())
    link = invite(house)

    assert sign_in(client, house.katrin, next=link) == link
    client.post(link)

    assert client.get(reverse("queue")).status_code == 200


def test_who_is_a_member_already_does_not_use_the_link_up(house: House) -> None:
    link = invite(house)
    client = signed_in(house.katrin)

    page = client.post(link, follow=True).content.decode()

    assert "gehört schon zu" in page
    assert Invitation.objects.get().accepted_at is None


# --- Inviting ---------------------------------------------------------------------------------


def form_for(house: House, **changes: object) -> dict[str, object]:
    """Return an invitation of Mia to the team Krise, as the form sends it."""
    team = house.nordhafen.teams.get(name="Krise")
    return {"name": "Mia Köhler", "role": "counsellor", "teams": [str(team.pk)], **changes}


def test_ada_invites_and_sees_the_link_until_she_goes_on(house: House) -> None:
    client = signed_in(house.ada)

    page = client.post(reverse("invite"), form_for(house), follow=True).content.decode()

    link = re.search(r'value="(http://testserver/team/einladung/[^"]+)"', page)
    assert link is not None
    assert Client().get(link.group(1)).status_code == 200
    assert link.group(1) in client.get(reverse("invited")).content.decode()
    people = client.get(reverse("staff-list")).content.decode()
    assert "Mia Köhler" in people
    assert link.group(1) not in people
    assert client.get(reverse("invited")).headers["Location"] == reverse("staff-list")


def test_lea_invites_counsellors_but_nobody_above_them(house: House) -> None:
    client = signed_in(house.lea)
    for role in ("admin", "supervisor", "planner"):
        page = client.post(reverse("invite"), form_for(house, role=role)).content.decode()
        assert "Diese Rolle kann hier nicht vergeben werden." in page
    assert not Invitation.objects.exists()

    client.post(reverse("invite"), form_for(house, role="trainee"))

    assert Invitation.objects.get().invited_by == house.lea


def test_lea_cannot_take_back_the_invitation_of_an_admin(house: House) -> None:
    invite(house, role=Role.ADMIN)
    invitation = Invitation.objects.get()

    response = signed_in(house.lea).post(reverse("invitation-revoke", args=[invitation.pk]))

    assert response.status_code == 404
    assert Invitation.objects.get().is_open(timezone.now())


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Bitte geben Sie einen Namen ein."),
        ({"name": "\u200b \u2060"}, "Bitte geben Sie einen Namen ein."),
        ({"name": "M" * 200_000}, "Der Text ist zu lang"),
        ({"name": "Mia\x00"}, "unsichtbare Zeichen"),
        ({"name": "Mia\u202e"}, "Schreibrichtung"),
        ({"role": ""}, "Bitte wählen Sie eine Rolle."),
        ({"role": "chef"}, "Diese Rolle kann hier nicht vergeben werden."),
        ({"teams": []}, "Bitte wählen Sie mindestens ein Team."),
        ({"teams": ["x"]}, "Dieses Team gibt es nicht."),
        ({"teams": ["\x00"]}, "Dieses Team gibt es nicht."),
        ({"teams": ["00000000-0000-0000-0000-000000000000"]}, "Dieses Team gibt es nicht."),
    ],
)
def test_an_invitation_with_something_amiss_is_not_made(
    house: House, changes: dict[str, object], sentence: str
) -> None:
    form = form_for(house, **changes)

    response = signed_in(house.ada).post(reverse("invite"), form)

    assert response.status_code == 200
    html = response.content.decode()
    assert sentence in html
    if "name" not in changes:
        assert "Mia Köhler" in html
    assert not Invitation.objects.exists()


def test_a_team_of_another_organisation_is_none(house: House) -> None:
    foreign = house.suedstadt.teams.all()[0]

    page = signed_in(house.ada).post(reverse("invite"), form_for(house, teams=[str(foreign.pk)]))

    assert "Dieses Team gibt es nicht." in page.content.decode()


def test_a_name_is_shown_as_it_is_and_never_run(house: House) -> None:
    client = signed_in(house.ada)

    client.post(reverse("invite"), form_for(house, name="<script>alert(1)</script>"))
    page = client.get(reverse("staff-list")).content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page


def test_katrin_and_people_of_südstadt_see_neither_form_nor_link(house: House) -> None:
    invite(house)
    revoke = reverse("invitation-revoke", args=[Invitation.objects.get().pk])
    for person in (house.katrin, house.jonas, house.boris):
        client = signed_in(person)
        assert client.get(reverse("invite")).status_code == 404
        assert client.post(reverse("invite"), form_for(house)).status_code == 404
        assert client.get(reverse("invited")).status_code == 404
        assert client.post(revoke).status_code == 404
    assert Client().get(reverse("invite")).headers["Location"].startswith(reverse("login"))
    assert Invitation.objects.get().is_open(timezone.now())


def test_show_password_is_refused_for_the_invited_until_they_accept(
    client: Client, house: House
) -> None:
    link = invite(house)
    form = fill_in(client.get(link).content.decode())
    before = client.post(reverse("login"), {"email": form["email"], "password": GOOD_PASSWORD})
    assert before.status_code == 200
    client.post(link, form)
    mia = Membership.objects.get(name="Mia Köhler")

    show_password(Client(), mia, password=GOOD_PASSWORD)
