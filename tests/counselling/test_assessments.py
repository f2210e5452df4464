"""What a parent writes is rated before it is sealed: alarms move the case, and no word of it stays."""

import json
import logging
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from audit.models import TrailEntry
from counselling import triaging
from counselling.models import Assessment, Case
from counselling.sla import Urgency
from counselling.triage import classifier, engine
from counselling.triage.rating import RUN
from counselling.triaging import Wanted
from tests import factories
from tests.counselling.case_pages import page_of
from tests.counselling.house import House, open_house
from tests.counselling.pages import hidden, words
from tests.factories.sessions import signed_in

pytestmark = pytest.mark.django_db

LONG_MAIL = (
    "Guten Tag, ich habe eine Frage zum Umgangsrecht. Mein Ex und ich streiten über die Ferien, er will "
    "zwei Wochen am Stück und ich finde das zu lang für einen Dreijährigen. Gestern Abend habe ich alle "
    "Tabletten aus dem Schrank genommen und vor mich hingelegt, ich will nicht mehr leben. Außerdem "
    "wüsste ich gern, ob er den Unterhalt kürzen darf. Vielen Dank für Ihre Mühe."
)
UNKNOWN = "ನನ್ನ ಮಗು ಮಲಗುವುದಿಲ್ಲ ಏನು ಮಾಡಬೇಕು"  # Kannada: my child does not sleep
FRAGMENTS = ("hey", "bin grad draußen", "sitz auf der brücke", "das handy lass ich hier liegen")


@pytest.fixture
def house() -> House:
    return open_house()


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any, **_more: Any) -> None:
        raise RuntimeError(LONG_MAIL)

    monkeypatch.setattr(engine, "see", fail)


def ask_on_the_page(text: str) -> Any:
    """Ask as a parent does in a browser; return the browser."""
    browser = Client()
    form = browser.get("/nordhafen/frage/")
    sent = browser.post(
        "/nordhafen/frage/", {"text": text, "danger": "nein", "ticket": hidden(form, "ticket")}
    )
    assert sent.status_code == 302
    return browser


def test_an_alarm_hidden_in_a_long_mail_moves_the_case_and_explains_itself(house: House) -> None:
    at = timezone.now()
    asked = factories.ask(house.nordhafen, LONG_MAIL, at=at)
    case = asked.now()
    assert case.urgency == Urgency.SOFORT
    assert case.reason == Case.Reason.TRIAGE
    assert case.due_at == at + timedelta(minutes=5)
    page = page_of(house.katrin, asked)
    assert "Hinweise auf Gedanken an Suizid." in page
    assert "<mark>" in page
    marked = page.partition("<mark>")[2].partition("</mark>")[0]
    assert "ich will nicht mehr leben" in marked
    assert "Umgangsrecht" not in marked
    queue = words(signed_in(house.katrin).get(reverse("queue")))
    assert "Automatisch eingestuft: Hinweise auf Gedanken an Suizid." in queue


def test_a_harmless_question_stays_normal_and_shows_no_alarm(house: House) -> None:
    asked = factories.ask(house.nordhafen, "Wie viel Taschengeld ist mit acht Jahren richtig?")
    assert asked.now().urgency == Urgency.NORMAL
    assert asked.now().reason == Case.Reason.ASKED
    page = page_of(house.katrin, asked)
    assert "<mark>" not in page
    assert "Automatisch als dringlich" not in page


def test_the_parent_sees_help_at_once_on_the_code_page_and_in_the_thread(house: House) -> None:
    browser = ask_on_the_page(LONG_MAIL)
    code = browser.get("/nordhafen/code/")
    assert "Rufen Sie jetzt an." in words(code)
    assert "crisis-panel--urgent" in code.content.decode()
    assert 'href="tel:112"' in code.content.decode()
    assert "crisis-panel--urgent" in browser.get("/nordhafen/gespraech/").content.decode()


