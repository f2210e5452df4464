"""Pictures inside a PDF: what a camera wrote beside the pixels is cut out, the pixels stay as they are."""

from counselling.uploads.kinds import Reason, Refused

MOST_PIXELS = 100_000_000  # of one picture: a page of a large scanner at 600 dpi has 70 million

_SOI, _EOI, _SOS, _COMMENT = 0xD8, 0xD9, 0xDA, 0xFE
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE = frozenset([0x01, *range(0xD0, 0xD8)])  # markers without a length
# JFIF and Adobe say how colours are coded; all other application data is about the picture.
_KEPT_APPLICATION = frozenset([0xE0, 0xEE])
_BOXES_ABOUT = frozenset([b"uuid", b"xml ", b"uinf", b"jp2i"])


def clean(coded: bytes, code: str) -> bytes | None:
    """Return a coded picture without position, camera and comments; None to leave it as it is.

    code: the PDF's name for how it is coded. Raises Refused.
    """
    if code in {"/DCTDecode", "/DCT"}:
        return without_application_data(coded)
    if code == "/JPXDecode":
        return without_boxes_about(coded)
    return None


def without_application_data(coded: bytes) -> bytes:
    """Return a JPEG with the segments that decoding needs and nothing behind its end.

    Raises Refused for one that is damaged or too large (ITU-T T.81, annex B).
    """
    if coded[:2] != b"\xff\xd8":
        raise Refused(Reason.DAMAGED)
    kept = bytearray(b"\xff\xd8")
    at = 2
    while True:
        at = _next_marker(coded, at, kept)
        marker = coded[at + 1]
        if marker == _EOI:
            return bytes(kept + b"\xff\xd9")
        length = int.from_bytes(coded[at + 2 : at + 4], "big")
        segment = coded[at : at + 2 + length]
        if length < 2 or len(segment) < 2 + length:
            raise Refused(Reason.DAMAGED)
        if marker in _FRAMES:
            _must_be_small(segment)
        if marker == _COMMENT or (0xE0 <= marker <= 0xEF and marker not in _KEPT_APPLICATION):
            pass
        elif marker == 0xE0 and segment[4:9] != b"JFIF\0":
            pass  # JFXX holds a thumbnail
        else:
            kept += _without_thumbnail(segment) if marker == 0xE0 else segment
        at += 2 + length


def _next_marker(coded: bytes, at: int, kept: bytearray) -> int:
    """Return where the next marker stands; what lies before it is coded picture and is kept."""
    start = at
    while True:
        at = coded.find(b"\xff", at)
        if at < 0 or at + 1 >= len(coded):
            # Cut off: viewers show what is there, and so it ends here.
            kept += coded[start:]
            raise Refused(Reason.DAMAGED)
        if coded[at + 1] == 0xFF:
            at += 1
        elif coded[at + 1] == 0 or coded[at + 1] in _BARE:
            at += 2
        else:
            kept += coded[start:at]
            return at


def _must_be_small(frame: bytes) -> None:
    height, width = (int.from_bytes(frame[i : i + 2], "big") for i in (5, 7))
    if height * width > MOST_PIXELS:
        raise Refused(Reason.TOO_MANY_PIXELS)


def _without_thumbnail(jfif: bytes) -> bytes:
    return b"\xff\xe0\x00\x10" + jfif[4:16] + b"\0\0" if len(jfif) >= 18 else jfif


def without_boxes_about(coded: bytes) -> bytes:
    """Return a JPEG 2000 file without the boxes about the picture. Raises Refused (ISO 15444-1, annex I)."""
    if coded[:4] == b"\xff\x4f\xff\x51":
        return coded  # bare picture, no boxes
    kept = bytearray()
    at = 0
    while at < len(coded):
        length = int.from_bytes(coded[at : at + 4], "big")
        name = coded[at + 4 : at + 8]
        if length == 1:
            length = int.from_bytes(coded[at + 8 : at + 16], "big")
        elif length == 0:
            length = len(coded) - at
        if length < 8 or at + length > len(coded):
            raise Refused(Reason.DAMAGED)
        if name not in _BOXES_ABOUT:
            kept += coded[at : at + length]
        at += length
    return bytes(kept)
