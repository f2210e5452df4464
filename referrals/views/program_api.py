"""Referrals as FHIR for the programs of a partner's desk: a token in the header, read only, no cookies."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from accounts import gate
from accounts.access import public
from accounts.throttle import Rate, name_of
from referrals.handoff import fhir, wording
from referrals.models import DeskProgram
from referrals.operations import partner_reading, programs
from referrals.operations.partner_reading import Denied
from referrals.queries import handoff as queries
from referrals.queries import programs as found_programs

SCHEME = "Bearer "
LONGEST_TOKEN = 100  # characters
ASKING = Rate("fhir", times=120, window=60)  # of one program
REFUSED = Rate("fhir-refused", times=20, window=15 * 60)  # of one address without a valid token


class ProgramRequest(HttpRequest):
    """A request by a program, as `program_of_desk` hands it on. `token`: opens what is sealed for it."""

    program: DeskProgram
    token: str


def program_of_desk(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let in a program whose token holds, so often in a minute; others learn only that it does not."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = _answer(view, request, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store"
        return response

    return public("the token in the header is the key")(page)


@program_of_desk
def tasks(request: HttpRequest) -> HttpResponse:
    """List where the referrals of the desk stand, what is due first at the top; no word of anybody."""
    request = cast(ProgramRequest, request)
    rows = queries.inbox(request.program.desk)
    return _fhir(fhir.searchset(rows, request.build_absolute_uri(request.path)))


@program_of_desk
def referral(request: HttpRequest, referral: UUID) -> HttpResponse:
    """Give one referral: ServiceRequest, Task and Consent, while consent holds."""
    request = cast(ProgramRequest, request)
    at = timezone.now()
    row = found_programs.referral_at(request.program.desk, referral)
    if row is None:
        partner_reading.note_strange_program(referral=referral, at=at)
        return _refused(404, "not-found", "There is nothing with this id at this desk.")
    try:
        opened = partner_reading.read_by_program(
            referral=row, program=request.program, token=request.token, at=at
        )
    except Denied as denied:
        return _refused(410, "deleted", wording.denied_words(denied.why))
    return _fhir(fhir.bundle(row, opened.sent))


def _answer(
    view: Callable[..., HttpResponse], request: HttpRequest, *args: Any, **kwargs: Any
) -> HttpResponse:
    if request.method not in {"GET", "HEAD"}:
        response = _refused(405, "not-supported", "Only GET and HEAD: a person answers a referral.")
        response.headers["Allow"] = "GET, HEAD"
        return response
    at = timezone.now()
    token = _token(request)
    program = found_programs.by_token(token, at=at) if token else None
    if program is None:
        return _no_token(request)
    if not ASKING.take(name_of("program", str(program.pk))):
        return _slower(ASKING.window)
    return _for(view, request, program, token, at, *args, **kwargs)


def _for(
    view: Callable[..., HttpResponse],
    request: HttpRequest,
    program: DeskProgram,
    token: str,
    at: datetime,
    *args: Any,
    **kwargs: Any,
) -> HttpResponse:
    known = cast(ProgramRequest, request)
    known.program, known.token = program, token
    programs.note_used(program=program, at=at)
    return view(known, *args, **kwargs)


def _token(request: HttpRequest) -> str:
    header = request.headers.get("Authorization", "")
    if not header.startswith(SCHEME) or len(header) > LONGEST_TOKEN:
        return ""
    return header.removeprefix(SCHEME).strip()


def _no_token(request: HttpRequest) -> HttpResponse:
    try:
        gate.count(request, REFUSED)
    except gate.TooOften as closed:
        return _slower(closed.seconds)
    response = _refused(401, "login", "No valid token. The desk makes one in Lotse.")
    response.headers["WWW-Authenticate"] = SCHEME.strip()
    return response


def _slower(seconds: int) -> HttpResponse:
    response = _refused(429, "throttled", "Too many requests.")
    response.headers["Retry-After"] = str(seconds)
    return response


def _refused(status: int, code: str, words: str) -> HttpResponse:
    return _fhir(fhir.refusal(code, words), status=status)


def _fhir(value: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return JsonResponse(
        value,
        status=status,
        content_type="application/fhir+json",
        json_dumps_params={"ensure_ascii": False},
    )
