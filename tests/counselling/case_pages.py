"""Opening a case page and sending its forms, as a member does."""

from uuid import uuid4

from django.urls import reverse

from accounts.models import Membership
from counselling import queries
from counselling.models import Message
from tests.factories import Asked
from tests.factories.sessions import signed_in


def page_of(member: Membership, asked: Asked) -> str:
    """Return the page that a member sees of a case."""
    response = signed_in(member).get(reverse("case", args=[asked.pk]))
    assert response.status_code == 200
    return response.content.decode()


def send(
    member: Membership, address: str, asked: Asked, text: str, **fields: object
) -> tuple[int, str]:
    """Send a form of the case as a member does; return the status and the page after it."""
    data = {"text": text, "client_msg_id": str(uuid4()), "seen": 99, **fields}
    browser = signed_in(member)
    response = browser.post(reverse(address, args=[asked.pk]), data)
    status = response.status_code
    if status == 302:
        response = browser.get(response["Location"])
    return status, response.content.decode()


def entries(asked: Asked, role: Message.Role) -> list[str]:
    """Return the texts of a role in a case, opened."""
    return [entry.text for entry in queries.thread(asked.case, holder=asked.holder, roles=[role])]
