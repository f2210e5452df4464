"""The field for pictures and documents, and a sentence for each that cannot be taken."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.text import clean
from counselling.uploads.kinds import LARGEST, MOST_FILES, Kind, Reason, Refused
from counselling.uploads.receiving import Received, Upload, quick_look, receive

LONGEST_NAME = 60  # characters of a file's name in a sentence
# HEIC also by ending: many systems know no content type for it.
_OFFERED = ",".join([*(kind.media_type for kind in Kind), ".heic", ".heif"])


_help_for_client = gettext_lazy(
    "Höchstens 5 Bilder oder PDF, jedes bis 10 MB. Wir entfernen vorher, was in der Datei über Ort, "
    "Zeit und Gerät steht. Was auf dem Bild zu sehen ist, bleibt: Decken Sie Namen und Adressen ab. "
    "Wichtiges schreiben Sie bitte auch in den Text."
)
help_for_team = gettext_lazy(
    "Höchstens 5 Bilder oder PDF, jedes bis 10 MB. Angaben über Ort, Zeit und Gerät werden entfernt. "
    "Bitte zuletzt auswählen: Entwurf und Vorschau behalten keine Dateien."
)


class FilesInput(forms.FileInput):
    """A box for several files; the browser offers what can be taken."""

    allow_multiple_selected = True

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Say what is offered, and tell js/attachments.js the limits and its sentences."""
        context = super().get_context(name, value, attrs)
        context["widget"]["attrs"] |= {
            "accept": _OFFERED,
            "data-files-most": MOST_FILES,
            "data-files-largest": LARGEST,
            "data-files-too-many": too_many_words("{count}"),
            "data-files-too-large": words_for(Reason.TOO_LARGE, "{name}"),
            "data-files-chosen": _("Ausgewählt: {names}"),
        }
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Upload]:
        """Return every file that was chosen."""
        return files.getlist(name) if isinstance(files, MultiValueDict) else []


class FilesField(forms.FileField):
    """Up to five pictures or PDFs. It looks only at what is quick to see (`FilesForm` does the rest)."""

    widget = FilesInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            label=gettext_lazy("Bilder oder Dokumente"),
            **{"help_text": _help_for_client} | kwargs,
        )

    def clean(self, data: Any, initial: Any = None) -> list[Upload]:
        """Return the files. Raises ValidationError with a sentence for each that is amiss."""
        chosen: list[Upload] = list(data or [])
        if len(chosen) > MOST_FILES:
            raise ValidationError([str(too_many_words(str(len(chosen)))), choose_again_words()])
        sentences = []
        for upload in chosen:
            try:
                quick_look(upload)
            except Refused as refused:
                sentences.append(str(words_for(refused.reason, _shown(upload))))
        if sentences:
            raise ValidationError([*sentences, choose_again_words()])
        return chosen


class FilesForm(forms.Form):
    """A form with a field `attachments`. `received`: what came out of `receive_files`."""

    received: Sequence[Received] = ()

    def receive_files(self) -> bool:
        """Take the files apart and put them together clean, one after the other; say whether all went.

        Call it last, when the form is valid and everything cheaper has been asked. A file that is
        refused becomes a sentence beside the field.
        """
        received, sentences = [], []
        for upload in self.cleaned_data["attachments"]:
            name = _shown(upload)
            try:
                received.append(receive(upload))
            except Refused as refused:
                sentences.append(str(words_for(refused.reason, name)))
        if sentences:
            self.add_error("attachments", ValidationError([*sentences, choose_again_words()]))
            return False
        self.received = received
        return True

    def choose_again(self) -> None:
        """Say that the files have to be chosen again: no browser shows them a second time."""
        if self.files and "attachments" not in self.errors:
            self.add_error("attachments", choose_again_words())


def choose_again_words() -> str:
    """Return the sentence under every refusal."""
    return _("Bitte wählen Sie alle Dateien noch einmal aus. Ihr Text ist noch da.")


def too_many_words(count: str) -> str:
    """Return the sentence for too many files. count: how many were chosen."""
    return _(
        "Auf einmal gehen höchstens 5 Dateien. Sie haben %(count)s ausgewählt. Schicken Sie die "
        "anderen in einer weiteren Nachricht."
    ) % {"count": count}


def words_for(reason: Reason, name: str) -> str:
    """Return what a person reads about a refused file: what is amiss and what helps."""
    sentence = {
        Reason.EMPTY: _("Die Datei „%(name)s“ ist leer."),
        Reason.TOO_LARGE: _(
            "Die Datei „%(name)s“ ist zu groß. Es gehen höchstens 10 MB. Bei einem Bild hilft ein "
            "Bildschirmfoto davon."
        ),
        Reason.UNKNOWN: _(
            "Die Datei „%(name)s“ können wir nicht annehmen. Es gehen Bilder (JPEG, PNG, WebP, HEIC) "
            "und PDF. Anderes können Sie abfotografieren."
        ),
        Reason.DAMAGED: _(
            "Die Datei „%(name)s“ lässt sich nicht öffnen. Vielleicht ist sie beschädigt. Machen Sie "
            "ein Bildschirmfoto oder ein neues Foto davon."
        ),
        Reason.TOO_MANY_PIXELS: _(
            "Das Bild „%(name)s“ ist zu groß. Machen Sie ein Bildschirmfoto davon und schicken Sie das."
        ),
        Reason.TOO_MANY_PAGES: _(
            "Die Datei „%(name)s“ hat zu viele Seiten. Es gehen höchstens 200. Schicken Sie nur die "
            "wichtigen Seiten."
        ),
        Reason.LOCKED: _(
            "Die Datei „%(name)s“ ist mit einem Kennwort geschützt. Speichern Sie sie ohne Schutz, oder "
            "fotografieren Sie die wichtigen Seiten."
        ),
        Reason.INFECTED: _(
            "In der Datei „%(name)s“ hat unser Virenschutz etwas gefunden. Wir nehmen sie nicht an. "
            "Fotografieren Sie, was wichtig ist."
        ),
        Reason.NOT_SCANNED: _(
            "Die Datei „%(name)s“ können wir gerade nicht auf Viren prüfen. Senden Sie Ihren Text ohne "
            "sie, oder versuchen Sie es später noch einmal."
        ),
        Reason.BUSY: _(
            "Gerade werden sehr viele Dateien geschickt. Bitte senden Sie „%(name)s“ in einer Minute "
            "noch einmal."
        ),
    }.get(reason) or _(
        "Die Datei „%(name)s“ können wir nicht sicher öffnen. Machen Sie ein Bildschirmfoto oder ein "
        "Foto davon und schicken Sie das."
    )
    return sentence % {"name": name}


def _shown(upload: Upload) -> str:
    """Return a file's name as a sentence may show it; it is shown to who chose it and kept nowhere."""
    name = " ".join(clean(str(upload.name or "")).text.split())
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
