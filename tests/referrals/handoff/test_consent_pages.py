"""What a client agrees to and how it goes: to a desk, by a link, by a code; told exactly, taken back."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from referrals.handoff.parcel import Contact
from referrals.models import (
    Consent,
    Referral,
)
from referrals.operations import (
    handing_over,
    partner_moves,
)
from tests import factories
from tests.factories import handoff
from tests.referrals.handoff.client_pages import FORM, address, client_of
from vault import parcels

pytestmark = pytest.mark.django_db


def test_the_client_sees_exactly_what_would_go_and_confirms_that() -> None:
    handed = handoff.suggested(text="Vorschlag von Katrin")
    browser = client_of(handed.asked)
    thread = browser.get(reverse("thread", args=["nordhafen"])).content.decode()
    assert handed.service.name in thread
    assert "Wir haben Hilfe für Sie gefunden" in thread
    page = browser.get(address("help-consent", handed)).content.decode()
    assert "Vorschlag von Katrin" in page
    shown = browser.post(address("help-consent", handed), FORM)
    body = shown.content.decode()
    for expected in (handoff.WORDS, "0421 555 01", "vormittags", "nicht auf die Mailbox", "Hafen"):
        assert expected in body
    assert handed.now().state == Referral.State.PREPARED
    confirm = {"act": "confirm", "mark": shown.context["mark"], "about": "own_child", "days": "90"}
    browser.post(address("help-consent", handed), confirm)
    row = handed.now()
    assert row.state == Referral.State.SENT
    consent = Consent.objects.get(referral=row)
    assert consent.fields == ["text", "contact"]
    assert consent.recipient == handed.service.pk
    assert consent.expires_at - consent.confirmed_at == timedelta(days=90)
    # The same yes again is no second sending.
    browser.post(address("help-consent", handed), confirm)
    assert Consent.objects.count() == 1


def test_who_changes_something_keeps_how_long_it_may_be_read() -> None:
    handed = handoff.suggested()
    browser = client_of(handed.asked)
    shown = browser.post(address("help-consent", handed), FORM | {"days": "30"}).content.decode()
    back = re.search(r'href="([^"]*einwilligen/[^"]*)"', shown)
    assert back
    form = browser.get(back[1]).context["form"]
    assert form["days"].value() == "30"
    odd = browser.get(address("help-consent", handed) + "?tage=4000").context["form"]
    assert odd["days"].value() == "90"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"contact": ""}, "contact"),
        ({"contact": "email", "email": ""}, "email"),
        ({"contact": "email", "email": "kein"}, "email"),
        ({"phone": ""}, "phone"),
        ({"phone": "abends"}, "phone"),
        ({"about": "others"}, "checked"),
        ({"about": "minor"}, "checked"),
        ({"about": ""}, "about"),
        ({"text": "   "}, "text"),
        ({"text": "x" * 4001}, "text"),
        ({"days": "4000"}, "days"),
        ({"share": ["rating"]}, "share"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_prepared(
    change: dict[str, object], field: str
) -> None:
    here = factories.organisation()
    katrin = factories.enrol(here)
    asked = factories.ask(here, age_band="6-10")
    handed = handoff.suggested(asked=asked, counsellor=katrin)
    answer = client_of(handed.asked).post(address("help-consent", handed), FORM | change)
    assert field in answer.context["form"].errors
    assert handed.now().state == Referral.State.SUGGESTED


def test_what_the_case_knows_goes_only_when_ticked() -> None:
    here = factories.organisation()
    katrin = factories.enrol(here)
    asked = factories.ask(here, age_band="6-10", postcode="24103")
    handed = handoff.suggested(asked=asked, counsellor=katrin)
    browser = client_of(asked)
    page = browser.get(address("help-consent", handed))
    assert "checked" not in page.content.decode().split('name="share"')[1].split(">")[0]
    shown = browser.post(address("help-consent", handed), FORM | {"share": ["postcode"]})
    body = shown.content.decode()
    assert "24103" in body
    assert "6 bis 10 Jahre" not in body


def test_the_link_version_does_the_same_and_ends_with_the_revocation() -> None:
    handed = handoff.sent()
    browser, code = Client(), parcels.shown_code(handed.codes().link)
    address_of_link = reverse("handoff-link", args=[handoff.token_of(handed)])
    assert handoff.WORDS not in browser.get(address_of_link).content.decode()
    opened = browser.post(address_of_link, {"code": code.lower()}, follow=True)
    assert handoff.WORDS in opened.content.decode()
    page = reverse("handoff-open")
    browser.post(page, {"act": "accept", "accept-text": "Wir freuen uns."})
    assert handed.now().state == Referral.State.ACCEPTED
    replayed = Client().post(address_of_link, {"code": code})
    assert replayed.status_code == 410
    assert "schon benutzt" in replayed.content.decode()
    client_of(handed.asked).post(address("help-referral", handed), {"act": "revoke"})
    gone = browser.get(page)
    assert gone.status_code == 410
    assert "zurückgenommen" in gone.content.decode()
    assert handoff.WORDS not in gone.content.decode()
    assert browser.post(page, {"act": "arrive"}).status_code == 410
    assert handed.now().state == Referral.State.WITHDRAWN


def test_a_link_stays_open_in_its_browser_for_an_hour_only() -> None:
    handed = handoff.sent()
    browser = Client()
    link = reverse("handoff-link", args=[handoff.token_of(handed)])
    browser.post(link, {"code": handed.codes().link})
    with time_machine.travel(timezone.now() + timedelta(minutes=61), tick=True):
        assert browser.get(reverse("handoff-open")).status_code == 410


def test_a_card_tells_nobody_anything_and_counts_once() -> None:
    handed = handoff.suggested()
    client = client_of(handed.asked)
    card = client.post(address("help-consent", handed), {"act": "code"}, follow=True)
    code = card.context["code"]
    row = handed.now()
    assert f"gilt bis {date_format(timezone.localdate(row.expires_at), 'j. F Y')}" in (
        card.content.decode()
    )
    assert (row.state, row.payload, row.sent_at) == (Referral.State.CARD, None, None)
    assert not Consent.objects.exists()
    service = Client()
    wrong = service.post(reverse("arrival-code"), {"code": parcels.new_code()})
    assert "kennen wir nicht" in wrong.content.decode()
    right = service.post(reverse("arrival-code"), {"code": code})
    assert "Die Beratung weiß jetzt Bescheid" in right.content.decode()
    assert handed.service.name not in right.content.decode()
    assert handed.now().state == Referral.State.ARRIVED
    again = service.post(reverse("arrival-code"), {"code": code})
    assert "kennen wir nicht" in again.content.decode()


def test_who_comes_with_a_code_is_not_contacted_and_arrives_by_the_code() -> None:
    handed = handoff.suggested()
    handoff.sent(handed, contact=Contact.CODE)
    code = handed.codes().arrival
    assert code
    partner_moves.redeem_code(code_hash=handing_over.hash_of_arrival(code), at=timezone.now())
    assert handed.now().state == Referral.State.ARRIVED
