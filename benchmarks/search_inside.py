"""Inside the measured process: fill a demo's database with services, ask in turns, print both lists of times.

`python -m benchmarks.search_inside SERVICES ROUNDS`; the last two lines are seconds: ours, bare.
"""

import json
import random
import sys
import time
from pathlib import Path

import django
from django.db import connection
from django.utils import timezone

django.setup()

from referrals.models import (  # noqa: E402 - needs the settings
    Address,
    Attribute,
    Location,
    Service,
    ServiceAtLocation,
    TaxonomyTerm,
)
from referrals.operations import documents  # noqa: E402 - as above
from referrals.search import places, searching, words  # noqa: E402 - as above

QUERIES = Path(__file__).parent.parent / "tests" / "referrals" / "search" / "data" / "queries.jsonl"
BARE = {
    "postgresql": """
        SELECT id, ts_rank(tokens, query) FROM referrals_searchdocument,
            plainto_tsquery('german', %s) AS query
        WHERE tokens @@ query ORDER BY 2 DESC LIMIT 20
    """,
    "sqlite": """
        SELECT rowid, bm25(referrals_searchtext) FROM referrals_searchtext
        WHERE referrals_searchtext MATCH %s ORDER BY 2 LIMIT 20
    """,
}
HOURS = [
    f"Mo-{last} {opens:02}:{minute}-{closes:02}:00; PH off"
    for last in ("We", "Th", "Fr", "Sa")
    for opens in range(7, 12)
    for minute in ("00", "30")
    for closes in range(13, 20)
]


def fill(count: int) -> None:
    """Write services all over Germany, and their documents."""
    chance = random.Random(11)
    terms = list(TaxonomyTerm.objects.all())
    towns = [p for p in places.gazetteer().named.values() if p.country == "DE"]
    today = timezone.localdate()
    for begin in range(0, count, 5_000):
        services, locations, addresses, links, attributes = [], [], [], [], []
        for number in range(begin, min(begin + 5_000, count)):
            town, term = chance.choice(towns), chance.choice(terms)
            service = Service(
                name=f"{term.name} {town.name} {number}",
                description=f"{term.description} {chance.choice(terms).description}",
                last_modified=timezone.now(),
                opening_hours=chance.choice(HOURS),
                seen_on=today,
                fresh_until=today.replace(year=today.year + 1),
                hide_from=today.replace(year=today.year + 2),
            )
            location = Location(latitude=town.latitude, longitude=town.longitude)
            services.append(service)
            locations.append(location)
            addresses.append(Address(location=location, city=town.name))
            links.append(ServiceAtLocation(service=service, location=location))
            attributes.append(Attribute(service=service, term=term))
        Service.objects.bulk_create(services)
        Location.objects.bulk_create(locations)
        Address.objects.bulk_create(addresses)
        ServiceAtLocation.objects.bulk_create(links)
        Attribute.objects.bulk_create(attributes)
    documents.rebuild_all()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def main(count: int, rounds: int) -> None:
    """Fill, warm up, ask each query of both, print the times."""
    fill(count)
    queries = [json.loads(line)["query"] for line in QUERIES.read_text("utf-8").splitlines()]
    at = timezone.now()
    searching.search("schreibaby köln", at=at)
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(rounds):
        for query in queries:
            began = time.perf_counter()
            searching.search(query, at=at)
            between = time.perf_counter()
            with connection.cursor() as cursor:
                told = words.telling(words.words(query))
                text = (
                    query if connection.vendor == "postgresql" else " ".join(f'"{w}"' for w in told)
                )
                cursor.execute(BARE[connection.vendor], [text])
                cursor.fetchall()
            ours.append(between - began)
            bare.append(time.perf_counter() - between)
    print(*ours)
    print(*bare)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
