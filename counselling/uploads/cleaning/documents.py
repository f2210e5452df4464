"""A PDF, taken apart and put together anew from the parts that show something.

Allowed are pages with their contents, fonts, pictures and colours; all else is left out, whatever it is
called. Forms and remarks are drawn into the page first, so that what was filled in stays readable.
Nothing that acts (JavaScript, links, launching, embedded files, media, sending of forms, XFA) hangs on
a page's contents in the standard (ISO 32000-2), so a list of what stays is safer than one of what goes.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream

from counselling.uploads.cleaning import embedded
from counselling.uploads.cleaning.embedded import MOST_PIXELS
from counselling.uploads.kinds import LARGEST, Reason, Refused

MOST_PAGES = 200
MOST_OBJECTS = 200_000
MOST_UNPACKED = 160 * 1024 * 1024  # bytes of one stream: a page scanned in colour at 600 dpi
MOST_UNPACKED_IN_ALL = 640 * 1024 * 1024  # bytes


def _names(words: str) -> frozenset[str]:
    return frozenset(f"/{word}" for word in words.split())


_OF_A_PAGE = _names("Type Parent MediaBox CropBox Rotate UserUnit Resources Contents Group")
_OF_RESOURCES = _names("Font XObject ExtGState ColorSpace Pattern Shading ProcSet")
# Of streams and of dictionaries that say what they are. A map from names to parts is left alone: a
# font may well be called /A there.
_NEVER = _names(
    "A AA AF Alternates Annots EF FDecodeParms FFilter JS LastModified Measure Metadata OPI "
    "OpenAction PieceInfo PtData Ref RichMediaContent Thumb URI XFA"
)
_OF_STREAMS_ONLY = _names("F")  # of a stream: its data lie in another file
_ACTING = _names(
    "AA EF EmbeddedFiles JS JavaScript Launch OpenAction RichMedia RichMediaContent "
    "SubmitForm URI XFA"
)
_PICTURE_CODES = _names("DCTDecode DCT JPXDecode JBIG2Decode CCITTFaxDecode")


def prepare() -> None:
    """Set the library's own limits; they hold for the whole process."""
    pikepdf.settings.set_qpdf_limits(
        doc_max_warnings=1000,
        parser_max_nesting=200,
        parser_max_container_size=MOST_OBJECTS,
        max_stream_filters=4,
        dct_max_memory=MOST_UNPACKED,
        dct_max_progressive_scans=100,
        flate_max_memory=MOST_UNPACKED,
        png_max_memory=MOST_UNPACKED,
        run_length_max_memory=MOST_UNPACKED,
        tiff_max_memory=MOST_UNPACKED,
    )


def clean(data: bytes) -> tuple[bytes, dict[str, int]]:
    """Return the PDF with nothing but its pages, and how many there are.

    Raises Refused, or whatever pikepdf raises for a damaged file.
    """
    try:
        source = Pdf.open(BytesIO(data), suppress_warnings=True)
    except (pikepdf.PasswordError, pikepdf.PdfError, RuntimeError):
        # To unlock it the library would need random numbers, and with them an open file.
        raise Refused(Reason.LOCKED if b"/Encrypt" in data else Reason.DAMAGED) from None
    with source, Pdf.new() as target:
        if source.is_encrypted:
            # Some can be read all the same; but who locked it meant it, and cleaning would unlock it.
            raise Refused(Reason.LOCKED)
        if len(source.objects) > MOST_OBJECTS:
            raise Refused(Reason.TOO_COMPLEX)
        pages = len(source.pages)
        if not 0 < pages <= MOST_PAGES:
            raise Refused(Reason.TOO_MANY_PAGES if pages else Reason.DAMAGED)
        _draw_forms(source)
        for page in source.pages:
            _only(page.obj, _OF_A_PAGE)
        target.pages.extend(source.pages)
        _strip(target)
        out = BytesIO()
        target.save(
            out,
            compress_streams=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            deterministic_id=True,
        )
    if out.tell() > LARGEST + LARGEST // 4:
        raise Refused(Reason.TOO_LARGE)
    return out.getvalue(), {"pages": pages}


def _draw_forms(source: Pdf) -> None:
    """Draw what was filled in and remarked into the pages, as a screen shows it."""
    try:
        source.generate_appearance_streams()
        source.flatten_annotations("screen")
    except pikepdf.PdfError:
        # A damaged form loses its entries; the page itself can still be read.
        return


