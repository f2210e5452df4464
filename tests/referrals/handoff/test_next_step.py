"""Each page of a referral has the words it speaks of beside the next step, promises only what holds, and
never ends in a page without one.
"""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership
from audit.trail import CLIENT
from counselling.operations import cases
from referrals.models import Decline, Referral
from referrals.operations import consents, partner_moves, suggestions
from referrals.operations.partner_moves import Slot
from tests import factories
from tests.factories import handoff
from tests.factories.handoff import Handed
from tests.factories.sessions import signed_in
from tests.referrals.handoff.client_pages import address, client_of

pytestmark = pytest.mark.django_db

BY_HAND: dict[str, Any] = {"email": "", "referral_ways": ["telefon"]}


def before(page: str, words: str, later: str) -> bool:
    """Say whether words stand on a page before others."""
    return words in page and page.index(words) < page.index(later)


def offered(handed: Handed, partner: Membership) -> None:
    """Let the service offer one appointment in an hour."""
    now = timezone.now()
    side = handoff.side(partner)
    partner_moves.accept(referral=handed.referral, by=side, key=None, at=now)
    partner_moves.offer(
        referral=handed.referral,
        slots=[Slot(now + timedelta(hours=1))],
        by=side,
        key=None,
        at=now,
    )


def test_a_question_stands_where_it_is_answered_and_the_answer_where_the_service_goes_on() -> None:
    handed, frieda = handoff.at_a_desk()
    desk, client = signed_in(frieda), client_of(handed.asked)
    desk_page = reverse("partner-referral", args=[handed.referral])
    desk.post(desk_page, {"act": "ask_back", "ask_back-text": "Geht es am Montag?"})
    page = client.get(address("help-referral", handed)).content.decode()
    assert before(page, "Geht es am Montag?", 'id="id_answer-text"')
    client.post(address("help-referral", handed), {"act": "answer", "answer-text": "Ja, um acht."})
    page = client.get(address("help-referral", handed)).content.decode()
    assert "Das schreibt die Stelle" not in page  # it is answered
    page = desk.get(desk_page).content.decode()
    assert before(page, "Ja, um acht.", "Annehmen")
    assert "Neu. Bitte" not in page
    assert "Die Person hat geantwortet." in page


def test_who_marks_no_appointment_is_not_told_that_it_is_gone() -> None:
    handed, frieda = handoff.at_a_desk()
    offered(handed, frieda)
    answer = client_of(handed.asked).post(
        address("help-referral", handed), {"act": "pick"}, follow=True
    )
    assert "Bitte suchen Sie zuerst einen Termin aus." in answer.content.decode()


def test_when_all_offered_appointments_are_over_the_client_asks_for_others() -> None:
    handed, frieda = handoff.at_a_desk()
    offered(handed, frieda)
    client = client_of(handed.asked)
    desk_page = reverse("partner-referral", args=[handed.referral])
    assert "Von Ihnen angeboten" in signed_in(frieda).get(desk_page).content.decode()
    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=True):
        page = client.get(address("help-referral", handed)).content.decode()
        assert "Die angebotenen Termine sind vorbei." in page
        assert "Bitte suchen Sie einen davon aus." not in page
        assert 'value="none_fits"' in page
        shown = signed_in(frieda).get(desk_page).content.decode()
        assert "Ihre Termine sind vorbei. Bitte bieten Sie andere an." in shown
        client.post(
            address("help-referral", handed), {"act": "none_fits", "none_fits-text": "abends"}
        )
        assert handed.now().state == Referral.State.ACCEPTED
        shown = signed_in(frieda).get(desk_page).content.decode()
        assert before(shown, "abends", "Termine anbieten")


@pytest.mark.parametrize("day", ["after", "9999-12-31"])
def test_no_appointment_is_offered_that_the_consent_would_not_live_to_see(day: str) -> None:
    handed, frieda = handoff.at_a_desk(days=30)
    desk, page = signed_in(frieda), reverse("partner-referral", args=[handed.referral])
    desk.post(page, {"act": "accept", "accept-text": ""})
    ends = handed.now().expires_at
    typed = f"{ends + timedelta(days=1):%Y-%m-%d}" if day == "after" else day
    sent = {"act": "offer", "offer-slot_1": f"{typed}T10:00", "offer-minutes": "60"}
    answer = desk.post(page, sent)
    assert "Die Einwilligung gilt nur bis" in answer.content.decode()
    assert handed.now().state == Referral.State.ACCEPTED
    with pytest.raises(partner_moves.NoAppointments):
        partner_moves.offer(
            referral=handed.referral,
            slots=[Slot(ends)],
            by=handoff.side(frieda),
            key=None,
            at=timezone.now(),
        )


@pytest.mark.parametrize(("weeks", "outlasted"), [(3, False), (20, True)])
def test_a_waiting_list_longer_than_the_consent_is_not_said_to_be_looked_after(
    weeks: int, outlasted: bool
) -> None:
    handed, frieda = handoff.at_a_desk(days=90)
    partner_moves.put_on_waiting_list(
        referral=handed.referral,
        weeks=weeks,
        by=handoff.side(frieda),
        key=None,
        at=timezone.now(),
    )
    page = client_of(handed.asked).get(address("help-referral", handed)).content.decode()
    assert ("Ihre Einwilligung endet schon am" in page) is outlasted
    assert ("Wir fragen danach von selbst nach." in page) is not outlasted


