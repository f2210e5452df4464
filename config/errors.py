"""Error pages: a plain sentence, what to do next, and help for an acute crisis still in sight."""

import errno
import sqlite3
import sys

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from redis.exceptions import RedisError

from accounts.access import language_of_address, public, speak_language_of_address
from accounts.crisis import default_lines

RETRY_AFTER = 30  # seconds
# What a disk and SQLite say when they are full, locked or away; anything else is a mistake of ours.
_DISK = frozenset([errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
_SQLITE = frozenset(
    [
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
    ]
)


@public("shown instead of a page that could not be made")
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer a request that cannot be understood, or whose texts are too large beside its files."""
    if isinstance(exception, RequestDataTooBig):
        return too_large(request)
    return _page(request, "400.html", status=400)


@public("shown instead of a page that there is not")
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer for a page that there is not, or not for whom asks: the same answer for both.

    A door may have found out already who asks, and of which organisation; the page must not show it.
    """
    for found_out in ("member", "organisation", "case"):
        request.__dict__.pop(found_out, None)
    return _page(request, "404.html", status=404)


@public("shown instead of a page that broke")
def server_error(request: HttpRequest) -> HttpResponse:
    """Answer when something broke on our side, or is away for now."""
    if comes_back(sys.exc_info()[1]):
        return away(request)
    return render(request, "500.html", status=500)


@public("shown instead of a page while database, Redis or disk do not do their part")
def away(request: HttpRequest) -> HttpResponse:
    """Answer while something is missing that comes back; asks neither database nor Redis for the page."""
    # The organisation's own German is spoken already, if it was found.
    if language_of_address(request) == "en":
        translation.activate("en")
    page = render_to_string("503.html", {"crisis_lines": default_lines()})
    return HttpResponse(page, status=503, headers={"Retry-After": str(RETRY_AFTER)})


def comes_back(error: BaseException | None) -> bool:
    """Say whether an error is one of the surroundings: a database or Redis that is away, a full disk."""
    if isinstance(error, OSError) and error.errno in _DISK:
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return isinstance(error, RedisError)
    # PostgreSQL has other kinds for our own mistakes; SQLite has one code for all of them.
    code = getattr(error.__cause__, "sqlite_errorcode", None)
    return code is None or code & 0xFF in _SQLITE


@public("shown instead of a form that is too old or came from elsewhere")
def expired_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without a valid CSRF token; nothing that was typed is thrown away by us.

    The browser's back button shows the form with its text.
    """
    return _page(request, "403_csrf.html", status=403)


@public("shown instead of reading a form that is far too large")
def too_large(request: HttpRequest, *, with_files: bool = False) -> HttpResponse:
    """Answer a form that is larger than any text may be, or any text with files."""
    return _page(request, "413.html", status=413, with_files=with_files)


def _page(request: HttpRequest, template: str, *, status: int, **context: object) -> HttpResponse:
    """Show an error's page in the language of its address.

    Below an organisation's address its ways out are the organisation's: to its start, where a code can
    be entered, and the quick exit that ends the session. The address alone decides, not who asks.
    """
    organisation = speak_language_of_address(request)
    if organisation is not None:
        context["home_url"] = reverse("landing", args=[organisation.slug])
        context["quick_exit_url"] = reverse("quick-exit", args=[organisation.slug])
    return render(request, template, context, status=status)
