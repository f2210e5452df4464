"""The list of people, and how a membership ends."""

import threading

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Role
from accounts.operations import staff
from audit.models import TrailEntry
from tests.counselling.house import House, open_house
from tests.factories import enrol
from tests.factories.sessions import signed_in


def test_ada_sees_her_people_and_nobody_of_südstadt(house: House) -> None:
    page = signed_in(house.ada).get(reverse("staff-list")).content.decode()

    assert "Katrin Petersen" in page
    assert "in Ausbildung" in page
    assert "Boris Lang" not in page


def test_the_list_costs_the_same_at_six_and_at_thirty_people(house: House) -> None:
    client = signed_in(house.ada)

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("staff-list"))
        return len(captured)

    few = count()
    for number in range(24):
        enrol(house.nordhafen, f"Person {number}")

    assert count() == few


def test_lea_sees_the_list_but_ends_nobody(house: House) -> None:
    client = signed_in(house.lea)

    assert "Zugang beenden" not in client.get(reverse("staff-list")).content.decode()
    assert client.get(reverse("staff-end", args=[house.katrin.pk])).status_code == 404
    assert client.post(reverse("staff-end", args=[house.katrin.pk])).status_code == 404
    house.katrin.refresh_from_db()
    assert house.katrin.ended_at is None


def test_katrin_has_no_list(house: House) -> None:
    client = signed_in(house.katrin)

    assert client.get(reverse("staff-list")).status_code == 404
    assert reverse("staff-list") not in client.get(reverse("queue")).content.decode()


def test_ada_ends_a_membership_after_a_question(house: House) -> None:
    client = signed_in(house.ada)
    address = reverse("staff-end", args=[house.jonas.pk])
    assert "Soll Jonas Brandt keinen Zugang mehr haben?" in client.get(address).content.decode()

    page = client.post(address, follow=True).content.decode()

    assert "Der Zugang von Jonas Brandt ist beendet." in page
    house.jonas.refresh_from_db()
    assert house.jonas.ended_at is not None
    assert TrailEntry.objects.get(action="staff.ended").actor == house.ada.pk
    assert client.post(address).status_code == 404


def test_ada_cannot_end_herself(house: House) -> None:
    address = reverse("staff-end", args=[house.ada.pk])
    client = signed_in(house.ada)

    for response in (client.get(address, follow=True), client.post(address, follow=True)):
        assert "Den eigenen Zugang kann niemand beenden." in response.content.decode()
    house.ada.refresh_from_db()
    assert house.ada.ended_at is None


def test_ada_cannot_end_people_of_südstadt(house: House) -> None:
    client = signed_in(house.ada)
    address = reverse("staff-end", args=[house.boris.pk])

    assert client.get(address).status_code == 404
    assert client.post(address).status_code == 404
    house.boris.refresh_from_db()
    assert house.boris.ended_at is None


def test_the_last_admin_stays(house: House) -> None:
    second = enrol(house.nordhafen, "Zoe Zweite", role=Role.ADMIN)
    staff.end_membership(member=house.ada, by=second, at=timezone.now())

    # Ada's request was let in a moment before hers ended.
    with pytest.raises(staff.LastAdmin):
        staff.end_membership(member=second, by=house.ada, at=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_end_each_other_leave_one() -> None:
    house = open_house()
    zoe = enrol(house.nordhafen, "Zoe Zweite", role=Role.ADMIN)
    start = threading.Barrier(2)

    def end(member: Membership, by: Membership) -> None:
        start.wait()
        try:
            staff.end_membership(member=member, by=by, at=timezone.now())
        except staff.LastAdmin:
            pass
        connection.close()

    threads = [
        threading.Thread(target=end, args=pair) for pair in ((zoe, house.ada), (house.ada, zoe))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    admins = Membership.objects.filter(organisation=house.nordhafen, role=Role.ADMIN)
    assert admins.filter(ended_at__isnull=True).count() == 1


def test_strangers_are_asked_to_sign_in_first(house: House) -> None:
    for address in (reverse("staff-list"), reverse("staff-end", args=[house.katrin.pk])):
        assert Client().get(address).headers["Location"].startswith(reverse("login"))
