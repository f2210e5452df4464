"""A case's key goes where the case goes: to its team, to colleagues, to other teams, and back."""

import json
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Team
from accounts.operations import staff
from counselling import queries
from counselling.models import Message
from counselling.operations import cases, drafts, messages, ratings
from counselling.sla import Urgency
from tests.counselling.house import House, open_house
from tests.counselling.pages import come_back
from tests.counselling.readers import readers, reads, team, wraps
from tests.factories import Asked, ask, claim, close, enrol, holder_of, note, reply, review
from tests.factories.sessions import signed_in
from vault import keyring
from vault.keyring import ClientHolder, KeyUnavailable, NoKeyYet
from vault.models import KeyWrap

pytestmark = pytest.mark.django_db
NOW = timezone.now


@pytest.fixture
def house(db: None) -> House:
    return open_house()


def hand(asked: Asked, by: Membership, to: Membership | Team) -> None:
    """Let a member hand a case over."""
    common = {"case": asked.pk, "by": by, "holder": holder_of(by), "at": NOW()}
    if isinstance(to, Team):
        cases.hand_to_team(**common, to=to)  # type: ignore[arg-type]
    else:
        cases.hand_to_colleague(**common, to=to)  # type: ignore[arg-type]


# --- The client -------------------------------------------------------------------------------
def test_a_question_is_wrapped_for_the_code_and_for_its_team_and_for_nobody_else(
    house: House,
) -> None:
    asked = ask(house.nordhafen)
    assert wraps(asked) == [("code", 0), ("team", 1)]
    assert readers(house, asked) == {"Katrin", "Aylin", "Jonas"}
    assert queries.thread(asked.case, holder=asked.holder)[0].role == Message.Role.CLIENT


def test_the_key_of_one_case_opens_no_other(house: House) -> None:
    one, other = ask(house.nordhafen), ask(house.nordhafen)
    with pytest.raises(NoKeyYet):
        queries.thread(other.case, holder=one.holder)
    with pytest.raises(KeyUnavailable):
        keyring.holder_by_code(subject=other.pk, code=one.code)


def test_a_deleted_case_does_not_open_for_who_still_has_its_key_in_a_session(
    house: House,
) -> None:
    asked = ask(house.nordhafen)
    holder = asked.holder
    keyring.drop_case_key(subject=asked.pk)
    with pytest.raises(KeyUnavailable):
        queries.thread(asked.case, holder=holder)


def test_coming_back_makes_a_new_session_and_the_old_cookie_is_worth_nothing(
    client: Client, house: House
) -> None:
    asked = ask(house.nordhafen)
    come_back(client, asked.code.display())
    first = client.cookies["lotse"].value
    come_back(client, asked.code.display())
    assert client.cookies["lotse"].value != first
    thief = Client()
    thief.cookies["lotse"] = first
    assert thief.get("/nordhafen/gespraech/").status_code == 302
    assert client.get("/nordhafen/gespraech/").status_code == 200


def test_the_session_row_holds_the_key_only_sealed(client: Client, house: House) -> None:
    asked = ask(house.nordhafen)
    come_back(client, asked.code.display())
    for row in Session.objects.all():
        assert "case" not in row.session_data
        assert bytes(asked.holder.key) not in row.session_data.encode()
        with pytest.raises(ValueError, match=r".*"):
            json.loads(row.session_data)


def test_a_session_from_before_keys_were_in_sessions_asks_for_the_code(
    client: Client, house: House
) -> None:
    asked = ask(house.nordhafen)
    session = client.session
    session["case"] = str(asked.pk)
    session.save()
    client.cookies["lotse"] = session.session_key or ""
    assert "/zurueck/" in client.get("/nordhafen/gespraech/").headers["Location"]


def test_a_case_whose_code_wrap_is_gone_says_so_and_is_no_error(
    client: Client, house: House
) -> None:
    asked = ask(house.nordhafen)
    KeyWrap.objects.filter(subject=asked.pk, kind="code").delete()
    page = come_back(client, asked.code.display())
    assert page.status_code == 200
    assert "lässt sich gerade nicht öffnen" in page.content.decode()


def test_writing_with_the_code_needs_no_member_signed_in(house: House) -> None:
    asked = ask(house.nordhafen)
    holder = asked.holder
    assert isinstance(holder, ClientHolder)
    messages.write(
        case=asked.pk,
        text="Noch etwas",
        client_msg_id=uuid4(),
        in_danger=False,
        holder=holder,
        at=NOW(),
    )
    assert [e.text for e in queries.thread(asked.now(), holder=holder_of(house.katrin))][
        -1
    ] == "Noch etwas"


