"""Reading a case: who may, what is shown how, what is noted of it."""

import re
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import TrailEntry
from counselling.models import Message
from counselling.operations import cases, drafts
from tests.counselling.case_pages import page_of, send
from tests.counselling.house import House, open_house
from tests.counselling.parts import Part, ask_again, part_of
from tests.factories import Asked, ask, claim, client_writes, close, holder_of, note, reply
from tests.factories.sessions import signed_in
from vault import keyring

pytestmark = pytest.mark.django_db
HTML = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
def house() -> House:
    return open_house()


@pytest.fixture
def held(house: House) -> Asked:
    """A case that Katrin holds."""
    asked = ask(house.nordhafen, "Unser Sohn schläft nicht.", postcode="23552", age_band="1-3")
    claim(asked, house.katrin)
    return asked


def reads(asked: Asked) -> list[object]:
    return list(
        TrailEntry.objects.filter(case=asked.pk, action="case.read").values_list("actor", flat=True)
    )


def test_katrin_sees_text_and_facts_of_her_case(house: House, held: Asked) -> None:
    html = page_of(house.katrin, held)

    for fact in ("Unser Sohn schläft nicht.", "23552", "1 bis 3 Jahre", "Sie haben diesen Fall."):
        assert fact in html
    assert "Eine Korrektur ist eine neue Nachricht." in html


def test_lea_ada_and_boris_find_the_same_page_as_for_a_case_that_there_is_not(
    house: House, held: Asked
) -> None:
    for member in house.without_access():
        browser = signed_in(member)
        bodies = []
        for case in (held.pk, uuid4()):
            answer = browser.get(reverse("case", args=[case]))
            assert answer.status_code == 404
            # The address that was asked for, and the form's token, are new at every request.
            body = answer.content.decode().replace(str(case), "")
            bodies.append(re.sub(r'(csrfmiddlewaretoken" value=")[^"]+', r"\1", body))
        assert bodies[0] == bodies[1]
    assert reads(held) == []


def test_who_is_not_signed_in_is_sent_to_sign_in(held: Asked) -> None:
    assert Client().get(reverse("case", args=[held.pk])).status_code == 302


def test_aylin_reads_what_katrin_holds_but_cannot_answer(house: House, held: Asked) -> None:
    drafts.save(
        case=held.pk,
        text="Mein Entwurf",
        by=house.katrin,
        holder=holder_of(house.katrin),
        at=timezone.now(),
    )

    html = page_of(house.aylin, held)

    assert "Katrin Petersen hat diesen Fall." in html
    assert "Unser Sohn schläft nicht." in html
    assert "Antwort senden" not in html
    assert "Mein Entwurf" not in html


def test_every_opening_leaves_a_trail_entry_and_looking_again_does_not(
    house: House, held: Asked
) -> None:
    browser = signed_in(house.aylin)
    html = browser.get(reverse("case", args=[held.pk])).content.decode()
    assert reads(held) == [house.aylin.pk]

    for headers in (part_of(html, "case-live").headers, {}):
        again = ask_again(browser, Part("case-live", refresh_address(html), headers))
        assert "Unser Sohn schläft nicht." not in again.content.decode()

    assert reads(held) == [house.aylin.pk]


def refresh_address(html: str) -> str:
    found = re.search(r'id="case-live"\s+hx-get="([^"]+)"', html)
    assert found is not None
    return found.group(1).replace("&amp;", "&")


def test_a_refresh_brings_only_what_is_new_and_notes_the_reading(house: House, held: Asked) -> None:
    browser = signed_in(house.katrin)
    html = browser.get(reverse("case", args=[held.pk])).content.decode()
    client_writes(held, "Noch etwas: Er hat Fieber.")

    part = browser.get(refresh_address(html), headers={"HX-Request": "true"}).content.decode()

    assert "Er hat Fieber." in part
    assert "Unser Sohn schläft nicht." not in part
    assert "Eine neue Nachricht der ratsuchenden Person." in part
    assert "Bitte lesen Sie es, bevor Sie senden." in part
    assert "<html" not in part
    assert len(reads(held)) == 2


def test_a_refresh_says_that_the_case_went_elsewhere(house: House, held: Asked) -> None:
    browser = signed_in(house.katrin)
    html = browser.get(reverse("case", args=[held.pk])).content.decode()
    cases.release(case=held.pk, by=house.katrin, at=timezone.now())

    part = browser.get(refresh_address(html), headers={"HX-Request": "true"}).content.decode()

    assert "Der Fall liegt jetzt anders als beim Öffnen dieser Seite." in part


@pytest.mark.parametrize("seen", ["", "x", "-1.", "9" * 5000, "²", "%00"])
def test_a_refresh_from_a_made_up_place_loads_the_page_anew(
    house: House, held: Asked, seen: str
) -> None:
    answer = signed_in(house.katrin).get(
        f"{reverse('case', args=[held.pk])}?seen={seen}", headers={"HX-Request": "true"}
    )

    assert answer["HX-Refresh"] == "true"
    assert reads(held) == []


def test_a_deleted_case_leaves_an_open_page(house: House, held: Asked) -> None:
    browser = signed_in(house.katrin)
    html = browser.get(reverse("case", args=[held.pk])).content.decode()
    cases.delete(case=held.pk, by=house.katrin.actor, at=timezone.now())

    answer = browser.get(refresh_address(html), headers={"HX-Request": "true"})

    assert answer["HX-Redirect"] == reverse("queue")


def test_a_web_address_of_a_client_is_no_link_without_a_warning(house: House) -> None:
    asked = ask(house.nordhafen, "Schauen Sie: https://boese.example/x und\nwww.auch.example.")

    html = page_of(house.katrin, asked)

    for address in ("https://boese.example/x", "https://www.auch.example"):
        assert html.count(f'href="{address}"') == 1
        before = html.partition(f'href="{address}"')[0]
        assert "Öffnen Sie sie nur, wenn Sie ihr trauen." in before.rpartition("<details")[2]


def test_html_and_script_in_every_text_are_shown_as_words(house: House) -> None:
    asked = ask(house.nordhafen, HTML)
    reply(asked, house.katrin, f"{HTML} [klick](javascript:alert(3))")
    note(asked, house.katrin, HTML)

    html = page_of(house.katrin, asked)

    assert "<script>alert" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert html.count("&lt;script&gt;alert(1)") == 3


def test_a_note_says_that_it_is_internal_and_a_system_entry_speaks_in_words(house: House) -> None:
    asked = ask(house.nordhafen)
    note(asked, house.aylin, "Bitte Kinderschutz mitdenken.")
    reply(asked, house.katrin)
    close(asked, house.katrin)

    html = page_of(house.katrin, asked)

    before_note = html.partition("Bitte Kinderschutz mitdenken.")[0]
    assert "Intern – nur das Team sieht das" in before_note[-400:]
    assert "Der Fall wurde abgeschlossen." in html
    assert "Wieder öffnen" in html


def test_a_case_whose_key_is_gone_is_a_sentence_and_no_error(house: House, held: Asked) -> None:
    keyring.drop_case_key(subject=held.pk)

    html = page_of(house.katrin, held)
    status, answered = send(house.katrin, "case-reply", held, "Meine lange Antwort")

    assert "Die Texte dieses Falls lassen sich gerade nicht öffnen." in html
    assert status == 409
    assert "Meine lange Antwort" in answered


def test_an_altered_text_is_a_sentence_and_no_error(house: House, held: Asked) -> None:
    Message.objects.filter(case=held.pk).update(sealed=b"\x01altered")

    assert "lassen sich gerade nicht öffnen" in page_of(house.katrin, held)
