"""A parent comes back with the code: reads, writes, rates, takes along, deletes, leaves."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from accounts.models import Membership, Organisation
from audit.models import TrailEntry
from counselling import queries
from counselling.models import Case, Message, Rating
from counselling.operations import cases
from counselling.sla import Urgency
from counselling.states import CaseState
from tests import factories
from tests.counselling.pages import box, come_back, errors, hidden, words
from tests.factories import Asked
from vault.codes import AccessCode
from vault.models import KeyWrap

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 14, tzinfo=UTC)  # 15 o'clock in Berlin
THREAD = "/nordhafen/gespraech/"


@pytest.fixture
def nordhafen() -> Organisation:
    return factories.staffed("nordhafen")


@pytest.fixture
def katrin(nordhafen: Organisation) -> Membership:
    return factories.enrol(nordhafen, "Katrin Petersen")


@pytest.fixture
def asked(nordhafen: Organisation) -> Asked:
    return factories.ask(nordhafen, "Mein Sohn schläft nicht.\nWas nun?", at=MONDAY)


@pytest.fixture
def sabine(client: Client, asked: Asked) -> Client:
    """Sabine's browser after she typed her code."""
    assert come_back(client, asked.code.display()).headers["Location"] == THREAD
    return client


def send(client: Client, text: str, **fields: str) -> object:
    """Write a message from the conversation's page."""
    token = hidden(client.get(THREAD), "message")
    return client.post(f"{THREAD}schreiben/", {"message": token, "text": text, **fields})


# --- Typing the code ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "typed",
    [
        "{code}",
        " {lower} ",
        "{spaced}",
        "{dashes}",
    ],
)
def test_the_code_is_read_as_people_type_it(client: Client, asked: Asked, typed: str) -> None:
    code = asked.code.display()
    as_typed = typed.format(
        code=code,
        lower=code.lower(),
        spaced=" ".join(code.replace("-", "").replace("0", "O").replace("1", "l")),
        dashes=code.replace("-", " – "),
    )
    assert come_back(client, as_typed).headers["Location"] == THREAD


def wrong(code: AccessCode) -> str:
    """Return the code with its last character wrong."""
    return code.display()[:-1] + ("2" if code.display()[-1] != "2" else "3")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Bitte geben Sie Ihren Code ein."),
        ("  - - ", "Bitte geben Sie Ihren Code ein."),
        ("7KQ4M-XW2PA", "Hier stehen 10."),
        ("7KQ4M-XW2PA-7KQ4M-XW2PA-7KQ4M-XW2PA", "Hier stehen 30."),
        ("7KQ4M-XW2PA-7KQ4M-XW2PA-7KQ4§", "nur die Buchstaben A bis Z und Ziffern"),
        ("<script>alert(1)</script>", "nur die Buchstaben A bis Z und Ziffern"),
    ],
)
def test_a_mistyped_code_gets_a_sentence_that_helps_and_stays_in_the_box(
    client: Client, asked: Asked, typed: str, sentence: str
) -> None:
    page = come_back(client, typed)
    assert page.status_code == 200
    assert sentence in errors(page)
    assert box(page, "code") == " ".join(typed.split())


def test_one_wrong_character_is_noticed(client: Client, asked: Asked) -> None:
    page = come_back(client, wrong(asked.code))
    assert "Ein Zeichen in diesem Code stimmt nicht" in errors(page)


def test_an_unknown_and_a_deleted_code_get_the_same_answer(client: Client, asked: Asked) -> None:
    unknown = come_back(client, AccessCode.generate().display())
    come_back(client, asked.code.display())
    client.post(f"{THREAD}loeschen/")
    deleted = come_back(client, asked.code.display())
    assert "Zu diesem Code finden wir kein Gespräch." in errors(unknown)
    assert errors(unknown) == errors(deleted)


def test_a_typed_code_reaches_neither_address_nor_trail(client: Client, asked: Asked) -> None:
    answer = come_back(client, asked.code.display())
    assert asked.code.characters not in answer.headers["Location"]
    trail = " ".join(str(entry.__dict__) for entry in TrailEntry.objects.all())
    assert asked.code.characters not in trail
    assert asked.code.display() not in trail


def test_a_code_of_another_organisation_leads_there(client: Client, asked: Asked) -> None:
    factories.organisation("lindental")
    answer = come_back(client, asked.code.display(), slug="lindental")
    assert answer.headers["Location"] == THREAD
    assert "Mein Sohn schläft nicht." in words(client.get(THREAD))
    elsewhere = client.get("/lindental/gespraech/")
    assert elsewhere.headers["Location"] == "/lindental/zurueck/?hinweis=code"


