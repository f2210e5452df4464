"""A referral on paper: the letter or fax to a service, and the form for its answer by telephone."""

from collections.abc import Sequence
from dataclasses import dataclass

from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos

from referrals.leaflet import FONTS, INK, MARGIN, SOFT, drawable

BOX = 4  # mm


@dataclass(frozen=True, slots=True)
class Letter:
    """What stands on the paper. facts: pairs. answers: to tick on the second page, with lines to write."""

    title: str
    sender: str
    recipient: Sequence[str]
    intro: str
    facts: Sequence[tuple[str, str]]
    text_title: str
    text: str
    foot: str
    answers_title: str
    answers_hint: str
    answers: Sequence[str]
    language: str


def draw(letter: Letter) -> bytes:
    """Return the letter as a PDF file: one part to read, one page to answer on."""
    pdf = FPDF(format="A4")
    pdf.set_lang(letter.language)
    pdf.set_title(letter.title)
    pdf.set_margin(MARGIN)
    pdf.set_auto_page_break(auto=True, margin=MARGIN)
    for style, name in (("", "Regular"), ("B", "Semibold")):
        pdf.add_font("text", style, FONTS / f"SourceSansPro-{name}.ttf")
    pdf.add_page()
    _words(pdf, letter.sender, size=9, colour=SOFT)
    pdf.ln(6)
    for line in letter.recipient:
        _words(pdf, line, size=11)
    pdf.ln(10)
    _words(pdf, letter.title, size=16, style="B", height=8)
    pdf.ln(2)
    _words(pdf, letter.intro, size=11)
    pdf.ln(3)
    for label, value in letter.facts:
        _words(pdf, f"{label}: {value}", size=11)
    pdf.ln(3)
    _words(pdf, letter.text_title, size=11, style="B")
    _words(pdf, letter.text, size=11)
    pdf.ln(6)
    _words(pdf, letter.foot, size=9, colour=SOFT, height=4.5)
    pdf.add_page()
    _words(pdf, letter.answers_title, size=16, style="B", height=8)
    _words(pdf, letter.answers_hint, size=11)
    pdf.ln(4)
    for answer in letter.answers:
        pdf.rect(MARGIN, pdf.get_y() + 1, BOX, BOX)
        pdf.set_x(MARGIN + BOX + 3)
        _words(pdf, answer, size=11, height=8)
    return bytes(pdf.output())


def _words(
    pdf: FPDF,
    text: str,
    *,
    size: float,
    style: str = "",
    height: float = 5.5,
    colour: tuple[int, int, int] = INK,
) -> None:
    pdf.set_font("text", style, size)
    pdf.set_text_color(*colour)
    pdf.multi_cell(0, height, drawable(text), align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
