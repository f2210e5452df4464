"""A referral on paper: the letter or fax to a service, and the form for its answer by telephone."""

from collections.abc import Sequence
from dataclasses import dataclass

from referrals.paper import MARGIN, SOFT, sheet, words

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
    for answer in letter.answers:
        pdf.rect(MARGIN, pdf.get_y() + 1, BOX, BOX)
        pdf.set_x(MARGIN + BOX + 3)
        words(pdf, answer, size=11, height=8)
    return bytes(pdf.output())
