"""Sheets of A4 as PDF: what a leaflet and a letter have in common.

The library is loaded by the first sheet: it takes as long as a quarter of the whole server's start.
"""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import font_source_sans_pro

if TYPE_CHECKING:
    from fpdf import FPDF

FONTS = Path(font_source_sans_pro.__file__).parent / "files"
INK = (32, 38, 40)
SOFT = (90, 98, 98)
MARGIN = 20  # mm


def sheet(title: str, *, language: str) -> "FPDF":
    """Return a document with its first, empty page and the font "text", regular and bold."""
    from fpdf import FPDF  # noqa: PLC0415 - see above

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
    pdf: "FPDF",
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
    pdf.multi_cell(0, height, drawable(text), align="L", new_x="LMARGIN", new_y="NEXT")


def drawable(text: str) -> str:
    """Return a text without what the font has no shape for: a box would be read as a mistake."""
    shapes = _shapes()
    return "".join(c for c in text if c == "\n" or ord(c) in shapes)


@lru_cache(maxsize=1)
def _shapes() -> frozenset[int]:
    from fpdf import FPDF  # noqa: PLC0415 - see above
    from fpdf.fonts import TTFFont  # noqa: PLC0415 - see above

    pdf = FPDF()
    pdf.add_font("text", "", FONTS / "SourceSansPro-Regular.ttf")
    font = pdf.fonts["text"]
    assert isinstance(font, TTFFont)
    return frozenset(font.cmap)
