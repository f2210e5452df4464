"""A map of an area as plain shapes: where entries lie to each other and to the towns around. Pure.

There are no tiles, so that no map server learns who looks for help where. Positions are in units of
the picture, which is `WIDTH` wide.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians

WIDTH = 480
HEIGHT = 320
MARGIN = 40
NEAR = 24  # closer dots would cover each other and become one
KM_PER_DEGREE = 111.32  # of latitude (WGS 84, mean)
NARROWEST = 4.0  # km across; one single dot still gets a map with something around it
SCALES = (0.5, 1, 2, 5, 10, 20, 50, 100, 200)  # km


@dataclass(frozen=True, slots=True)
class Spot:
    """Something with a position. Latitude and longitude in degrees. `label`: a number or a name."""

    label: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Dot:
    """One or several entries that lie in the same place on the picture."""

    x: float
    y: float
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """The picture: dots, names of towns, and a bar that is `scale_km` long."""

    width: int
    height: int
    dots: Sequence[Dot]
    towns: Sequence[Dot]
    scale_km: float
    scale_length: float


@dataclass(frozen=True, slots=True)
class _Frame:
    west: float
    north: float
    per_km: float
    km_per_longitude: float

    def at(self, spot: Spot) -> tuple[float, float]:
        x = (spot.longitude - self.west) * self.km_per_longitude * self.per_km
        y = (self.north - spot.latitude) * KM_PER_DEGREE * self.per_km
        return round(x, 1), round(y, 1)


def draw(
    spots: Sequence[Spot], *, towns: Sequence[Spot] = (), around: Spot | None = None
) -> Overview | None:
    """Return the picture of some entries, or None when none has a position.

    towns: for orientation, the most important first; those that would cover something are left out.
    around: the place that was asked for; it is on the picture, too.
    """
    if not spots:
        return None
    frame = _frame([*spots, around] if around else spots)
    if around is not None:
        towns = [around, *towns]
    dots: list[Dot] = []
    for spot in spots:
        x, y = frame.at(spot)
        near = next((i for i, d in enumerate(dots) if _covers(d, x, y, NEAR, NEAR)), None)
        if near is None:
            dots.append(Dot(x, y, (spot.label,)))
        else:
            dots[near] = Dot(dots[near].x, dots[near].y, (*dots[near].labels, spot.label))
    scale = max((s for s in SCALES if s * frame.per_km <= WIDTH / 4), default=SCALES[0])
    return Overview(
        WIDTH, HEIGHT, dots, _names(towns, frame), scale, round(scale * frame.per_km, 1)
    )


def _frame(spots: Sequence[Spot]) -> _Frame:
    souths = [spot.latitude for spot in spots]
    wests = [spot.longitude for spot in spots]
    middle_lat = (min(souths) + max(souths)) / 2
    middle_lon = (min(wests) + max(wests)) / 2
    km_per_longitude = KM_PER_DEGREE * max(0.05, cos(radians(middle_lat)))
    wide = max((max(wests) - min(wests)) * km_per_longitude, NARROWEST)
    high = max((max(souths) - min(souths)) * KM_PER_DEGREE, NARROWEST * HEIGHT / WIDTH)
    per_km = min((WIDTH - 2 * MARGIN) / wide, (HEIGHT - 2 * MARGIN) / high)
    return _Frame(
        west=middle_lon - WIDTH / 2 / per_km / km_per_longitude,
        north=middle_lat + HEIGHT / 2 / per_km / KM_PER_DEGREE,
        per_km=per_km,
        km_per_longitude=km_per_longitude,
    )


def _names(towns: Sequence[Spot], frame: _Frame) -> list[Dot]:
    shown: list[Dot] = []
    for town in towns:
        x, y = frame.at(town)
        inside = MARGIN / 2 < y < HEIGHT - MARGIN and MARGIN < x < WIDTH - MARGIN
        if inside and not any(_covers(other, x, y, 110, 22) for other in shown):
            shown.append(Dot(x, y, (town.label,)))
    return shown


def _covers(dot: Dot, x: float, y: float, wide: float, high: float) -> bool:
    return abs(dot.x - x) < wide and abs(dot.y - y) < high
