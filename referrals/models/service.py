"""Services: what somebody can go to, with the German profile of HSDS 3.1."""

import uuid
from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organisation
from referrals.models.provider import Provider
from referrals.models.taxonomy import TaxonomyTerm

if TYPE_CHECKING:
    from django.db.models import QuerySet


class Status(models.TextChoices):
    """Whether a service runs; the codes are HSDS's."""

    ACTIVE = "active", pgettext_lazy("service", "in Betrieb")
    INACTIVE = "inactive", _("ruht")
    DEFUNCT = "defunct", _("eingestellt")
    CLOSED = "temporarily closed", _("vorübergehend geschlossen")

    @classmethod
    def shown(cls) -> frozenset["Status"]:
        """Return the statuses of services that search and lists show."""
        return frozenset([cls.ACTIVE, cls.CLOSED])


class CapacityCode(models.TextChoices):
    """Whether there is room now (German profile)."""

    FREE = "frei", _("Plätze frei")
    WAITING = "warteliste", _("Warteliste")
    FULL = "voll", _("zurzeit keine Aufnahme")
    UNKNOWN = "unbekannt", _("nicht bekannt")


class ReferralWay(models.TextChoices):
    """How a service takes referrals (German profile)."""

    LOTSE = "lotse", _("über Lotse")
    EMAIL = "email", _("per E-Mail")
    PHONE = "telefon", _("telefonisch")
    LETTER = "brief", _("per Brief oder Fax")
    SELF = "selbst", _("nur durch die Person selbst")


class Services(models.Manager["Service"]):
    """Every service; `public` and `visible` leave out what must not be shown."""

    def public(self, at: date) -> "QuerySet[Service]":
        """Return what machines may read: all but entries that nobody has confirmed for too long."""
        return self.filter(hide_from__gt=at)

    def visible(self, at: date) -> "QuerySet[Service]":
        """Return what pages and the search show on a day."""
        return self.public(at).filter(status__in=[status.value for status in Status.shown()])


class Service(models.Model):
    """A service (HSDS `service`). Ages are in years, waiting in weeks.

    `owner`: the organisation in Lotse whose editors may change it; None: every organisation's.
    `confidential`: its addresses are secret; nobody but the owner's editors ever reads them.
    `opening_hours`: OSM syntax; a place's own hours (ServiceAtLocation, Location) go first.
    `fresh_until`: until then the entry counts as checked; `hide_from`: from then on nobody is shown
    it. Both are kept by the writer from `assured_date`, `assured_until` and `seen_on`, the day on
    which an editor or a source last stood by it (`referrals/freshness.py`).
    `source_hash`: of the last import; the same again changes nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, null=True, blank=True, related_name="services"
    )
    owner = models.ForeignKey(
        Organisation, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    source = models.CharField(max_length=80, blank=True)
    source_id = models.CharField(max_length=200, blank=True)
    source_hash = models.CharField(max_length=64, blank=True)
    duplicate_key = models.CharField(max_length=64, blank=True)

    name = models.CharField(_("Name"), max_length=300)
    alternate_name = models.CharField(_("anderer Name"), max_length=300, blank=True)
    description = models.TextField(_("Beschreibung"), blank=True)
    url = models.CharField(_("Internetseite"), max_length=500, blank=True)
    email = models.CharField(_("E-Mail-Adresse"), max_length=254, blank=True)
    status = models.CharField(_("Stand"), max_length=20, choices=Status, default=Status.ACTIVE)
    interpretation_services = models.TextField(_("Dolmetschen"), blank=True)
    application_process = models.TextField(_("So melden Sie sich an"), blank=True)
    fees_description = models.TextField(_("Kosten"), blank=True)
    wait_time = models.TextField(blank=True)
    fees = models.TextField(blank=True)
    accreditations = models.TextField(blank=True)
    eligibility_description = models.TextField(_("Für wen"), blank=True)
    minimum_age = models.FloatField(_("Alter von"), null=True, blank=True)
    maximum_age = models.FloatField(_("Alter bis"), null=True, blank=True)
    licenses = models.TextField(blank=True)
    alert = models.TextField(_("Hinweis"), blank=True)
    assured_date = models.DateField(null=True, blank=True)
    assurer_email = models.CharField(_("E-Mail für die Bestätigung"), max_length=254, blank=True)
    last_modified = models.DateTimeField()
    extra = models.JSONField(default=dict, blank=True)

    # The German profile.
    confidential = models.BooleanField(_("Adresse ist geheim"), default=False)
    anonymous_possible = models.BooleanField(_("anonym möglich"), null=True, blank=True)
    free_of_charge = models.BooleanField(_("kostenfrei"), null=True, blank=True)
    accepts_referrals = models.BooleanField(_("nimmt Überweisungen an"), null=True, blank=True)
    referral_ways = models.JSONField(default=list, blank=True)
    capacity_code = models.CharField(
        _("Plätze"), max_length=12, choices=CapacityCode, default=CapacityCode.UNKNOWN
    )
    waiting_weeks = models.PositiveSmallIntegerField(
        _("Wartezeit in Wochen"), null=True, blank=True
    )
    capacity_on = models.DateField(null=True, blank=True)
    assured_until = models.DateField(null=True, blank=True)
    opening_hours = models.CharField(_("Öffnungszeiten"), max_length=500, blank=True)
    opening_hours_note = models.TextField(_("Hinweis zu den Zeiten"), blank=True)

    seen_on = models.DateField()
    fresh_until = models.DateField()
    hide_from = models.DateField()

    terms = models.ManyToManyField(
        TaxonomyTerm, through="referrals.Attribute", related_name="services"
    )

    objects = Services()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=Status.values), name="service_status_is_legal"
            ),
            models.CheckConstraint(
                condition=models.Q(capacity_code__in=CapacityCode.values),
                name="service_capacity_code_is_legal",
            ),
            models.CheckConstraint(
                condition=models.Q(hide_from__gte=models.F("fresh_until")),
                name="service_is_stale_before_it_hides",
            ),
        ]
        indexes = [
            models.Index(fields=["last_modified", "id"], name="service_modified"),
            models.Index(fields=["status", "hide_from"], name="service_shown"),
            models.Index(fields=["duplicate_key"], name="service_duplicate"),
            models.Index(fields=["source", "source_id"], name="service_source"),
        ]

    def __str__(self) -> str:
        return self.name

    def is_stale(self, at: date) -> bool:
        """Say whether nobody has confirmed the entry for longer than it counts as checked."""
        return self.fresh_until < at

    def is_hidden(self, at: date) -> bool:
        """Say whether the entry is so old that nobody is shown it any more."""
        return self.hide_from <= at
