"""What accounts does when Django signs somebody in or out, whichever page it was."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from accounts.operations import sessions


@receiver(user_logged_in)
def list_session(*, request: HttpRequest, user: User, **_signal: Any) -> None:
    """Note the new session in the person's list, under a key of its own.

    Django changes the key, except for who signs in where they are signed in already.
    """
    if sessions.KEY in request.session:
        sessions.sign_out(session=sessions.of(request))
        request.session.cycle_key()
    if request.session.session_key is None:  # somebody else was signed in here
        request.session.create()
    sessions.begin(session=sessions.of(request), user=user, at=timezone.now())


@receiver(user_logged_out)
def unlist_session(*, request: HttpRequest, **_signal: Any) -> None:
    """Take the session off the list."""
    sessions.sign_out(session=sessions.of(request))
