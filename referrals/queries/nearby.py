"""Which places lie within a distance of a postcode: HSDS's `proximity`.

Not a word of who may know of a place: whoever asks has left out the secret ones before.
"""

from math import cos, degrees, radians

from django.db.models import F, FloatField, Q, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import ASin, Cos, Least, Power, Radians, Sin, Sqrt

from referrals.models import Location
from referrals.search import places
from referrals.search.places import EARTH_KM

EARTH_M = EARTH_KM * 1000


class UnknownPostcode(LookupError):
    """Nobody knows where a postcode is."""


def within(postcode: str, *, metres: float) -> "QuerySet[Location]":
    """Return the locations within some metres of the middle of a postcode. Raises UnknownPostcode.

    One without coordinates counts as the middle of its own postcode.
    """
    middle = places.gazetteer().postcode(postcode)
    if middle is None:
        raise UnknownPostcode(postcode)
    centre = (middle.latitude, middle.longitude)
    near = Location.objects.filter(_box(*centre, metres)).alias(metres=_metres_from(*centre))
    placed = near.filter(metres__lte=metres).values("pk")
    codes = places.postcodes_within(centre, metres / 1000)
    # A foreign place may have the same digits; no country means Germany, as in the search.
    guessed = Q(addresses__postal_code__in=codes, addresses__country__in=["DE", ""])
    unplaced = Location.objects.filter(guessed, latitude__isnull=True).values("pk")
    return Location.objects.filter(Q(pk__in=placed) | Q(pk__in=unplaced))


def _box(latitude: float, longitude: float, metres: float) -> Q:
    """Return a box around the circle, which the index on coordinates answers."""
    up = degrees(metres / EARTH_M)
    wide = max(cos(radians(min(abs(latitude) + up, 89.0))), 0.01)
    return Q(
        latitude__range=(latitude - up, latitude + up),
        longitude__range=(longitude - up / wide, longitude + up / wide),
    )


def _metres_from(latitude: float, longitude: float) -> Combinable:
    """Return the distance on the globe (haversine) as an expression."""
    own_latitude = Radians(F("latitude"))
    north = Power(Sin((own_latitude - Value(radians(latitude))) / 2.0), 2)
    east = Power(Sin((Radians(F("longitude")) - Value(radians(longitude))) / 2.0), 2)
    half = north + Cos(own_latitude) * Value(cos(radians(latitude))) * east
    # Rounding may make it a hair more than 1 at the other end of the globe, where ASIN knows nothing.
    return ASin(Sqrt(Least(half, Value(1.0), output_field=FloatField()))) * Value(2 * EARTH_M)
