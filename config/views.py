"""The address without a path, and the answer for whoever watches the server."""

from django.conf import settings
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone

from accounts import queries
from accounts.access import public
from counselling import open_alarms


@public("leads to a public page")
def home(request: HttpRequest) -> HttpResponse:
    """Lead to the only organisation's landing page; in the demo to the demo's page."""
    if settings.DEMO:
        return HttpResponseRedirect(reverse("demo"))
    organisation = queries.only_organisation()
    if organisation is None:
        raise Http404
    return HttpResponseRedirect(reverse("landing", args=[organisation.slug]))


@public("says only whether the house is awake: the database, the alarms, somebody on call")
def health(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers, and say whether alarms move on and reach somebody.

    Whoever watches the server reads `alarms` and `on_call`; neither says of which organisation.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    at = timezone.now()
    return JsonResponse(
        {
            "database": "ok",
            "alarms": "late" if open_alarms.are_late(at=at) else "ok",
            "on_call": "empty" if open_alarms.organisations_without_on_call(at=at) else "ok",
        }
    )