def _strip(target: Pdf) -> None:
    """Leave in the new document only what shows something. Raises Refused for what still acts."""
    _only(target.Root, frozenset(["/Type", "/Pages"]))
    if "/Info" in target.trailer:
        del target.trailer["/Info"]
    unpacked = 0
    for part in target.objects:
        if isinstance(part, Stream):
            unpacked += _stream(target, part)
            if unpacked > MOST_UNPACKED_IN_ALL:
                raise Refused(Reason.TOO_COMPLEX)
        for inner in _dictionaries(part):
            _dictionary(inner)
    for part in target.objects:
        if any(_ACTING & set(inner.keys()) for inner in _dictionaries(part)):
            raise Refused(Reason.TOO_COMPLEX)


def _dictionaries(part: Object) -> Iterator[Any]:
    """Yield a part and what lies directly in it, as far as they have keys; not what it points to."""
    waiting: list[Any] = [part]
    while waiting:
        one = waiting.pop()
        if isinstance(one, (Dictionary, Stream)):
            yield one
            inner = [one.get(key) for key in list(one.keys())]
        elif isinstance(one, Array):
            inner = list(one)
        else:
            continue
        waiting += [
            found
            for found in inner
            if isinstance(found, (Array, Dictionary)) and not found.is_indirect
        ]


def _dictionary(part: Any) -> None:
    keys = set(part.keys())
    if isinstance(part, Stream):
        _without(part, _NEVER | _OF_STREAMS_ONLY)
    elif keys & {"/Type", "/S", "/Subtype"}:
        _without(part, _NEVER)
    resources = part.get("/Resources")
    if isinstance(resources, Dictionary):
        _only(resources, _OF_RESOURCES)
    if keys & {"/OC"} and isinstance(part, Stream):
        del part["/OC"]  # hidden layers become visible: nothing is read that is not also seen


def _stream(target: Pdf, stream: Any) -> int:
    """Look into a stream, clean a picture in it, and return how many bytes it unpacks to."""
    if stream.get("/Subtype") == Name.PS:
        raise Refused(Reason.TOO_COMPLEX)  # PostScript inside a PDF: nothing writes that any more
    filters = _filters(stream)
    if stream.get("/Subtype") == Name.Image:
        pixels = int(stream.get("/Width", 0)) * int(stream.get("/Height", 0))
        if not 0 <= pixels <= MOST_PIXELS:
            raise Refused(Reason.TOO_MANY_PIXELS)
    if not filters or filters[-1] not in _PICTURE_CODES:
        return len(_unpacked(stream))
    coded = _unwrapped(target, stream, filters)
    cleaned = embedded.clean(coded, filters[-1])
    if cleaned is not None:
        parameters = stream.get("/DecodeParms")
        if isinstance(parameters, Array):
            parameters = parameters[len(parameters) - 1] if len(parameters) else None
        stream.write(cleaned, filter=Name(filters[-1]))
        if isinstance(parameters, Dictionary):
            stream["/DecodeParms"] = parameters
    return len(coded)


def _filters(stream: Any) -> list[str]:
    found = stream.get("/Filter")
    if found is None:
        return []
    return [str(one) for one in found] if isinstance(found, Array) else [str(found)]


def _unwrapped(target: Pdf, stream: Any, filters: list[str]) -> bytes:
    """Return a coded picture without the packing around it."""
    raw: bytes = stream.read_raw_bytes()
    if len(filters) == 1:
        return raw
    parcel = Stream(target, raw)
    parcel["/Filter"] = Array([Name(one) for one in filters[:-1]])
    return _unpacked(parcel)


def _unpacked(stream: Any) -> bytes:
    """Return what is packed in a stream. Raises Refused for what is too large or does not unpack."""
    try:
        return bytes(stream.read_bytes(pikepdf.StreamDecodeLevel.generalized))
    except (pikepdf.PdfError, RuntimeError):
        raise Refused(Reason.TOO_COMPLEX) from None


def _only(part: Any, allowed: frozenset[str]) -> None:
    for key in list(part.keys()):
        if key not in allowed:
            del part[key]


def _without(part: Any, forbidden: frozenset[str]) -> None:
    for key in list(part.keys()):
        if key in forbidden:
            del part[key]
