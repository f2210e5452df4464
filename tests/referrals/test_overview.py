"""The map without tiles: right in its proportions, and silent about what has no place."""

import pytest

from referrals.overview import HEIGHT, WIDTH, Spot, draw

BREMEN = Spot("1", 53.0758, 8.8072)
BREMERHAVEN = Spot("2", 53.5502, 8.5760)
OLDENBURG = Spot("3", 53.1435, 8.2146)


def test_without_a_position_there_is_no_map() -> None:
    assert draw([]) is None


def test_north_is_up_and_east_is_right() -> None:
    picture = draw([BREMEN, BREMERHAVEN, OLDENBURG])
    assert picture is not None
    bremen, bremerhaven, oldenburg = picture.dots
    assert bremerhaven.y < oldenburg.y < bremen.y
    assert oldenburg.x < bremerhaven.x < bremen.x
    assert all(0 < dot.x < WIDTH and 0 < dot.y < HEIGHT for dot in picture.dots)


def test_distances_on_the_picture_are_those_on_the_ground() -> None:
    picture = draw([BREMEN, BREMERHAVEN])
    assert picture is not None
    one, other = picture.dots
    per_km = picture.scale_length / picture.scale_km
    apart = ((one.x - other.x) ** 2 + (one.y - other.y) ** 2) ** 0.5 / per_km
    assert apart == pytest.approx(55.0, abs=0.6)  # Bremen to Bremerhaven as the crow flies


def test_entries_in_one_house_share_a_dot() -> None:
    picture = draw([BREMEN, Spot("7", BREMEN.latitude, BREMEN.longitude), BREMERHAVEN])
    assert picture is not None
    assert [dot.labels for dot in picture.dots] == [("1", "7"), ("2",)]


def test_a_single_entry_lies_in_the_middle_of_some_kilometres() -> None:
    picture = draw([BREMEN])
    assert picture is not None
    assert (picture.dots[0].x, picture.dots[0].y) == (WIDTH / 2, HEIGHT / 2)
    assert picture.scale_km >= 0.5


def test_towns_are_named_unless_they_would_cover_each_other() -> None:
    towns = [Spot("Brake", 53.33, 8.48), Spot("Golzwarden", 53.35, 8.47)]
    picture = draw([BREMEN, BREMERHAVEN, OLDENBURG], towns=[*towns, Spot("Kiel", 54.32, 10.14)])
    assert picture is not None
    assert [town.labels for town in picture.towns] == [("Brake",)]


@pytest.mark.parametrize("spot", [Spot("1", 90, 0), Spot("1", -90, 180), Spot("1", 0, -180)])
def test_the_ends_of_the_world_do_not_break_it(spot: Spot) -> None:
    assert draw([spot]) is not None
