"""Sheets of A4 as PDF: what a leaflet and a letter have in common."""

from functools import lru_cache
from pathlib import Path

import font_source_sans_pro
from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos
from fpdf.fonts import TTFFont

FONTS = Path(font_source_sans_pro.__file__).parent / "files"
INK = (32, 38, 40)
SOFT = (90, 98, 98)
MARGIN = 20  # mm


def sheet(title: str, *, language: str) -> FPDF:
    """Return a document with its first, empty page and the font "text", regular and bold."""
    pdf = FPDF(format="A4")
    pdf.set_lang(language)
    pdf.set_title(title)
    pdf.set_margin(MARGIN)
    pdf.set_auto_page_break(auto=True, margin=MARGIN)
    for style, name in (("", "Regular"), ("B", "Semibold")):
        pdf.add_font("text", style, FONTS / f"SourceSansPro-{name}.ttf")
    pdf.add_page()
    return pdf


def words(
    pdf: FPDF,
    text: str,
    *,
    size: float,
    style: str = "",
    height: float = 5.5,
    colour: tuple[int, int, int] = INK,
) -> None:
    """Write a paragraph from here to the right margin. size: points. height: of a line, mm."""
    pdf.set_font("text", style, size)
    pdf.set_text_color(*colour)
    pdf.multi_cell(0, height, drawable(text), align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


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
