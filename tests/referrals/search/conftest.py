"""A directory for the search: services as a clerk would import them, and their documents."""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from referrals.opening import ZONE
from referrals.operations import documents
from referrals.search import index

DATA = Path(__file__).parent / "data"
# A Thursday: Corpus Christi in Nordrhein-Westfalen, an ordinary day in Berlin.
CORPUS_CHRISTI = datetime(2026, 6, 4, 10, 30, tzinfo=ZONE)
AT = datetime(2026, 11, 24, 10, 30, tzinfo=ZONE)  # a Tuesday
Directory = Callable[..., None]


def entry(name: str, category: str, **more: Any) -> dict[str, Any]:
    """Return a service as HSDS has it. place: (city, postcode, latitude, longitude, ags)."""
    place = more.pop("place", None)
    own = uuid.uuid5(uuid.NAMESPACE_URL, name)
    row: dict[str, Any] = {
        "id": str(own),
        "name": name,
        "description": "Fachkräfte stehen bereit.",
        "status": "active",
        "organization": {
            "id": str(uuid.uuid5(own, "org")),
            "name": more.pop("provider", "Musterträger"),
            "description": "Erfunden.",
        },
        "attributes": [
            {
                "id": str(uuid.uuid5(own, code)),
                "link_entity": "service",
                "taxonomy_term": {
                    "id": str(uuid.uuid5(uuid.NAMESPACE_URL, code)),
                    "code": code,
                    "name": code,
                    "description": code,
                },
            }
            for code in [category, *more.pop("also", [])]
        ],
        "languages": [
            {"id": str(uuid.uuid5(own, code)), "code": code} for code in more.pop("languages", [])
        ],
        "service_areas": [
            {"id": str(uuid.uuid5(own, ags)), "name": "", "ags": ags}
            for ags in more.pop("districts", [])
        ],
        **more,
    }
    if place:
        city, postcode, latitude, longitude, ags = place
        row["service_at_locations"] = [
            {
                "id": str(uuid.uuid5(own, "sal")),
                "location": {
                    "id": str(uuid.uuid5(own, "loc")),
                    "location_type": "physical",
                    "latitude": latitude,
                    "longitude": longitude,
                    "ags": ags,
                    "wheelchair": "yes",
                    "addresses": [
                        {
                            "id": str(uuid.uuid5(own, "address")),
                            "address_1": "Musterweg 1",
                            "city": city,
                            "state_province": "",
                            "postal_code": postcode,
                            "country": "DE",
                            "address_type": "physical",
                        }
                    ],
                },
            }
        ]
    return row


COLOGNE = ("Köln", "50667", 50.938, 6.957, "05315")
BERLIN = ("Berlin", "10115", 52.532, 13.385, "11000")


@pytest.fixture
def directory(tmp_path: Path, db: None) -> Iterator[Directory]:
    """Import services and bring the search into step, as the commit would."""
    index.forget()

    def given(*services: dict[str, Any]) -> None:
        path = tmp_path / "services.json"
        path.write_text(json.dumps(services, ensure_ascii=False), encoding="utf-8")
        call_command("import_services", str(path), stdout=open("/dev/null", "w"))  # noqa: SIM115, PTH123
        documents.rebuild_all()

    yield given
    index.forget()
