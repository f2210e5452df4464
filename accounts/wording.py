"""What is said about text that cannot be taken as it was typed, on every page in the same words."""

from collections.abc import Iterable

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

_REMOVED: dict[str, Promise] = {
    "control": gettext_lazy(
        "In Ihrem Text waren unsichtbare Zeichen. Wir haben sie herausgenommen. "
        "Bitte sehen Sie den Text noch einmal an und senden Sie ihn dann ab."
    ),
    "override": gettext_lazy(
        "In Ihrem Text waren Zeichen, die die Schreibrichtung umdrehen. Wir haben sie herausgenommen. "
        "Bitte sehen Sie den Text noch einmal an und senden Sie ihn dann ab."
    ),
    "damaged": gettext_lazy(
        "Einige Zeichen sind beschädigt angekommen. Wir haben sie herausgenommen. "
        "Bitte prüfen Sie den Text und senden Sie ihn dann noch einmal ab."
    ),
    "marks": gettext_lazy(
        "Auf einem Buchstaben lagen sehr viele Zeichen übereinander. Wir haben die meisten davon "
        "herausgenommen. Bitte sehen Sie den Text noch einmal an und senden Sie ihn dann ab."
    ),
}


def removed_words(removed: Iterable[str]) -> list[str]:
    """Return a sentence for each thing that `accounts.text.clean` took out, in a fixed order."""
    return [str(_REMOVED[what]) for what in _REMOVED if what in frozenset(removed)]


def too_long_words(length: int, longest: int, *, in_parts: bool) -> str:
    """Return the sentence for a text that is too long, in characters.

    in_parts: the text may as well come in several pieces, as a message may.
    """
    figures = {
        "length": number_format(length, force_grouping=True),
        "longest": number_format(longest, force_grouping=True),
    }
    if in_parts:
        return (
            _(
                "Der Text ist zu lang: %(length)s Zeichen. Möglich sind höchstens %(longest)s. "
                "Bitte kürzen Sie ihn oder schicken Sie ihn in mehreren Teilen."
            )
            % figures
        )
    return (
        _(
            "Der Text ist zu lang: %(length)s Zeichen. Möglich sind höchstens %(longest)s. "
            "Bitte kürzen Sie ihn."
        )
        % figures
    )
