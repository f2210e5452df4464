"""The figures of the handoff in words."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from referrals.handoff.wording import span_words
from referrals.models import Decline, OwnReport
from referrals.queries.handoff_figures import HandoffFigures

_STAGES: dict[str, Promise] = {
    "sent": gettext_lazy("gesendet"),
    "seen": gettext_lazy("gelesen"),
    "accepted": pgettext_lazy("referral", "angenommen"),
    "arrived": gettext_lazy("angekommen"),
    "helped": gettext_lazy("Hilfe ist erfolgt oder läuft"),
}


def figures(found: HandoffFigures) -> dict[str, object]:
    """Return figures with words in place of codes."""
    reports, declines = dict(OwnReport.choices), dict(Decline.choices)
    return {
        "stages": [(str(_STAGES[cell.label]), cell.count) for cell in found.stages],
        "own_reports": [(str(reports[cell.label]), cell.count) for cell in found.own_reports],
        "declines": [(str(declines[cell.label]), cell.count) for cell in found.declines],
        "districts": [
            (district or _("nicht bekannt"), [(str(declines[c.label]), c.count) for c in cells])
            for district, cells in found.districts
        ],
        "kinds": [
            (kind or _("nicht bekannt"), [(str(declines[c.label]), c.count) for c in cells])
            for kind, cells in found.kinds
        ],
        "median": span_words(found.median) if found.median else "",
    }
