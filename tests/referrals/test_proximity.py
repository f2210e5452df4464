"""`proximity`, HSDS's distance from a postcode: right in metres, and blind to confidential addresses."""

import json
from typing import Any

import pytest
from django.test import Client

from referrals.models import Location
from referrals.queries import nearby
from referrals.search import places
from tests.factories import directory

pytestmark = pytest.mark.django_db

# The middle of 20459 (Hamburg-Neustadt) is some 1,000 metres from Haus am Hafen; Harburg is south of the river.
NEUSTADT, HARBURG, MUNICH = "20459", "21073", "80331"
LISTS = ("service_at_locations", "locations")


def listed(collection: str, **parameters: Any) -> list[str]:
    """Return the ids of an answer, all on one page."""
    response = Client().get(f"/api/hsds/{collection}", parameters | {"per_page": "500"})
    assert response.status_code == 200, response.content
    page = json.loads(response.content)
    assert page["total_items"] == len(page["contents"])
    return [entry["id"] for entry in page["contents"]]


def refused(**parameters: Any) -> dict[str, str]:
    """Return what an answer says against the parameters."""
    response = Client().get("/api/hsds/service_at_locations", parameters)
    assert response.status_code == 400, response.content
    said: dict[str, str] = json.loads(response.content)["parameters"]
    return said


def at(number: int, latitude: float | None, longitude: float | None, code: str) -> dict[str, Any]:
    """Return a service whose one place is there."""
    found = directory.document(number)
    place = found["service_at_locations"][0]["location"]
    place |= {"latitude": latitude, "longitude": longitude}
    place["addresses"][0]["postal_code"] = code
    return found


@pytest.mark.parametrize("collection", LISTS)
def test_a_planner_finds_what_is_within_so_many_metres(collection: str) -> None:
    service = directory.read_in(directory.document(1))[0]
    link = service.service_at_locations.get()
    here = str(link.pk if collection == "service_at_locations" else link.location_id)
    away = 1000 * places.distance(middle(NEUSTADT), (53.5413, 9.9841))
    assert listed(collection, postcode=NEUSTADT, proximity=str(away + 1)) == [here]
    assert listed(collection, postcode=NEUSTADT, proximity=str(away - 1)) == []
    assert listed(collection, postcode=HARBURG, proximity="5000") == []
    assert listed(collection, postcode=HARBURG, proximity="15000") == [here]
    assert listed(collection, postcode=MUNICH, proximity="1000000") == [here]


def test_without_proximity_a_postcode_is_the_one_in_the_address() -> None:
    directory.read_in(directory.document(1))
    assert len(listed("locations", postcode=NEUSTADT)) == 1
    assert listed("locations", postcode=HARBURG) == []


def test_a_place_without_coordinates_is_where_its_postcode_is() -> None:
    directory.read_in(at(1, None, None, HARBURG))
    assert len(listed("locations", postcode=HARBURG, proximity="0")) == 1
    assert listed("locations", postcode=NEUSTADT, proximity="2000") == []


def test_the_same_digits_abroad_are_another_place() -> None:
    abroad = at(1, None, None, HARBURG)
    abroad["service_at_locations"][0]["location"]["addresses"][0]["country"] = "FR"
    directory.read_in(abroad)
    assert listed("locations", postcode=HARBURG, proximity="1000") == []


@pytest.mark.parametrize("metres", [0, 1, 900, 10_000, 90_000, 600_000, 1_000_000])
def test_the_database_measures_as_the_search_does(metres: int) -> None:
    towns = {
        1: (53.5413, 9.9841), 2: (48.1374, 11.5755), 3: (50.9384, 6.9599), 4: (52.5173, 13.4),
        5: (54.9079, 8.3030), 6: (-33.9, 18.4), 7: (53.5413, -179.9), 8: (89.9, 10.0),
    }  # fmt: skip
    directory.read_in(*(at(number, *point, "") for number, point in towns.items()))
    found = nearby.within(NEUSTADT, metres=metres).values_list("latitude", "longitude")
    km = metres / 1000
    assert set(found) == {p for p in towns.values() if places.distance(middle(NEUSTADT), p) <= km}


@pytest.mark.parametrize("metres", ["-1", "nah", "1e400", "nan", "5 km", "1000001", "0x10", "1;2"])
def test_what_is_no_distance_is_refused_with_a_sentence(metres: str) -> None:
    assert set(refused(postcode=NEUSTADT, proximity=metres)) == {"proximity"}


def test_a_distance_needs_a_postcode_that_somebody_knows() -> None:
    assert set(refused(proximity="1000")) == {"proximity"}
    assert set(refused(proximity="1000", postcode="00000")) == {"postcode"}
    assert set(refused(proximity="1000", postcode="Köln")) == {"postcode"}


@pytest.mark.parametrize("has_coordinates", [True, False])
def test_nobody_learns_from_distances_where_a_shelter_is(has_coordinates: bool) -> None:
    """Circles around a secret place, each smaller than the one before, would give it away."""
    hidden = directory.shelter()
    place = hidden["service_at_locations"][0]["location"]
    place["addresses"][0]["postal_code"] = HARBURG
    point = middle(HARBURG)
    place["latitude"], place["longitude"] = point if has_coordinates else (None, None)
    directory.read_in(hidden)
    # Somebody else in the same house, who said nothing of its being secret.
    beside = directory.document(2)
    beside["service_at_locations"][0]["location"] = place
    directory.read_in(beside)
    assert Location.objects.count() == 1
    for code in (HARBURG, NEUSTADT, MUNICH):
        for metres in ("0", "50", "5000", "50000", "1000000"):
            for collection in LISTS:
                assert listed(collection, postcode=code, proximity=metres, full="true") == []


def middle(code: str) -> tuple[float, float]:
    """Return where the middle of a postcode is."""
    place = places.named(code)
    assert place is not None
    return place.latitude, place.longitude