def test_a_parent_whose_text_is_less_urgent_is_told_honestly_who_rated_it(house: House) -> None:
    browser = ask_on_the_page(UNKNOWN)
    assert Case.objects.get().urgency == Urgency.DRINGEND
    page = words(browser.get("/nordhafen/code/"))
    assert "Ein Programm hat ihn geprüft: Vielleicht ist jemand in Not. Es kann sich irren." in page


def test_a_parent_without_alarm_sees_no_urgent_panel(house: House) -> None:
    browser = ask_on_the_page("Wie viel Taschengeld ist mit acht Jahren richtig?")
    assert "crisis-panel--urgent" not in browser.get("/nordhafen/code/").content.decode()
    assert "crisis-panel--urgent" not in browser.get("/nordhafen/gespraech/").content.decode()


def test_fragments_over_several_messages_add_up(house: House) -> None:
    at = timezone.now()
    asked = factories.ask(house.nordhafen, FRAGMENTS[0], at=at - timedelta(hours=1))
    assert asked.now().urgency == Urgency.NORMAL
    for text in FRAGMENTS[1:]:
        factories.client_writes(asked, text, at=at)
    case = asked.now()
    assert case.urgency == Urgency.SOFORT
    assert case.due_at == at + timedelta(minutes=5)
    assert Assessment.objects.filter(case=case).count() == 4


def test_the_counsellors_words_do_not_count(house: House) -> None:
    asked = factories.ask(house.nordhafen, "Wie viel Taschengeld ist mit acht Jahren richtig?")
    factories.reply(
        asked, house.katrin, "Haben Sie Gedanken, nicht mehr leben zu wollen? " + LONG_MAIL
    )
    factories.client_writes(asked, "Nein, alles gut. Danke für das Taschengeld.")
    assert asked.now().urgency == Urgency.NORMAL


def test_an_urgency_never_falls_by_itself(house: House) -> None:
    asked = factories.ask(house.nordhafen, LONG_MAIL)
    for text in ("Danke.", "Alles wieder gut.", "War nur Spaß, mir geht es gut."):
        factories.client_writes(asked, text)
        assert asked.now().urgency == Urgency.SOFORT
    asked = factories.ask(house.nordhafen, "Mein Sohn schläft nicht.", in_danger=True)
    factories.client_writes(asked, "Wie viel Taschengeld ist richtig?")
    assert asked.now().urgency == Urgency.SOFORT
    assert asked.now().reason == Case.Reason.DANGER


def test_what_was_promised_earlier_stays_promised(house: House) -> None:
    at = timezone.now()
    asked = factories.ask(house.nordhafen, "Mein Kind isst schlecht.", at=at - timedelta(days=9))
    before = asked.now().due_at
    factories.client_writes(asked, UNKNOWN, at=at)
    assert asked.now().urgency == Urgency.DRINGEND
    assert asked.now().due_at == before


