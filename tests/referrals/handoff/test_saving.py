"""What a client saves has in it what went to services: to whom, for what, until when, and what came of it."""

import json
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from referrals.handoff.parcel import Contact
from referrals.models import Outcome, OwnReport, Referral
from referrals.operations import client_moves, consents, partner_moves, partner_reading
from referrals.operations.partner_moves import Slot
from tests import factories
from tests.factories import handoff
from tests.factories.cases import Asked
from tests.factories.handoff import Handed
from tests.factories.people import holder_of

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def client_of(asked: Asked) -> Client:
    """Return the browser of a case's client."""
    browser = Client()
    browser.post(reverse("return", args=["nordhafen"]), {"code": asked.code.display()})
    return browser


def saved(browser: Client) -> tuple[list[dict[str, Any]], str]:
    """Return the referrals of the file for programs, and the words of the page to read."""
    address = reverse("download", args=["nordhafen"])
    as_json = json.loads(browser.get(f"{address}?als=json").content)
    return as_json["referrals"], words(browser.get(address).content.decode())


class Reader(HTMLParser):
    """Gathers what a person reads of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        """Keep a piece of text."""
        self.found.append(data)


def words(page: str) -> str:
    """Return what a person reads of a page."""
    reader = Reader()
    reader.feed(page)
    return " ".join(" ".join(reader.found).split())


def helped() -> Handed:
    """Return a referral that went all the way, with every kind of act on it."""
    handed, frieda = handoff.at_a_desk(at=NOW, contact=Contact.EMAIL, reach="ich@example.org")
    side = handoff.side(frieda)
    read = partner_reading.read_at_desk(
        referral=handed.now(), member=frieda, holder=holder_of(frieda), at=NOW
    )
    pk, key = handed.referral, read.key
    partner_moves.ask_back(referral=pk, text="Geht auch mittags?", by=side, key=key, at=NOW)
    client_moves.answer(referral=pk, text="Ja, ab zwölf.", holder=handed.asked.holder, at=NOW)
    partner_moves.accept(referral=pk, by=side, key=key, at=NOW)
    slots = [Slot(NOW + timedelta(days=n), text=f"Raum {n}") for n in (1, 2)]
    partner_moves.offer(referral=pk, slots=slots, by=side, key=key, at=NOW)
    chosen = handed.now().appointments.get(starts_at=slots[0].starts_at)
    client_moves.pick(referral=pk, appointment=chosen.pk, at=NOW)
    later = NOW + timedelta(days=1, hours=2)
    partner_moves.note_arrival(referral=pk, by=side, at=later)
    partner_moves.complete(referral=pk, outcome=Outcome.HELPED, by=side, key=key, at=later)
    client_moves.report(referral=pk, how=OwnReport.HELPED, at=NOW + timedelta(days=15))
    return handed


def test_the_client_saves_to_whom_what_for_what_until_when_and_every_later_act() -> None:
    with time_machine.travel(NOW + timedelta(days=16), tick=True):
        handed = helped()
        [one], page = saved(client_of(handed.asked))
    assert one["service"] == handed.service.name
    assert one["sent"]["text"] == handoff.WORDS
    assert {"label": "So darf man sich melden", "value": "per E-Mail, ich@example.org"} in (
        one["sent"]["facts"]
    )
    consent = one["consent"]
    assert consent["recipient"] == handed.service.name
    assert consent["purpose"] == "damit diese Stelle helfen kann"
    assert consent["fields"] == ["text", "contact"]
    assert consent["confirmed_at"] == "2026-11-23T09:00:00Z"
    assert consent["expires_at"] == "2027-02-21T09:00:00Z"
    assert consent["revoked_at"] is None
    assert [line["move"] for line in one["history"]] == [
        "suggest",
        "prepare",
        "confirm",
        "open",
        "ask_back",
        "answer",
        "accept",
        "offer",
        "pick",
        "arrive",
        "complete",
        "report",
    ]
    assert [line["text"] for line in one["history"] if line["text"]] == [
        "Geht auch mittags?",
        "Ja, ab zwölf.",
    ]
    assert [
        (offer["where"], bool(offer["picked_at"]), bool(offer["taken_back_at"]))
        for offer in one["appointments"]
    ] == [("Raum 1", True, False), ("Raum 2", False, True)]
    assert (one["state"], one["outcome_by_service"], one["own_report_after_two_weeks"]) == (
        "completed",
        "Hilfe ist erfolgt",
        "Ja, mir wurde geholfen",
    )
    for expected in (
        handed.service.name,
        handoff.WORDS,
        "per E-Mail, ich@example.org",
        "Lesbar bis 21.02.2027 10:00",
        "Geht auch mittags?",
        "Ja, ab zwölf.",
        "Raum 1 (von Ihnen ausgesucht)",
        "Bei der Stelle angekommen",
        "Hilfe ist erfolgt",
        "Ja, mir wurde geholfen",
    ):
        assert expected in page


def test_what_was_taken_back_stays_for_the_client_with_the_moment() -> None:
    handed = handoff.sent()
    consents.revoke(referral=handed.referral, at=NOW + timedelta(days=900))
    [one], page = saved(client_of(handed.asked))
    assert one["state"] == "withdrawn"
    assert one["consent"]["revoked_at"] is not None
    assert one["sent"]["text"] == handoff.WORDS
    assert "Zurückgenommen am" in page


def test_what_lies_ready_is_saved_as_not_sent_and_a_code_with_its_service() -> None:
    handed = handoff.suggested(text="Vorschlag von Katrin")
    browser = client_of(handed.asked)
    [one], page = saved(browser)
    assert one["sent"] is None
    assert one["consent"] is None
    assert one["prepared"]["text"] == "Vorschlag von Katrin"
    assert "Das liegt bereit und ist nicht gesendet" in page
    code = consents.take_code(referral=handed.referral, holder=handed.asked.holder, at=NOW)
    [one], page = saved(browser)
    assert one["code_to_take_along"].replace("-", "") == code
    assert one["code_to_take_along"] in page


def test_a_text_that_does_not_open_takes_nothing_else_with_it() -> None:
    handed = handoff.sent()
    Referral.objects.filter(pk=handed.referral).update(payload=b"verdorben")
    [one], page = saved(client_of(handed.asked))
    assert one["unreadable"] is True
    assert one["consent"]["recipient"] == handed.service.name
    assert "Die Texte dazu lassen sich gerade nicht öffnen." in page


def test_ole_who_was_referred_nowhere_saves_nothing_of_the_kind_and_no_others_referrals() -> None:
    handed = handoff.sent()
    ole = factories.ask(handed.asked.case.organisation, "Ich bin Ole.")
    referrals, page = saved(client_of(ole))
    assert referrals == []
    assert "Hilfe vor Ort" not in page
