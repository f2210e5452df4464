"""A client's pages about a referral."""

from datetime import UTC, datetime

from django.test import Client
from django.urls import reverse

from tests.factories import handoff
from tests.factories.cases import Asked
from tests.factories.handoff import Handed

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)

FORM = {
    "act": "prepare",
    "text": handoff.WORDS,
    "contact": "phone",
    "phone": "0421 555 01",
    "times": "vormittags",
    "about": "own_child",
    "days": "90",
}


def client_of(asked: Asked) -> Client:
    """Return the browser of a case's client."""
    browser = Client()
    slug = asked.case.organisation.slug
    browser.post(reverse("return", args=[slug]), {"code": asked.code.display()})
    return browser


def address(name: str, handed: Handed) -> str:
    """Return the address of a client's page about a referral."""
    return reverse(name, args=[handed.asked.case.organisation.slug, handed.referral])
