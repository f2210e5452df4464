"""Where services are: locations, their addresses, and which service is where."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organisation
from referrals.models.provider import Provider
from referrals.models.service import Service


class LocationType(models.TextChoices):
    """What kind of place; the codes are HSDS's."""

    PHYSICAL = "physical", _("Ort")
    POSTAL = "postal", _("Postanschrift")
    VIRTUAL = "virtual", _("online oder telefonisch")


class Wheelchair(models.TextChoices):
    """Whether a wheelchair gets in; the codes are OpenStreetMap's (German profile)."""

    YES = "yes", pgettext_lazy("wheelchair", "barrierefrei")
    LIMITED = "limited", _("teilweise barrierefrei")
    NO = "no", _("nicht barrierefrei")
    UNKNOWN = "", _("nicht bekannt")


class Location(models.Model):
    """A place (HSDS `location`).

    `confidential`: true for each place of a confidential service, kept so by the writer. Whoever shows
    or measures places to anybody but the owner's editors leaves those out (`queries.public.open_places`).
    `ags`: the official key of its district (5 digits) or municipality (8).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.ForeignKey(
        Provider, on_delete=models.SET_NULL, null=True, blank=True, related_name="locations"
    )
    owner = models.ForeignKey(
        Organisation, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    source = models.CharField(max_length=80, blank=True)
    source_id = models.CharField(max_length=200, blank=True)
    location_type = models.CharField(
        max_length=10, choices=LocationType, default=LocationType.PHYSICAL
    )
    url = models.CharField(max_length=500, blank=True)
    name = models.CharField(max_length=300, blank=True)
    alternate_name = models.CharField(max_length=300, blank=True)
    description = models.TextField(blank=True)
    transportation = models.TextField(_("Anfahrt"), blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    external_identifier = models.CharField(max_length=200, blank=True)
    external_identifier_type = models.CharField(max_length=200, blank=True)
    extra = models.JSONField(default=dict, blank=True)

    # The German profile.
    confidential = models.BooleanField(_("Adresse ist geheim"), default=False)
    ags = models.CharField(_("Gemeindeschlüssel"), max_length=8, blank=True)
    wheelchair = models.CharField(
        _("Rollstuhl"), max_length=8, choices=Wheelchair, blank=True, default=""
    )
    opening_hours = models.CharField(max_length=500, blank=True)
    opening_hours_note = models.TextField(blank=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(latitude__isnull=True, longitude__isnull=True)
                | models.Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="coordinates_are_on_earth_and_together",
            ),
            models.CheckConstraint(
                condition=models.Q(location_type__in=LocationType.values),
                name="location_type_is_legal",
            ),
        ]
        indexes = [models.Index(fields=["latitude", "longitude"], name="location_coordinates")]

    def __str__(self) -> str:
        return self.name or str(self.pk)


class Address(models.Model):
    """An address of a location (HSDS `address`). Never shown when the location is confidential."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    location = models.ForeignKey(Location, on_delete=models.CASCADE, related_name="addresses")
    attention = models.CharField(max_length=300, blank=True)
    address_1 = models.CharField(_("Straße und Hausnummer"), max_length=300, blank=True)
    address_2 = models.CharField(_("Zusatz"), max_length=300, blank=True)
    city = models.CharField(_("Ort"), max_length=200, blank=True)
    region = models.CharField(max_length=200, blank=True)
    state_province = models.CharField(_("Bundesland"), max_length=100, blank=True)
    postal_code = models.CharField(_("Postleitzahl"), max_length=20, blank=True)
    country = models.CharField(max_length=2, default="DE")
    address_type = models.CharField(
        max_length=10, choices=LocationType, default=LocationType.PHYSICAL
    )

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["postal_code"], name="address_postal_code")]

    def __str__(self) -> str:
        return f"{self.address_1}, {self.postal_code} {self.city}"


class Accessibility(models.Model):
    """What makes a location easy or hard to enter (HSDS `accessibility`)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    location = models.ForeignKey(Location, on_delete=models.CASCADE, related_name="accessibility")
    description = models.TextField(blank=True)
    details = models.TextField(blank=True)
    url = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.description


class ServiceAtLocation(models.Model):
    """A service at one of its places (HSDS `service_at_location`)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey(
        Service, on_delete=models.CASCADE, related_name="service_at_locations"
    )
    location = models.ForeignKey(
        Location, on_delete=models.CASCADE, related_name="service_at_locations"
    )
    description = models.TextField(blank=True)
    opening_hours = models.CharField(max_length=500, blank=True)
    opening_hours_note = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "location"], name="service_is_once_at_a_location"
            )
        ]

    def __str__(self) -> str:
        return f"{self.service_id} at {self.location_id}"

    @property
    def hours(self) -> str:
        """Return the opening hours that hold here (OSM syntax), the most particular first."""
        return self.opening_hours or self.location.opening_hours or self.service.opening_hours
