"""Directory entries of tests, read in the way every file is."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from accounts.models import Organisation
from referrals.formats.detection import Format
from referrals.formats.files import uploaded
from referrals.models import Service
from referrals.operations import imports

READ_IN = datetime(2026, 10, 1, 9, tzinfo=UTC)
SHELTER_STREET = "Verborgene Zeile 17"
SHELTER_POSTCODE = "98765"


def document(number: int = 1, **fields: Any) -> dict[str, Any]:
    """Return a full HSDS service with one of everything. number: makes ids and names its own."""
    return {
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "name": f"Elternberatung Hafenstraße {number}",
        "alternate_name": "Die Hafenlotsen",
        "description": "Beratung für Eltern mit Säuglingen.",
        "status": "active",
        "url": "https://hafenlotsen.example.org/beratung",
        "email": "hafen@example.org",
        "minimum_age": 0,
        "maximum_age": 3,
        "eligibility_description": "Für Eltern im Bezirk.",
        "assured_date": "2026-09-01",
        "assurer_email": "pflege@example.org",
        "free_of_charge": True,
        "anonymous_possible": True,
        "accepts_referrals": True,
        "referral_ways": ["email", "telefon"],
        "capacity_code": "warteliste",
        "waiting_weeks": 3,
        "opening_hours": "Mo-Fr 09:00-12:00; PH off",
        "organization": {
            "id": "11111111-0000-4000-8000-000000000001",
            "name": "Hafenlotsen e. V.",
            "description": "Träger der freien Jugendhilfe.",
            "website": "https://hafenlotsen.example.org",
            "phones": [{"id": "11111111-0000-4000-8000-000000000002", "number": "040 5550100"}],
        },
        "phones": [{"id": f"22222222-0000-4000-8000-{number:012d}", "number": "040 5550101", "type": "voice"}],
        "languages": [{"id": f"33333333-0000-4000-8000-{number:012d}", "name": "Türkisch", "code": "tr"}],
        "service_areas": [
            {"id": f"44444444-0000-4000-8000-{number:012d}", "name": "Hamburg", "ags": "02000"}
        ],
        "cost_options": [
            {"id": f"55555555-0000-4000-8000-{number:012d}", "option": "Kurs", "amount": 12.5, "currency": "EUR"}
        ],
        "contacts": [{"id": f"66666666-0000-4000-8000-{number:012d}", "name": "Frau Özdemir"}],
        "capacities": [
            {
                "id": f"77777777-0000-4000-8000-{number:012d}",
                "unit": {"id": "77777777-1111-4000-8000-000000000001", "name": "Plätze"},
                "available": 2,
                "maximum": 8,
                "updated": "2026-09-01T08:00:00+02:00",
            }
        ],
        "attributes": [
            {
                "id": f"88888888-0000-4000-8000-{number:012d}",
                "taxonomy_term": {"code": "erziehungsberatung", "name": "Erziehungsberatung"},
            }
        ],
        "service_at_locations": [
            {
                "id": f"99999999-0000-4000-8000-{number:012d}",
                "location": {
                    "id": f"aaaaaaaa-0000-4000-8000-{number:012d}",
                    "location_type": "physical",
                    "name": "Haus am Hafen",
                    "latitude": 53.5413,
                    "longitude": 9.9841,
                    "wheelchair": "yes",
                    "ags": "02000000",
                    "addresses": [
                        {
                            "id": f"bbbbbbbb-0000-4000-8000-{number:012d}",
                            "address_1": "Hafenstraße 1",
                            "city": "Hamburg",
                            "state_province": "Hamburg",
                            "postal_code": "20459",
                            "country": "DE",
                            "address_type": "physical",
                        }
                    ],
                    "accessibility": [
                        {"id": f"cccccccc-0000-4000-8000-{number:012d}", "description": "Rampe"}
                    ],
                },
            }
        ],
    } | fields  # fmt: skip


def shelter(number: int = 900, **fields: Any) -> dict[str, Any]:
    """Return a women's shelter whose address nobody may know, told in every place that could."""
    found = document(number)
    place = found["service_at_locations"][0]
    place["description"] = f"Eingang {SHELTER_STREET}"
    place["phones"] = [{"id": f"dddddddd-0000-4000-8000-{number:012d}", "number": "040 5550199"}]
    location = place["location"]
    location |= {
        "name": f"Haus {SHELTER_STREET}",
        "description": f"{SHELTER_POSTCODE} Verstecktal",
        "latitude": 51.987654,
        "longitude": 11.123456,
    }
    location["addresses"][0] |= {
        "address_1": SHELTER_STREET,
        "postal_code": SHELTER_POSTCODE,
        "city": "Verstecktal",
    }
    return found | {
        "name": "Frauenhaus Nordlicht",
        "description": f"Wir sind in der {SHELTER_STREET}, Postleitzahl {SHELTER_POSTCODE}.",
        "confidential_address": True,
        "attributes": [{"taxonomy_term": {"code": "frauenhaus", "name": "Frauenhaus"}}],
        "organization": {
            "id": f"11111111-0000-4000-8000-{number:012d}",
            "name": "Nordlicht e. V.",
            "description": f"Anschrift: {SHELTER_STREET}",
        },
        "program": {
            "id": f"eeeeeeee-0000-4000-8000-{number:012d}",
            "name": "Schutz",
            "description": SHELTER_STREET,
        },
        **fields,
    }


def read_in(
    *documents: Mapping[str, Any],
    owner: Organisation | None = None,
    at: datetime = READ_IN,
    source: str = "fabrik",
) -> list[Service]:
    """Read documents into the directory and return the services in their order."""
    data = json.dumps(documents).encode()
    imports.take_over(
        files=uploaded("fabrik.json", data),
        kind=Format.HSDS,
        source=source,
        owner=owner,
        by=None,
        at=at,
    )
    there = Service.objects.in_bulk([d["id"] for d in documents])
    found: Sequence[Service] = list(there.values())
    order = [str(d["id"]) for d in documents]
    return sorted(found, key=lambda service: order.index(str(service.pk)))