def test_a_letter_is_with_the_service_only_when_katrin_has_sent_it() -> None:
    handed = handoff.sent(to=handoff.service(**BY_HAND))
    client = client_of(handed.asked)
    page = client.get(address("help-referral", handed)).content.decode()
    assert "Ihre Beratung gibt Ihre Anfrage jetzt weiter." in page
    assert "Ihre Anfrage ist bei der Stelle." not in page
    suggestions.note_handled(referral=handed.referral, by=handed.counsellor, at=timezone.now())
    page = client.get(address("help-referral", handed)).content.decode()
    assert "Ihre Anfrage ist bei der Stelle." in page


@pytest.mark.parametrize("taken_back", [True, False])
def test_nobody_promises_that_a_letter_cannot_be_read_any_more(taken_back: bool) -> None:
    handed = handoff.sent(to=handoff.service(**BY_HAND))
    client = client_of(handed.asked)
    page = client.get(address("help-referral", handed)).content.decode()
    assert "Einen Brief, der schon dort ist, soll sie vernichten." in page
    if taken_back:
        client.post(address("help-referral", handed), {"act": "revoke"})
    else:
        partner_moves.decline(
            referral=handed.referral,
            reason=next(iter(Decline)),
            by=handoff.side(),
            key=None,
            at=timezone.now(),
        )
    page = client.get(address("help-referral", handed), follow=True).content.decode()
    for promise in ("nicht mehr lesen", "nichts mehr lesen", "liest nichts mehr"):
        assert promise not in page


def test_a_code_is_given_back_without_a_word_of_what_was_never_sent() -> None:
    handed = handoff.suggested()
    consents.take_code(referral=handed.referral, holder=handed.asked.holder, at=timezone.now())
    client = client_of(handed.asked)
    page = client.get(address("help-referral", handed)).content.decode()
    assert "Der Code gilt dann nicht mehr." in page
    page = client.post(
        address("help-referral", handed), {"act": "revoke"}, follow=True
    ).content.decode()
    assert "Es wurde nichts gesendet." in page
    assert "nicht mehr lesen" not in page
    assert "nichts mehr lesen" not in page


def test_who_has_arrived_with_a_code_is_not_asked_to_take_anything_back() -> None:
    handed = handoff.suggested()
    now = timezone.now()
    consents.take_code(referral=handed.referral, holder=handed.asked.holder, at=now)
    partner_moves.note_arrival(referral=handed.referral, by=handoff.side(), at=now)
    page = client_of(handed.asked).get(address("help-referral", handed)).content.decode()
    assert "Sie sind bei der Stelle angekommen." in page
    assert 'value="revoke"' not in page
    desk = reverse("referral", args=[handed.asked.pk, handed.referral])
    shown = signed_in(handed.counsellor).get(desk).content.decode()
    assert "brief.pdf" not in shown  # nothing was confirmed that could stand in it


def test_katrin_is_told_of_a_place_that_nobody_knows_and_of_an_empty_box() -> None:
    handed = handoff.suggested()
    katrin = signed_in(handed.counsellor)
    page = reverse("referral-suggest", args=[handed.asked.pk])
    answer = katrin.post(page, {"act": "search", "words": "beratung", "place": "Xyzstadt"})
    assert "Diesen Ort kennen wir nicht." in answer.content.decode()
    here = handed.counsellor.organisation
    other = factories.ask(here)
    shown = katrin.get(reverse("case", args=[other.pk])).content.decode()
    assert "Noch nichts vorgeschlagen." in shown


def test_a_service_whose_page_is_open_learns_that_the_case_is_gone_and_reads_each_answer_once() -> (
    None
):
    handed = handoff.sent()
    service = Client()
    link = reverse("handoff-link", args=[handoff.token_of(handed)])
    service.post(link, {"code": handed.codes().link})
    answer = service.post(
        reverse("handoff-open"), {"act": "accept", "accept-text": ""}, follow=True
    )
    assert answer.content.decode().count("Gespeichert.") == 1
    cases.delete(case=handed.asked.pk, by=CLIENT, at=timezone.now())
    gone = service.get(reverse("handoff-open"))
    assert gone.status_code == 410
    assert "zurückgenommen" in gone.content.decode()


def test_what_is_over_stands_below_what_waits_for_the_client() -> None:
    handed = handoff.sent()
    partner_moves.decline(
        referral=handed.referral,
        reason=next(iter(Decline)),
        by=handoff.side(),
        key=None,
        at=timezone.now(),
    )
    fresh = handoff.service(2)
    suggestions.suggest(
        case=handed.asked.pk,
        services=[fresh],
        text="",
        by=handed.counsellor,
        holder=factories.holder_of(handed.counsellor),
        at=timezone.now(),
    )
    thread = reverse("thread", args=[handed.asked.case.organisation.slug])
    page = client_of(handed.asked).get(thread).content.decode()
    assert before(page, fresh.name, handed.service.name)
