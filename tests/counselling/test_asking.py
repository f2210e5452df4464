"""A parent asks: from the landing page to the access code."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, Organisation
from audit.models import TrailEntry
from counselling import queries
from counselling.models import Case, Message
from counselling.sla import Urgency
from counselling.views.beginning import Ticket
from tests import factories
from tests.counselling.pages import hidden, words
from vault import tickets
from vault.codes import AccessCode

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 14, tzinfo=UTC)  # 15 o'clock in Berlin
QUESTION = "Meine Tochter schläft seit Wochen nicht.\n\nWas kann ich tun?"


@pytest.fixture
def nordhafen() -> Organisation:
    return factories.staffed("nordhafen")


def fill_in(client: Client, text: str = QUESTION, **fields: str) -> dict[str, str]:
    """Open the form as Sabine does and fill it in."""
    return {"ticket": hidden(client.get("/nordhafen/frage/"), "ticket"), "text": text, **fields}


def code_on(page: Any) -> str:
    """Return the access code that a page shows."""
    groups = re.findall(r'code-display__group">(\w{5})<', page.content.decode())
    assert len(groups) == 5
    return "".join(groups)


def text_of(case: Case) -> str:
    """Return the first message of a case, opened."""
    return queries.thread(
        case, holder=factories.holder_of(Membership.objects.get(name="Rosa Reserve"))
    )[0].text


# --- Landing ----------------------------------------------------------------------------------
@time_machine.travel(MONDAY, tick=False)
def test_the_landing_page_welcomes_names_the_due_time_and_one_next_step(
    client: Client, nordhafen: Organisation
) -> None:
    page = client.get("/nordhafen/")
    assert "Schön, dass Sie da sind." in words(page)
    assert "Antwort bis Dienstag, 24. November, 15 Uhr" in words(page)
    assert 'href="/nordhafen/frage/"' in page.content.decode()
    assert "112" in words(page)


def test_the_landing_page_sets_no_cookie(client: Client, nordhafen: Organisation) -> None:
    page = client.get("/nordhafen/")
    assert not page.cookies
    assert not client.get("/nordhafen/farben.css").cookies


def test_an_unknown_organisation_does_not_exist(client: Client, nordhafen: Organisation) -> None:
    assert client.get("/suedhafen/").status_code == 404
    assert client.get("/suedhafen/frage/").status_code == 404
    assert client.get("/suedhafen/farben.css").status_code == 404


def test_colours_are_kept_for_five_minutes_and_asked_for_again_by_their_tag(
    client: Client, nordhafen: Organisation
) -> None:
    sheet = client.get("/nordhafen/farben.css")
    assert sheet.headers["Content-Type"] == "text/css; charset=utf-8"
    assert sheet.headers["Cache-Control"] == "public, max-age=300"
    assert f"--accent:{nordhafen.accent}" in sheet.content.decode()
    assert "prefers-color-scheme:dark" in sheet.content.decode()
    again = client.get("/nordhafen/farben.css", headers={"If-None-Match": sheet.headers["ETag"]})
    assert again.status_code == 304


# --- Asking -----------------------------------------------------------------------------------
@time_machine.travel(MONDAY, tick=False)
def test_sabine_asks_and_gets_her_code_and_the_due_time(
    client: Client, nordhafen: Organisation
) -> None:
    topic = nordhafen.topics.get(name="Gewalt")
    form = fill_in(client, topic=str(topic.pk), age_band="6-10", postcode="D-24 103")
    sent = client.post("/nordhafen/frage/", form)
    assert sent.status_code == 302
    assert sent.headers["Location"] == "/nordhafen/code/"
    page = client.get("/nordhafen/code/")
    assert "Sie haben unsere Antwort bis Dienstag, 24. November, 15 Uhr." in words(page)
    case = queries.case_by_code(AccessCode.parse(code_on(page)))
    assert case is not None
    assert text_of(case) == QUESTION
    assert case.team.name == "Krise"
    assert case.age_band == "6-10"
    assert queries.facts(
        case, holder=factories.holder_of(Membership.objects.get(name="Rosa Reserve"))
    ) == {"postcode": "24103"}
    assert page.headers["Cache-Control"] == "no-store"


def test_only_the_text_is_needed(client: Client, nordhafen: Organisation) -> None:
    assert client.post("/nordhafen/frage/", fill_in(client)).status_code == 302
    case = Case.objects.get()
    assert case.urgency == Urgency.NORMAL
    assert case.team.name == "Erziehung"


@pytest.mark.parametrize("answer", ["ja", "unklar"])
def test_danger_shows_help_first_and_puts_the_question_in_front(
    client: Client, nordhafen: Organisation, answer: str
) -> None:
    client.post("/nordhafen/frage/", fill_in(client, danger=answer))
    page = words(client.get("/nordhafen/code/"))
    assert Case.objects.get().urgency == Urgency.SOFORT
    assert "Warten Sie nicht auf uns. Rufen Sie jetzt an." in page
    assert page.index("Rufen Sie jetzt an.") < page.index("Ihre Frage ist angekommen")


def test_no_danger_shows_no_alarm(client: Client, nordhafen: Organisation) -> None:
    client.post("/nordhafen/frage/", fill_in(client, danger="nein"))
    assert "Rufen Sie jetzt an." not in words(client.get("/nordhafen/code/"))
    assert Case.objects.get().urgency == Urgency.NORMAL


def test_neither_text_nor_code_stands_in_an_address_or_in_the_trail(
    client: Client, nordhafen: Organisation
) -> None:
    sent = client.post("/nordhafen/frage/", fill_in(client))
    code = code_on(client.get("/nordhafen/code/"))
    case = Case.objects.get()
    trail = " ".join(str(entry.__dict__) for entry in TrailEntry.objects.all())
    for secret in (code, "schläft"):
        assert secret not in sent.headers["Location"]
        assert secret not in trail
    assert str(case.pk) not in sent.headers["Location"]


# --- The code is shown until it is noted ---------------------------------------------------------
def test_the_code_survives_a_reload_and_goes_when_it_is_noted(
    client: Client, nordhafen: Organisation
) -> None:
    client.post("/nordhafen/frage/", fill_in(client))
    first = code_on(client.get("/nordhafen/code/"))
    assert code_on(client.get("/nordhafen/code/")) == first
    assert "Haben Sie Ihren Code schon notiert?" in words(client.get("/nordhafen/gespraech/"))
    noted = client.post("/nordhafen/code/")
    assert noted.headers["Location"] == "/nordhafen/gespraech/"
    assert client.get("/nordhafen/code/").headers["Location"] == "/nordhafen/gespraech/"
    assert first not in client.get("/nordhafen/gespraech/").content.decode()


def test_the_code_can_be_saved_as_a_file_without_javascript(
    client: Client, nordhafen: Organisation
) -> None:
    client.post("/nordhafen/frage/", fill_in(client))
    code = AccessCode.parse(code_on(client.get("/nordhafen/code/")))
    file = client.post("/nordhafen/code/", {"datei": "1"})
    assert file.headers["Content-Disposition"] == 'attachment; filename="notiz.txt"'
    assert code.display() in file.content.decode()
    assert code_on(client.get("/nordhafen/code/"))


def test_mallory_without_a_code_sees_no_code_page(client: Client, nordhafen: Organisation) -> None:
    client.post("/nordhafen/frage/", fill_in(client))
    mallory = Client()
    refused = mallory.get("/nordhafen/code/")
    assert refused.headers["Location"] == "/nordhafen/zurueck/?hinweis=code"
    assert mallory.post("/nordhafen/code/", {"datei": "1"}).status_code == 302


# --- Sent twice, sent late ------------------------------------------------------------------------
def test_a_double_submit_is_one_case_with_one_code(client: Client, nordhafen: Organisation) -> None:
    form = fill_in(client)
    client.post("/nordhafen/frage/", form)
    first = code_on(client.get("/nordhafen/code/"))
    assert client.post("/nordhafen/frage/", form).headers["Location"] == "/nordhafen/code/"
    assert code_on(client.get("/nordhafen/code/")) == first
    assert Case.objects.count() == 1


def test_a_lost_response_and_a_lost_cookie_still_end_with_the_same_code(
    client: Client, nordhafen: Organisation
) -> None:
    form = fill_in(client)
    client.post("/nordhafen/frage/", form)
    first = code_on(client.get("/nordhafen/code/"))
    again = Client()
    again.post("/nordhafen/frage/", form)
    assert code_on(again.get("/nordhafen/code/")) == first


def test_going_back_and_changing_the_text_says_that_the_first_arrived_and_keeps_the_second(
    client: Client, nordhafen: Organisation
) -> None:
    form = fill_in(client)
    client.post("/nordhafen/frage/", form)
    first = code_on(client.get("/nordhafen/code/"))
    page = client.post("/nordhafen/frage/", form | {"text": "Noch etwas ganz anderes."})
    assert page.status_code == 200
    assert "Ihr erster Text ist bei uns angekommen." in words(page)
    assert "wird daraus eine neue, zweite Frage" in words(page)
    assert "Noch etwas ganz anderes." in page.content.decode()
    assert 'href="/nordhafen/code/"' in page.content.decode()
    assert code_on(client.get("/nordhafen/code/")) == first
    assert Case.objects.count() == 1

    form = {"ticket": hidden(page, "ticket"), "text": "Noch etwas ganz anderes."}
    client.post("/nordhafen/frage/", form)
    assert code_on(client.get("/nordhafen/code/")) != first
    assert Case.objects.count() == 2


@pytest.mark.parametrize("ticket", ["", "kaputt", "\x00", "ä" * 500, "A" * 5000])
def test_a_damaged_ticket_loses_nothing(
    client: Client, nordhafen: Organisation, ticket: str
) -> None:
    page = client.post("/nordhafen/frage/", {"ticket": ticket, "text": QUESTION})
    assert "Das Formular war zu lange offen. Ihr Text ist noch da." in words(page)
    assert "Meine Tochter schläft seit Wochen nicht." in page.content.decode()
    again = client.post("/nordhafen/frage/", {"ticket": hidden(page, "ticket"), "text": QUESTION})
    assert again.status_code == 302


def test_a_form_that_was_open_for_two_days_loses_nothing(
    client: Client, nordhafen: Organisation
) -> None:
    with time_machine.travel(MONDAY, tick=False):
        form = fill_in(client)
    with time_machine.travel(MONDAY.replace(day=25), tick=False):
        page = client.post("/nordhafen/frage/", form)
    assert "Das Formular war zu lange offen." in words(page)
    assert "Meine Tochter schläft" in page.content.decode()
    assert not Case.objects.exists()


def test_a_ticket_made_for_something_else_is_none(nordhafen: Organisation) -> None:
    other = tickets.issue({"submission": str(uuid4()), "code": "X"}, purpose="x", at=MONDAY)
    assert Ticket.read(other, at=MONDAY) is None


def test_an_organisation_without_a_team_says_so_and_keeps_the_text(client: Client) -> None:
    factories.organisation("nordhafen", teams=(), topics=())
    page = client.post("/nordhafen/frage/", fill_in(client))
    assert "Im Moment kann hier niemand antworten." in words(page)
    assert "Meine Tochter schläft" in page.content.decode()


# --- What it costs ---------------------------------------------------------------------------------
def test_asking_costs_few_queries(client: Client, nordhafen: Organisation) -> None:
    Client().post("/nordhafen/frage/", fill_in(client))
    form = fill_in(client)
    with CaptureQueriesContext(connection) as asked:
        client.post("/nordhafen/frage/", form)
    errands = [q["sql"] for q in asked.captured_queries]
    statements = [sql.split()[0] for sql in errands]
    # Both wraps at once, case, deadline, message, assessment, trail, session; the organisation and what
    # it promises are remembered from the form, the team's public key from the question before.
    assert sum(sql.count("INSERT INTO") for sql in errands) == 7
    # All but the session's in one, where each has to be waited for.
    assert statements.count("INSERT") == (2 if connection.vendor == "postgresql" else 7)
    assert statements.count("SELECT") == 0
    assert "UPDATE" not in statements
    assert Message.objects.count() == 2
