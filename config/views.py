"""The address without a path, and the answer for whoever watches the server."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone

from accounts import queries
from accounts.access import public
from config import watching


@public("leads to a public page")
def home(request: HttpRequest) -> HttpResponse:
    """Lead to the only organisation's landing page; in the demo to the demo's page."""
    if settings.DEMO:
        return HttpResponseRedirect(reverse("demo"))
    organisation = queries.only_organisation()
    if organisation is None:
        raise Http404
    return HttpResponseRedirect(reverse("landing", args=[organisation.slug]))


@public("says only that the process answers")
def health(request: HttpRequest) -> JsonResponse:
    """Answer 200 as long as the process lives, whatever else is away: a restart would not bring it back."""
    return JsonResponse({"process": "ok"})


@public("says only whether the house is awake: a word for each part, of no organisation")
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the process can answer, else 503, and say how the rest of the house is.

    Whoever watches the server reads `worker`, `sweep`, `alarms` and `on_call` too; a proxy needs only
    the status.
    """
    found = watching.signs(at=timezone.now())
    return JsonResponse(found, status=200 if watching.is_ready(found) else 503)
