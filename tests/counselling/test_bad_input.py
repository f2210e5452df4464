"""Bad input in every field of a parent: a German sentence beside the field, nothing lost, no 500."""

from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import Membership, Organisation
from counselling import queries
from counselling.models import Case, Message
from tests import factories
from tests.counselling.pages import box, come_back, errors, hidden, words

pytestmark = pytest.mark.django_db

LONG = "ä" * 200_000
MARKS = "a" + "\u0301" * 10_000
OVERRIDE = "Hallo \u202eollaH"
MARKUP = "<b>Hallo</b><script>alert(1)</script>\"'&"
BROKEN = b"\xff\xfe Hallo \xe4"

# What is typed, what the box shows afterwards, the sentence beside it.
REFUSED = [
    pytest.param("", "", "Hier steht noch nichts.", id="empty"),
    pytest.param(" \n\t ", "", "Hier steht noch nichts.", id="only spaces"),
    pytest.param("\u200b\u2060", "\u200b\u2060", "Hier steht noch nichts.", id="invisible"),
    pytest.param(LONG, LONG, "Der Text ist zu lang: 200.000 Zeichen.", id="200,000 characters"),
    pytest.param("Ha\x00llo", "Hallo", "unsichtbare Zeichen", id="NUL"),
    pytest.param(BROKEN, "Hallo", "Einige Zeichen sind beschädigt angekommen.", id="broken UTF-8"),
    pytest.param(OVERRIDE, "Hallo ollaH", "die Schreibrichtung umdrehen", id="override"),
    pytest.param(MARKS, "á" + "\u0301" * 5, "sehr viele Zeichen übereinander", id="10,000 marks"),
    pytest.param("\x00", "", "Hier steht noch nichts.", id="only NUL"),
]
PASSES_NOW = {"Hallo", "Hallo ollaH", "á" + "\u0301" * 5}


@pytest.fixture(autouse=True)
def nordhafen() -> Organisation:
    return factories.staffed("nordhafen")


def post(client: Client, path: str, fields: dict[str, str | bytes]) -> object:
    """Send a form as a browser does, also one with bytes that are no UTF-8."""
    return client.post(path, urlencode(fields), content_type="application/x-www-form-urlencoded")


@pytest.mark.parametrize(("typed", "kept", "sentence"), REFUSED)
def test_a_question_that_cannot_be_taken(
    client: Client, typed: str | bytes, kept: str, sentence: str
) -> None:
    ticket = hidden(client.get("/nordhafen/frage/"), "ticket")
    page = post(client, "/nordhafen/frage/", {"ticket": ticket, "text": typed})
    assert sentence in errors(page)
    assert box(page, "text") == kept
    assert not Case.objects.exists()
    again = post(client, "/nordhafen/frage/", {"ticket": hidden(page, "ticket"), "text": kept})
    assert (again.status_code == 302) == (kept in PASSES_NOW)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("typed", "kept", "sentence"), REFUSED)
def test_a_message_that_cannot_be_taken(
    client: Client, nordhafen: Organisation, typed: str | bytes, kept: str, sentence: str
) -> None:
    asked = factories.ask(nordhafen)
    come_back(client, asked.code.display())
    fields: dict[str, str | bytes] = {"message": str(uuid4()), "text": typed}
    page = post(client, "/nordhafen/gespraech/schreiben/", fields)
    assert sentence in errors(page)
    assert box(page, "text") == kept
    assert Message.objects.count() == 1
    fields = {"message": hidden(page, "message"), "text": kept}
    again = post(client, "/nordhafen/gespraech/schreiben/", fields)
    assert (again.status_code == 302) == (kept in PASSES_NOW)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("typed", "kept", "sentence"),
    [case for case in REFUSED if "Hier steht" not in str(case.values[2])],
)
def test_words_to_a_rating_that_cannot_be_taken(
    client: Client, nordhafen: Organisation, typed: str | bytes, kept: str, sentence: str
) -> None:
    asked = factories.ask(nordhafen)
    factories.reply(asked, factories.enrol(nordhafen))
    come_back(client, asked.code.display())
    page = post(client, "/nordhafen/gespraech/bewerten/", {"stars": "3", "text": typed})
    assert sentence in errors(page)
    assert kept in page.content.decode()  # type: ignore[attr-defined]
    assert queries.rating(asked.case, holder=asked.holder) is None


