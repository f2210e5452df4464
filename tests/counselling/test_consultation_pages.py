"""The pages of consultations: writing, checking, sending, the list, answering, beside the thread."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership
from counselling import consulting
from counselling.models import Consultation
from counselling.operations import cases
from tests.counselling.case_pages import page_of
from tests.counselling.house import House, open_house
from tests.counselling.pages import box, errors, hidden, words
from tests.counselling.parts import ask_again, part_of
from tests.factories import Asked, advise, ask, claim, close, consult, holder_of, reply
from tests.factories.sessions import signed_in

pytestmark = pytest.mark.django_db
QUESTION = "Ein Kind wacht jede Nacht auf. Was würdet ihr raten?"
CHECKED = {"names": "on", "places": "on", "dates": "on"}


@pytest.fixture
def house(db: None) -> House:
    return open_house()


@pytest.fixture
def asked(house: House) -> Asked:
    """A question that Katrin has claimed."""
    asked = ask(house.nordhafen, "Unsere Tochter Lena wacht jede Nacht auf.")
    claim(asked, house.katrin)
    return asked


def form_of(asked: Asked) -> str:
    return reverse("case-consult", args=[asked.pk])


def sent(to: Membership, text: str = QUESTION, **more: str) -> dict[str, str]:
    return {"to": f"member:{to.pk}", "text": text, "client_msg_id": str(uuid4()), **more}


def test_katrin_writes_checks_and_sends_and_lea_reads_it_without_a_way_to_the_case(
    house: House, asked: Asked
) -> None:
    katrin, lea = signed_in(house.katrin), signed_in(house.lea)
    page = katrin.get(form_of(asked))
    assert "Lena wacht jede Nacht" in words(page)  # to choose passages from
    assert box(page, "text") == ""
    data = sent(house.lea, client_msg_id=hidden(page, "client_msg_id"))
    check = katrin.post(form_of(asked), {**data, "act": "check"})
    assert "Keine Namen, keine Orte, keine Daten?" in words(check)
    assert "So liest Lea Sommer Ihren Text" in words(check)
    assert not Consultation.objects.exists()
    done = katrin.post(form_of(asked), {**data, **CHECKED, "act": "send"}, follow=True)
    assert "Ihre Frage liegt bei Lea Sommer" in words(done)
    (made,) = Consultation.objects.all()

    listed = lea.get(reverse("consultations"))
    assert "Katrin Petersen fragt Sie" in words(listed)
    assert "1 warten auf Ihren Rat" in words(listed)  # in the menu
    page = lea.get(reverse("consultation", args=[made.pk]))
    assert QUESTION in words(page)
    for never in (str(asked.pk), asked.case.reference, asked.case.topic_id):
        assert never is None or str(never) not in page.content.decode() + listed.content.decode()
    answer = {"text": "Eine feste Folge hilft.", "client_msg_id": hidden(page, "client_msg_id")}
    done = lea.post(reverse("consultation", args=[made.pk]), answer, follow=True)
    assert "Ihr Rat ist bei Katrin Petersen angekommen" in words(done)
    assert "Eine feste Folge hilft." in words(done)
    assert "1 warten auf Ihren Rat" not in words(lea.get(reverse("consultations")))
    assert "Eine feste Folge hilft." in page_of(house.katrin, asked)


def test_a_text_that_nobody_has_checked_is_not_sent_and_stays(house: House, asked: Asked) -> None:
    katrin = signed_in(house.katrin)
    data = sent(house.lea, "Tochter Lena, geboren am 3.4.2025. Was hilft?")
    page = katrin.post(form_of(asked), {**data, "act": "send", "names": "on"})
    assert "ob noch ein Ort" in errors(page)
    assert "ob noch ein Name" not in errors(page)
    assert "<mark>Lena" in page.content.decode()
    assert "An 2 markierten Stellen" in words(page)
    back = katrin.post(form_of(asked), {**data, "act": "edit"})
    assert box(back, "text") == "Tochter Lena, geboren am 3.4.2025. Was hilft?"
    assert not Consultation.objects.exists()


def test_passages_of_the_thread_are_taken_into_the_text_to_be_edited(
    house: House, asked: Asked
) -> None:
    reply(asked, house.katrin, "Seit wann ist das so?")
    katrin = signed_in(house.katrin)
    data = sent(house.lea, "Was ratet ihr?", act="take")
    page = katrin.post(form_of(asked), {**data, "passage": ["1", "999"]})
    assert box(page, "text") == "Was ratet ihr?\n\nUnsere Tochter Lena wacht jede Nacht auf."
    assert f'value="member:{house.lea.pk}" selected' in page.content.decode()


def test_aylin_of_the_team_is_asked_without_a_check_and_finds_the_case(
    house: House, asked: Asked
) -> None:
    signed_in(house.katrin).post(form_of(asked), {**sent(house.aylin), "act": "check"})
    (made,) = Consultation.objects.all()
    page = signed_in(house.aylin).get(reverse("consultation", args=[made.pk]))
    assert reverse("case", args=[asked.pk]) in page.content.decode()


def test_bad_input_is_answered_beside_the_field(house: House, asked: Asked) -> None:
    katrin = signed_in(house.katrin)
    for data, sentence in (
        ({}, "Bitte wählen Sie, wen Sie fragen."),
        (sent(house.lea, " \u200b "), "Ihre Frage ist noch leer."),
        (sent(house.boris), "Diese Wahl gibt es nicht mehr."),
        (sent(house.lea, "x" * 7000), "6.000"),
    ):
        page = katrin.post(form_of(asked), {**data, "act": "send", **CHECKED})
        assert page.status_code == 200
        assert sentence in errors(page), data
    assert not Consultation.objects.exists()
    made = consult(asked, house.katrin, house.lea)
    page = signed_in(house.lea).post(reverse("consultation", args=[made.pk]), {"text": ""})
    assert "Ihre Antwort ist noch leer." in errors(page)


def test_who_does_not_hold_the_case_is_led_back(house: House, asked: Asked) -> None:
    page = signed_in(house.aylin).get(form_of(asked), follow=True)
    assert "Das geht nur, wenn Sie den Fall haben" in words(page)
    assert "Um Rat fragen" not in page_of(house.aylin, asked)
    assert "Um Rat fragen" in page_of(house.katrin, asked)


def test_for_everybody_who_was_not_asked_it_is_not_there(house: House, asked: Asked) -> None:
    made = consult(asked, house.katrin, house.lea)
    address = reverse("consultation", args=[made.pk])
    for member in (house.katrin, house.aylin, house.jonas, house.ada, house.boris):
        for method in ("get", "post"):
            response = getattr(signed_in(member), method)(address, {"text": "Hallo"})
            assert response.status_code == 404, member.name
    end = reverse("case-consultation-end", args=[asked.pk, made.pk])
    for member in house.without_access():
        assert signed_in(member).post(end).status_code == 404
    # Nor under another case that one may read.
    other = ask(house.nordhafen)
    wrong = reverse("case-consultation-end", args=[other.pk, made.pk])
    assert signed_in(house.katrin).post(wrong, {"withdraw": "1"}).status_code == 404
    made.refresh_from_db()
    assert made.ended_at is None


def test_what_was_ended_is_gone_from_leas_open_page_and_her_text_is_kept(
    house: House, asked: Asked
) -> None:
    made = consult(asked, house.katrin, house.lea)
    address = reverse("consultation", args=[made.pk])
    end = reverse("case-consultation-end", args=[asked.pk, made.pk])
    katrin, lea = signed_in(house.katrin), signed_in(house.lea)
    page = katrin.post(end, follow=True)
    assert "Noch hat niemand geantwortet" in words(page)
    page = katrin.post(end, {"withdraw": "1"}, follow=True)
    assert "Die Frage ist zurückgezogen" in words(page)
    page = katrin.post(end, {"withdraw": "1"}, follow=True)
    assert "Diese Konsultation ist schon zu Ende" in words(page)
    part = lea.get(address, headers={"HX-Request": "true"})
    assert part.headers["HX-Redirect"] == reverse("consultations")


def test_an_open_case_page_is_told_what_a_colleague_said(
    house: House, asked: Asked, time_machine: Any
) -> None:
    time_machine.move_to(timezone.now(), tick=False)
    made = consult(asked, house.katrin, house.lea)
    katrin = signed_in(house.katrin)
    for _with_a_form_cookie in (False, True):
        page = katrin.get(reverse("case", args=[asked.pk])).content.decode()
    part = part_of(page, "case-live")
    assert ask_again(katrin, part).status_code == 204
    advise(made, house.lea, "Ein Rat, der eben kam.")
    news = ask_again(katrin, part).content.decode()
    assert "Ein Rat, der eben kam." in news
    assert "innerHTML:#case-consultations" in news
    assert "beendet" not in news
    assert "Der Fall liegt jetzt anders" not in news


def test_the_open_pages_of_the_list_and_of_a_question_renew_their_part(
    house: House, asked: Asked
) -> None:
    made = consult(asked, house.katrin, house.lea)
    lea = signed_in(house.lea)
    for name, args in (("consultations", []), ("consultation", [made.pk])):
        part = lea.get(reverse(name, args=args), headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in part
        assert "-live" in part


def test_the_list_costs_the_same_at_one_and_at_many(house: House, asked: Asked) -> None:
    lea, katrin = signed_in(house.lea), signed_in(house.katrin)

    def cost() -> list[int]:
        counts = []
        for browser in (lea, katrin):
            with CaptureQueriesContext(
                connection,
            ) as captured:
                browser.get(reverse("consultations"))
            counts.append(len(captured))
        return counts

    made = consult(asked, house.katrin, house.lea)
    first = cost()
    advise(made, house.lea)
    for _ in range(4):
        consult(asked, house.katrin, house.lea)
    consult(asked, house.katrin, house.nordhafen.teams.get(name="Krise"))
    assert cost() == first
    assert len(consulting.asked_of(house.lea)) == 6


def test_a_case_costs_the_same_at_one_consultation_and_at_many(house: House, asked: Asked) -> None:
    katrin = signed_in(house.katrin)

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert katrin.get(reverse("case", args=[asked.pk])).status_code == 200
        return len(captured)

    consult(asked, house.katrin, house.lea)
    first = cost()
    for _ in range(3):
        advise(consult(asked, house.katrin, house.lea), house.lea)
    assert cost() == first


def test_of_a_case_that_went_elsewhere_katrins_list_says_so_and_leads_nowhere(
    house: House, asked: Asked
) -> None:
    consult(asked, house.katrin, house.lea)
    cases.hand_to_team(
        case=asked.pk,
        to=house.nordhafen.teams.get(name="Krise"),
        by=house.katrin,
        holder=holder_of(house.katrin),
        at=timezone.now(),
    )
    page = signed_in(house.katrin).get(reverse("consultations"))
    assert "Ein Fall, den Sie nicht mehr haben" in words(page)
    assert str(asked.pk) not in page.content.decode()


def test_a_closed_case_still_shows_what_was_said(house: House, asked: Asked) -> None:
    made = consult(asked, house.katrin, house.lea)
    advise(made, house.lea, "Das bleibt im Fall.")
    close(asked, house.katrin)
    assert "Das bleibt im Fall." in page_of(house.katrin, asked)
    assert consulting.of_case(asked.now(), holder=holder_of(house.aylin))