@pytest.mark.parametrize("path", ["", "mitnehmen/", "loeschen/", "schreiben/", "bewerten/"])
def test_mallory_without_a_code_sees_nothing(asked: Asked, path: str) -> None:
    mallory = Client()
    for answer in (mallory.get(THREAD + path), mallory.post(THREAD + path)):
        assert answer.status_code in (302, 405)
        assert "schläft" not in answer.content.decode()
    assert Case.objects.count() == 1


# --- Reading ------------------------------------------------------------------------------------------
def test_sabine_reads_the_answer_with_name_and_time_and_never_a_note(
    sabine: Client, asked: Asked, katrin: Membership
) -> None:
    factories.reply(asked, katrin, "Das ist **normal**.", at=MONDAY + timedelta(hours=1))
    factories.note(asked, katrin, "Intern: Rückfrage an Mehmet.")
    page = sabine.get(THREAD)
    assert "<strong>normal</strong>" in page.content.decode()
    assert "Katrin Petersen 23.11.2026 16:00 neu" in words(page)
    assert "Sie haben eine Antwort." in words(page)
    assert "Intern" not in words(page)
    assert "Mehmet" not in page.content.decode()
    assert page.headers["Cache-Control"] == "no-store"


def test_an_answer_is_no_longer_new_once_sabine_has_written(
    sabine: Client, asked: Asked, katrin: Membership
) -> None:
    factories.reply(asked, katrin)
    send(sabine, "Danke!")
    assert "Zur neuen Antwort" not in words(sabine.get(THREAD))


def test_own_words_are_shown_as_typed_and_never_as_markup(
    client: Client, nordhafen: Organisation
) -> None:
    asked = factories.ask(nordhafen, "<script>alert(1)</script>\n**fett** https://example.org")
    come_back(client, asked.code.display())
    source = client.get(THREAD).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\n**fett** https://example.org" in source
    assert 'href="https://example.org"' not in source


def test_where_it_stands_is_said_in_plain_words(
    client: Client, asked: Asked, katrin: Membership
) -> None:
    with time_machine.travel(MONDAY, tick=False):
        come_back(client, asked.code.display())
        page = words(client.get(THREAD))
        assert "Ihre Frage ist angekommen und wartet auf Antwort." in page
        assert "Wir antworten bis Dienstag, 24. November, 15 Uhr." in page
    factories.claim(asked, katrin, at=MONDAY)
    with time_machine.travel(MONDAY + timedelta(minutes=1), tick=False):
        page = words(client.get(THREAD))
        assert "Jemand aus unserem Team kümmert sich um Ihre Nachricht." in page
        assert "Dienstag, 24. November, 15 Uhr" in page


def test_a_slipped_promise_is_admitted(client: Client, asked: Asked) -> None:
    with time_machine.travel(MONDAY + timedelta(hours=30), tick=False):
        come_back(client, asked.code.display())
        page = words(client.get(THREAD))
    assert "Wir sind zu spät. Das tut uns leid." in page
    assert "eine Antwort bis Dienstag, 24. November, 15 Uhr versprochen" in page


def test_the_end_of_a_day_is_called_24_o_clock(client: Client, nordhafen: Organisation) -> None:
    sunday = MONDAY - timedelta(days=1)
    asked = factories.ask(nordhafen, at=sunday)
    with time_machine.travel(sunday, tick=False):
        come_back(client, asked.code.display())
        assert "bis Montag, 23. November, 24 Uhr" in words(client.get(THREAD))


def test_a_closed_conversation_opens_again_by_writing(
    sabine: Client, asked: Asked, katrin: Membership
) -> None:
    factories.reply(asked, katrin)
    factories.close(asked, katrin)
    page = words(sabine.get(THREAD))
    assert "Dieses Gespräch ist abgeschlossen." in page
    assert "Wenn Sie noch einmal schreiben, geht es weiter." in page
    send(sabine, "Doch noch eine Frage.")
    assert asked.now().state == CaseState.WAITING


def test_an_answer_stays_an_answer_when_the_counsellor_gives_the_case_back(
    sabine: Client, asked: Asked, katrin: Membership
) -> None:
    factories.reply(asked, katrin)
    cases.release(case=asked.pk, by=katrin, at=MONDAY)
    assert "Sie haben eine Antwort." in words(sabine.get(THREAD))


# --- Writing --------------------------------------------------------------------------------------------
def test_sabine_writes_again_and_is_told_that_it_arrived(sabine: Client, asked: Asked) -> None:
    sent = send(sabine, "Noch etwas:\nEr ist drei.")
    assert sent.headers["Location"] == THREAD  # type: ignore[attr-defined]
    page = words(sabine.get(THREAD))
    assert "Ihre Nachricht ist angekommen." in page
    assert "Er ist drei." in page


