"""Marks of what a part of the team's pages shows: the same one again says that nothing in it has changed.

Open pages ask for their parts again every 20 seconds, because a hint may be lost (`static/js/live.js`), and
nearly always nothing has changed. So a part carries a mark of all that it was drawn from, the request brings
it back in a header of its own, and an answer without content leaves the part as it is: htmx swaps nothing
for 204 (for 304 it would). Whoever reckons a mark reads what goes into it *before* what is drawn: what changes
between the two is then drawn under the older mark, and the next request draws it again.

A mark is keyed and tells nothing but whether it is the same one.
"""

from functools import cache
from hashlib import blake2b
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.utils.translation import get_language

from accounts.models import Membership

HEADER = "Lotse-Mark"
# What the words and forms of a part are made of; a new release draws them anew.
_SOURCES = {
    "*.html": ("templates",),
    "*.mo": ("locale",),
    "*.py": ("accounts", "config", "counselling", "reporting"),
}


def of(request: HttpRequest, member: Membership, *shown: object) -> str:
    """Return the mark of a part of a member's page.

    shown: what it is drawn from, as anything with a `repr` of its own. Who looks, in what language, under
    which sign-in and with which form token goes in by itself.
    """
    around = (
        member.pk,
        member.role,
        member.organisation_id,
        get_language(),
        request.session.session_key,
        request.META.get("CSRF_COOKIE"),
    )
    return blake2b(repr((around, shown)).encode(), key=_key(), digest_size=16).hexdigest()


def is_shown(request: HttpRequest, mark: str) -> bool:
    """Say whether a page that renews itself shows what has this mark already; nothing has an empty one."""
    brought = request.headers.get(HEADER, "")
    asks_again = bool(mark) and "HX-Request" in request.headers
    return asks_again and constant_time_compare(brought, mark)


def nothing_new() -> HttpResponse:
    """Return the answer that leaves a part as it is."""
    return HttpResponse(status=204)


@cache
def _key() -> bytes:
    release = blake2b(settings.SECRET_KEY.encode(), digest_size=32, person=b"lotse-mark")
    for pattern, folders in _SOURCES.items():
        for folder in folders:
            for file in sorted(Path(settings.BASE_DIR, folder).rglob(pattern)):
                release.update(file.read_bytes())
    return release.digest()
