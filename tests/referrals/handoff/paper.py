"""Reading a PDF file as a person would: its words, through the fonts' own tables."""

from io import BytesIO
from typing import Any

from pikepdf import Pdf, parse_content_stream


def words_of(pdf: bytes) -> str:
    """Return the text of a PDF, through the fonts' own tables from glyph to letter."""
    words = []
    with Pdf.open(BytesIO(pdf)) as opened:
        for page in opened.pages:
            tables = {
                name: letters(font.ToUnicode.read_bytes().decode())
                for name, font in page.Resources.Font.items()
            }
            table: dict[str, str] = {}
            for instruction in parse_content_stream(page):
                operands, operator = instruction.operands, instruction.operator
                if str(operator) == "Tf":
                    table = tables[str(operands[0])]
                elif str(operator) in {"Tj", "TJ"}:
                    parts: Any = operands[0] if str(operator) == "TJ" else operands
                    for part in parts:
                        # Between the strings stand numbers: how far to move.
                        if hasattr(part, "__bytes__") and not isinstance(part, int | float):
                            raw = bytes(part).hex()
                            words.append(
                                "".join(
                                    table.get(raw[i : i + 4], "") for i in range(0, len(raw), 4)
                                )
                            )
                elif str(operator) in {"Td", "T*", "ET"}:
                    words.append(" ")
    return "".join(words)


def letters(cmap: str) -> dict[str, str]:
    """Return what a font's table says: glyph to letter."""
    found = {}
    for line in cmap.splitlines():
        parts = line.replace("<", " ").replace(">", " ").split()
        if len(parts) == 2 and all(len(part) == 4 for part in parts):
            found[parts[0].lower()] = chr(int(parts[1], 16))
        if len(parts) == 3 and all(len(part) == 4 for part in parts):
            first, last, start = (int(part, 16) for part in parts)
            for number in range(first, last + 1):
                found[f"{number:04x}"] = chr(start + number - first)
    return found
