"""Error pages: a plain sentence, what to do next, and help for an acute crisis still in sight."""

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.access import public, speak_language_of_address


@public("shown instead of a page that could not be made")
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer a request that cannot be understood, or whose texts are too large beside its files."""
    if isinstance(exception, RequestDataTooBig):
        return too_large(request)
    speak_language_of_address(request)
    return render(request, "400.html", status=400)


@public("shown instead of a page that there is not")
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer for a page that there is not, or not for whom asks: the same answer for both.

    A door may have found out already who asks, and of which organisation; the page must not show it.
    """
    for found_out in ("member", "organisation", "case"):
        request.__dict__.pop(found_out, None)
    speak_language_of_address(request)
    return render(request, "404.html", status=404)


@public("shown instead of a page that broke")
def server_error(request: HttpRequest) -> HttpResponse:
    """Answer when something broke on our side."""
    return render(request, "500.html", status=500)


@public("shown instead of a form that is too old or came from elsewhere")
def expired_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without a valid CSRF token; nothing that was typed is thrown away by us.

    The browser's back button shows the form with its text.
    """
    speak_language_of_address(request)
    return render(request, "403_csrf.html", status=403)


@public("shown instead of reading a form that is far too large")
def too_large(request: HttpRequest, *, with_files: bool = False) -> HttpResponse:
    """Answer a form that is larger than any text may be, or any text with files."""
    speak_language_of_address(request)
    return render(request, "413.html", {"with_files": with_files}, status=413)
