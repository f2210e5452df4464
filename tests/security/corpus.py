"""Files that somebody may send to harm: made here, so that none of them lies in the repository."""

import base64
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pillow_heif
from pikepdf import Array, Dictionary, Encryption, Name, Pdf, String
from PIL import Image

from counselling.uploads.kinds import LARGEST, Kind, Reason
from tests.factories.files import document, noise, photo, saved, written

CANARY = b"Kanarienvogel"
EICAR = base64.b64decode(
    "WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJELUFOVElWSVJVUy1URVNULUZJTEUhJEgrSCo="
)
SCRIPT = b"<script>alert(1)</script>"
MUCH = 1 << 28  # bytes of nothing, which pack into a thousandth


@dataclass(frozen=True)
class Sent:
    """One file, what becomes of it, and what must not be in that.

    becomes: the kind that is kept, or why it is refused (any of several reasons).
    """

    name: str
    data: bytes = field(repr=False)
    becomes: Kind | frozenset[Reason]
    gone: tuple[bytes, ...] = (CANARY,)


def refused(*reasons: Reason) -> frozenset[Reason]:
    """Return why a file may be refused."""
    return frozenset(reasons)


UNKNOWN = refused(Reason.UNKNOWN)
DAMAGED = refused(Reason.DAMAGED)
TOO_BIG = refused(Reason.TOO_COMPLEX, Reason.DAMAGED, Reason.TOO_MANY_PIXELS)


def corpus() -> Iterator[Sent]:
    """Yield every file."""
    yield from strangers()
    yield from polyglots()
    yield from about_the_picture()
    yield from bombs()
    yield from damaged()
    yield from acting_documents()
    yield from harmless()


def strangers() -> Iterator[Sent]:
    """Yield what is no picture and no PDF, whatever it is called."""
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">' + CANARY + b"</svg>"
    gif = written(noise(), "GIF")
    for name, data in {
        "eicar.com": EICAR,
        "eicar.jpg": EICAR,
        "picture.svg": svg,
        "declared.svg": b'<?xml version="1.0"?>' + svg,
        "page.html": b"<!DOCTYPE html>" + SCRIPT,
        "page.jpg": SCRIPT,
        "page.pdf": b"<html>%PDF-1.4" + SCRIPT,
        "late.pdf": b"\n" * 100 + saved(document()),
        "archive.zip": _zip({"a.txt": CANARY}),
        "letter.docx": _zip({"word/document.xml": CANARY}),
        "bomb.zip": _zip({f"{n}": bytes(20_000_000) for n in range(3)}),
        "picture.gif": gif,
        "gif.jpg": gif,
        "scan.tiff": written(noise(), "TIFF"),
        "picture.bmp": written(noise(), "BMP"),
        "picture.avif": _ftyp(b"avif", b"avif", b"mif1") + bytes(200),
        "film.mp4": _ftyp(b"isom", b"isom", b"mp42") + bytes(200),
        "program.exe": b"MZ" + bytes(500),
        "program": b"\x7fELF" + bytes(500),
        "script.sh": b"#!/bin/sh\nrm -rf /\n",
        "drawing.ps": b"%!PS-Adobe-3.0\n(%PDF-1.4) run",
        "text.txt": "Ä".encode("utf-16"),
    }.items():
        yield Sent(name, data, UNKNOWN)


def polyglots() -> Iterator[Sent]:
    """Yield what is two things at once: only the picture or the pages of it stay."""
    archive = _zip({"boese.txt": CANARY})
    yield Sent("gif-and-script.gif", b"GIF89a/*" + bytes(20) + b"*/=1;alert(1)", UNKNOWN)
    jpeg, png = photo(), written(noise(), "PNG")
    yield Sent("jpeg-and-page.jpg", jpeg + SCRIPT + CANARY, Kind.JPEG, (CANARY, b"<script"))
    comment = written(noise(), comment=b"*/=alert(1)/*" + CANARY)
    yield Sent("jpeg-and-script.jpg", comment, Kind.JPEG, (CANARY, b"alert"))
    yield Sent("jpeg-and-zip.jpg", jpeg + archive, Kind.JPEG, (b"PK\3\4", b"boese"))
    yield Sent("png-and-zip.png", png + archive, Kind.PNG, (b"PK\3\4", b"boese"))
    pdf = saved(document())
    yield Sent("pdf-and-zip.pdf", pdf + archive, Kind.PDF, (b"PK\3\4", b"boese"))
    yield Sent("pdf-and-page.pdf", pdf + SCRIPT + CANARY, Kind.PDF, (CANARY, b"<script"))
    film = _ftyp(b"isom", b"mp42") + CANARY
    yield Sent("moving-photo.jpg", jpeg + film, Kind.JPEG, (CANARY, b"ftyp"))
    payload = b"<?php system($_GET[0]);?>" + CANARY
    chunk = _chunk(b"tEXt", b"Comment\0" + payload)
    yield Sent("png-and-php.png", png[:33] + chunk + png[33:], Kind.PNG, (CANARY, b"<?php"))


