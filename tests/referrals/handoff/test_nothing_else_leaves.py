"""Nothing beyond the confirmed fields leaves: canaries in every other field of the case are looked for
in what is sent, in mails, on paper, in FHIR, and on the service's pages.
"""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from audit.models import TrailEntry
from counselling.models import Case, Topic
from counselling.operations import drafts, ratings
from referrals.handoff import fhir
from referrals.handoff.parcel import Contact
from referrals.models import Act, Appointment, Consent, HandoffLink, Referral
from referrals.operations import partner_reading, programs
from referrals.queries import handoff as queries
from tests import factories
from tests.factories import handoff
from tests.factories.handoff import Handed
from tests.factories.people import holder_of
from tests.factories.sessions import signed_in
from tests.referrals.handoff.paper import words_of

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC) - timedelta(hours=2)
CANARIES = {
    "question": "Kanarienfrage-9f1c",
    "second": "Kanariennachtrag-41aa",
    "reply": "Kanarienantwort-77be",
    "note": "Kanariennotiz-c0de",
    "draft": "Kanarienentwurf-ee12",
    "rating": "Kanarienbewertung-5b5b",
    "topic": "Kanarienthema-3d3d",
    "proposal": "Kanarienvorschlag-8c8c",
    "name": "Kanarienname-6a6a",
    "postcode": "99998",
}
AGE = "6-10"


def case_full_of_canaries() -> Handed:
    """Return a referral from a case whose every field has a canary; only the text was confirmed."""
    here = factories.organisation()
    katrin = factories.enrol(here)
    team = here.teams.get(name="Erziehung")
    topic = Topic.objects.create(organisation=here, name=CANARIES["topic"], team=team)
    asked = factories.ask(
        here,
        CANARIES["question"],
        topic=topic.name,
        age_band=AGE,
        postcode=CANARIES["postcode"],
        at=NOW,
    )
    factories.reply(asked, katrin, CANARIES["reply"], at=NOW)
    factories.client_writes(asked, CANARIES["second"], at=NOW)
    factories.note(asked, katrin, CANARIES["note"], at=NOW)
    drafts.save(case=asked.pk, text=CANARIES["draft"], by=katrin, holder=holder_of(katrin), at=NOW)
    ratings.rate(case=asked.pk, stars=2, text=CANARIES["rating"], holder=asked.holder, at=NOW)
    lead = factories.enrol(here, "Vera Verwaltung", role=Role.ADMIN)
    service = handoff.service()
    handoff.desk(service, lead, at=NOW)
    handed = handoff.suggested(
        to=service, asked=asked, counsellor=katrin, text=CANARIES["proposal"], at=NOW
    )
    return handoff.sent(handed, contact=Contact.LOTSE, at=NOW)


def found_in(text: str, handed: Handed) -> list[str]:
    """Return the canaries that a text gives away, with what names the case itself."""
    case = Case.objects.get(pk=handed.asked.pk)
    secrets = [
        *CANARIES.values(),
        case.get_age_band_display(),
        str(case.pk),
        case.reference,
        handed.asked.code.display(),
    ]
    return [secret for secret in secrets if secret in text]


def test_the_payload_holds_what_was_confirmed_and_nothing_else() -> None:
    handed = case_full_of_canaries()
    sent = queries.sent(handed.now(), handed.key())
    assert sent is not None
    assert json.loads(sent.written()) == {
        "recipient": str(handed.service.pk),
        "recipient_name": handed.service.name,
        "text": handoff.WORDS,
        "contact": "lotse",
        "fields": {},
        "reach": "",
        "times": "",
        "voicemail": False,
        "until": sent.until,
    }
    assert found_in(sent.written(), handed) == []


def test_mails_hold_no_word_of_it_at_all() -> None:
    handed = case_full_of_canaries()
    mails = handoff.mails()
    assert mails
    for mail in mails:
        text = f"{mail.subject}\n{mail.body}"
        assert found_in(text, handed) == []
        assert handoff.WORDS not in text
        assert "schläft" not in text


def test_the_letter_holds_what_was_confirmed_and_nothing_else() -> None:
    handed = case_full_of_canaries()
    browser = signed_in(handed.counsellor)
    answer = browser.get(reverse("referral-letter", args=[handed.asked.pk, handed.referral]))
    assert answer.headers["Content-Type"] == "application/pdf"
    text = words_of(answer.content)
    assert "schläft" in text  # the reader below reads
    assert found_in(text, handed) == []


def test_fhir_holds_what_was_confirmed_and_nothing_else() -> None:
    handed = case_full_of_canaries()
    row = queries.referral_of_case(handed.asked.case, handed.referral)
    assert row is not None
    text = json.dumps(fhir.bundle(row, queries.sent(row, handed.key())), ensure_ascii=False)
    assert "schläft" in text
    assert found_in(text, handed) == []


def test_the_services_pages_hold_what_was_confirmed_and_nothing_else() -> None:
    handed = case_full_of_canaries()
    desk = queries.desk_for(handed.service)
    assert desk is not None
    frieda = desk.team.members.get()
    browser = signed_in(frieda)
    for name, args in (
        ("partner-desk", []),
        ("partner-referral", [handed.referral]),
        ("partner-fhir", [handed.referral]),
        ("partner-people", []),
        ("partner-entry", [handed.service.pk]),
    ):
        answer = browser.get(reverse(name, args=args))
        assert answer.status_code == 200, name
        assert found_in(answer.content.decode(), handed) == [], name


def test_a_program_of_the_service_reads_what_was_confirmed_and_nothing_else() -> None:
    handed = case_full_of_canaries()
    desk = queries.desk_for(handed.service)
    assert desk is not None
    frieda = desk.team.members.get()
    _made, token = programs.make(
        desk=desk, name="Akten", by=frieda, holder=holder_of(frieda), at=NOW
    )
    for address in (reverse("fhir-tasks"), reverse("fhir-referral", args=[handed.referral])):
        answer = Client().get(address, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200
        assert found_in(answer.content.decode(), handed) == []
    assert "schläft" in answer.content.decode()


def test_the_database_holds_no_word_that_was_sent_and_no_canary() -> None:
    handed = case_full_of_canaries()
    partner_reading.note_denied(
        partner_reading.Denied(partner_reading.Denial.REVOKED),
        referral=handed.now(),
        side=partner_reading.BY_LINK,
        at=NOW,
    )
    for model in (Referral, Act, Consent, Appointment, HandoffLink, TrailEntry):
        for row in model.objects.values():
            text = repr(row)
            assert "schläft" not in text
            for name, secret in CANARIES.items():
                assert secret not in text, (model, name)