@pytest.mark.parametrize("typed", [MARKUP, "שלום \u2067abc\u2069", "👩‍👧 Hallo", "Tiếng Việt"])
def test_markup_and_other_scripts_are_taken_as_they_are(client: Client, typed: str) -> None:
    ticket = hidden(client.get("/nordhafen/frage/"), "ticket")
    sent = post(client, "/nordhafen/frage/", {"ticket": ticket, "text": typed})
    assert sent.status_code == 302  # type: ignore[attr-defined]
    page = client.get("/nordhafen/gespraech/")
    assert "<script>alert" not in page.content.decode()
    assert (
        queries.thread(
            Case.objects.get(),
            holder=factories.holder_of(Membership.objects.get(name="Rosa Reserve")),
        )[0].text
        == typed
    )


@pytest.mark.parametrize(
    "typed",
    ["1234", "123456", "abc", LONG, "1\x002", MARKS, OVERRIDE, MARKUP, BROKEN, "１２３４５"],
    ids=lambda typed: str(typed)[:12],
)
def test_a_postcode_that_is_none(client: Client, typed: str | bytes) -> None:
    fields: dict[str, str | bytes] = {"text": "Hallo", "postcode": typed}
    fields["ticket"] = hidden(client.get("/nordhafen/frage/"), "ticket")
    page = post(client, "/nordhafen/frage/", fields)
    assert errors(page)
    assert "<script>" not in page.content.decode().split("<main", 1)[1].split("</main", 1)[0]  # type: ignore[attr-defined]
    assert box(page, "text") == "Hallo"
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    "typed",
    ["x", "7b0c8f6e-0000-4000-8000-000000000001", LONG, "\x00", MARKS, OVERRIDE, MARKUP, BROKEN],
    ids=lambda typed: str(typed)[:12],
)
@pytest.mark.parametrize("field", ["topic", "age_band", "danger"])
def test_a_choice_that_was_not_offered(client: Client, field: str, typed: str | bytes) -> None:
    fields: dict[str, str | bytes] = {"text": "Hallo", field: typed}
    fields["ticket"] = hidden(client.get("/nordhafen/frage/"), "ticket")
    page = post(client, "/nordhafen/frage/", fields)
    assert "Bitte wählen Sie" in errors(page)
    assert box(page, "text") == "Hallo"
    assert not Case.objects.exists()


def test_a_topic_of_another_organisation_is_not_offered(client: Client) -> None:
    other = factories.organisation("lindental").topics.get(name="Schlaf")
    fields = {"text": "Hallo", "topic": str(other.pk)}
    fields["ticket"] = hidden(client.get("/nordhafen/frage/"), "ticket")
    assert "Dieses Thema gibt es hier nicht." in errors(client.post("/nordhafen/frage/", fields))


@pytest.mark.parametrize(
    "typed",
    ["", LONG, "\x00", MARKS, OVERRIDE, MARKUP, BROKEN, "7KQ4M" * 5, "🦀" * 25],
    ids=lambda typed: str(typed)[:12],
)
def test_a_code_that_is_none(client: Client, typed: str | bytes) -> None:
    page = post(client, "/nordhafen/zurueck/", {"code": typed})
    assert page.status_code == 200  # type: ignore[attr-defined]
    assert errors(page)


@pytest.mark.parametrize("field", ["hinweis", "als", "x"])
@pytest.mark.parametrize("path", ["", "frage/", "zurueck/", "farben.css"])
def test_an_address_with_nonsense_behind_it(client: Client, path: str, field: str) -> None:
    page = client.get(f"/nordhafen/{path}", {field: MARKUP + "\x00" + OVERRIDE})
    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()


def test_a_form_that_is_far_too_large_gets_a_plain_page(client: Client) -> None:
    page = client.post("/nordhafen/frage/", {"text": "x" * 7_000_000})
    assert page.status_code == 413
    assert "Der Text ist zu lang" in words(page)


def test_a_form_from_elsewhere_gets_a_plain_page() -> None:
    strict = Client(enforce_csrf_checks=True)
    page = strict.post("/nordhafen/frage/", {"text": "Hallo"})
    assert page.status_code == 403
    assert "Das Formular war zu lange offen" in words(page)
