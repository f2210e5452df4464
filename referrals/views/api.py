"""The HSDS 3.1 read API: public, without cookies, cacheable, slowed down for who asks too often."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from math import ceil
from typing import Any

from django.db.models import QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
    JsonResponse,
    StreamingHttpResponse,
)
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

from accounts.access import public
from accounts.throttle import Rate, client_of
from referrals.forms.api import Asked, NotValid, asked, identifier
from referrals.hsds import openapi
from referrals.hsds.tables import Row
from referrals.queries import public as queries
from referrals.queries.public import Wanted

VERSION = "3.1"
CACHED = 300  # seconds; a correction reaches caches within five minutes
ASKING = Rate("hsds", times=120, window=60)

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Collection:
    """A kind of thing that the API lists and shows."""

    found: Callable[[Wanted, Any], QuerySet[Any]]
    documents: Callable[[Sequence[Any], Wanted, Any], list[Row]]


COLLECTIONS = {
    "services": Collection(
        queries.services, lambda ids, wanted, on: queries.service_documents(ids, wanted)
    ),
    "organizations": Collection(queries.providers, queries.provider_documents),
    "service_at_locations": Collection(
        queries.places, lambda ids, wanted, on: queries.place_documents(ids, wanted)
    ),
    "locations": Collection(
        queries.locations, lambda ids, wanted, on: queries.location_documents(ids, wanted)
    ),
    "taxonomies": Collection(
        queries.taxonomies, lambda ids, wanted, on: queries.taxonomy_documents(ids)
    ),
    "taxonomy_terms": Collection(
        queries.terms, lambda ids, wanted, on: queries.term_documents(ids)
    ),
}


def api(view: View) -> View:
    """Open an address to every site's programs: limited, conditional, without cookies."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = _answer(view, request, *args, **kwargs)
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = "ETag"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    return public("the directory is there for everybody")(page)


def _answer(view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
    if request.method not in {"GET", "HEAD"}:
        response: HttpResponseBase = _refusal(405, "Only GET and HEAD.")
        response.headers["Allow"] = "GET, HEAD"
        return response
    who = client_of(request)
    if who is not None and not ASKING.take(who):
        response = _refusal(
            429, "Too many requests. Ask for more entries at once, or wait a minute."
        )
        response.headers["Retry-After"] = "60"
        return response
    etag = quote_etag(queries.state(timezone.localdate()))
    known = get_conditional_response(request, etag=etag)
    if isinstance(known, HttpResponseNotModified):
        response = known
    else:
        try:
            response = view(request, *args, **kwargs)
        except NotValid as refused:
            return _refusal(400, "A parameter cannot be read.", **refused.messages)
    if response.status_code in {200, 304}:
        response.headers["ETag"] = etag
        response.headers["Cache-Control"] = f"public, max-age={CACHED}"
    return response


@api
def base(request: HttpRequest) -> HttpResponse:
    """Say which API this is."""
    return _json(
        {
            "version": VERSION,
            "profile": request.build_absolute_uri(reverse("hsds-profile")),
            "openapi_url": request.build_absolute_uri(reverse("hsds-openapi")),
        }
    )


@api
def profile(request: HttpRequest) -> HttpResponse:
    """Publish the German profile: the fields that it adds to HSDS 3.1."""
    return _json(openapi.profile(request.build_absolute_uri(reverse("hsds-profile"))))


@api
def openapi_document(request: HttpRequest) -> HttpResponse:
    """Publish the OpenAPI document."""
    return _json(openapi.document(request.build_absolute_uri(reverse("hsds-base")).rstrip("/")))


@api
def listed(request: HttpRequest, collection: str) -> HttpResponseBase:
    """List services, organizations, service_at_locations, locations, taxonomies or taxonomy_terms."""
    on = timezone.localdate()
    wanted = asked(request.GET)
    kind = COLLECTIONS[collection]
    found = kind.found(wanted.wanted, on)
    if wanted.ndjson:
        return StreamingHttpResponse(
            _lines(kind, found, wanted.wanted, on), content_type="application/x-ndjson"
        )
    return _json(_page(kind, found, wanted, on))


@api
def shown(request: HttpRequest, collection: str, thing: str) -> HttpResponse:
    """Show one thing in full."""
    on = timezone.localdate()
    kind = COLLECTIONS[collection]
    key = identifier(thing)
    wanted = asked(request.GET).wanted
    full = Wanted(full=True, full_service=wanted.full_service)
    if key is None or not kind.found(Wanted(), on).filter(pk=key).exists():
        return _refusal(404, "There is nothing with this id.")
    documents = kind.documents([key], full, on)
    return _json(documents[0]) if documents else _refusal(404, "There is nothing with this id.")


def _page(kind: Collection, found: QuerySet[Any], asked_: Asked, on: Any) -> dict[str, Any]:
    total = found.count()
    pages = max(1, ceil(total / asked_.per_page))
    start = (asked_.page - 1) * asked_.per_page
    ids = list(found.values_list("pk", flat=True)[start : start + asked_.per_page])
    contents = kind.documents(ids, asked_.wanted, on)
    return {
        "total_items": total,
        "total_pages": pages,
        "page_number": asked_.page,
        "size": len(contents),
        "first_page": asked_.page == 1,
        "last_page": asked_.page >= pages,
        "empty": not contents,
        "contents": contents,
    }


def _lines(kind: Collection, found: QuerySet[Any], wanted: Wanted, on: Any) -> Iterator[bytes]:
    for ids in queries.every(found):
        for document in kind.documents(ids, wanted, on):
            yield json.dumps(document, ensure_ascii=False).encode() + b"\n"


def _json(value: Any) -> HttpResponse:
    return JsonResponse(value, safe=False, json_dumps_params={"ensure_ascii": False})


def _refusal(status: int, message: str, **parameters: str) -> HttpResponse:
    said: dict[str, Any] = {"error": message}
    if parameters:
        said["parameters"] = parameters
    return JsonResponse(said, status=status)
