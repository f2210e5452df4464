"""What the component page shows: every component in every state, with made-up content."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.utils.safestring import mark_safe

LONG_WORD = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz" * 2
STARS = [
    ("1", "gar nicht hilfreich"),
    ("2", "wenig hilfreich"),
    ("3", "teils, teils"),
    ("4", "hilfreich"),
    ("5", "sehr hilfreich"),
]
DANGER = [("no", "Nein"), ("unsure", "Ich bin mir nicht sicher"), ("yes", "Ja, jetzt")]


class ComponentForm(forms.Form):
    """One field of each kind."""

    question = forms.CharField(
        label="Was beschäftigt Sie?",
        help_text="Schreiben Sie so, wie Sie sprechen. Bitte nennen Sie keine Namen.",
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": "Bitte schreiben Sie uns, worum es geht."},
    )
    topic = forms.ChoiceField(
        label="Thema",
        required=False,
        choices=[("", "Ich weiß nicht"), ("sleep", "Baby und Schlaf"), ("school", "Schule")],
        error_messages={"invalid_choice": "Bitte wählen Sie ein Thema aus der Liste."},
    )
    postcode = forms.CharField(
        label="Postleitzahl",
        required=False,
        help_text="Nur, damit wir Hilfe in Ihrer Nähe nennen können.",
    )
    code = forms.CharField(
        label="Ihr Zugangs-Code",
        max_length=29,
        error_messages={"max_length": "Dieser Code ist zu lang. Er hat 25 Zeichen."},
    )
    danger = forms.ChoiceField(
        label="Ist gerade jemand in Gefahr?",
        choices=DANGER,
        widget=forms.RadioSelect,
        error_messages={"required": "Bitte wählen Sie eine Antwort aus."},
    )
    ages = forms.MultipleChoiceField(
        label="Wie alt sind die Kinder?",
        required=False,
        choices=[("0", "0 bis 2"), ("3", "3 bis 5"), ("6", "6 bis 12"), ("13", "13 bis 18")],
        widget=forms.CheckboxSelectMultiple,
    )
    consent = forms.BooleanField(
        label="Ich habe gelesen, wie mit meinem Text umgegangen wird.",
        error_messages={"required": "Bitte setzen Sie hier einen Haken."},
    )
    stars = forms.ChoiceField(
        label="Hat Ihnen die Antwort geholfen?",
        choices=STARS,
        widget=forms.RadioSelect,
        error_messages={"required": "Bitte wählen Sie eine der fünf Antworten."},
    )


def _at(day: int, hour: int, minute: int) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def component_context() -> dict[str, Any]:
    """Return the context of demo/components.html."""
    form = ComponentForm(
        prefix="ok", initial={"danger": "no", "stars": "4", "ages": ["3"], "topic": "sleep"}
    )
    error_form = ComponentForm(
        data={"bad-topic": "nonsense", "bad-code": "7KQ4M-XW2PA-" * 4}, prefix="bad"
    )
    client = {
        "kind": "client",
        "at": _at(20, 22, 41),
        "text": "Guten Abend,\n\nmeine Tochter (4) schläft seit drei Wochen nicht mehr durch. "
        "Ich bin am Ende meiner Kräfte und schreie manchmal. Das will ich nicht.",
    }
    reply = {
        "kind": "reply",
        "author": "Frau Petersen",
        "at": _at(21, 9, 12),
        "html": mark_safe(
            "<p>Guten Morgen,</p><p>danke, dass Sie so offen schreiben. <strong>Drei Wochen ohne "
            "Schlaf</strong> bringen jeden an die Grenze.</p><ul><li>Wer kann Ihnen heute eine "
            "Stunde abnehmen?</li><li>Wann schlafen Sie selbst?</li></ul>"
        ),
        "state": "gelesen",
    }
    entries = [
        client,
        {"kind": "system", "text": "Ihre Frage wird gerade gelesen.", "at": _at(21, 8, 55)},
        reply,
        {"kind": "client", "at": _at(21, 20, 5), "text": f"Danke! {LONG_WORD}"},
    ]
    staff_entries = [
        client,
        {
            "kind": "note",
            "author": "J. Petersen",
            "at": _at(21, 9, 0),
            "text": "Erschöpfung deutlich. Mit Leyla besprochen: nach Entlastung fragen.",
        },
        reply,
        {
            "kind": "client",
            "at": _at(21, 20, 5),
            "segments": [
                {"text": "Ich habe das hier gefunden: "},
                {"url": "https://beispiel.example/ein/sehr/langer/pfad?mit=werten&und=mehr"},
                {"text": "\nIst das gut?"},
            ],
        },
        {"kind": "system", "text": "Fall übernommen von J. Petersen.", "at": _at(21, 20, 30)},
    ]
    queue = [
        {
            "url": "#demo-queue",
            "urgency": "sofort",
            "due": "heute, 14:05 Uhr",
            "due_state": "late",
            "due_left": "seit 3 Minuten überfällig",
            "title": "Gewalt und Angst zu Hause",
            "facts": ["Kind 6 bis 12", "Chat", "2 Nachrichten"],
            "waiting": "wartet seit 8 Min.",
            "why": "Selbst angegeben: Jemand ist jetzt in Gefahr.",
            "state": "waiting",
            "is_next": True,
            "action_url": "#demo-queue",
            "action_label": "Übernehmen",
        },
        {
            "url": "#demo-queue",
            "urgency": "dringend",
            "due": "heute, 15:20 Uhr",
            "due_state": "soon",
            "due_left": "noch 40 Minuten",
            "title": "Erschöpfung und Überlastung",
            "facts": ["Kind 0 bis 2", "1 Nachricht"],
            "waiting": "wartet seit 3 Std. 20 Min.",
            "why": "Dringend, und die Frist läuft als Nächstes ab.",
            "state": "waiting",
            "action_url": "#demo-queue",
            "action_label": "Übernehmen",
        },
        {
            "url": "#demo-queue",
            "urgency": "normal",
            "due": "morgen, 10:00 Uhr",
            "due_left": "noch 19 Stunden",
            "title": f"Ein sehr langes Thema: {LONG_WORD}",
            "facts": ["Kind 13 bis 18", "4 Nachrichten"],
            "waiting": "wartet seit 5 Std.",
            "why": "Älteste Frage ohne besondere Dringlichkeit.",
            "state": "waiting",
            "action_url": "#demo-queue",
            "action_label": "Übernehmen",
        },
        {
            "url": "#demo-queue",
            "urgency": "normal",
            "due": "Di, 24. Nov., 9:00 Uhr",
            "title": "Schule und Lernen",
            "facts": [],
            "state": "claimed",
            "holder": "Leyla Aydın",
        },
    ]
    groups = ["7KQ4M", "XW2PA", "9TB6C", "H3RZD", "V8NE5"]
    return {
        "form": form,
        "error_form": error_form,
        "entries": entries,
        "staff_entries": staff_entries,
        "queue": queue,
        "facts": [
            {"label": "Eingang", "value": "20. November, 22:41 Uhr", "hint": "über das Formular"},
            {"label": "Antwort bis", "value": "21. November, 22:41 Uhr"},
            {"label": "Thema", "value": "Baby und Schlaf"},
            {"label": "Alter des Kindes", "value": "3 bis 5 Jahre"},
            {"label": "Postleitzahl", "value": ""},
        ],
        "tabs": [
            {"label": "Wartend", "url": "#demo-queue", "current": True, "badge": 12},
            {"label": "Meine", "url": "#demo-queue", "current": False, "badge": 3},
            {"label": "Abgeschlossen", "url": "#demo-queue", "current": False, "badge": None},
        ],
        "steps": ["Schreiben", "Prüfen", "Code aufheben"],
        "page": Paginator(range(100), 20).page(3),
        "code": "-".join(groups),
        "code_groups": groups,
        "delete_points": [
            "Alle Nachrichten und Antworten verschwinden.",
            "Ihr Zugangs-Code gilt nicht mehr.",
        ],
    }
