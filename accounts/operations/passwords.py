"""The one writer of passwords that change, and of the keys that are wrapped anew with them."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts import queries
from accounts.models import User
from accounts.operations import sessions
from accounts.operations.people import note
from vault import staff_keys
from vault.staff_keys import Unlocked


class KeysLocked(Exception):
    """This session holds no keys, so that none could be wrapped anew: sign in again first."""


def change(
    *, user: User, password: str, unlocked: Unlocked | None, keep: UUID | None, at: datetime
) -> None:
    """Give a person another password, wrap their keys anew for every device, end other sessions.

    keep: the entry of the session that stays. Slow; call it outside a transaction. Raises KeysLocked
    or stretching.Busy.
    """
    if unlocked is None and staff_keys.of_user(user.pk) is not None:
        raise KeysLocked
    stretched = staff_keys.stretched(password)
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        if unlocked is not None:
            staff_keys.set_password(unlocked=unlocked, password=stretched, at=at)
            if not queries.needs_device(user):
                staff_keys.add_password_only(unlocked=unlocked, password=stretched, at=at)
        if keep is not None:
            sessions.end_others(user=user, keep=keep, at=at)
        note("password.changed", user=user, at=at)
