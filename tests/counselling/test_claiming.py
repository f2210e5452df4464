"""Claiming, letting go, handing over: of any number at once one wins, the others learn who."""

import threading

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Role
from audit.models import TrailEntry
from counselling.models import Claim
from counselling.operations import cases
from counselling.operations.cases import ClaimedByOther
from counselling.states import CaseState
from tests.counselling.house import House, open_house
from tests.factories import Asked, ask, claim, client_writes, close, enrol, organisation, reply
from tests.factories.sessions import signed_in

THREADS = 200


@pytest.fixture
def house(db: None) -> House:
    return open_house()


def press(member: Membership, address: str, asked: Asked, **data: str) -> str:
    """Press a button of the case as a member does; return the page that one lands on."""
    response = signed_in(member).post(reverse(address, args=[asked.pk]), data, follow=True)
    assert response.status_code == 200
    return str(response.content.decode())


def test_katrin_claims_a_case_and_lands_on_it(house: House) -> None:
    asked = ask(house.nordhafen, "Wir haben Streit über das Taschengeld.")

    html = press(house.katrin, "case-claim", asked)

    assert "Wir haben Streit über das Taschengeld." in html
    assert "Antwort senden" in html
    assert cases.holder_of(asked.pk) == house.katrin


def test_aylin_who_is_second_learns_that_katrin_has_it(house: House) -> None:
    asked = ask(house.nordhafen)
    claim(asked, house.katrin)

    html = press(house.aylin, "case-claim", asked)

    assert "Diesen Fall hat schon Katrin Petersen übernommen." in html
    assert "Warteschlange" in html
    assert cases.holder_of(asked.pk) == house.katrin


def test_claiming_what_one_holds_is_no_error(house: House) -> None:
    asked = ask(house.nordhafen)
    press(house.katrin, "case-claim", asked)
    press(house.katrin, "case-claim", asked)

    assert Claim.objects.filter(case=asked.pk).count() == 1
    assert TrailEntry.objects.filter(case=asked.pk, action="case.claimed").count() == 1


def test_a_closed_case_is_not_claimed(house: House) -> None:
    asked = ask(house.nordhafen)
    reply(asked, house.katrin)
    close(asked, house.katrin)

    assert "Dieser Fall wartet nicht mehr." in press(house.aylin, "case-claim", asked)


@pytest.mark.parametrize(
    "address",
    [
        "case-claim",
        "case-release",
        "case-hand-over",
        "case-urgency",
        "case-close",
        "case-reopen",
        "case-reply",
        "case-note",
        "case-draft",
        "case-preview",
    ],
)
def test_lea_ada_and_boris_can_do_nothing_with_it(house: House, address: str) -> None:
    asked = ask(house.nordhafen)

    for member in house.without_access():
        response = signed_in(member).post(reverse(address, args=[asked.pk]), {"text": "x"})
        assert response.status_code == 404
    assert asked.now().state == CaseState.WAITING
    assert TrailEntry.objects.filter(case=asked.pk).count() == 1  # that it was asked


def test_a_released_case_waits_again(house: House) -> None:
    asked = ask(house.nordhafen)
    claim(asked, house.katrin)

    html = press(house.katrin, "case-release", asked)

    assert f"Der Fall {asked.case.reference} wartet wieder in der Warteschlange." in html
    assert "Zurückgegeben. Niemand hat den Fall." in html


def test_aylin_cannot_release_or_close_what_katrin_holds(house: House) -> None:
    asked = ask(house.nordhafen)
    claim(asked, house.katrin)

    for address in ("case-release", "case-close"):
        html = press(house.aylin, address, asked)
        assert "Das geht nur, wenn Sie den Fall haben." in html
    assert cases.holder_of(asked.pk) == house.katrin


def test_katrin_hands_a_case_to_aylin(house: House) -> None:
    asked = ask(house.nordhafen)
    claim(asked, house.katrin)

    html = press(house.katrin, "case-hand-over", asked, to=f"member:{house.aylin.pk}")

    assert f"Der Fall {asked.case.reference} liegt jetzt bei Aylin Demir." in html
    assert cases.holder_of(asked.pk) == house.aylin


def test_lea_reads_a_case_of_another_team_once_it_is_handed_to_her(house: House) -> None:
    asked = ask(house.nordhafen, "Wir streiten nur noch.")
    claim(asked, house.katrin)
    press(house.katrin, "case-hand-over", asked, to=f"member:{house.lea.pk}")

    page = signed_in(house.lea).get(reverse("case", args=[asked.pk]))

    assert "Wir streiten nur noch." in page.content.decode()


def test_katrin_hands_a_case_to_another_team_which_she_then_no_longer_reads(house: House) -> None:
    asked = ask(house.nordhafen)
    claim(asked, house.katrin)
    crisis = house.nordhafen.teams.get(name="Krise")

    html = press(house.katrin, "case-hand-over", asked, to=f"team:{crisis.pk}")

    assert "wartet jetzt beim Team Krise" in html
    address = reverse("case", args=[asked.pk])
    assert signed_in(house.katrin).get(address).status_code == 404
    seen_by_lea = signed_in(house.lea).get(address).content.decode()
    assert "Der Fall wurde an ein anderes Team übergeben." in seen_by_lea


