"""An organisation's colour, made readable: contrast is computed, never assumed.

Thresholds are WCAG 2.2, 1.4.3 (text 4.5 : 1) and 1.4.11 (controls 3 : 1).
"""

from dataclasses import dataclass

from coloraide import Color

TEXT_CONTRAST = 4.5
LIGHT_SURFACE = "#f3ece1"  # the darkest light ground in static/css/tokens.css
DARK_SURFACE = "#1c2325"
_LIGHT_INK = "#ffffff"
_DARK_INK = "#1b1917"


@dataclass(frozen=True, slots=True)
class Palette:
    """One scheme's colours as `#rrggbb`: the accent and text upon it."""

    accent: str
    on_accent: str


def contrast(first: str, second: str) -> float:
    """Return the WCAG contrast ratio of two colours, 1 to 21. Raises ValueError for no colour."""
    return float(Color(first).contrast(Color(second), method="wcag21"))


def light_palette(accent: str) -> Palette:
    """Return the light scheme's colours for an accent that can be read on its surface."""
    return Palette(accent, _ink_on(accent))


def dark_palette(accent: str) -> Palette:
    """Return the dark scheme's colours: the same hue, lightened until it can be read there."""
    colour = Color(accent).convert("oklch")
    while contrast(_hex(colour), DARK_SURFACE) < TEXT_CONTRAST + 1 and colour["lightness"] < 0.95:
        colour["lightness"] += 0.02
    shown = _hex(colour)
    return Palette(shown, _ink_on(shown))


def _ink_on(colour: str) -> str:
    return max((_LIGHT_INK, _DARK_INK), key=lambda ink: contrast(ink, colour))


def _hex(colour: Color) -> str:
    return str(colour.convert("srgb").fit().to_string(hex=True))