def test_danger_in_a_message_shows_help_and_puts_the_case_in_front(
    sabine: Client, asked: Asked
) -> None:
    send(sabine, "Er will nicht mehr leben.", danger="ja")
    assert asked.now().urgency == Urgency.SOFORT
    assert "Ist jemand in Gefahr? Rufen Sie jetzt an." in words(sabine.get(THREAD))


def test_a_message_sent_twice_is_one_message(sabine: Client, asked: Asked) -> None:
    form = {"message": str(uuid4()), "text": "Nur einmal."}
    sabine.post(f"{THREAD}schreiben/", form)
    sabine.post(f"{THREAD}schreiben/", form)
    assert Message.objects.filter(case=asked.pk).count() == 2


def test_going_back_and_changing_a_message_keeps_the_text_and_says_what_happens(
    sabine: Client, asked: Asked
) -> None:
    form = {"message": str(uuid4()), "text": "Erste Fassung."}
    sabine.post(f"{THREAD}schreiben/", form)
    page = sabine.post(f"{THREAD}schreiben/", form | {"text": "Zweite Fassung."})
    assert "Ihr erster Text ist angekommen" in errors(page)
    assert box(page, "text") == "Zweite Fassung."
    again = {"message": hidden(page, "message"), "text": "Zweite Fassung."}
    assert again["message"] != form["message"]
    assert sabine.post(f"{THREAD}schreiben/", again).status_code == 302
    assert Message.objects.filter(case=asked.pk).count() == 3


@pytest.mark.parametrize("token", ["", "kaputt", "\x00", "ä" * 300])
def test_a_damaged_form_keeps_the_text(sabine: Client, asked: Asked, token: str) -> None:
    page = sabine.post(f"{THREAD}schreiben/", {"message": token, "text": "Bitte behalten."})
    assert "Ihr Text ist noch da." in errors(page)
    assert box(page, "text") == "Bitte behalten."
    assert sabine.get(f"{THREAD}schreiben/").headers["Location"] == THREAD


def test_a_message_from_a_session_that_has_ended_arrives_with_the_code(asked: Asked) -> None:
    later = Client()
    form = {"message": str(uuid4()), "text": "Lange daran geschrieben.", "danger": "nein"}
    page = later.post(f"{THREAD}schreiben/", form)
    assert "Ihr Text ist noch da. Geben Sie Ihren Code ein, dann kommt er an." in words(page)
    assert box(page, "text") == "Lange daran geschrieben."
    mistyped = later.post("/nordhafen/zurueck/", form | {"code": wrong(asked.code)})
    assert box(mistyped, "text") == "Lange daran geschrieben."
    sent = later.post("/nordhafen/zurueck/", form | {"code": asked.code.display()})
    assert sent.headers["Location"] == THREAD
    assert "Lange daran geschrieben." in words(later.get(THREAD))


def test_a_rating_from_a_session_that_has_ended_arrives_with_the_code(
    asked: Asked, katrin: Membership
) -> None:
    factories.reply(asked, katrin)
    later = Client()
    form = {"stars": "4", "text": "Hat geholfen."}
    assert box(later.post(f"{THREAD}bewerten/", form), "text") == "Hat geholfen."
    later.post("/nordhafen/zurueck/", form | {"code": asked.code.display()})
    assert Rating.objects.get(case=asked.pk).stars == 4


# --- Rating -----------------------------------------------------------------------------------------------
def test_sabine_rates_and_changes_her_mind(
    sabine: Client, asked: Asked, katrin: Membership
) -> None:
    assert "Unsere Antwort bewerten" not in words(sabine.get(THREAD))
    factories.reply(asked, katrin)
    assert "Unsere Antwort bewerten" in words(sabine.get(THREAD))
    sabine.post(f"{THREAD}bewerten/", {"stars": "2", "text": "Zu spät."})
    assert "Danke. Ihre Bewertung hilft uns" in words(sabine.get(THREAD))
    sabine.post(f"{THREAD}bewerten/", {"stars": "5", "text": ""})
    assert "Ihre Bewertung: 5 von 5" in words(sabine.get(THREAD))
    assert queries.rating(asked.now(), holder=asked.holder) == (5, "")


@pytest.mark.parametrize("stars", ["", "0", "6", "viele", "<script>", "\x00"])
def test_a_rating_without_a_number_keeps_its_text(
    sabine: Client, asked: Asked, katrin: Membership, stars: str
) -> None:
    factories.reply(asked, katrin)
    page = sabine.post(f"{THREAD}bewerten/", {"stars": stars, "text": "Trotzdem danke."})
    assert "Bitte wählen Sie eine Zahl von 1 bis 5." in errors(page)
    assert "Trotzdem danke." in page.content.decode()


