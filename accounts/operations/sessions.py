"""The one writer of staff sessions: where somebody is signed in, for how long, and the end of it."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest

from accounts import events, queries
from accounts.models import StaffSession, User
from accounts.operations.people import note
from vault.sessions import SessionStore, row_id

KEY = queries.STAFF_SESSION_KEY
NOTED_EVERY = timedelta(minutes=1)  # being there is written no more often


class NotThere(Exception):
    """The person has no such session, or no more."""


def of(request: HttpRequest) -> SessionStore:
    """Return a request's session as what it is here; Django's types know only the base of all engines."""
    return cast(SessionStore, request.session)


@transaction.atomic
def begin(*, session: SessionStore, user: User, at: datetime) -> None:
    """Note that a person has signed in under a session, which from now on ends by itself."""
    sign_in = uuid4()
    _mark(session, {"id": str(sign_in), "since": at.timestamp()}, at)
    StaffSession.objects.create(
        id=sign_in, user=user, row=session[KEY]["row"], signed_in_at=at, seen_at=at
    )


@transaction.atomic
def note_device(*, session: SessionStore, device: UUID) -> None:
    """Note on which known device a session is, so that it ends with it."""
    StaffSession.objects.filter(pk=session[KEY]["id"]).update(device=device)


def stay(*, session: SessionStore, at: datetime) -> None:
    """Note that the person is still there, once a minute at most, and put off the session's end.

    Past its absolute lifetime a session ends whatever its owner does. Also follows a session that has
    got a new key meanwhile.
    """
    mark: dict[str, Any] | None = session.get(KEY)
    if mark is None:
        return
    moved = mark["row"] != row_id(str(session.session_key))
    if not moved and at.timestamp() - mark["seen"] < NOTED_EVERY.total_seconds():
        return
    _mark(session, mark, at)
    StaffSession.objects.filter(pk=mark["id"]).update(row=session[KEY]["row"], seen_at=at)


@transaction.atomic
def end(*, user: User, sign_in: UUID, at: datetime) -> None:
    """End one of a person's sessions; its next request is out and its sockets close.

    Raises NotThere.
    """
    if not _end(StaffSession.objects.filter(user=user, pk=sign_in)):
        raise NotThere
    _tell(user, at, count=1)


@transaction.atomic
def end_others(*, user: User, keep: UUID, at: datetime) -> int:
    """End all of a person's sessions but one. Returns how many there were."""
    ended = _end(StaffSession.objects.filter(user=user).exclude(pk=keep))
    if ended:
        _tell(user, at, count=ended)
    return ended


@transaction.atomic
def end_all(*, user: User, at: datetime) -> int:
    """End all of a person's sessions. Returns how many there were."""
    ended = _end(StaffSession.objects.filter(user=user))
    events.sessions_ended(user.pk)
    return ended


@transaction.atomic
def end_on(*, user: User, device: UUID) -> int:
    """End a person's sessions on one device. Returns how many there were."""
    ended = _end(StaffSession.objects.filter(user=user, device=device))
    events.sessions_ended(user.pk)
    return ended


@transaction.atomic
def sign_out(*, session: SessionStore) -> None:
    """Forget the session that somebody signs out of; the caller flushes it."""
    mark = session.get(KEY)
    if mark is not None:
        StaffSession.objects.filter(pk=mark["id"]).delete()


@transaction.atomic
def clear_expired(*, at: datetime) -> int:
    """Delete the sessions that have run out. Returns how many."""
    cleared = Session.objects.filter(expire_date__lt=at).delete()[0]
    StaffSession.objects.exclude(row__in=Session.objects.values("session_key")).delete()
    return cleared


def _mark(session: SessionStore, mark: dict[str, Any], at: datetime) -> None:
    idle_end = at + settings.STAFF_IDLE
    last_end = datetime.fromtimestamp(mark["since"], UTC) + settings.STAFF_LONGEST
    session[KEY] = mark | {"row": row_id(str(session.session_key)), "seen": at.timestamp()}
    session.end_at(min(idle_end, last_end))


def _end(sessions: Any) -> int:
    rows = list(sessions.values_list("row", flat=True))
    sessions.delete()
    # Only those that still work count as ended.
    return Session.objects.filter(session_key__in=rows).delete()[0]


def _tell(user: User, at: datetime, *, count: int) -> None:
    events.sessions_ended(user.pk)
    note("session.ended", user=user, at=at, count=count)
