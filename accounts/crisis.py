"""Crisis lines that are known everywhere, in the language that is spoken now.

A page shows them when no organisation has said otherwise; and on a page in another language than
German they stand for an organisation's own words to the same numbers, so that a parent in a crisis
understands them. Numbers and hours as published by the services themselves: emergency call 112 (EU),
TelefonSeelsorge, Nummer gegen Kummer (Elterntelefon; Kinder- und Jugendtelefon), Hilfetelefon Gewalt
gegen Frauen, ärztlicher Bereitschaftsdienst.
"""

from collections.abc import Iterable

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import CrisisLine

DEFAULT = ("112", "08001110111", "08001110550", "116111", "116016")


def known_lines() -> dict[str, CrisisLine]:
    """Return the known lines by their digits, unsaved, in the language that is spoken now."""
    lines = [
        CrisisLine(
            name=_("Notruf"), number="112", hours=_("immer"), note=_("wenn jemand in Gefahr ist")
        ),
        CrisisLine(name=_("TelefonSeelsorge"), number="0800 1110111", hours=_("immer, kostenlos")),
        CrisisLine(name=_("TelefonSeelsorge"), number="0800 1110222", hours=_("immer, kostenlos")),
        CrisisLine(name=_("TelefonSeelsorge"), number="116 123", hours=_("immer, kostenlos")),
        CrisisLine(
            name=_("Elterntelefon"),
            number="0800 1110550",
            hours=_("Montag bis Freitag 9 bis 17 Uhr"),
        ),
        CrisisLine(
            name=_("Nummer gegen Kummer"),
            number="116 111",
            hours=_("Montag bis Samstag 14 bis 20 Uhr"),
            note=_("für Kinder und Jugendliche"),
        ),
        CrisisLine(
            name=_("Hilfetelefon Gewalt gegen Frauen"),
            number="116 016",
            hours=_("immer, kostenlos"),
        ),
        CrisisLine(
            name=_("Ärztlicher Bereitschaftsdienst"),
            number="116 117",
            hours=_("immer"),
            note=_("wenn die Praxis zu hat und es nicht lebensbedrohlich ist"),
        ),
    ]
    return {line.tel: line for line in lines}


def default_lines() -> list[CrisisLine]:
    """Return the lines of an organisation that has none of its own."""
    known = known_lines()
    return [known[digits] for digits in DEFAULT]


def spoken_lines(own: Iterable[CrisisLine]) -> list[CrisisLine]:
    """Return an organisation's own lines, put into the language that is spoken now where possible.

    An empty list gives the default ones: no page of a client is without help.
    """
    lines = list(own)
    if not lines:
        return default_lines()
    if (get_language() or "de").startswith("de"):
        return lines
    known = known_lines()
    return [known.get(line.tel, line) for line in lines]
