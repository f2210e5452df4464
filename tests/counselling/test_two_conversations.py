"""Two conversations on one device: what is sent from a page reaches its own, or nothing happens."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Organisation
from counselling import queries
from counselling.models import Case, Message
from tests import factories
from tests.counselling.pages import box, come_back, hidden, words
from tests.factories import Asked

pytestmark = pytest.mark.django_db

THREAD = "/nordhafen/gespraech/"
TOLD = "In einem anderen Fenster ist inzwischen ein anderes Gespräch offen."


@pytest.fixture
def nordhafen() -> Organisation:
    return factories.staffed("nordhafen")


@pytest.fixture
def hers(nordhafen: Organisation) -> Asked:
    return factories.ask(nordhafen, "Sabine: Mein Sohn schläft nicht.")


@pytest.fixture
def his(nordhafen: Organisation) -> Asked:
    return factories.ask(nordhafen, "Emil, 14: Ich will nicht mehr nach Hause.")


def marked(page: Any) -> dict[str, str]:
    """Return what a form on a page says about its conversation."""
    return {"conversation": hidden(page, "conversation")}


def client_messages(case: Case) -> int:
    return case.messages.filter(role=Message.Role.CLIENT).count()


def test_a_message_from_emils_page_does_not_land_in_sabines_conversation(
    client: Client, hers: Asked, his: Asked
) -> None:
    come_back(client, his.code.display())
    page = client.get(THREAD)
    form = {"message": hidden(page, "message"), "text": "Sie schlägt mich."} | marked(page)
    come_back(client, hers.code.display())  # on another tab
    answer = client.post(f"{THREAD}schreiben/", form)
    assert TOLD in words(answer)
    assert box(answer, "text") == "Sie schlägt mich."
    assert (client_messages(hers.case), client_messages(his.case)) == (1, 1)
    sent = client.post(
        "/nordhafen/zurueck/",
        {"code": his.code.display(), "text": form["text"], "message": form["message"]},
    )
    assert sent.headers["Location"] == THREAD
    assert (client_messages(hers.case), client_messages(his.case)) == (1, 2)


def test_deleting_from_sabines_page_does_not_delete_emils_conversation(
    client: Client, hers: Asked, his: Asked
) -> None:
    come_back(client, hers.code.display())
    form = marked(client.get(f"{THREAD}loeschen/"))
    come_back(client, his.code.display())
    answer = client.post(f"{THREAD}loeschen/", form, follow=True)
    assert TOLD in words(answer)
    assert queries.case_by_code(his.code) is not None
    client.post(f"{THREAD}loeschen/", marked(client.get(f"{THREAD}loeschen/")))
    assert queries.case_by_code(his.code) is None
    assert queries.case_by_code(hers.code) is not None


def test_noting_one_code_does_not_forget_another(client: Client, nordhafen: Organisation) -> None:
    def ask(text: str) -> Any:
        ticket = hidden(client.get("/nordhafen/frage/"), "ticket")
        client.post("/nordhafen/frage/", {"ticket": ticket, "text": text})
        return client.get("/nordhafen/code/")

    first, _second = ask("Die erste Frage."), ask("Die zweite Frage.")
    client.post("/nordhafen/code/", marked(first))
    assert client.get("/nordhafen/code/").status_code == 200
    client.post("/nordhafen/code/", marked(client.get("/nordhafen/code/")))
    assert client.get("/nordhafen/code/").status_code == 302


def test_a_form_of_the_open_conversation_is_taken_in_every_tab(client: Client, hers: Asked) -> None:
    come_back(client, hers.code.display())
    page = client.get(THREAD)
    come_back(client, hers.code.display())
    form = {"message": hidden(page, "message"), "text": "Noch etwas."} | marked(page)
    assert client.post(f"{THREAD}schreiben/", form).headers["Location"] == THREAD
    assert client_messages(hers.case) == 2