def test_a_waiting_case_goes_to_another_team_but_to_no_person(house: House) -> None:
    asked = ask(house.nordhafen)

    html = press(house.katrin, "case-hand-over", asked, to=f"member:{house.aylin.pk}")

    assert "Diese Wahl gibt es nicht mehr. Bitte wählen Sie neu." in html
    assert asked.now().state == CaseState.WAITING


@pytest.mark.parametrize(
    "to", ["", "x", "member:", "team:\x00", "\u202eteam", "<script>", "a" * 20_000]
)
def test_a_made_up_receiver_gets_a_sentence(house: House, to: str) -> None:
    asked = ask(house.nordhafen)
    claim(asked, house.katrin)

    html = press(house.katrin, "case-hand-over", asked, to=to)

    assert "Bitte wählen Sie" in html
    assert "<script>" not in html.replace('<script type="module"', "")
    assert cases.holder_of(asked.pk) == house.katrin


def test_nothing_is_handed_to_boris_next_door_or_to_ada_who_does_not_counsel(house: House) -> None:
    asked = ask(house.nordhafen)
    claim(asked, house.katrin)
    next_door = house.suedstadt.teams.first()
    assert next_door is not None

    for to in (f"member:{house.boris.pk}", f"member:{house.ada.pk}", f"team:{next_door.pk}"):
        assert "Diese Wahl gibt es nicht mehr" in press(
            house.katrin, "case-hand-over", asked, to=to
        )
    assert cases.holder_of(asked.pk) == house.katrin


def test_katrin_closes_a_case_and_aylin_opens_it_again(house: House) -> None:
    asked = ask(house.nordhafen)
    reply(asked, house.katrin)

    assert "ist abgeschlossen" in press(house.katrin, "case-close", asked)
    html = press(house.aylin, "case-reopen", asked)

    assert "Der Fall ist wieder offen und liegt bei Ihnen." in html
    assert "Der Fall wurde wieder geöffnet." in html
    assert cases.holder_of(asked.pk) == house.aylin


def test_opening_again_what_is_open_gets_a_sentence(house: House) -> None:
    asked = ask(house.nordhafen)
    claim(asked, house.katrin)

    html = press(house.aylin, "case-reopen", asked)

    assert "Das geht gerade nicht: Jemand hat den Fall in Bearbeitung." in html


def test_a_case_that_aylin_rates_urgent_moves_up_with_its_due_time(house: House) -> None:
    asked, other = ask(house.nordhafen), ask(house.nordhafen)

    html = press(house.aylin, "case-urgency", other, urgency="1")

    assert "Die Dringlichkeit ist geändert." in html
    due, due_before = other.now().due_at, asked.now().due_at
    assert due is not None
    assert due_before is not None
    assert due < due_before


@pytest.mark.parametrize("urgency", ["", "x", "7", "-1", "\x00", "9" * 5000])
def test_a_made_up_urgency_gets_a_sentence(house: House, urgency: str) -> None:
    asked = ask(house.nordhafen)

    html = press(house.katrin, "case-urgency", asked, urgency=urgency)

    assert "Bitte wählen Sie eine Dringlichkeit." in html
    assert asked.now().urgency == asked.case.urgency


def test_jonas_in_training_neither_closes_nor_opens_again(house: House) -> None:
    asked = ask(house.nordhafen)
    claim(asked, house.jonas)
    browser = signed_in(house.jonas)

    assert browser.post(reverse("case-close", args=[asked.pk])).status_code == 404
    assert browser.post(reverse("case-reopen", args=[asked.pk])).status_code == 404


def test_a_client_who_writes_to_a_closed_case_puts_it_back_into_the_queue(house: House) -> None:
    asked = ask(house.nordhafen)
    reply(asked, house.katrin)
    close(asked, house.katrin)
    client_writes(asked)

    html = signed_in(house.aylin).get(reverse("queue")).content.decode()

    assert "Die ratsuchende Person hat wieder geschrieben." in html


@pytest.mark.django_db(transaction=True)
def test_of_200_claims_at_once_one_wins_and_the_others_learn_who() -> None:
    where = organisation()
    members = [
        enrol(where, f"Person {number}", role=Role.COUNSELLOR, teams=["Erziehung"])
        for number in range(THREADS)
    ]
    asked = ask(where)
    winners: list[Membership] = []
    told: list[Membership | None] = []
    surprises: list[Exception] = []
    start = threading.Barrier(THREADS)

    def compete(member: Membership) -> None:
        start.wait()
        try:
            cases.claim(case=asked.pk, by=member, at=timezone.now())
            winners.append(member)
        except ClaimedByOther as lost:
            told.append(lost.holder)
        except Exception as surprise:  # noqa: BLE001 - shown by the assertion below
            surprises.append(surprise)
        finally:
            connection.close()

    threads = [threading.Thread(target=compete, args=[member]) for member in members]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not surprises
    assert len(winners) == 1
    assert told == winners * (THREADS - 1)
    assert Claim.objects.filter(case=asked.pk).count() == 1
    assert TrailEntry.objects.filter(case=asked.pk, action="case.claimed").count() == 1
