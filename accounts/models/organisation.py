"""Organisations (Träger), their teams, and the crisis lines they show."""

import uuid

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts import colours

# First path segments that belong to the application itself; no organisation may take one.
RESERVED_SLUGS = frozenset(
    [
        "admin",
        "api",
        "demo",
        "einladung",
        "en",
        "health",
        "metrics",
        "static",
        "team",
        "verzeichnis",
        "weitergabe",
        "ws",
    ]
)
LAENDER = (
    ("BW", "Baden-Württemberg"),
    ("BY", "Bayern"),
    ("BE", "Berlin"),
    ("BB", "Brandenburg"),
    ("HB", "Bremen"),
    ("HH", "Hamburg"),
    ("HE", "Hessen"),
    ("MV", "Mecklenburg-Vorpommern"),
    ("NI", "Niedersachsen"),
    ("NW", "Nordrhein-Westfalen"),
    ("RP", "Rheinland-Pfalz"),
    ("SL", "Saarland"),
    ("SN", "Sachsen"),
    ("ST", "Sachsen-Anhalt"),
    ("SH", "Schleswig-Holstein"),
    ("TH", "Thüringen"),
)


def free_slug(slug: str) -> None:
    """Raise ValidationError for an address that the application needs itself."""
    if slug in RESERVED_SLUGS:
        raise ValidationError(_("Diese Adresse ist vergeben. Bitte wählen Sie eine andere."))


def readable_accent(colour: str) -> None:
    """Raise ValidationError for a colour on which or in which text could not be read."""
    try:
        ratio = colours.contrast(colour, colours.LIGHT_SURFACE)
    except ValueError:
        raise ValidationError(_("Bitte geben Sie die Farbe so an: #1f5f6b.")) from None
    if ratio < colours.TEXT_CONTRAST:
        raise ValidationError(
            _(
                "Diese Farbe ist zu hell: Schrift darin hat einen Kontrast von nur %(ratio)s zu 1. "
                "Nötig sind 4,5 zu 1. Bitte wählen Sie einen dunkleren Ton."
            ),
            params={"ratio": number_format(round(ratio, 1), 1)},
        )


class Organisation(models.Model):
    """An organisation that counsels: the tenant. Nothing of one is visible in another."""

    class Address(models.TextChoices):
        DU = "du", pgettext_lazy("form of address", "du")
        SIE = "sie", pgettext_lazy("form of address", "Sie")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(
        _("Adresse"),
        unique=True,
        validators=[free_slug],
        error_messages={"unique": _("Diese Adresse ist vergeben. Bitte wählen Sie eine andere.")},
    )
    name = models.CharField(_("Name"), max_length=80)
    address = models.CharField(_("Anrede"), max_length=3, choices=Address, default=Address.SIE)
    accent = models.CharField(
        _("Farbe"),
        max_length=7,
        default="#1f5f6b",
        validators=[
            RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Bitte geben Sie die Farbe so an: #1f5f6b.")),
            readable_accent,
        ],
    )
    welcome = models.TextField(_("Begrüßung auf der Startseite"), max_length=2000, blank=True)
    about = models.TextField(_("Über uns"), max_length=2000, blank=True)
    neutral_title = models.BooleanField(
        _("Neutraler Seitentitel"),
        default=False,
        help_text=_("Im Browser-Verlauf steht dann nur „Start“ statt des Namens."),
    )
    exit_url = models.URLField(
        _("Ziel von „Seite schnell verlassen“"), default="https://www.wetter.de/"
    )
    # Where the house says who it is (§ 5 DDG) and how it treats data (Art. 13 DSGVO): pages of its own.
    imprint_url = models.URLField(_("Impressum"), blank=True, default="", db_default="")
    privacy_url = models.URLField(_("Datenschutzerklärung"), blank=True, default="", db_default="")
    land = models.CharField(_("Bundesland"), max_length=2, choices=LAENDER, default="BE")
    # From which score on a message counts, in percent. An organisation may only make the triage more
    # sensitive than training left it, and not so much that nobody would look any more.
    triage_dringend = models.PositiveSmallIntegerField(
        _("Ab wann eine Nachricht als dringend gilt"), default=50
    )
    triage_sofort = models.PositiveSmallIntegerField(
        _("Ab wann eine dringende Nachricht als sofort gilt"), default=50
    )
    retention_days = models.PositiveSmallIntegerField(
        _("Abgeschlossene Gespräche löschen nach, in Tagen"), default=180
    )
    quiet_days = models.PositiveSmallIntegerField(
        _("Beantwortete Gespräche abschließen, wenn niemand mehr schreibt, nach Tagen"), default=60
    )
    # Whether the password alone unlocks a member's keys, or only together with a known device.
    device_keys = models.BooleanField(
        _("Anmelden nur auf bekannten Geräten"),
        default=True,
    )
    # Who gets a question without a topic. Empty only until the first team is there.
    intake_team = models.ForeignKey(
        "accounts.Team", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # A local service with a desk for what is handed to it: it counsels nobody and has no public pages.
    is_partner = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(retention_days__range=(30, 3650), quiet_days__range=(7, 3650)),
                name="retention_stays_within_bounds",
            ),
            models.CheckConstraint(
                condition=models.Q(triage_dringend__range=(10, 50), triage_sofort__range=(10, 50)),
                name="triage_stays_within_safe_bounds",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def language(self) -> str:
        """Return the language code of its German: `de` or `de-du`."""
        return "de-du" if self.address == self.Address.DU else "de"


class CrisisLine(models.Model):
    """Help for an acute crisis that the organisation shows on every page a client reads."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="crisis_lines"
    )
    position = models.PositiveSmallIntegerField(default=0)
    name = models.CharField(_("Name"), max_length=80)
    number = models.CharField(
        _("Telefonnummer"),
        max_length=30,
        validators=[
            RegexValidator(r"^\+?[0-9][0-9 /-]{1,28}$", _("Bitte geben Sie nur Ziffern ein."))
        ],
    )
    hours = models.CharField(_("Erreichbar"), max_length=120, blank=True)
    note = models.CharField(_("Hinweis"), max_length=160, blank=True)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return f"{self.name}: {self.number}"

    @property
    def tel(self) -> str:
        """Return the number as a `tel:` address wants it."""
        return "".join(c for c in self.number if c.isdigit() or c == "+")


class Team(models.Model):
    """A team: cases wait in its queue, its members answer them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="teams")
    name = models.CharField(_("Name"), max_length=80)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "name"], name="team_name_is_unique")
        ]

    def __str__(self) -> str:
        return self.name
