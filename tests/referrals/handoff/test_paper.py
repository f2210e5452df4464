"""What the counsellor prints: a letter with what was confirmed and until when, and a page for the answer."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from referrals.handoff.parcel import Contact
from referrals.models import Necessity, Referral
from referrals.operations import consents, necessities
from tests import factories
from tests.factories import handoff
from tests.factories.handoff import Handed
from tests.factories.people import holder_of
from tests.factories.sessions import signed_in
from tests.referrals.handoff.client_pages import client_of
from tests.referrals.handoff.paper import words_of

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def letter(handed: Handed) -> str:
    """Return the words of the letter that Katrin prints."""
    address = reverse("referral-letter", args=[handed.asked.pk, handed.referral])
    answer = signed_in(handed.counsellor).get(address)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    return " ".join(words_of(answer.content).split())


def test_a_service_without_mail_gets_on_paper_what_was_confirmed_and_until_when() -> None:
    by_post = handoff.service(1, email="", referral_ways=["telefon"])
    handed = handoff.sent(
        to=by_post,
        contact=Contact.PHONE,
        reach="0421 555 01",
        fields={"name": "Ida", "age_band": "1 bis 3 Jahre"},
        days=30,
        at=NOW,
    )
    assert handed.now().way == Referral.Way.LETTER
    read = letter(handed)
    for expected in (
        handed.asked.case.organisation.name,
        by_post.name,
        "Anfrage mit Einwilligung",
        handoff.WORDS,
        "Name: Ida",
        "Alter des Kindes: 1 bis 3 Jahre",
        "0421 555 01",
        "nicht auf die Mailbox sprechen",
        "Einwilligung gilt bis: 23. Dezember 2026",
        f"Kennzeichen: {str(handed.referral)[:8]}",
        "Ihre Antwort",
        "Wir können nicht helfen. Grund:",
        "Die Person ist angekommen.",
        "Gesprochen mit",
    ):
        assert expected in read, expected
    assert handed.asked.case.reference not in read
    assert handed.counsellor.name not in read


def test_what_the_font_has_no_shape_for_leaves_no_box_and_no_error() -> None:
    handed = handoff.sent(text="Wir schlafen nicht 😀. Привет, Łukasz — 5 €\nZweite Zeile")
    read = letter(handed)
    assert "Wir schlafen nicht ." in read
    assert "Łukasz — 5 €" in read
    assert "Zweite Zeile" in read


def test_the_longest_text_goes_over_several_pages_whole() -> None:
    words = " ".join(f"Wort{number}" for number in range(480))
    read = letter(handoff.sent(text=words[:4000]))
    assert "Wort0 " in read
    assert words[:4000].split()[-1] in read


def test_after_it_is_taken_back_nothing_is_printed_any_more() -> None:
    handed = handoff.sent()
    consents.revoke(referral=handed.referral, at=timezone.now())
    address = reverse("referral-letter", args=[handed.asked.pk, handed.referral])
    answer = signed_in(handed.counsellor).get(address)
    assert answer.status_code == 302


def in_danger(handed: Handed, **service: Any) -> Referral:
    """Let Katrin and Mehmet hand on without consent."""
    mehmet = factories.enrol(handed.counsellor.organisation, "Mehmet Aydin")
    row = necessities.propose(
        case=handed.asked.pk,
        service=handoff.service(2, **service),
        ground=Necessity.Ground.CHILD,
        reason="Blaue Flecken, Vater droht.",
        text="Bitte sofort prüfen.",
        told=False,
        not_told=Necessity.NotTold.DANGER,
        by=handed.counsellor,
        holder=holder_of(handed.counsellor),
        at=timezone.now(),
    )
    necessities.confirm(referral=row.pk, by=mehmet, holder=holder_of(mehmet), at=timezone.now())
    return row


def test_the_letter_in_acute_danger_speaks_of_no_consent() -> None:
    handed = handoff.suggested()
    row = in_danger(handed, email="", referral_ways=["telefon"])
    read = letter(Handed(handed.asked, handed.counsellor, handed.service, row.pk))
    assert "Mitteilung in akuter Gefahr" in read
    assert "Bitte sofort prüfen." in read
    assert "Blaue Flecken" not in read  # the reason is the team's
    assert "inwilligung" not in read


def test_neither_does_the_mail_with_the_link_nor_the_page_behind_it() -> None:
    handed = handoff.suggested()
    row = in_danger(handed)
    mail = handoff.mails()[-1].body
    assert "akute Gefahr" in mail
    assert "eingewilligt" not in mail
    token = handoff.token_of(Handed(handed.asked, handed.counsellor, handed.service, row.pk))
    page = Client().get(reverse("handoff-link", args=[token])).content.decode()
    assert "möchte bei Ihnen Hilfe" not in page
    thread = reverse("thread", args=[handed.asked.case.organisation.slug])
    told = client_of(handed.asked).get(thread).content.decode()
    assert "Wir haben diese Stelle verständigt." in told
    assert "Ihre Anfrage ist bei der Stelle." not in told
