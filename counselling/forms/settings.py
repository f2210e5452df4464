"""What an organisation sets up for its counselling: topics and text modules."""

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import queries as staff_queries
from accounts.forms.fields import PlainLineField, PlainTextField
from accounts.forms.teams import TeamField
from accounts.models import Organisation
from counselling import queries
from counselling.models import TextModule, Topic

LONGEST_MODULE = 4000  # characters
LAST_PLACE = 999


class PlaceField(forms.IntegerField):
    """The place of a row in its list; rows with the same number stand in order of their names."""

    def __init__(self) -> None:
        sentence = gettext_lazy("Bitte geben Sie eine Zahl von 0 bis 999 ein.")
        super().__init__(
            label=gettext_lazy("Platz in der Liste"),
            help_text=gettext_lazy("Kleine Zahlen stehen oben."),
            min_value=0,
            max_value=LAST_PLACE,
            widget=forms.TextInput(attrs={"inputmode": "numeric"}),
            error_messages=dict.fromkeys(
                ("required", "invalid", "min_value", "max_value"), sentence
            ),
        )


class TopicForm(forms.Form):
    """A topic: what it is called, who answers, where it stands."""

    use_required_attribute = False  # our own sentences, not the browser's

    name = PlainLineField(
        label=gettext_lazy("Thema"),
        help_text=gettext_lazy("Ein paar Wörter, die Eltern selbst benutzen würden."),
        empty=gettext_lazy("Bitte geben Sie dem Thema einen Namen."),
    )
    team = TeamField(label=gettext_lazy("Team, das antwortet"))
    position = PlaceField()

    def __init__(
        self, *args: Any, organisation: Organisation, topic: Topic | None = None, **kwargs: Any
    ) -> None:
        """Offer the organisation's teams. topic: the one that is being changed."""
        super().__init__(*args, **kwargs)
        self._others = queries.topics(organisation)
        if topic is not None:
            self._others = self._others.exclude(pk=topic.pk)
        cast(TeamField, self.fields["team"]).queryset = staff_queries.teams(organisation)

    def clean_name(self) -> str:
        """Refuse a name that another topic has."""
        name: str = self.cleaned_data["name"]
        if self._others.filter(name=name).exists():
            raise ValidationError(name_taken())
        return name


class TextModuleForm(forms.Form):
    """A text module: title, Markdown with placeholders, place."""

    use_required_attribute = False  # our own sentences, not the browser's

    title = PlainLineField(
        label=gettext_lazy("Titel"),
        help_text=gettext_lazy("Nur für das Team, zum Beispiel „Begrüßung“."),
        empty=gettext_lazy("Bitte geben Sie dem Textbaustein einen Titel."),
    )
    body = PlainTextField(
        label=gettext_lazy("Text"),
        longest=LONGEST_MODULE,
        rows=10,
        empty=gettext_lazy("Bitte schreiben Sie den Text des Bausteins."),
        help_text=gettext_lazy(
            "Hervorheben geht so: **fett**, *kursiv*. Zeilen, die mit - beginnen, werden eine Liste."
        ),
    )
    position = PlaceField()


def name_taken() -> str:
    """Return the sentence for a topic's name that is in use."""
    return _("Ein Thema mit diesem Namen gibt es schon. Bitte wählen Sie einen anderen.")


def next_place(rows: Any) -> int:
    """Return the place behind the last row of a list."""
    last = max((row.position for row in rows), default=-1)
    return min(last + 1, LAST_PLACE)


def values_of(row: Topic | TextModule, form: type[forms.Form]) -> dict[str, Any]:
    """Return what a form shows of a row before anything is changed."""
    return {name: getattr(row, name) for name in form.base_fields}