def test_a_failure_puts_the_case_first_and_logs_no_word(
    house: House, broken: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        asked = factories.ask(house.nordhafen, LONG_MAIL)
    assert asked.now().urgency == Urgency.DRINGEND
    assert asked.now().reason == Case.Reason.UNRATED
    assert "Tabletten" not in caplog.text
    page = page_of(house.katrin, asked)
    assert "Nicht bewertet: zuerst ansehen" in page
    assert "Die automatische Bewertung ist ausgefallen." in page


def test_a_rating_that_takes_too_long_puts_the_case_first(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triaging, "SECONDS", 0.05)
    monkeypatch.setattr(engine, "see", lambda *_args: time.sleep(0.5))
    began = time.monotonic()
    asked = factories.ask(house.nordhafen, "Mein Sohn schläft nicht.")
    assert time.monotonic() - began < 0.4
    assert asked.now().reason == Case.Reason.UNRATED
    assert Assessment.objects.get(case=asked.pk).unrated == "timeout"
    queue = words(signed_in(house.katrin).get(reverse("queue")))
    assert "Die Bewertung hat zu lange gedauert." in queue


def test_a_language_that_nobody_knows_goes_to_a_human_first(house: House) -> None:
    asked = factories.ask(house.nordhafen, UNKNOWN)
    assert asked.now().urgency == Urgency.DRINGEND
    assert "Die Sprache wurde nicht sicher erkannt." in page_of(house.katrin, asked)


def test_no_word_of_it_is_kept_in_assessments_or_trail(house: House) -> None:
    asked = factories.ask(house.nordhafen, LONG_MAIL)
    factories.client_writes(asked, "sitz jetzt auf der brücke")
    kept = json.dumps(
        [*Assessment.objects.values(), *TrailEntry.objects.values()],
        default=str,
        ensure_ascii=False,
    ).casefold()
    for word in ("tabletten", "umgangsrecht", "brücke", "leben", "schrank"):
        assert word not in kept
    first = Assessment.objects.get(case=asked.pk, seq=1)
    assert all(isinstance(part, int) for reason in first.reasons for part in reason[1:])


def test_a_message_sent_twice_is_rated_once(house: House) -> None:
    asked = factories.ask(house.nordhafen, "Mein Sohn schläft nicht.")
    factories.client_writes(asked, "Er ist vier.")
    assert Assessment.objects.filter(case=asked.pk).count() == 2


def test_marks_are_safe_html(house: House) -> None:
    asked = factories.ask(
        house.nordhafen, "<script>alert(1)</script> Ich will nicht mehr leben <b>heute</b>"
    )
    page = page_of(house.katrin, asked)
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_an_organisation_can_only_become_more_sensitive(house: House) -> None:
    text = "Ich will nicht mehr leben."
    factories.ask(house.nordhafen, text)
    house.nordhafen.triage_sofort = 10
    asked = factories.ask(house.nordhafen, text)
    assert asked.now().urgency <= Urgency.DRINGEND


def test_a_model_on_trial_is_rated_beside_and_moves_nothing(
    house: House, settings: Any, tmp_path: Path
) -> None:
    heads = classifier.load()
    heads.thresholds.update(dringend=-50.0, sofort=-50.0, alone=-50.0)
    classifier.save(heads, tmp_path)
    settings.TRIAGE_SHADOW = str(tmp_path)
    triaging.warm_up()
    asked = factories.ask(house.nordhafen, "Mein Kind isst schlecht.")
    assert asked.now().urgency == Urgency.NORMAL
    trial = Assessment.objects.get(case=asked.pk, shadow=True)
    assert trial.level == Urgency.SOFORT
    assert trial.model != Assessment.objects.get(case=asked.pk, shadow=False).model
    page = words(signed_in(house.lea).get(reverse("model-comparison")))
    assert "Gleich eingestuft: 0 von 1 Nachrichten." in page
    assert "Die Probe war 1-mal strenger" in page
    assert "isst" not in page
    assert "<mark>" not in page_of(house.katrin, asked)
    elsewhere = factories.enrol(house.suedstadt, "Vera Vogt", role=Role.SUPERVISOR)
    assert "Gerade läuft keine Probe" in words(
        signed_in(elsewhere).get(reverse("model-comparison"))
    )


def test_a_broken_model_on_trial_disturbs_nobody(
    house: House, settings: Any, tmp_path: Path
) -> None:
    settings.TRIAGE_SHADOW = str(tmp_path / "gibt-es-nicht")
    asked = factories.ask(house.nordhafen, "Mein Kind isst schlecht.")
    assert asked.now().urgency == Urgency.NORMAL
    assert Assessment.objects.get(case=asked.pk, shadow=True).unrated == "failure"


def test_a_long_conversation_is_not_opened_whole_for_each_line(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = factories.ask(house.nordhafen, "Wie viel Taschengeld ist mit acht Jahren richtig?")
    for number in range(RUN + 4):
        factories.client_writes(asked, f"Und mit {number + 5} Jahren?")
    seen: list[int] = []
    rate_all = triaging.rate_all

    def look(some: Sequence[Wanted]) -> Any:
        seen.extend(said.seq for one in some for said in one.conversation)
        return rate_all(some)

    monkeypatch.setattr(triaging, "rate_all", look)
    factories.client_writes(asked, "Und wenn er spart?")
    last = asked.now().last_seq
    assert seen == list(range(last - RUN + 1, last + 1))
