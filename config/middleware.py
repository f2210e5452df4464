"""What happens to every request, whatever the page."""

import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils import timezone, translation

from accounts.access import language_of_address
from config import errors, headers
from counselling.operations.alerts import record_broken_seals
from reporting.traffic import kind_of, traffic
from vault import alerts

Next = Callable[[HttpRequest], HttpResponse]


class LanguageMiddleware:
    """Speak English under `/en/`, German everywhere else: no cookie, no header decides."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = language_of_address(request)
        with translation.override(language):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
        return response


class TrafficMiddleware:
    """Count each answer by the kind of its page; nothing of who asked or for what."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        found = request.resolver_match
        traffic.note(
            kind=kind_of(getattr(found.func, "rule", "") if found else ""),
            status=response.status_code,
            seconds=time.perf_counter() - began,
        )
        return response


class PrivacyHeadersMiddleware:
    """Keep pages out of caches and other sites' hands."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        headers.protect(response)
        return response


class BrokenSealsMiddleware:
    """Write into the trail what did not open in a request although it should have."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if alerts.pending():
            record_broken_seals(at=timezone.now())
        return response


class OversizeMiddleware:
    """Answer a form that is far too large with a plain page, before anything reads it.

    Django would answer with a bare 400. The limit leaves room for 200,000 characters, which the
    form itself answers with a sentence and keeps. Views that take files have a limit of their own.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        limit: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if not length.isdigit():
            return errors.too_large(request)
        if int(length) > limit:
            most = _largest_body(request)
            if int(length) > (most or limit):
                return errors.too_large(request, with_files=most is not None)
        return self.get_response(request)


def _largest_body(request: HttpRequest) -> int | None:
    """Return how many bytes a form with files may have here, or None where none may bring files."""
    try:
        most: int | None = getattr(resolve(request.path_info).func, "largest_body", None)
    except Resolver404:
        return None
    return most