# --- Everything that a member writes or reads -------------------------------------------------
def test_everything_in_a_case_opens_for_the_team_and_for_nobody_else(house: House) -> None:
    asked = ask(house.nordhafen, postcode="24103")
    claim(asked, house.katrin)
    katrin = holder_of(house.katrin)
    drafts.save(case=asked.pk, text="Entwurf", by=house.katrin, holder=katrin, at=NOW())
    note(asked, house.jonas, "Notiz")
    review(asked, house.katrin, Urgency.DRINGEND, note="Bitte bald")
    assert queries.facts(asked.now(), holder=katrin) == {"postcode": "24103"}
    opened = queries.draft(asked.now(), holder=holder_of(house.aylin))
    assert opened is not None
    assert opened[1] == "Entwurf"
    reply(asked, house.katrin)
    ratings.rate(case=asked.pk, stars=4, text="Danke", holder=asked.holder, at=NOW())
    assert queries.rating(asked.now(), holder=katrin) == (4, "Danke")
    for stranger in (house.lea, house.ada, house.boris):
        holder = holder_of(stranger)
        for read in (queries.facts, queries.rating, queries.thread):
            with pytest.raises(NoKeyYet):
                read(asked.now(), holder=holder)


def test_who_has_no_key_reads_a_clear_sentence_on_every_page_and_never_an_error(
    house: House,
) -> None:
    asked = ask(house.nordhafen)
    claim(asked, house.katrin)
    browser = signed_in(house.katrin)
    session = browser.session
    session.pop("staff-key")
    session.save()
    page = browser.get(reverse("case", args=[asked.pk]))
    assert page.status_code == 200
    assert "Sie haben für diesen Fall noch keinen Schlüssel" in page.content.decode()
    typed = {"text": "Mein Text", "client_msg_id": str(uuid4()), "seen": 99}
    for name in ("case-reply", "case-note", "case-draft"):
        answer = browser.post(reverse(name, args=[asked.pk]), typed)
        assert answer.status_code == 409, name
        assert "noch keinen Schlüssel" in answer.content.decode(), name
    crisis = f"team:{team(house, 'Krise').pk}"
    for name, fields in (
        ("case-close", {}),
        ("case-hand-over", {"to": crisis}),
        ("case-urgency", {"urgency": "1", "note": "x", "seen": "9"}),
    ):
        answer = browser.post(reverse(name, args=[asked.pk]), fields, follow=True)
        assert answer.status_code in {200, 409}, name
    for name in ("queue", "my-cases", "team-cases", "reviews"):
        assert browser.get(reverse(name)).status_code == 200
    news = browser.get(
        reverse("case", args=[asked.pk]), {"seen": "0.2.x"}, headers={"HX-Request": "true"}
    )
    assert news.headers["HX-Refresh"] == "true"


# --- Handing over -----------------------------------------------------------------------------
def test_a_case_that_goes_to_another_team_is_read_there_and_no_longer_here(house: House) -> None:
    asked = ask(house.nordhafen)
    claim(asked, house.katrin)
    hand(asked, house.katrin, team(house, "Krise"))
    assert readers(house, asked) == {"Lea"}
    assert wraps(asked) == [("code", 0), ("team", 1)]
    assert queries.thread(asked.now(), holder=asked.holder)


def test_a_team_in_which_nobody_has_a_key_gets_no_case(house: House) -> None:
    staff.end_membership(member=house.lea, by=house.ada, at=NOW())
    asked = ask(house.nordhafen)
    claim(asked, house.katrin)
    with pytest.raises(cases.NobodyReads):
        hand(asked, house.katrin, team(house, "Krise"))
    browser = signed_in(house.katrin)
    page = browser.post(
        reverse("case-hand-over", args=[asked.pk]),
        {"to": f"team:{team(house, 'Krise').pk}"},
        follow=True,
    )
    assert "Nicht übergeben: Dort hat noch niemand einen Schlüssel" in page.content.decode()
    assert readers(house, asked) == {"Katrin", "Aylin", "Jonas"}
    assert asked.now().team == team(house)


def test_a_colleague_of_another_team_reads_as_long_as_they_hold_it(house: House) -> None:
    asked = ask(house.nordhafen)
    claim(asked, house.katrin)
    hand(asked, house.katrin, house.lea)
    assert readers(house, asked) == {"Katrin", "Aylin", "Jonas", "Lea"}
    assert wraps(asked) == [("code", 0), ("staff", 0), ("team", 1)]
    cases.release(case=asked.pk, by=house.lea, at=NOW())
    assert readers(house, asked) == {"Katrin", "Aylin", "Jonas"}


@pytest.mark.parametrize("how", ["closes", "hands it on", "leaves", "hands it to a team"])
def test_what_was_lent_goes_back_however_the_holding_ends(house: House, how: str) -> None:
    asked = ask(house.nordhafen)
    claim(asked, house.katrin)
    hand(asked, house.katrin, house.lea)
    if how == "closes":
        close(asked, house.lea)
    elif how == "hands it on":
        hand(asked, house.lea, house.aylin)
    elif how == "leaves":
        lea = holder_of(house.lea)
        staff.end_membership(member=house.lea, by=house.ada, at=NOW())
        with pytest.raises(KeyUnavailable):
            queries.thread(asked.now(), holder=lea)
    else:
        rosa = enrol(house.nordhafen, "Rosa Reserve", teams=["Krise"])
        hand(asked, house.lea, team(house, "Krise"))
        assert reads(rosa, asked)
    assert not KeyWrap.objects.filter(subject=asked.pk, kind="staff").exists()
