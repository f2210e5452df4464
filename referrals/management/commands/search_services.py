"""Search the directory as the page does."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from referrals.search import searching
from referrals.search.searching import Hit, Results


class Command(BaseCommand):
    """Print what a search finds and why, for people or as JSON."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the text, a place, how many results, and the form."""
        parser.add_argument("query", help="as somebody types it, a place may be in it")
        parser.add_argument("--near", metavar="PLZ", default="", help="postcode or name of a place")
        parser.add_argument("--limit", type=int, default=searching.PAGE, help="results at most")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Search. Raises CommandError for a place that nobody knows."""
        near = searching.place(options["near"]) if options["near"] else None
        if options["near"] and near is None:
            raise CommandError(f"Den Ort „{options['near']}“ kennt die Suche nicht.")
        if options["limit"] < 1:
            raise CommandError("--limit muss mindestens 1 sein.")
        found = searching.search(
            options["query"], at=timezone.now(), near=near, limit=options["limit"]
        )
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(found), ensure_ascii=False, indent=1))
            return
        place = f" nahe {found.understood.place.name}" if found.understood.place else ""
        self.stdout.write(f"{found.total} Treffer{place}")
        for hit in found.hits:
            self.stdout.write(_line(hit))


def _line(hit: Hit) -> str:
    told = [hit.category_name or ", ".join(hit.categories)]
    if hit.distance_km is not None:
        told.append(f"{hit.distance_km:.1f} km")
    if hit.opening and hit.opening.is_open:
        told.append("jetzt offen")
    if hit.via:
        told.append(f"gefunden über: {hit.via}")
    return f"- {hit.service.name} ({'; '.join(filter(None, told))})"


def _as_json(found: Results) -> dict[str, Any]:
    return {
        "total": found.total,
        "place": found.understood.place.name if found.understood.place else None,
        "needs": [
            {"category": need.category, "score": round(need.score, 3), "via": need.via}
            for need in found.understood.needs
        ],
        "facets": found.facets,
        "results": [
            {
                "id": str(hit.service.pk),
                "name": hit.service.name,
                "categories": list(hit.categories),
                "via": hit.via,
                "distance_km": hit.distance_km,
                "open_now": hit.opening.is_open if hit.opening else None,
            }
            for hit in found.hits
        ],
    }
