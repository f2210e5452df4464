"""The address without a path, and the answer for whoever watches the server."""

from django.conf import settings
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse

from accounts import queries
from accounts.access import public


@public("leads to a public page")
def home(request: HttpRequest) -> HttpResponse:
    """Lead to the only organisation's landing page; in the demo to the demo's page."""
    if settings.DEMO:
        return HttpResponseRedirect(reverse("demo"))
    organisation = queries.only_organisation()
    if organisation is None:
        raise Http404
    return HttpResponseRedirect(reverse("landing", args=[organisation.slug]))


@public("says only that the database answers")
def health(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"database": "ok"})