def about_the_picture() -> Iterator[Sent]:
    """Yield pictures that say where, when and with what they were made."""
    exif = Image.Exif()
    exif[0x010E] = exif[0x0131] = exif[0x010F] = CANARY.decode()
    place = exif.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", (54.0, 19.0, 24.0), "E", (10.0, 8.0, 0.0)
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + CANARY + b"</x:xmpmeta>"
    gone = (CANARY, b"Exif", b"http://ns.adobe.com", b"xmpmeta", b"ICC_PROFILE", b"eXIf", b"iTXt")
    profile = b"\0" * 36 + b"acsp" + bytes(88) + CANARY
    for format_, becomes in {
        "JPEG": Kind.JPEG,
        "PNG": Kind.PNG,
        "WEBP": Kind.JPEG,
        "HEIF": Kind.JPEG,
    }.items():
        data = written(noise(), format_, exif=exif.tobytes(), xmp=xmp)
        assert CANARY in data, f"the control: {format_} should say something"
        yield Sent(f"where-and-when.{format_.lower()}", data, becomes, gone)
    yield Sent("profile.jpg", written(noise(), icc_profile=profile), Kind.JPEG, gone)
    yield Sent("comment.jpg", written(noise(), comment=CANARY), Kind.JPEG, gone)
    thumbnail = b"\xff\xed" + struct.pack(">H", 2 + 200) + (CANARY * 20)[:200]
    yield Sent("photoshop.jpg", photo()[:20] + thumbnail + photo()[20:], Kind.JPEG, gone)
    frames = [noise() for _frame in range(3)]
    for format_, becomes in {"PNG": Kind.PNG, "WEBP": Kind.JPEG}.items():
        moving = written(frames[0], format_, save_all=True, append_images=frames[1:])
        yield Sent(f"moving.{format_.lower()}", moving, becomes, (b"acTL", b"ANIM", b"fdAT"))
    several = written(frames[0], "MPO", save_all=True, append_images=frames[1:])
    yield Sent("stereo.jpg", several, Kind.JPEG, (b"MPF",))


