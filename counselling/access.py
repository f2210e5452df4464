"""The doors of case pages: a client's by the code in their session, a member's by the table."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.crypto import salted_hmac

from accounts.access import OrganisationRequest, StaffRequest, View, organisation_page, staff
from accounts.rules import allows
from counselling import queries
from counselling.models import Case
from counselling.operations.entries import CaseGone
from counselling.uploads.kinds import LARGEST_BODY
from vault.codes import AccessCode
from vault.keyring import ClientHolder, Holder, KeyUnavailable
from vault.sealing import CaseKey, SealBroken

CASE_KEY = "case"  # the session's case, once the client showed the code
HOLDER_KEY = "case-key"  # what opens the case, in the sealed session only
CONVERSATION = "conversation"  # the field by which a form says to which conversation it belongs
CONVERSATION_HEADER = "X-Conversation"  # the same of a request without a form
CODE_KEY = "code"  # the code, from asking until the client says that it is kept


class ClientRequest(OrganisationRequest):
    """A request by a client who has shown the code of `case`."""

    case: Case
    holder: Holder
    # The notice at the code entry, while no conversation is open for the request.
    closed_because: str


class CaseRequest(StaffRequest):
    """A request by a member who may do this with `case`."""

    case: Case


def open_for_client(
    request: HttpRequest, holder: ClientHolder, *, code: AccessCode | None = None
) -> None:
    """Let the session open a case, under a fresh session key.

    code: keep it there too, until the client has noted it.
    """
    # Who has no session yet gets a fresh one anyway; it saves two statements per question.
    if request.session.keys() or request.session.session_key:
        request.session.cycle_key()
    request.session[CASE_KEY] = str(holder.subject)
    request.session[HOLDER_KEY] = b64encode(holder.key).decode()
    request.session.pop(CODE_KEY, None)
    if code is not None:
        request.session[CODE_KEY] = code.characters


def kept_code(request: HttpRequest) -> AccessCode | None:
    """Return the code that the client has not yet noted, or None."""
    characters = request.session.get(CODE_KEY)
    return AccessCode(characters) if characters else None


def kept_holder(request: HttpRequest) -> ClientHolder | None:
    """Return what opens the session's case, or None when the session knows none."""
    case, secret = request.session.get(CASE_KEY), request.session.get(HOLDER_KEY)
    if case is None or secret is None:
        return None
    return ClientHolder(UUID(case), CaseKey(b64decode(secret)))


def has_code_to_note(request: OrganisationRequest) -> bool:
    """Say whether the client has a conversation here whose code goes for good with a further one."""
    holder = kept_holder(request)
    if kept_code(request) is None or holder is None:
        return False
    case = queries.case_of_client(holder.subject)
    return case is not None and case.organisation_id == request.organisation.pk


def mark_of(case: UUID) -> str:
    """Return by what a client's page knows its conversation. It tells nothing and opens nothing."""
    return salted_hmac("counselling.conversation", str(case)).hexdigest()[:20]


def _is_of_another(request: HttpRequest, case: UUID) -> bool:
    """Say whether a form comes from a page of another conversation than the session has open now."""
    if request.method != "POST":
        return False
    told = request.POST.get(CONVERSATION) or request.headers.get(CONVERSATION_HEADER)
    return bool(told) and told != mark_of(case)


def forget_code(request: HttpRequest) -> None:
    """Forget the code, not the case: the client has noted it."""
    request.session.pop(CODE_KEY, None)


def close_for_client(request: HttpRequest) -> None:
    """Forget the client's case and code; a staff sign-in in the same browser stays."""
    for name in (CODE_KEY, CASE_KEY, HOLDER_KEY):
        request.session.pop(name, None)
    if not request.session.keys():
        request.session.flush()


def leave_no_cookie(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Let the browser drop the form cookie and its stores too, so that nothing of ours stays in it.

    Who is signed in as staff keeps the cookie: their open forms need it. The browser is not told to
    clear its cache (slow, and our pages are not in it) nor its cookies by that header: it would take
    those of the whole domain, other services' of the same house too.
    """
    response.headers["Clear-Site-Data"] = '"storage"'
    if not request.session.keys():
        response.delete_cookie(settings.CSRF_COOKIE_NAME, samesite="Strict")
    return response


def takes_files(view: View) -> View:
    """Let a form of this view bring files: its body may be larger than that of others."""
    view.largest_body = LARGEST_BODY  # type: ignore[attr-defined]  # read by OversizeMiddleware
    return view


def client_case(view: View) -> View:
    """Pass on the case of the session; without one, send the client to the code entry."""
    return client_case_or(to_code_entry)(view)


def client_case_or(otherwise: View) -> Callable[[View], View]:
    """Pass on the case of the session; without one, let `otherwise` answer.

    A case of another organisation counts as none, and so does the session's case for a form that was
    opened for another: on another tab the session has gone over to it. A case that was deleted, also in
    this very moment, is forgotten. `closed_because` in the request says why.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            request = cast(ClientRequest, request)
            request.closed_because = "code"
            holder = kept_holder(request)
            if holder is None:
                return otherwise(request, *args, **kwargs)
            case = queries.case_of_client(holder.subject)
            if case is None:
                return _gone(request, otherwise, *args, **kwargs)
            if case.organisation_id != request.organisation.pk:
                return otherwise(request, *args, **kwargs)
            if _is_of_another(request, case.pk):
                request.closed_because = "anderes"
                return otherwise(request, *args, **kwargs)
            request.case = case
            request.holder = holder
            try:
                return view(request, *args, **kwargs)
            except (CaseGone, KeyUnavailable, SealBroken):
                if queries.case_of_client(holder.subject) is None:
                    return _gone(request, otherwise, *args, **kwargs)
                # What does not open although the case is there is our fault, not the client's. The
                # trail has an alert by now (BrokenSealsMiddleware).
                return render(request, "counselling/client/unreadable.html", status=500)

        guarded = organisation_page(page)
        guarded.rule = "client with code"  # type: ignore[attr-defined]
        return guarded

    return guard


def _gone(request: "ClientRequest", otherwise: View, *args: Any, **kwargs: Any) -> HttpResponse:
    close_for_client(request)
    request.closed_because = "nicht-mehr-da"
    return otherwise(request, *args, **kwargs)


def to_code_entry(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """Lead to the code entry, which says why."""
    request = cast(ClientRequest, request)
    address = reverse("return", args=[request.organisation.slug])
    return HttpResponseRedirect(f"{address}?hinweis={request.closed_because}")


def staff_case(permission: str) -> Callable[[View], View]:
    """Pass on the case named by `case` if the table allows the member this with it, else 404.

    A page that is open and asks what is new is led away, so that a deleted case leaves the screen.
    """

    def guard(view: View) -> View:
        def page(request: HttpRequest, case: UUID, *args: Any, **kwargs: Any) -> HttpResponse:
            request = cast(CaseRequest, request)
            row = queries.case_of(request.member, case)
            if row is None or not allows(request.member, permission, row):
                if request.headers.get("HX-Request"):
                    return HttpResponse(status=404, headers={"HX-Redirect": reverse("queue")})
                raise Http404
            request.case = row
            return view(request, *args, **kwargs)

        return staff(permission)(wraps(view)(page))

    return guard
