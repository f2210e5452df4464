"""What a signed-in member's process does for others beside their requests: hand keys on, wrap anew.

Only here, because only their session holds the secret; the worker has none. One thread per process,
one person at a time. Nothing is remembered but in rows: a kill loses nothing, the next request of
anybody who holds the keys goes on.
"""

import logging
import queue
import secrets
import threading
import time
from os import getpid
from uuid import UUID

from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone

from accounts.models import Membership
from accounts.operations import keys
from accounts.signals import duty_done
from vault.keyring import Holder, StaffHolder

log = logging.getLogger("lotse.keys")

EVERY = 5.0  # seconds between two looks on behalf of the same person
# One in so many requests of pages that ask by themselves lets somebody look. To look costs more than such a
# page does, nearly always in vain; with a page open and nobody at it keys are handed on within minutes.
ONE_IN = 10
WAITING = 200  # people in line; whoever finds it full is asked again at their next request


def do(*, member: Membership, holder: Holder) -> None:
    """Do now what there is to do with what a member holds."""
    if not isinstance(holder, StaffHolder):
        return
    at = timezone.now()
    keys.hand_on(member=member, holder=holder, at=at)
    keys.wrap_anew(member=member, holder=holder, at=at)
    keys.clear_away(at=at)


def offer(*, member: Membership, holder: Holder, by_itself: bool = False) -> None:
    """Let it be done soon, beside the request; not more often than every few seconds per person.

    by_itself: nobody did anything, a page only asked what is new.
    """
    if by_itself and secrets.randbelow(ONE_IN):
        return
    if settings.KEY_DUTIES and isinstance(holder, StaffHolder):
        _here().offer(member, holder)


class _Duties:
    """The line of one process, and the thread that works it off."""

    def __init__(self) -> None:
        self._line: queue.Queue[tuple[Membership, StaffHolder]] = queue.Queue(WAITING)
        self._last: dict[UUID, float] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._work, name="keys", daemon=True).start()

    def offer(self, member: Membership, holder: StaffHolder) -> None:
        now = time.monotonic()
        with self._lock:
            if now - self._last.get(member.pk, -EVERY) < EVERY:
                return
            self._last[member.pk] = now
            if len(self._last) > 10 * WAITING:
                self._last = {pk: at for pk, at in self._last.items() if now - at < EVERY}
        try:
            # A fresh holder: what this request has opened is not kept longer than it.
            self._line.put_nowait((member, StaffHolder(holder.unlocked)))
        except queue.Full:
            log.warning("key duties wait in a full line")

    def _work(self) -> None:
        while True:
            member, holder = self._line.get()
            close_old_connections()
            try:
                do(member=member, holder=holder)
                duty_done.send(sender=_Duties, at=timezone.now())
            except Exception as error:  # noqa: BLE001 - the thread must live; the rows say what is left
                log.error("a key duty failed: %s", type(error).__name__)
            finally:
                close_old_connections()


class _Processes:
    """A forked child inherits the line but not its thread."""

    lock = threading.Lock()
    process = 0
    duties: _Duties | None = None


def _here() -> _Duties:
    with _Processes.lock:
        if _Processes.duties is None or _Processes.process != getpid():
            _Processes.duties, _Processes.process = _Duties(), getpid()
        return _Processes.duties