def bombs() -> Iterator[Sent]:
    """Yield what is small until somebody opens it."""
    yield Sent("144-megapixels.png", written(Image.new("1", (12_000, 12_000)), "PNG"), TOO_BIG)
    yield Sent("4-gigapixels.png", _png_header(65_000, 65_000), TOO_BIG)
    yield Sent("long.png", _png_header(2_000_000_000, 1), TOO_BIG)
    yield Sent("4-gigapixels.jpg", _claimed_jpeg(65_000, 65_000), TOO_BIG)
    yield Sent("large.webp", _claimed_webp(16_384, 16_384), TOO_BIG)
    yield Sent("large.heic", _claimed_heic(60_000, 60_000), TOO_BIG)
    png = written(noise(), "PNG")
    text = b"a\0\0" + zlib.compress(bytes(MUCH // 4), 9)
    yield Sent("text-bomb.png", png[:33] + _chunk(b"zTXt", text) + png[33:], TOO_BIG)
    profile = b"a\0\0" + zlib.compress(bytes(MUCH // 4), 9)
    bomb = png[:33] + _chunk(b"iCCP", profile) + png[33:]
    yield Sent("profile-bomb.png", bomb, TOO_BIG)
    packed = zlib.compress(bytes(MUCH), 9)
    yield Sent("stream-bomb.pdf", saved(_with_stream(packed, 1)), TOO_BIG)
    yield Sent("nested-bomb.pdf", saved(_with_stream(zlib.compress(packed), 2)), TOO_BIG)
    yield Sent("object-bomb.pdf", _object_stream(packed), TOO_BIG)
    many = zlib.compress(bytes(150 << 20), 9)
    yield Sent("many-streams.pdf", saved(_with_stream(many, 1, copies=5)), TOO_BIG)
    yield Sent("huge-picture.pdf", saved(_with_picture(60_000, 60_000)), TOO_BIG)
    pages = saved(document(201))
    yield Sent("pages.pdf", pages, refused(Reason.TOO_MANY_PAGES))
    deep = b"%PDF-1.4\n1 0 obj\n" + b"[" * 200_000 + b"]" * 200_000 + b"\nendobj\n"
    yield Sent("deep.pdf", deep, TOO_BIG)


def damaged() -> Iterator[Sent]:
    """Yield what is cut off, empty, too large, or not what its name says."""
    yield Sent("empty.jpg", b"", refused(Reason.EMPTY))
    large = photo() + bytes(LARGEST)
    yield Sent("10-megabytes-and-one.jpg", large[: LARGEST + 1], refused(Reason.TOO_LARGE))
    yield Sent("10-megabytes.jpg", large[:LARGEST], Kind.JPEG)
    picture = noise(200, 150)
    for format_ in ("JPEG", "PNG", "WEBP", "HEIF"):
        whole = written(picture, format_)
        yield Sent(f"cut.{format_.lower()}", whole[: len(whole) // 2], DAMAGED)
        yield Sent(f"head.{format_.lower()}", whole[:40], DAMAGED)
    whole = saved(document())
    yield Sent("head.pdf", whole[:20], DAMAGED)
    yield Sent("words.pdf", b"%PDF-1.7 " + CANARY * 100, DAMAGED)
    yield Sent("no-pages.pdf", saved(Pdf.new()), DAMAGED)
    yield Sent("png.jpg", written(noise(), "PNG"), Kind.PNG)
    yield Sent("jpeg.pdf", photo(), Kind.JPEG)
    yield Sent("pdf.jpg", whole, Kind.PDF)


def acting_documents() -> Iterator[Sent]:
    """Yield PDFs that do something, know something, or are locked."""
    acts = (b"JavaScript", b"/JS", b"/Launch", b"/URI", b"/OpenAction", b"/AA", b"/XFA")
    gone = (CANARY, *acts, b"/EmbeddedFile", b"/SubmitForm", b"/RichMedia", b"/Annots", b"Exif")
    script = Dictionary(S=Name.JavaScript, JS=String("app.alert('Kanarienvogel')"))
    launch = Dictionary(S=Name.Launch, F=String("cmd.exe"), Win=Dictionary(F=String("cmd.exe")))
    leads = Dictionary(S=Name.URI, URI=String("https://kanarienvogel.example/Kanarienvogel"))
    sends = Dictionary(S=Name.SubmitForm, F=String("https://Kanarienvogel.example/"))
    for name, action in {
        "script": script,
        "launch": launch,
        "link": leads,
        "submit": sends,
    }.items():
        pdf = document()
        pdf.Root.OpenAction = action
        yield Sent(f"opens-with-{name}.pdf", saved(pdf), Kind.PDF, gone)
        pdf = document()
        pdf.pages[0].obj.AA = Dictionary(O=action)
        pdf.Root.AA = Dictionary(WC=action)
        yield Sent(f"page-with-{name}.pdf", saved(pdf), Kind.PDF, gone)
        pdf = document()
        pdf.pages[0].obj.Annots = Array([_annotation(pdf, "Link", A=action)])
        yield Sent(f"touched-{name}.pdf", saved(pdf), Kind.PDF, gone)
    pdf = document()
    pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([String("a"), script])))
    yield Sent("named-script.pdf", saved(pdf), Kind.PDF, gone)
    pdf = document()
    pdf.attachments["boese.exe"] = b"MZ" + CANARY
    yield Sent("embedded-file.pdf", saved(pdf), Kind.PDF, gone)
    pdf = document()
    pdf.attachments["eicar.com"] = EICAR
    yield Sent("embedded-eicar.pdf", saved(pdf), Kind.PDF, (EICAR[:40], *gone))
    pdf = document()
    pdf.Root.AcroForm = Dictionary(Fields=Array([]), XFA=pdf.make_stream(b"<xdp/>" + CANARY))
    yield Sent("xfa.pdf", saved(pdf), Kind.PDF, gone)
    pdf = document()
    media = Dictionary(Assets=pdf.make_stream(CANARY))
    pdf.pages[0].obj.Annots = Array([_annotation(pdf, "RichMedia", RichMediaContent=media)])
    yield Sent("media.pdf", saved(pdf), Kind.PDF, gone)
    pdf = document()
    pdf.docinfo["/Author"] = pdf.docinfo["/Title"] = CANARY.decode()
    with pdf.open_metadata() as metadata:
        metadata["dc:creator"] = [CANARY.decode()]
    pdf.pages[0].obj.PieceInfo = Dictionary(App=Dictionary(Private=String(CANARY.decode())))
    yield Sent("author.pdf", saved(pdf), Kind.PDF, gone)
    yield Sent("photo-inside.pdf", saved(_with_photo()), Kind.PDF, gone)
    # A reader that repairs an older state would show what was thought deleted.
    old = document(words=CANARY)
    old.pages[0].obj.Contents = old.make_stream(b"BT /A 12 Tf (neu) Tj ET")
    yield Sent("earlier-state.pdf", saved(document(words=CANARY)) + saved(old), Kind.PDF)
    for name, user in {"password": "geheim", "owner": ""}.items():
        locked = saved(document(), encryption=Encryption(owner="wirklich", user=user))
        yield Sent(f"locked-by-{name}.pdf", locked, refused(Reason.LOCKED))


def harmless() -> Iterator[Sent]:
    """Yield what people really send."""
    yield Sent("photo.jpg", photo(1200, 900), Kind.JPEG)
    yield Sent("grey.jpg", written(noise().convert("L")), Kind.JPEG)
    yield Sent("print.jpg", written(noise().convert("CMYK")), Kind.JPEG)
    yield Sent("screenshot.png", written(noise(), "PNG"), Kind.PNG)
    yield Sent("icon.png", written(noise().quantize(16), "PNG"), Kind.PNG)
    yield Sent("see-through.png", written(_see_through(), "PNG"), Kind.PNG)
    yield Sent("16-bit.png", written(Image.new("I;16", (40, 30), 40_000), "PNG"), Kind.PNG)
    yield Sent("see-through.webp", written(_see_through(), "WEBP"), Kind.PNG)
    yield Sent("photo.heic", written(noise(), "HEIF"), Kind.JPEG)
    yield Sent("letter.pdf", saved(document(3)), Kind.PDF)
    yield Sent("scan.pdf", _scan(), Kind.PDF)


pillow_heif.register_heif_opener()


def _see_through() -> Image.Image:
    image = noise()
    image.putalpha(noise().convert("L"))
    return image


def _zip(files: dict[str, bytes]) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def _ftyp(brand: bytes, *others: bytes) -> bytes:
    body = b"ftyp" + brand + bytes(4) + b"".join(others)
    return struct.pack(">I", 4 + len(body)) + body


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _png_header(width: int, height: int) -> bytes:
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    data = _chunk(b"IDAT", zlib.compress(bytes(10_000)))
    return b"\x89PNG\r\n\x1a\n" + head + data + _chunk(b"IEND", b"")


def _claimed_jpeg(width: int, height: int) -> bytes:
    data = bytearray(photo())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def _claimed_webp(width: int, height: int) -> bytes:
    data = bytearray(written(_see_through(), "WEBP"))
    at = data.index(b"VP8X")
    data[at + 12 : at + 18] = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return bytes(data)


def _claimed_heic(width: int, height: int) -> bytes:
    data = bytearray(written(noise(), "HEIF"))
    at = data.index(b"ispe")
    data[at + 8 : at + 16] = struct.pack(">II", width, height)
    return bytes(data)


def _with_stream(packed: bytes, times: int, *, copies: int = 1) -> Pdf:
    pdf = document()
    pdf.pages[0].obj.Resources.XObject = Dictionary(
        {
            f"/B{number}": pdf.make_stream(
                packed,
                Type=Name.XObject,
                Subtype=Name.Form,
                BBox=Array([0, 0, 1, 1]),
                Filter=Array([Name.FlateDecode] * times),
            )
            for number in range(copies)
        }
    )
    return pdf


def _picture(pdf: Pdf, data: bytes, code: Name, width: int, height: int) -> object:
    return pdf.make_stream(
        data,
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=width,
        Height=height,
        ColorSpace=Name.DeviceRGB,
        BitsPerComponent=8,
        Filter=code,
    )


def _with_picture(width: int, height: int) -> Pdf:
    pdf = document()
    image = _picture(pdf, zlib.compress(bytes(1000)), Name.FlateDecode, width, height)
    pdf.pages[0].obj.Resources.XObject = Dictionary(Im0=image)
    return pdf


def _with_photo() -> Pdf:
    exif = Image.Exif()
    exif[0x010E] = CANARY.decode()
    pdf = document()
    data = written(noise(), exif=exif.tobytes(), comment=CANARY)
    image = _picture(pdf, data, Name.DCTDecode, 64, 48)
    pdf.pages[0].obj.Resources.XObject = Dictionary(Im0=image)
    return pdf


def _scan() -> bytes:
    return written(noise(300, 400), "PDF")


def _annotation(pdf: Pdf, kind: str, **more: Any) -> object:
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Annot,
            Subtype=Name(f"/{kind}"),
            Rect=Array([0, 0, 100, 100]),
            **more,
        )
    )


def _object_stream(packed: bytes) -> bytes:
    """Return a PDF whose objects themselves lie in a bomb; libraries unpack that to read anything."""
    body = b"%PDF-1.5\n"
    stream = len(body)
    body += b"3 0 obj<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n" % len(
        packed
    )
    body += packed + b"\nendstream endobj\n"
    pages = len(body)
    body += b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    table = len(body)
    rows = [(0, 0, 0), (2, 3, 0), (1, pages, 0), (1, stream, 0), (1, table, 0)]
    packed_rows = b"".join(struct.pack(">BIH", *row) for row in rows)
    body += b"4 0 obj<</Type/XRef/Size 5/W[1 4 2]/Root 1 0 R/Length %d>>stream\n" % len(packed_rows)
    return body + packed_rows + b"\nendstream endobj\nstartxref\n%d\n%%%%EOF" % table
