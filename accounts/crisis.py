"""The crisis lines that a page shows when no organisation has said otherwise.

Numbers as published by the services themselves: emergency call 112 (EU), TelefonSeelsorge, Nummer
gegen Kummer (Elterntelefon; Kinder- und Jugendtelefon), Hilfetelefon Gewalt gegen Frauen.
"""

from django.utils.translation import gettext as _

from accounts.models import CrisisLine


def default_lines() -> list[CrisisLine]:
    """Return the lines in the language that is spoken now, unsaved."""
    return [
        CrisisLine(
            name=_("Notruf"), number="112", hours=_("immer"), note=_("wenn jemand in Gefahr ist")
        ),
        CrisisLine(name=_("TelefonSeelsorge"), number="0800 1110111", hours=_("immer, kostenlos")),
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
    ]
