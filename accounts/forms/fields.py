"""Form fields for what people type freely, and the sentences that answer what cannot be taken.

Nothing that was typed is lost: a refused text stays in its box, cleaned, so that sending it a second
time succeeds.
"""

from typing import TYPE_CHECKING, Any, TypeAlias

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts import wording
from accounts.text import LONGEST_TEXT, clean, is_empty

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Words: TypeAlias = "str | _StrPromise"


class PlainTextField(forms.Field):
    """A text of several lines, cleaned by `accounts.text`.

    longest: characters, counted after cleaning. rows: height of the box in lines. empty: the
    sentence for a required text without a visible character.
    """

    widget: type[forms.Widget] = forms.Textarea
    default_empty = _("Hier fehlt noch der Text.")

    def __init__(
        self,
        *,
        longest: int = LONGEST_TEXT,
        rows: int = 8,
        empty: "Words | None" = None,
        **kwargs: Any,
    ) -> None:
        self.longest = longest
        self.rows = rows
        self.empty = empty or self.default_empty
        super().__init__(**kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Give the box its height. No `maxlength`: a browser would cut a pasted text silently."""
        return {"rows": self.rows} if isinstance(widget, forms.Textarea) else {}

    def bound_data(self, data: Any, initial: Any) -> str:
        """Return what the box shows after sending: the cleaned text."""
        return self._tidy(clean(_as_text(data)).text)

    def clean(self, value: Any) -> str:
        """Return the cleaned text. Raises ValidationError with a sentence for each thing amiss."""
        cleaned = clean(_as_text(value))
        text = self._tidy(cleaned.text)
        sentences: list[Words] = list(wording.removed_words(cleaned.removed))
        if is_empty(text):
            text = ""
            if self.required:
                sentences.append(self.empty)
        if len(text) > self.longest:
            sentences.append(
                wording.too_long_words(
                    len(text), self.longest, in_parts=self.longest >= LONGEST_TEXT
                )
            )
        if sentences:
            raise ValidationError([ValidationError(sentence) for sentence in sentences])
        self.run_validators(text)
        return text

    def _tidy(self, text: str) -> str:
        return text


class PlainLineField(PlainTextField):
    """A text of one line, cleaned the same way; line breaks become spaces.

    longest: characters, 80 by default.
    """

    widget = forms.TextInput

    def __init__(self, *, longest: int = 80, **kwargs: Any) -> None:
        super().__init__(longest=longest, **kwargs)

    def _tidy(self, text: str) -> str:
        return " ".join(text.split())


def _as_text(value: Any) -> str:
    return "" if value is None else str(value)
