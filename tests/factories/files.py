"""Pictures and documents, as people send them."""

import os
from io import BytesIO
from typing import Any

from pikepdf import Dictionary, Name, Pdf
from PIL import Image

from counselling.uploads.kinds import Kind
from counselling.uploads.receiving import Received


def noise(width: int = 64, height: int = 48) -> Image.Image:
    """Return a picture that nobody else has and that no packing makes small."""
    return Image.frombytes("RGB", (width, height), os.urandom(width * height * 3))


def written(image: Image.Image, format_: str = "JPEG", **options: Any) -> bytes:
    """Return a picture as a file. format_: as Pillow calls it."""
    out = BytesIO()
    image.save(out, format_, **options)
    return out.getvalue()


def photo(width: int = 64, height: int = 48, **options: Any) -> bytes:
    """Return a photo as a phone would send it."""
    return written(noise(width, height), **options)


def picture(kind: Kind = Kind.JPEG, data: bytes | None = None) -> Received:
    """Return a file that is clean already. data: its bytes, else fresh ones."""
    content = data if data is not None else photo()
    return Received(kind=kind, data=content, digest=os.urandom(32).hex(), width=64, height=48)


def document(pages: int = 1, words: bytes = b"Guten Tag") -> Pdf:
    """Return a PDF with words on its pages, still open."""
    pdf = Pdf.new()
    font = pdf.make_indirect(
        Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    )
    for _page in range(pages):
        page = pdf.add_blank_page(page_size=(595, 842)).obj
        # A font may well be called like something that acts.
        page.Resources = Dictionary(Font=Dictionary(A=font))
        page.Contents = pdf.make_stream(b"BT /A 12 Tf 72 700 Td (" + words + b") Tj ET")
    return pdf


def saved(pdf: Pdf, **options: Any) -> bytes:
    """Return a PDF as a file."""
    out = BytesIO()
    pdf.save(out, **options)
    return out.getvalue()
