"""Writing in a case: reply, draft, note; what is refused keeps its text and says why."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.text import LONGEST_TEXT
from counselling import queries
from counselling.models import Case, Draft, Message
from counselling.operations import cases
from tests.counselling.case_pages import entries, page_of, send
from tests.counselling.house import House, open_house
from tests.factories import Asked, ask, claim, client_writes, holder_of
from tests.factories.sessions import signed_in

pytestmark = pytest.mark.django_db
HTML = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
def house() -> House:
    return open_house()


@pytest.fixture
def held(house: House) -> Asked:
    """A case that Katrin holds."""
    asked = ask(house.nordhafen, "Unser Sohn schläft nicht.", postcode="23552", age_band="1-3")
    claim(asked, house.katrin)
    return asked


# --- Replying ---------------------------------------------------------------------------------


def test_katrin_sends_a_reply(house: House, held: Asked) -> None:
    status, html = send(house.katrin, "case-reply", held, "Das ist **oft** so.")

    assert status == 302
    assert "Ihre Antwort ist gesendet." in html
    assert "Das ist <strong>oft</strong> so." in html
    assert entries(held, Message.Role.REPLY) == ["Das ist **oft** so."]
    assert held.now().state == Case.State.ANSWERED


def test_a_reply_sent_twice_is_one_reply(house: House, held: Asked) -> None:
    token = str(uuid4())
    for _time in range(2):
        status, html = send(house.katrin, "case-reply", held, "Nur einmal.", client_msg_id=token)
        assert status == 302

    assert entries(held, Message.Role.REPLY) == ["Nur einmal."]
    assert html.count("Nur einmal.") == 1


def test_another_text_from_the_same_form_is_kept_and_can_be_sent_as_a_new_message(
    house: House, held: Asked
) -> None:
    token = str(uuid4())
    send(house.katrin, "case-reply", held, "Zuerst so.", client_msg_id=token)

    status, html = send(house.katrin, "case-reply", held, "Dann anders.", client_msg_id=token)

    assert status == 409
    assert "Gesendetes bleibt, wie es ist." in html
    assert "Dann anders." in html
    assert token not in html
    assert entries(held, Message.Role.REPLY) == ["Zuerst so."]


def test_a_reply_waits_until_the_clients_newest_words_are_read(house: House, held: Asked) -> None:
    client_writes(held, "Vergessen: Er ist krank.")

    status, html = send(house.katrin, "case-reply", held, "Mein Rat.", seen=1)

    assert status == 409
    assert "hat inzwischen noch etwas geschrieben" in html
    assert "Vergessen: Er ist krank." in html
    assert "Mein Rat." in html
    assert entries(held, Message.Role.REPLY) == []
    assert send(house.katrin, "case-reply", held, "Mein Rat.", seen=2)[0] == 302


def test_aylin_cannot_reply_where_katrin_holds_and_keeps_her_text(
    house: House, held: Asked
) -> None:
    status, html = send(house.aylin, "case-reply", held, "Mein verlorener Text?")

    assert status == 409
    assert "Das geht nur, wenn Sie den Fall haben." in html
    assert "Ihr Text – nicht gesendet" in html
    assert "Mein verlorener Text?" in html
    assert entries(held, Message.Role.REPLY) == []


BAD_TEXTS = [
    pytest.param("", "ist noch leer", "", id="empty"),
    pytest.param(" \u200b\n\t ", "ist noch leer", "", id="nothing to see"),
    pytest.param("a" * 200_000, "Der Text ist zu lang: 200.000", "a" * 200_000, id="far too long"),
    pytest.param("vor\x00nach", "unsichtbare Zeichen", "vornach", id="NUL"),
    pytest.param("vor\u202enach", "die Schreibrichtung umdrehen", "vornach", id="override"),
    pytest.param("e" + "\u0301" * 10_000, "übereinander", "é", id="marks"),
    pytest.param("vor\ufffdnach", "beschädigt angekommen", "vornach", id="damaged"),
]


@pytest.mark.parametrize(("text", "sentence", "kept"), BAD_TEXTS)
@pytest.mark.parametrize("address", ["case-reply", "case-note"])
def test_bad_text_gets_a_sentence_beside_the_field_and_stays(
    house: House, held: Asked, address: str, text: str, sentence: str, kept: str
) -> None:
    status, html = send(house.katrin, address, held, text)

    assert status == 200
    assert sentence in html
    assert 'aria-invalid="true"' in html
    assert kept in html
    assert Message.objects.filter(case=held.pk).count() == 1


def test_broken_utf8_gets_a_sentence(house: House, held: Asked) -> None:
    response = signed_in(house.katrin).post(
        reverse("case-reply", args=[held.pk]),
        b"text=vor%FFnach",
        content_type="application/x-www-form-urlencoded",
    )

    assert "beschädigt angekommen" in response.content.decode()


@pytest.mark.parametrize("damaged", ["", "x", "\x00", "9" * 5000, "<script>"])
def test_damaged_hidden_fields_do_not_cost_the_text(
    house: House, held: Asked, damaged: str
) -> None:
    status, _html = send(
        house.katrin, "case-note", held, "Trotzdem da.", client_msg_id=damaged, seen=damaged
    )
    assert status == 302
    assert entries(held, Message.Role.NOTE) == ["Trotzdem da."]

    status, html = send(
        house.katrin, "case-reply", held, "Auch da.", client_msg_id=damaged, seen=damaged
    )
    assert status == 409  # nobody knows what was read: it is shown again
    assert "Auch da." in html


# --- Drafting ---------------------------------------------------------------------------------


def test_a_draft_is_saved_by_script_and_is_there_at_the_next_opening(
    house: House, held: Asked
) -> None:
    answer = signed_in(house.katrin).post(
        reverse("case-draft", args=[held.pk]),
        {"text": "Halb fer\x00tig"},
        headers={"X-Requested-With": "fetch"},
    )

    assert answer.status_code == 204
    html = page_of(house.katrin, held)
    assert "Halb fertig" in html
    assert "Entwurf von Katrin Petersen, gespeichert heute" in html


def test_a_draft_is_saved_without_script_too(house: House, held: Asked) -> None:
    status, html = send(house.katrin, "case-draft", held, "Halb fertig")

    assert status == 302
    assert "Der Entwurf ist gespeichert." in html
    assert "Halb fertig" in html


def test_a_draft_that_cannot_be_saved_says_so(house: House, held: Asked) -> None:
    for member, text, status in (
        (house.aylin, "nicht meiner", 409),
        (house.katrin, "a" * (LONGEST_TEXT + 1), 422),
    ):
        answer = signed_in(member).post(
            reverse("case-draft", args=[held.pk]),
            {"text": text},
            headers={"X-Requested-With": "fetch"},
        )
        assert answer.status_code == status
        assert answer.json()["error"]
    assert not Draft.objects.exists()


def test_jonas_in_training_drafts_and_katrin_sends(house: House) -> None:
    asked = ask(house.nordhafen)
    claim(asked, house.jonas)
    html = page_of(house.jonas, asked)
    assert "Antwort senden" not in html
    assert "Diese Antwort liest erst eine zweite Person." in html

    send(house.jonas, "case-draft", asked, "Liebe Mutter")
    assert send(house.jonas, "case-reply", asked, "Liebe Mutter")[0] == 404
    cases.hand_to_colleague(
        case=asked.pk,
        to=house.katrin,
        by=house.jonas,
        holder=holder_of(house.jonas),
        at=timezone.now(),
    )

    html = page_of(house.katrin, asked)
    assert "Entwurf von Jonas Brandt" in html
    assert "Liebe Mutter" in html
    assert send(house.katrin, "case-reply", asked, "Liebe Mutter")[0] == 302
    assert not Draft.objects.exists()


# --- Preview and text modules -----------------------------------------------------------------


def test_a_preview_shows_the_reply_as_the_client_will_read_it(house: House, held: Asked) -> None:
    address = reverse("case-preview", args=[held.pk])
    data = {"text": f"Das ist **oft** so. {HTML}"}

    part = signed_in(house.katrin).post(address, data, headers={"HX-Request": "true"})
    page = signed_in(house.katrin).post(address, data)

    for html in (part.content.decode(), page.content.decode()):
        assert "Das ist <strong>oft</strong> so." in html
        assert "<script>alert" not in html
    assert "<html" not in part.content.decode()
    assert "Das ist **oft** so." in page.content.decode()
    assert entries(held, Message.Role.REPLY) == []


def test_a_preview_of_nothing_and_of_too_much_says_so(house: House, held: Asked) -> None:
    address = reverse("case-preview", args=[held.pk])
    for text, sentence in (("", "Noch steht nichts da."), ("a" * 200_000, "zu lang")):
        part = signed_in(house.katrin).post(address, {"text": text}, headers={"HX-Request": "true"})
        assert sentence in part.content.decode()


def test_a_text_module_is_added_without_script_with_its_placeholders_filled(
    house: House, held: Asked
) -> None:
    module = queries.text_modules(house.nordhafen).get(title="Vorstellung")

    page = signed_in(house.katrin).post(
        reverse("case-preview", args=[held.pk]),
        {"text": "Guten Tag", "module": str(module.pk), "insert": "1"},
    )

    html = page.content.decode()
    assert "Guten Tag\n\nIch bin Katrin Petersen von Elternlotse Nordhafen. Antwort bis " in html
    assert "{{frist}}" not in html
    assert "{{rest}}" in html  # what has no value stays visible


@pytest.mark.parametrize("module", ["", "x", "\x00", "7b0c8f6e-0000-4000-8000-000000000001"])
def test_a_text_module_that_there_is_not_costs_no_text(
    house: House, held: Asked, module: str
) -> None:
    page = signed_in(house.katrin).post(
        reverse("case-preview", args=[held.pk]),
        {"text": "Guten Tag", "module": module, "insert": "1"},
    )

    assert page.status_code == 200
    assert "Guten Tag" in page.content.decode()


# --- Notes ------------------------------------------------------------------------------------


def test_aylin_adds_a_note_to_what_katrin_holds(house: House, held: Asked) -> None:
    status, html = send(house.aylin, "case-note", held, "Bitte Kinderschutz mitdenken.")

    assert status == 302
    assert "Die Notiz ist gespeichert." in html
    assert entries(held, Message.Role.NOTE) == ["Bitte Kinderschutz mitdenken."]
    assert held.now().state == Case.State.CLAIMED


def test_a_note_sent_twice_is_one_note(house: House, held: Asked) -> None:
    token = str(uuid4())
    for _time in range(2):
        send(house.aylin, "case-note", held, "Nur einmal.", client_msg_id=token)

    assert entries(held, Message.Role.NOTE) == ["Nur einmal."]


def test_the_due_time_is_there_until_a_reply_is_sent(house: House) -> None:
    asked = ask(house.nordhafen, in_danger=True, at=timezone.now() - timedelta(hours=3))
    claim(asked, house.katrin)

    before = page_of(house.katrin, asked)
    send(house.katrin, "case-reply", asked, "Bitte rufen Sie die 112 an.")

    assert "überfällig seit 2 Std." in before
    assert "Antwort fällig" not in page_of(house.katrin, asked)
