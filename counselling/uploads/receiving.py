"""From what a browser sent to a file that may be kept: looked at, scanned, written anew."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeAlias

from django.core.files.uploadedfile import UploadedFile

from counselling.uploads import sandbox, scanner
from counselling.uploads.kinds import LARGEST, Kind, Reason, Refused, kind_of

# Quoted: Django's class takes no type argument at run time.
Upload: TypeAlias = "UploadedFile[bytes]"


@dataclass(frozen=True, slots=True)
class Received:
    """A clean file. `digest`: of what was sent, in hexadecimal; it tells the same file sent twice.

    The name that the file had is not here: names of files name people, places and times.
    """

    kind: Kind
    data: bytes
    digest: str
    width: int = 0
    height: int = 0
    pages: int = 0


def quick_look(upload: Upload) -> None:
    """Refuse at once what needs no taking apart: empty, too large, of another kind. Raises Refused."""
    size = upload.size or 0
    if size > LARGEST:
        raise Refused(Reason.TOO_LARGE)
    if size == 0:
        raise Refused(Reason.EMPTY)
    upload.seek(0)
    if kind_of(upload.read(256)) is None:
        raise Refused(Reason.UNKNOWN)


def receive(upload: Upload) -> Received:
    """Return an upload as a clean file, and let go of what was sent. Raises Refused."""
    quick_look(upload)
    upload.seek(0)
    data: bytes = upload.read()
    upload.close()
    kind = kind_of(data)
    assert kind is not None
    scanner.scan(data)
    cleaned = sandbox.clean(data, kind)
    return Received(
        kind=cleaned.kind,
        data=cleaned.data,
        digest=blake2b(data, digest_size=32, person=b"lotse-upload").hexdigest(),
        width=cleaned.width,
        height=cleaned.height,
        pages=cleaned.pages,
    )
