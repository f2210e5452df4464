"""What members type or choose on a case page."""

from typing import Any, cast
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import queries as staff_queries
from accounts.forms.fields import PlainTextField
from accounts.models import Membership, Team
from accounts.text import clean
from counselling.forms.files import FilesField, FilesForm, help_for_team
from counselling.models import Case


class TokenField(forms.UUIDField):
    """The id under which a form sends its text once; a damaged one counts as a new form."""

    widget = forms.HiddenInput

    def clean(self, value: Any) -> UUID:
        """Return the id, or a fresh one: a text must not be refused for a damaged hidden field."""
        try:
            found = super().clean(value)
        except ValidationError:
            found = None
        return found if isinstance(found, UUID) else uuid4()


class SeenField(forms.IntegerField):
    """The number of the last entry that the page showed; a damaged one counts as none."""

    widget = forms.HiddenInput

    def clean(self, value: Any) -> int:
        """Return the number, or 0."""
        try:
            found = super().clean(value)
        except ValidationError:
            found = None
        return found if isinstance(found, int) and 0 <= found < 2**31 else 0


class DraftField(PlainTextField):
    """A text in the making: cleaned without a word; what was taken out is said on sending."""

    def clean(self, value: Any) -> str:
        """Return the cleaned text, also an empty one. Raises ValidationError when it is too long."""
        return super().clean(clean(str(value or "")).text)


class ReplyForm(FilesForm):
    """A reply to the client, in Markdown, saved as a draft while it is written."""

    text = PlainTextField(
        label=_("Ihre Antwort"),
        empty=_("Ihre Antwort ist noch leer."),
        help_text=_(
            "Hervorheben geht so: **fett**, *kursiv*. Zeilen, die mit - beginnen, werden eine Liste."
        ),
    )
    attachments = FilesField(help_text=help_for_team)
    client_msg_id = TokenField(required=False)
    seen = SeenField(required=False)

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        """Tie the box to the case's draft (js/autosave.js)."""
        super().__init__(*args, **{"auto_id": "reply-%s", **kwargs})
        self.fields["text"].widget.attrs |= {
            "data-autosave-url": reverse("case-draft", args=[case.pk]),
            "data-autosave-status": "#draft-status",
        }


class ApprovalForm(forms.Form):
    """What a second person makes of a colleague's reply."""

    approval = forms.UUIDField(widget=forms.HiddenInput)
    seen = SeenField(required=False)
    text = PlainTextField(
        label=_("Antwort, wie sie gesendet wird"),
        empty=_("Die Antwort ist leer."),
        help_text=_("Was Sie hier ändern, sieht die Kollegin oder der Kollege nachher."),
    )
    comment = PlainTextField(
        label=_("Ein Wort dazu, nur für das Team"), required=False, rows=3, longest=2000
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Give the fields ids of their own: a note stands on the same page."""
        super().__init__(*args, **{"auto_id": "approval-%s", **kwargs})


class DraftForm(forms.Form):
    """A reply that is not finished; it may be empty."""

    text = DraftField(required=False)


class NoteForm(FilesForm):
    """A note that only the team reads."""

    text = PlainTextField(label=_("Interne Notiz"), empty=_("Ihre Notiz ist noch leer."), rows=3)
    attachments = FilesField(help_text=help_for_team)
    client_msg_id = TokenField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Give the fields ids of their own: a reply stands on the same page."""
        super().__init__(*args, **{"auto_id": "note-%s", **kwargs})


class HandOverForm(forms.Form):
    """To whom a case goes: a colleague or another team, in one choice."""

    to = forms.ChoiceField(
        label=_("An wen?"),
        error_messages={
            "required": _("Bitte wählen Sie, wer den Fall bekommt."),
            "invalid_choice": _("Diese Wahl gibt es nicht mehr. Bitte wählen Sie neu."),
        },
    )

    def __init__(
        self, *args: Any, member: Membership, case: Case, holds: bool, **kwargs: Any
    ) -> None:
        """Offer who may take the case. holds: only who holds it can give it to a person."""
        super().__init__(*args, **{"auto_id": "hand-over-%s", **kwargs})
        teams = {
            f"team:{team.pk}": team
            for team in staff_queries.teams(member.organisation)
            if team.pk != case.team_id
        }
        near: dict[str, Membership] = {}
        others: dict[str, Membership] = {}
        for colleague in staff_queries.colleagues(member) if holds else ():
            in_team = case.team_id in {team.pk for team in colleague.teams.all()}
            (near if in_team else others)[f"member:{colleague.pk}"] = colleague
        self._targets: dict[str, Membership | Team] = {**near, **others, **teams}
        groups: list[tuple[Any, Any]] = [
            (_("Team %(team)s") % {"team": case.team.name}, _people(near)),
            (_("Andere Kolleginnen und Kollegen"), _people(others)),
            (_("Anderes Team (wartet dort in der Warteschlange)"), _names(teams)),
        ]
        cast(forms.ChoiceField, self.fields["to"]).choices = [
            ("", _("Bitte wählen")),
            *((name, c) for name, c in groups if c),
        ]

    @property
    def has_targets(self) -> bool:
        """Say whether there is anybody to hand over to."""
        return bool(self._targets)

    def clean_to(self) -> Membership | Team:
        """Return the colleague or the team."""
        return self._targets[self.cleaned_data["to"]]


def _people(people: dict[str, Membership]) -> list[tuple[str, str]]:
    return [(key, f"{person.name} ({person.get_role_display()})") for key, person in people.items()]


def _names(teams: dict[str, Team]) -> list[tuple[str, str]]:
    return [(key, team.name) for key, team in teams.items()]
