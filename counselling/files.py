"""Opening what was attached. An attachment's key and facts are sealed in its row, its bytes elsewhere."""

import json
from dataclasses import asdict, dataclass
from uuid import UUID

from counselling import places
from counselling.models import Attachment, Message
from counselling.uploads import storage
from counselling.uploads.kinds import Kind
from vault.sealing import CaseKey, FileKey, open_file, open_sealed


class FileMissing(Exception):
    """A row is there but its file is not: the storage lost it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a file. size: bytes. digest: of what was sent. width, height: pixels, or 0."""

    kind: Kind
    size: int
    digest: str
    width: int = 0
    height: int = 0
    pages: int = 0

    def with_key(self, key: FileKey) -> str:
        """Return the text that is sealed in the row."""
        return json.dumps(asdict(self) | {"key": key.hex()})


@dataclass(frozen=True, slots=True)
class File:
    """One attachment as a page names it.

    number: among the pictures or documents of its message, from 1.
    """

    id: UUID
    seq: int
    role: Message.Role
    kind: Kind
    number: int
    size: int
    pages: int = 0

    @property
    def saved_as(self) -> str:
        """Return the name under which it is saved: it tells nobody what it is about."""
        word = "bild" if self.kind.is_image else "dokument"
        return f"{word}-{self.seq}-{self.number}.{self.kind.ending}"


def opened(row: Attachment, key: CaseKey) -> tuple[Facts, FileKey]:
    """Open an attachment's facts and key. Raises sealing.SealBroken."""
    message = row.message
    place = places.attachment(message.case_id, message.seq, message.role, row.pk)
    found = json.loads(open_sealed(bytes(row.sealed), key=key, place=place))
    file_key = FileKey(bytes.fromhex(found.pop("key")))
    return Facts(**found | {"kind": Kind(found["kind"])}), file_key


def content(row: Attachment, key: CaseKey) -> bytes:
    """Return a file's bytes. Raises FileMissing or sealing.SealBroken."""
    _facts, file_key = opened(row, key)
    try:
        with storage.attachments().open(row.file) as file:
            sealed: bytes = file.read()
    except FileNotFoundError:
        raise FileMissing from None
    return open_file(sealed, key=file_key, place=places.file(row.message.case_id, row.pk))


def without_their_file() -> int:
    """Return how many attachments have a row whose file the storage does not have.

    So after a backup whose files are older than its database: what is missing is named, not found out
    by a parent.
    """
    try:
        there = set(storage.names(storage.attachments()))
    except FileNotFoundError:
        there = set()
    rows = Attachment.objects.values_list("file", flat=True).iterator()
    return sum(name not in there for name in rows)


def named(rows: list[Attachment], key: CaseKey) -> list[File]:
    """Return the attachments of one message, numbered by whether they are pictures or documents."""
    count = {True: 0, False: 0}
    found = []
    for row in rows:
        facts, _key = opened(row, key)
        count[facts.kind.is_image] += 1
        found.append(
            File(
                id=row.pk,
                seq=row.message.seq,
                role=Message.Role(row.message.role),
                kind=facts.kind,
                number=count[facts.kind.is_image],
                size=facts.size,
                pages=facts.pages,
            )
        )
    return found
