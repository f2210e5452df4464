"""What an organisation shows to everybody: its landing page, its colours, the quick way out."""

from functools import lru_cache
from typing import cast

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import condition, require_GET, require_safe

from accounts import colours as palettes
from accounts.access import OrganisationRequest, also_of_partners, organisation_page
from counselling import promises, wording
from counselling.access import close_for_client, leave_no_cookie
from counselling.sla import Urgency

COLOURS_KEPT = 300  # seconds that a browser keeps the colours before it asks again


@require_safe
@organisation_page
def landing(request: HttpRequest) -> HttpResponse:
    """Welcome, in the organisation's words, and one next step. Sets no cookie."""
    request = cast(OrganisationRequest, request)
    paragraphs = [p.strip() for p in request.organisation.welcome.split("\n\n") if p.strip()]
    promise = promises.promised(request.organisation, Urgency.NORMAL, start=timezone.now())
    return render(
        request,
        "counselling/client/landing.html",
        {
            "lead": paragraphs[0] if paragraphs else "",
            "more": paragraphs[1:],
            "due": wording.by_when(promise),
            "notice": wording.notice_words(request.GET.get("hinweis", "")),
        },
    )


@require_safe
@organisation_page
@also_of_partners
def colours(request: HttpRequest) -> HttpResponse:
    """Return the organisation's colours for light and dark; the same for everybody, so cacheable."""
    accent = cast(OrganisationRequest, request).organisation.accent

    # The door above has loaded the organisation already; only then can the tag be told.
    @condition(etag_func=lambda _request: f'"{accent.lstrip("#")}"')
    def answer(_request: HttpRequest) -> HttpResponse:
        return HttpResponse(_style_sheet(accent), content_type="text/css; charset=utf-8")

    response = answer(request)
    response.headers["Cache-Control"] = f"public, max-age={COLOURS_KEPT}"
    return response


@require_GET
@organisation_page
def quick_exit(request: HttpRequest) -> HttpResponse:
    """Forget the client's case and code and lead to a harmless site.

    A GET, because it must work as a plain link with one press.
    """
    close_for_client(request)
    organisation = cast(OrganisationRequest, request).organisation
    response = HttpResponseRedirect(organisation.exit_url, headers={"Cache-Control": "no-store"})
    return leave_no_cookie(request, response)


@lru_cache(maxsize=256)
def _style_sheet(accent: str) -> str:
    light, dark = palettes.light_palette(accent), palettes.dark_palette(accent)
    return (
        f":root{{--accent:{light.accent};--on-accent:{light.on_accent}}}\n"
        "@media (prefers-color-scheme:dark){"
        f":root{{--accent:{dark.accent};--on-accent:{dark.on_accent}}}}}\n"
    )
