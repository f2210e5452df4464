"""The parameters of an API request, read or refused with a sentence for programmers."""

from dataclasses import dataclass
from datetime import UTC
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from referrals.queries.public import Wanted
from referrals.search.places import gazetteer

PER_PAGE = 50
MOST_PER_PAGE = 500
FARTHEST_M = 1_000_000  # metres; across the country
MOST_MINIMAL = 200_000  # `minimal` is meant for all services at once


class NotValid(Exception):
    """A parameter cannot be read; `messages` names it and says why."""

    def __init__(self, messages: dict[str, str]) -> None:
        super().__init__()
        self.messages = messages


class Parameters(forms.Form):
    """The query parameters of HSDS 3.1's openapi.json."""

    search = forms.CharField(required=False, max_length=200)
    page = forms.IntegerField(required=False, min_value=1, max_value=1_000_000)
    per_page = forms.IntegerField(required=False, min_value=1)
    format = forms.ChoiceField(required=False, choices=[("json", "json"), ("ndjson", "ndjson")])
    taxonomy_term_id = forms.UUIDField(required=False)
    taxonomy_id = forms.UUIDField(required=False)
    organization_id = forms.UUIDField(required=False)
    parent_id = forms.UUIDField(required=False)
    modified_after = forms.DateTimeField(required=False)
    postcode = forms.CharField(required=False, max_length=20)
    proximity = forms.FloatField(required=False, min_value=0, max_value=FARTHEST_M)
    minimal = forms.CharField(required=False, max_length=5)
    full = forms.CharField(required=False, max_length=5)
    full_service = forms.CharField(required=False, max_length=5)
    top_only = forms.CharField(required=False, max_length=5)

    def clean(self) -> dict[str, Any]:
        """Refuse a distance from nowhere: without a postcode, or from one that nobody knows."""
        said = self.cleaned_data
        if said.get("proximity") is None or "postcode" not in said:
            return said
        if not said["postcode"]:
            self.add_error("proximity", "Name the postcode from whose middle the metres count.")
        elif gazetteer().postcode(said["postcode"]) is None:
            self.add_error("postcode", "With proximity, name a German postcode of five digits.")
        return said


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was read: what, which page of it, and how it is written."""

    wanted: Wanted
    page: int
    per_page: int
    ndjson: bool


def asked(query: QueryDict) -> Asked:
    """Read a request's parameters; unknown ones are ignored. Raises NotValid."""
    form = Parameters(query)
    if not form.is_valid():
        raise NotValid({n: " ".join(map(str, errors)) for n, errors in form.errors.items()})
    said = form.cleaned_data
    after = said["modified_after"]
    wanted = Wanted(
        search=said["search"],
        taxonomy_term=said["taxonomy_term_id"],
        taxonomy=said["taxonomy_id"],
        organization=said["organization_id"],
        parent=said["parent_id"],
        modified_after=after.astimezone(UTC) if after else None,
        postcode=said["postcode"],
        proximity=said["proximity"],
        minimal=truth("minimal", said["minimal"]),
        full=truth("full", said["full"]),
        full_service=truth("full_service", said["full_service"]),
        top_only=truth("top_only", said["top_only"]),
    )
    most = MOST_MINIMAL if wanted.minimal else MOST_PER_PAGE
    usual = MOST_MINIMAL if wanted.minimal else PER_PAGE
    return Asked(
        wanted=wanted,
        page=said["page"] or 1,
        per_page=min(said["per_page"] or usual, most),
        ndjson=said["format"] == "ndjson",
    )


def truth(name: str, word: str) -> bool:
    """Read `true`, `false`, `1`, `0` or an empty word. Raises NotValid."""
    words = {"": False, "true": True, "1": True, "false": False, "0": False}
    if word.lower() not in words:
        raise NotValid({name: "Write true or false."})
    return words[word.lower()]


def identifier(written: str) -> UUID | None:
    """Return an id in an address, None for what is none."""
    try:
        return UUID(written)
    except (ValueError, ValidationError):
        return None
