"""A leaflet to print or to hand out: one entry on one sheet of A4, with a code that leads to its page."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import font_source_sans_pro
import segno
from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos
from fpdf.fonts import TTFFont

FONTS = Path(font_source_sans_pro.__file__).parent / "files"
INK = (32, 38, 40)
SOFT = (90, 98, 98)
MARGIN = 20  # mm
LABEL = 42  # mm
QR_SIZE = 30  # mm


@dataclass(frozen=True, slots=True)
class Line:
    """One fact of the leaflet; several values stand below each other."""

    label: str
    values: Sequence[str]


@dataclass(frozen=True, slots=True)
class Leaflet:
    """What stands on the sheet. `address`: of the entry's page. `foot`: the last line."""

    title: str
    provider: str
    text: str
    lines: Sequence[Line]
    address: str
    address_hint: str
    foot: str
    language: str


def draw(leaflet: Leaflet) -> bytes:
    """Return the leaflet as a PDF file."""
    pdf = FPDF(format="A4")
    pdf.set_lang(leaflet.language)
    pdf.set_title(leaflet.title)
    pdf.set_margin(MARGIN)
    pdf.set_auto_page_break(auto=True, margin=MARGIN)
    for style, name in (("", "Regular"), ("B", "Semibold")):
        pdf.add_font("text", style, FONTS / f"SourceSansPro-{name}.ttf")
    pdf.add_page()
    _words(pdf, leaflet.title, size=22, style="B", height=9)
    if leaflet.provider:
        _words(pdf, leaflet.provider, size=12, colour=SOFT, height=6)
    pdf.ln(4)
    if leaflet.text:
        _words(pdf, leaflet.text, size=11, height=5.5)
        pdf.ln(3)
    for line in leaflet.lines:
        _fact(pdf, line)
    _way_back(pdf, leaflet)
    return bytes(pdf.output())


def _words(
    pdf: FPDF,
    text: str,
    *,
    size: float,
    height: float,
    style: str = "",
    colour: tuple[int, int, int] = INK,
    width: float = 0,
) -> None:
    pdf.set_font("text", style, size)
    pdf.set_text_color(*colour)
    pdf.multi_cell(
        width, height, drawable(text), align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT
    )


def _fact(pdf: FPDF, line: Line) -> None:
    if pdf.will_page_break(12):
        pdf.add_page()
    top = pdf.get_y()
    pdf.set_font("text", "B", 11)
    pdf.set_text_color(*INK)
    pdf.multi_cell(LABEL, 6, drawable(line.label), align=Align.L)
    below_label = pdf.get_y()
    pdf.set_xy(MARGIN + LABEL, top)
    pdf.set_font("text", "", 11)
    pdf.set_left_margin(MARGIN + LABEL)
    for value in line.values:
        pdf.multi_cell(0, 6, drawable(value), align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.set_left_margin(MARGIN)
    pdf.set_y(max(pdf.get_y(), below_label if pdf.get_y() >= top else 0) + 1.5)


def _way_back(pdf: FPDF, leaflet: Leaflet) -> None:
    if pdf.will_page_break(QR_SIZE + 12):
        pdf.add_page()
    pdf.ln(4)
    top = pdf.get_y()
    _square(pdf, leaflet.address, x=MARGIN, y=top)
    pdf.set_xy(MARGIN + QR_SIZE + 6, top + 4)
    pdf.set_left_margin(MARGIN + QR_SIZE + 6)
    _words(pdf, leaflet.address_hint, size=10, height=5)
    _words(pdf, leaflet.address, size=9, height=4.5, colour=SOFT)
    pdf.set_left_margin(MARGIN)
    pdf.set_y(top + QR_SIZE + 4)
    _words(pdf, leaflet.foot, size=9, height=4.5, colour=SOFT)


def _square(pdf: FPDF, address: str, *, x: float, y: float) -> None:
    rows = [list(row) for row in segno.make_qr(address, error="m").matrix]
    side = QR_SIZE / len(rows)
    pdf.set_fill_color(*INK)
    for down, row in enumerate(rows):
        for right, dark in enumerate(row):
            if dark:
                pdf.rect(x + right * side, y + down * side, side * 1.02, side * 1.02, style="F")


def drawable(text: str) -> str:
    """Return a text without what the font has no shape for: a box would be read as a mistake."""
    shapes = _shapes()
    return "".join(c for c in text if c == "\n" or ord(c) in shapes)


@lru_cache(maxsize=1)
def _shapes() -> frozenset[int]:
    pdf = FPDF()
    pdf.add_font("text", "", FONTS / "SourceSansPro-Regular.ttf")
    font = pdf.fonts["text"]
    assert isinstance(font, TTFFont)
    return frozenset(font.cmap)
