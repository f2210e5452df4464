"""The doors of pages: every view goes through one of them, and an architecture test checks it.

`public` names why nobody is asked; `organisation_page` is for clients of one organisation; `staff`
asks the permission table. What a person may not see does not exist for them: 404, never 403.
"""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.urls import reverse
from django.utils import timezone, translation

from accounts import duties, queries
from accounts.holders import holder_of
from accounts.models import Membership, Organisation, User
from accounts.operations import sessions
from accounts.rules import allows
from vault.keyring import Holder

View = Callable[..., HttpResponse]
AnyView = TypeVar("AnyView", bound=Callable[..., HttpResponseBase])
SLUG = re.compile(r"[-a-zA-Z0-9_]+")


class StaffRequest(HttpRequest):
    """A request by a signed-in member, as `staff` hands it on. `holder`: what opens keys for them."""

    member: Membership
    holder: Holder


class PersonRequest(HttpRequest):
    """A request by a signed-in person to their own account, as `own_account` hands it on."""

    person: User


class OrganisationRequest(HttpRequest):
    """A request to a page of one organisation, as `organisation_page` hands it on."""

    organisation: Organisation


def public(reason: str) -> Callable[[AnyView], AnyView]:
    """Mark a view that anybody may call, with the reason why."""

    def mark(view: AnyView) -> AnyView:
        view.rule = f"public: {reason}"  # type: ignore[attr-defined]
        return view

    return mark


def organisation_page(view: View) -> View:
    """Resolve `slug` to the organisation, speak its language, and pass it on in the request."""
    # A partner's pages take their colours from here; nobody writes to a partner.
    serves_partners = getattr(view, "serves_partners", False)

    @wraps(view)
    def page(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponse:
        organisation = queries.organisation_at(slug)
        if organisation is None or (organisation.is_partner and not serves_partners):
            raise Http404
        speak_language_of(organisation)
        request = cast(OrganisationRequest, request)
        request.organisation = organisation
        return view(request, *args, **kwargs)

    page.rule = "organisation page"  # type: ignore[attr-defined]
    return page


def also_of_partners(view: View) -> View:
    """Let a page exist for partners too, who have no others that are for everybody."""
    view.serves_partners = True  # type: ignore[attr-defined]  # read by organisation_page
    return view


def signed_in(view: View) -> View:
    """Let in who is signed in with both factors, also without a place in any organisation."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if queries.signed_in_user(request) is None:
            return _sign_in_first(request)
        _stay(request)
        return view(request, *args, **kwargs)

    page.rule = "signed in"  # type: ignore[attr-defined]
    return page


def own_account(view: View) -> View:
    """Let in who is signed in with both factors, to what belongs to the person and to nobody else.

    With a place in an organisation its menu stands around the page, and it is spoken as there.
    """

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        person = queries.signed_in_user(request)
        if person is None:
            return _sign_in_first(request)
        _stay(request)
        request = cast(PersonRequest, request)
        request.person = person
        member = queries.current_member(request)
        if member is not None:
            cast(StaffRequest, request).member = member
            speak_language_of(member.organisation)
        return view(request, *args, **kwargs)

    page.rule = "signed in"  # type: ignore[attr-defined]
    return page


def staff(permission: str) -> Callable[[View], View]:
    """Let in a signed-in, two-factor-verified member whom the table allows; others see 404.

    Who is not signed in is sent to the sign-in page and comes back afterwards.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            member = queries.current_member(request)
            if member is None:
                return _sign_in_first(request)
            if not allows(member, permission):
                raise Http404
            _stay(request)
            speak_language_of(member.organisation)
            request = cast(StaffRequest, request)
            request.member = member
            request.holder = holder_of(request)
            try:
                return view(request, *args, **kwargs)
            finally:
                duties.offer(
                    member=member, holder=request.holder, by_itself=_renews_itself(request)
                )

        page.rule = permission  # type: ignore[attr-defined]
        return page

    return guard


def speak_language_of(organisation: Organisation) -> None:
    """Switch German to the organisation's form of address; other languages stay."""
    if (translation.get_language() or "de").startswith("de"):
        translation.activate(organisation.language)


def language_of_address(request: HttpRequest) -> str:
    """Return the language that the address alone decides: `en` under `/en/`, else `de`."""
    return "en" if request.path_info.startswith("/en/") else "de"


def speak_language_of_address(request: HttpRequest) -> Organisation | None:
    """Speak as the address says, whoever asks: for pages that no door has opened.

    Returns the organisation to which the address leads, if parents write to it.
    """
    translation.activate(language_of_address(request))
    slug = request.path_info.removeprefix("/en").split("/")[1:2]
    organisation = queries.organisation_at(slug[0]) if slug and SLUG.fullmatch(slug[0]) else None
    if organisation is None:
        return None
    speak_language_of(organisation)
    return None if organisation.is_partner else organisation


def _stay(request: HttpRequest) -> None:
    """Put off the end of the session, unless a page only renewed itself: nobody need be there then."""
    if not _renews_itself(request):
        sessions.stay(session=sessions.of(request), at=timezone.now())


def _renews_itself(request: HttpRequest) -> bool:
    return request.method == "GET" and bool(request.headers.get("HX-Request"))


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    address = reverse("login")
    if request.method == "GET" and not request.headers.get("HX-Request"):
        return HttpResponseRedirect(f"{address}?{urlencode({'next': request.path})}")
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