def test_there_is_nothing_to_rate_before_an_answer(sabine: Client, asked: Asked) -> None:
    page = sabine.post(f"{THREAD}bewerten/", {"stars": "5", "text": "Zu früh."})
    assert "Bewerten können Sie, sobald Sie eine Antwort haben." in errors(page)
    assert "Zu früh." in page.content.decode()


# --- Taking along, deleting, leaving ------------------------------------------------------------------------
def test_sabine_takes_everything_along_but_no_note(
    sabine: Client, asked: Asked, katrin: Membership
) -> None:
    factories.reply(asked, katrin, "Das ist **normal**.")
    factories.note(asked, katrin, "Intern.")
    factories.close(asked, katrin)
    page = sabine.get(f"{THREAD}mitnehmen/")
    assert page.headers["Content-Disposition"] == 'attachment; filename="notizen.html"'
    assert "Mein Sohn schläft nicht." in words(page)
    assert "<strong>normal</strong>" in page.content.decode()
    assert "Intern" not in page.content.decode()
    file = sabine.get(f"{THREAD}mitnehmen/?als=json")
    assert file.headers["Content-Disposition"] == 'attachment; filename="notizen.json"'
    everything = json.loads(file.content)
    assert [m["from"] for m in everything["messages"]] == ["client", "reply", "system"]
    assert everything["messages"][2]["text"].startswith("Das Gespräch ist abgeschlossen.")
    assert "Intern" not in file.content.decode()


def test_everything_is_deleted_after_a_question_and_the_code_opens_nothing(
    sabine: Client, asked: Asked
) -> None:
    assert "Das kann niemand rückgängig machen" in words(sabine.get(f"{THREAD}loeschen/"))
    assert Case.objects.exists()
    done = sabine.post(f"{THREAD}loeschen/", follow=True)
    assert "Alles ist gelöscht" in words(done)
    assert not Case.objects.exists()
    assert not Message.objects.exists()
    assert not KeyWrap.objects.filter(subject=asked.pk).exists()
    assert "Auf diesem Gerät ist gerade kein Gespräch offen." in words(
        sabine.get(THREAD, follow=True)
    )


@pytest.mark.parametrize("path", ["", "mitnehmen/", "loeschen/"])
def test_a_case_deleted_elsewhere_leads_to_the_code_entry(
    sabine: Client, asked: Asked, path: str
) -> None:
    other = Client()
    come_back(other, asked.code.display())
    other.post(f"{THREAD}loeschen/")
    page = sabine.get(THREAD + path, follow=True)
    assert page.redirect_chain[0][0] == "/nordhafen/zurueck/?hinweis=nicht-mehr-da"
    assert "Dieses Gespräch gibt es nicht mehr. Es wurde gelöscht." in words(page)


def test_a_message_to_a_deleted_case_can_be_sent_as_a_new_question(
    sabine: Client, asked: Asked
) -> None:
    other = Client()
    come_back(other, asked.code.display())
    other.post(f"{THREAD}loeschen/")
    form = {"message": str(uuid4()), "text": "Und jetzt?"}
    page = sabine.post(f"{THREAD}schreiben/", form)
    assert "Dieses Gespräch gibt es nicht mehr." in words(page)
    assert box(page, "text") == "Und jetzt?"
    question = sabine.post("/nordhafen/frage/", form)
    assert box(question, "text") == "Und jetzt?"


def test_leaving_forgets_the_conversation_on_this_device_only(sabine: Client, asked: Asked) -> None:
    left = sabine.post(f"{THREAD}beenden/", follow=True)
    assert "Dieses Gerät kennt Ihr Gespräch nicht mehr." in words(left)
    assert sabine.get(THREAD).status_code == 302
    assert come_back(sabine, asked.code.display()).headers["Location"] == THREAD


def test_the_quick_exit_forgets_everything_and_leads_to_a_harmless_site(
    sabine: Client, asked: Asked, nordhafen: Organisation
) -> None:
    gone = sabine.get("/nordhafen/weg/")
    assert gone.headers["Location"] == nordhafen.exit_url
    assert gone.headers["Cache-Control"] == "no-store"
    assert all(not cookie.value for cookie in gone.cookies.values())
    assert set(gone.cookies) == {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
    assert sabine.get(THREAD).headers["Location"].endswith("?hinweis=code")


def test_the_quick_exit_leaves_a_staff_sign_in_alone(
    sabine: Client, asked: Asked, katrin: Membership
) -> None:
    sabine.force_login(katrin.user)
    come_back(sabine, asked.code.display())
    assert settings.CSRF_COOKIE_NAME not in sabine.get("/nordhafen/weg/").cookies
    assert "_auth_user_id" in sabine.session
    assert "case" not in sabine.session
