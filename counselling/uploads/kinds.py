"""What may be attached, how much of it, and what a file is by its content. Pure."""

from enum import StrEnum

MOST_FILES = 5  # per message: the pages of a letter, or a few photos
MOST_IN_CASE = 50  # per case: no one fills a disk through one conversation
LARGEST = 10 * 1024 * 1024  # bytes of one file as it is sent, and of one as it is kept
# All files of a message, the text beside them and the form's own lines.
LARGEST_BODY = MOST_FILES * LARGEST + 7 * 1024 * 1024  # bytes


class Kind(StrEnum):
    """What a file is."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    HEIC = "heic"
    PDF = "pdf"

    @property
    def is_image(self) -> bool:
        """Say whether it is a picture."""
        return self is not Kind.PDF

    @property
    def media_type(self) -> str:
        """Return the exact content type."""
        return "application/pdf" if self is Kind.PDF else f"image/{self.value}"

    @property
    def ending(self) -> str:
        """Return the ending of a file's name."""
        return "jpg" if self is Kind.JPEG else self.value

    @classmethod
    def kept(cls) -> list["Kind"]:
        """Return the kinds that come out of cleaning: everything else becomes one of them."""
        return [cls.JPEG, cls.PNG, cls.PDF]


class Reason(StrEnum):
    """Why a file is refused."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    UNKNOWN = "unknown"
    DAMAGED = "damaged"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_MANY_PAGES = "too_many_pages"
    TOO_COMPLEX = "too_complex"
    LOCKED = "locked"
    INFECTED = "infected"
    NOT_SCANNED = "not_scanned"
    BUSY = "busy"


class Refused(Exception):
    """A file is not taken. `reason`: why. It carries nothing of the file."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


# Brands of ISO/IEC 23008-12 whose pictures are coded in HEVC, and the general ones that leave it open;
# AVIF has brands of its own and is not taken.
_HEIC_BRANDS = frozenset([b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"])
_AVIF_BRANDS = frozenset([b"avif", b"avis"])


def kind_of(data: bytes) -> Kind | None:
    """Return what a file is by its first bytes, or None. Neither name nor header is asked.

    The signature has to stand at the very beginning: what needs a search for it is not taken.
    """
    if data.startswith(b"\xff\xd8\xff"):
        return Kind.JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind.PNG
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return Kind.WEBP
    if data.startswith(b"%PDF-"):
        return Kind.PDF
    return Kind.HEIC if _is_heic(data) else None


def _is_heic(data: bytes) -> bool:
    if data[4:8] != b"ftyp":
        return False
    length = min(int.from_bytes(data[:4], "big"), 256)
    listed = data[16:length]
    brands = {data[8:12], *(listed[i : i + 4] for i in range(0, len(listed) - 3, 4))}
    return bool(brands & _HEIC_BRANDS) and not brands & _AVIF_BRANDS
