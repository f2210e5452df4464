"""The one writer of taxonomies: Lotse's own from its file, others as imports bring them."""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction

from referrals import identifiers
from referrals.models import Taxonomy, TaxonomyTerm

SEED = Path(__file__).parent.parent / "data" / "taxonomy.json"
OWN = identifiers.OWN_TAXONOMY


@lru_cache(maxsize=1)
def seed_file() -> Mapping[str, Any]:
    """Return Lotse's own taxonomy as its file has it."""
    content: Mapping[str, Any] = json.loads(SEED.read_text(encoding="utf-8"))
    return content


@transaction.atomic
def seed() -> None:
    """Bring Lotse's own taxonomy up to date with its file; terms that editors added stay."""
    content = seed_file()
    Taxonomy.objects.update_or_create(
        pk=OWN,
        defaults={key: content[key] for key in ("name", "description", "version")},
    )
    TaxonomyTerm.objects.bulk_create(
        [
            TaxonomyTerm(
                id=identifiers.derived(OWN, term["code"]),
                taxonomy_id=OWN,
                code=term["code"],
                name=term["name"],
                description=term["description"],
                language="de",
                position=position,
            )
            for position, term in enumerate(content["terms"])
        ],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["name", "description", "position"],
    )


class Terms:
    """Finds the term that a source means, and makes those that it brings itself.

    A code of Lotse's own taxonomy means that term, whatever taxonomy the source claims: the codes are
    how installations understand each other. source: names the taxonomy of terms without one.
    """

    def __init__(self, *, source: str, dry: bool) -> None:
        self.source = source
        self.dry = dry
        self.own: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self._known: dict[str, tuple[str, str]] = {}
        self._taxonomies = {
            str(pk): name for pk, name in Taxonomy.objects.values_list("pk", "name")
        }
        self._by_code: dict[tuple[str, str], str] = {}
        for term in TaxonomyTerm.objects.all():
            self._learn(str(term.pk), str(term.taxonomy_id), term.code, term.name)

    def find(self, named: Mapping[str, str]) -> str | None:
        """Return the id of a term named by code, id or name; None where there is none yet."""
        if named["code"] in self.own:
            return self.own[named["code"]]
        if named["id"] in self._known:
            return named["id"]
        taxonomy = str(self._taxonomy_of(named))
        found = self._by_code.get((taxonomy, self._code_of(named)))
        return found or self.names.get(named["name"].casefold())

    def make(self, named: Mapping[str, str]) -> str:
        """Add a term that a source brings, in its own taxonomy, and return its id."""
        taxonomy = self._taxonomy_of(named)
        given = identifiers.as_uuid(named["id"])
        code = self._code_of(named)
        term = str(given or identifiers.derived(taxonomy, code))
        if not self.dry:
            if str(taxonomy) not in self._taxonomies:
                Taxonomy.objects.create(pk=taxonomy, name=self._taxonomy_name(named))
            TaxonomyTerm.objects.create(
                pk=term,
                taxonomy_id=taxonomy,
                code=code,
                name=named["name"] or code,
                description=named["description"],
                position=len(self._known),
            )
        self._taxonomies[str(taxonomy)] = self._taxonomy_name(named)
        self._learn(term, str(taxonomy), code, named["name"])
        return term

    def _learn(self, term: str, taxonomy: str, code: str, name: str) -> None:
        self._known[term] = (taxonomy, code)
        self._by_code[taxonomy, code] = term
        if taxonomy == str(OWN):
            self.own[code] = term
            self.names[name.casefold()] = term

    def _taxonomy_name(self, named: Mapping[str, str]) -> str:
        return (named["taxonomy"] or self.source)[:200]

    def _taxonomy_of(self, named: Mapping[str, str]) -> UUID:
        name = self._taxonomy_name(named)
        same = next((pk for pk, known in self._taxonomies.items() if known == name), None)
        return UUID(same) if same else identifiers.derived(identifiers.NAMESPACE, "taxonomy", name)

    @staticmethod
    def _code_of(named: Mapping[str, str]) -> str:
        return (named["code"] or named["name"] or named["id"])[:120]
