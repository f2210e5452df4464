"""Sessions that a stolen database does not give away.

Django's database sessions, with two changes: a row is found by a hash of the cookie's value, and its
data are sealed under another hash of it. Who has the rows but not the cookie can neither use nor read
a session. The module is named by SESSION_ENGINE.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from hashlib import blake2b
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.contrib.sessions.models import Session
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from nacl.encoding import URLSafeBase64Encoder
from nacl.exceptions import CryptoError
from nacl.secret import Aead

ENDS_KEY = "_ends"  # in the session: the moment after which it is gone, in seconds since 1970

# Generic for the type checker only.
if TYPE_CHECKING:
    Base = DatabaseSessionStore[Session]
else:
    Base = DatabaseSessionStore


def _derive(cookie: str, person: bytes) -> bytes:
    return blake2b(cookie.encode(), digest_size=32, person=person).digest()


def row_id(cookie: str) -> str:
    """Return the primary key of the row that belongs to a cookie's value: 40 hexadecimal digits."""
    return _derive(cookie, b"lotse-sess-row").hex()[:40]


class SessionStore(Base):
    """A database session whose key and data the database does not know."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self._written: tuple[str | None, dict[str, Any]] | None = None

    def _get_session_from_db(self) -> Session | None:
        cookie = self.session_key
        if cookie is None:
            return None
        row = self.model.objects.filter(
            session_key=row_id(cookie), expire_date__gt=timezone.now()
        ).first()
        if row is None:
            self._session_key = None
        return row

    def load(self) -> dict[str, Any]:
        """Return the session's data; nothing when there is none or it does not open."""
        cookie = self.session_key
        row = self._get_session_from_db()
        if row is None or cookie is None:
            return {}
        try:
            data = Aead(_derive(cookie, b"lotse-sess-key")).decrypt(
                row.session_data.encode(), encoder=URLSafeBase64Encoder
            )
        except (CryptoError, ValueError):
            return {}
        loaded: dict[str, Any] = self.serializer().loads(data)
        return loaded

    def _get_new_session_key(self) -> str:
        # 256 random bits do not repeat: without Django's look whether the key is free.
        return token_urlsafe(32)

    def save(self, must_create: bool = False) -> None:
        """Write the row, unless it was just written with the same data.

        The session middleware saves at the end of every request that changed the session, also when a
        transaction has saved it already. Raises what the database says when it cannot write: Django
        takes everything for a session that was deleted meanwhile, and people saw that their form was
        wrong while the disk was full.
        """
        written = (self.session_key, dict(self._get_session(no_load=must_create)))  # type: ignore[attr-defined]  # not in the stubs
        if must_create:
            # A random key does not clash; looking out for it would cost a savepoint.
            self.create_model_instance(written[1]).save(force_insert=True)
        elif written != self._written:
            try:
                super().save()
            except UpdateError as taken_for:
                if isinstance(reason := taken_for.__context__, OperationalError | InterfaceError):
                    raise reason from reason.__cause__
                raise
        self._written = (self.session_key, written[1])

    def exists(self, session_key: str) -> bool:
        """Say whether there is a row for a cookie's value."""
        return bool(self.model.objects.filter(session_key=row_id(session_key)).exists())

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """Return an unsaved row with the data sealed."""
        cookie = self._get_or_create_session_key()  # type: ignore[attr-defined]  # not in the stubs
        sealed = Aead(_derive(cookie, b"lotse-sess-key")).encrypt(
            self.serializer().dumps(data), encoder=URLSafeBase64Encoder
        )
        return self.model(
            session_key=row_id(cookie),
            session_data=bytes(sealed).decode(),
            expire_date=(
                datetime.fromtimestamp(data[ENDS_KEY], UTC)
                if ENDS_KEY in data
                else self.get_expiry_date()
            ),
        )

    def end_at(self, moment: datetime) -> None:
        """Let the session end at a moment, whatever happens in it until then."""
        self[ENDS_KEY] = moment.timestamp()

    def delete(self, session_key: str | None = None) -> None:
        """Delete the row of a cookie's value, by default this session's."""
        cookie = session_key or self.session_key
        if cookie is not None:
            self.model.objects.filter(session_key=row_id(cookie)).delete()

    # The parent's asynchronous twins would write unsealed rows; these go through the methods above.
    async def aload(self) -> dict[str, Any]:
        """Load as `load` does."""
        return await sync_to_async(self.load)()

    async def aexists(self, session_key: str) -> bool:
        """Look as `exists` does."""
        return await sync_to_async(self.exists)(session_key)

    async def acreate_model_instance(self, data: dict[str, Any]) -> Session:
        """Seal as `create_model_instance` does."""
        return await sync_to_async(self.create_model_instance)(data)

    async def adelete(self, session_key: str | None = None) -> None:
        """Delete as `delete` does."""
        await sync_to_async(self.delete)(session_key)


def marks(cookies: Collection[str]) -> dict[str, str]:
    """Return for each cookie's value whose session lasts a mark that changes when its data change.

    One query. Who watches open connections need open none of them for that.
    """
    by_row = {row_id(cookie): cookie for cookie in cookies}
    rows = SessionStore.get_model_class().objects.filter(
        session_key__in=list(by_row), expire_date__gt=timezone.now()
    )
    return {
        by_row[row]: blake2b(data.encode(), digest_size=16).hexdigest()
        for row, data in rows.values_list("session_key", "session_data")
    }


def end_all() -> int:
    """End every session, of clients and staff; return how many."""
    return int(SessionStore.get_model_class().objects.all().delete()[0])
