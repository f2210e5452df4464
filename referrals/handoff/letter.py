"""A referral on paper: the letter or fax to a service, and the form for its answer by telephone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from referrals.paper import MARGIN, SOFT, sheet, words

if TYPE_CHECKING:
    from fpdf import FPDF

BOX = 4  # mm
LABEL = 50  # mm that the words before a line take


@dataclass(frozen=True, slots=True)
class Letter:
    """What stands on the paper. facts: pairs. answers: to tick on the second page, each with so many lines
    to write on; later: to tick when more is known. lines: to fill in below, without a box.
    """

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
    answers: Sequence[tuple[str, int]]
    later_title: str
    later: Sequence[tuple[str, int]]
    lines: Sequence[str]
    language: str


def draw(letter: Letter) -> bytes:
    """Return the letter as a PDF file: one part to read, one page to answer on."""
    pdf = sheet(letter.title, language=letter.language)
    words(pdf, letter.sender, size=9, colour=SOFT)
    pdf.ln(6)
    for line in letter.recipient:
        words(pdf, line, size=11)
    pdf.ln(10)
    words(pdf, letter.title, size=16, style="B", height=8)
    pdf.ln(2)
    words(pdf, letter.intro, size=11)
    pdf.ln(3)
    for label, value in letter.facts:
        words(pdf, f"{label}: {value}", size=11)
    pdf.ln(3)
    words(pdf, letter.text_title, size=11, style="B")
    words(pdf, letter.text, size=11)
    pdf.ln(6)
    words(pdf, letter.foot, size=9, colour=SOFT, height=4.5)
    pdf.add_page()
    words(pdf, letter.answers_title, size=16, style="B", height=8)
    words(pdf, letter.answers_hint, size=11)
    pdf.ln(4)
    _to_tick(pdf, letter.answers)
    pdf.ln(4)
    words(pdf, letter.later_title, size=12, style="B", height=8)
    _to_tick(pdf, letter.later)
    pdf.ln(6)
    for label in letter.lines:
        words(pdf, label, size=11, height=9)
        _line(pdf, MARGIN + LABEL)
    return bytes(pdf.output())


def _to_tick(pdf: "FPDF", answers: Sequence[tuple[str, int]]) -> None:
    for answer, lines in answers:
        pdf.rect(MARGIN, pdf.get_y() + 2, BOX, BOX)
        pdf.set_x(MARGIN + BOX + 3)
        words(pdf, answer, size=11, height=8)
        for _number in range(lines):
            pdf.ln(8)
            _line(pdf, MARGIN + BOX + 4)


def _line(pdf: "FPDF", left: float) -> None:
    """Draw a line to write on, just above here, from `left` to the right margin."""
    pdf.set_draw_color(*SOFT)
    pdf.line(left, pdf.get_y() - 2, pdf.w - MARGIN, pdf.get_y() - 2)
    pdf.set_draw_color(0, 0, 0)
