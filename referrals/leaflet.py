"""A leaflet to print or to hand out: one entry on one sheet of A4, with a code that leads to its page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import segno

from referrals.paper import INK, MARGIN, SOFT, drawable, sheet, words

if TYPE_CHECKING:
    from fpdf import FPDF

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
    pdf = sheet(leaflet.title, language=leaflet.language)
    words(pdf, leaflet.title, size=22, style="B", height=9)
    if leaflet.provider:
        words(pdf, leaflet.provider, size=12, colour=SOFT, height=6)
    pdf.ln(4)
    if leaflet.text:
        words(pdf, leaflet.text, size=11, height=5.5)
        pdf.ln(3)
    for line in leaflet.lines:
        _fact(pdf, line)
    _way_back(pdf, leaflet)
    return bytes(pdf.output())


def _fact(pdf: "FPDF", line: Line) -> None:
    if pdf.will_page_break(12):
        pdf.add_page()
    top = pdf.get_y()
    pdf.set_font("text", "B", 11)
    pdf.set_text_color(*INK)
    pdf.multi_cell(LABEL, 6, drawable(line.label), align="L")
    below_label = pdf.get_y()
    pdf.set_xy(MARGIN + LABEL, top)
    pdf.set_font("text", "", 11)
    pdf.set_left_margin(MARGIN + LABEL)
    for value in line.values:
        pdf.multi_cell(0, 6, drawable(value), align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.set_left_margin(MARGIN)
    pdf.set_y(max(pdf.get_y(), below_label if pdf.get_y() >= top else 0) + 1.5)


def _way_back(pdf: "FPDF", leaflet: Leaflet) -> None:
    if pdf.will_page_break(QR_SIZE + 12):
        pdf.add_page()
    pdf.ln(4)
    top = pdf.get_y()
    _square(pdf, leaflet.address, x=MARGIN, y=top)
    pdf.set_xy(MARGIN + QR_SIZE + 6, top + 4)
    pdf.set_left_margin(MARGIN + QR_SIZE + 6)
    words(pdf, leaflet.address_hint, size=10, height=5)
    words(pdf, leaflet.address, size=9, height=4.5, colour=SOFT)
    pdf.set_left_margin(MARGIN)
    pdf.set_y(top + QR_SIZE + 4)
    words(pdf, leaflet.foot, size=9, height=4.5, colour=SOFT)


def _square(pdf: "FPDF", address: str, *, x: float, y: float) -> None:
    rows = [list(row) for row in segno.make_qr(address, error="m").matrix]
    side = QR_SIZE / len(rows)
    pdf.set_fill_color(*INK)
    for down, row in enumerate(rows):
        for right, dark in enumerate(row):
            if dark:
                pdf.rect(x + right * side, y + down * side, side * 1.02, side * 1.02, style="F")
