"""Between sessions and keys: a member's unlocked pair lives in their sealed session and nowhere else.

`vault.sessions` seals a session's data under the cookie's value; who has the database but not the
cookie cannot open it.
"""

from base64 import b64decode, b64encode
from uuid import UUID

from django.http import HttpRequest

from vault.keyring import Holder, StaffHolder
from vault.staff_keys import Unlocked

STAFF_KEY = "staff-key"  # in the session: the id of the pair and its secret half


def packed(unlocked: Unlocked | None) -> dict[str, str] | None:
    """Return an unlocked pair as a session keeps it."""
    if unlocked is None:
        return None
    return {"id": str(unlocked.staff_key), "secret": b64encode(unlocked.secret).decode()}


def unpacked(kept: dict[str, str] | None) -> Unlocked | None:
    """Return the pair that a session keeps, or None."""
    if kept is None:
        return None
    return Unlocked(UUID(kept["id"]), b64decode(kept["secret"]))


def keep(request: HttpRequest, unlocked: Unlocked | None) -> None:
    """Let the session hold a person's pair until it ends; None: it holds none."""
    request.session.pop(STAFF_KEY, None)
    if unlocked is not None:
        request.session[STAFF_KEY] = packed(unlocked)


def unlocked_of(request: HttpRequest) -> Unlocked | None:
    """Return the pair that the request's session holds, or None."""
    return unpacked(request.session.get(STAFF_KEY))


def holder_of(request: HttpRequest) -> Holder:
    """Return on whose behalf keys are opened in this request; one that opens nothing without a pair."""
    unlocked = unpacked(request.session.get(STAFF_KEY))
    return StaffHolder(unlocked) if unlocked else Holder()
