"""What belongs to a service, a place or a provider: phones, contacts, languages, areas, costs, hours.

As in HSDS a phone, contact, language or schedule may belong to several of them at once; each has at
least one.
"""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from referrals.models.location import Location, ServiceAtLocation
from referrals.models.provider import Provider
from referrals.models.service import Service
from referrals.models.taxonomy import TaxonomyTerm


def belongs_somewhere(*parents: str, name: str) -> models.CheckConstraint:
    """Return the constraint that at least one of the parents is set."""
    condition = models.Q()
    for parent in parents:
        condition |= models.Q(**{f"{parent}__isnull": False})
    return models.CheckConstraint(condition=condition, name=name)


def optional_parent(
    model: type[models.Model], related_name: str
) -> "models.ForeignKey[models.Model | None, models.Model | None]":
    """Return a link to a parent which takes the row with it when it goes."""
    return models.ForeignKey(
        model, on_delete=models.CASCADE, null=True, blank=True, related_name=related_name
    )


class Contact(models.Model):
    """A person or desk to ask for (HSDS `contact`)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = optional_parent(Provider, "contacts")
    service = optional_parent(Service, "contacts")
    service_at_location = optional_parent(ServiceAtLocation, "contacts")
    location = optional_parent(Location, "contacts")
    name = models.CharField(max_length=200, blank=True)
    title = models.CharField(max_length=200, blank=True)
    department = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            belongs_somewhere(
                "provider",
                "service",
                "service_at_location",
                "location",
                name="contact_belongs_somewhere",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Phone(models.Model):
    """A number (HSDS `phone`). `number` is as people read it, `type` as HSDS: voice, fax, sms."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    location = optional_parent(Location, "phones")
    service = optional_parent(Service, "phones")
    provider = optional_parent(Provider, "phones")
    contact = optional_parent(Contact, "phones")
    service_at_location = optional_parent(ServiceAtLocation, "phones")
    number = models.CharField(_("Telefonnummer"), max_length=60)
    extension = models.PositiveIntegerField(null=True, blank=True)
    type = models.CharField(max_length=20, blank=True)
    description = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            belongs_somewhere(
                "location",
                "service",
                "provider",
                "contact",
                "service_at_location",
                name="phone_belongs_somewhere",
            )
        ]

    def __str__(self) -> str:
        return self.number


class Language(models.Model):
    """A language that is spoken (HSDS `language`). `code`: ISO 639, two letters where there are two."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = optional_parent(Service, "languages")
    location = optional_parent(Location, "languages")
    phone = optional_parent(Phone, "languages")
    name = models.CharField(max_length=120, blank=True)
    code = models.CharField(max_length=12, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            belongs_somewhere("service", "location", "phone", name="language_belongs_somewhere")
        ]
        indexes = [models.Index(fields=["code"], name="language_code")]

    def __str__(self) -> str:
        return self.name or self.code


class ServiceArea(models.Model):
    """Where people must live to be served (HSDS `service_area`).

    `ags` (German profile): official key of a Land (2 digits), district (5) or municipality (8).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = optional_parent(Service, "service_areas")
    service_at_location = optional_parent(ServiceAtLocation, "service_areas")
    name = models.TextField(blank=True)
    description = models.TextField(blank=True)
    extent = models.TextField(blank=True)
    extent_type = models.CharField(max_length=20, blank=True)
    uri = models.CharField(max_length=500, blank=True)
    ags = models.CharField(_("Gemeindeschlüssel"), max_length=8, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            belongs_somewhere(
                "service", "service_at_location", name="service_area_belongs_somewhere"
            )
        ]
        indexes = [models.Index(fields=["ags"], name="service_area_ags")]

    def __str__(self) -> str:
        return self.name or self.ags


class CostOption(models.Model):
    """What something costs (HSDS `cost_option`). `amount` in units of `currency` (ISO 4217)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="cost_options")
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    option = models.TextField(blank=True)
    currency = models.CharField(max_length=3, blank=True)
    amount = models.FloatField(null=True, blank=True)
    amount_description = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.option


class Schedule(models.Model):
    """Opening times as another system wrote them (HSDS `schedule`, RFC 5545).

    Kept to be served again. What Lotse reads is `opening_hours` of service and place, which the
    importer derives from these; without rows the API derives schedules from `opening_hours`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = optional_parent(Service, "schedules")
    location = optional_parent(Location, "schedules")
    service_at_location = optional_parent(ServiceAtLocation, "schedules")
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    dtstart = models.DateField(null=True, blank=True)
    timezone = models.FloatField(null=True, blank=True)
    until = models.DateField(null=True, blank=True)
    count = models.PositiveIntegerField(null=True, blank=True)
    wkst = models.CharField(max_length=2, blank=True)
    freq = models.CharField(max_length=8, blank=True)
    interval = models.PositiveIntegerField(null=True, blank=True)
    byday = models.CharField(max_length=100, blank=True)
    byweekno = models.CharField(max_length=300, blank=True)
    bymonthday = models.CharField(max_length=300, blank=True)
    byyearday = models.CharField(max_length=300, blank=True)
    description = models.TextField(blank=True)
    opens_at = models.CharField(max_length=20, blank=True)
    closes_at = models.CharField(max_length=20, blank=True)
    schedule_link = models.CharField(max_length=500, blank=True)
    attending_type = models.TextField(blank=True)
    notes = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            belongs_somewhere(
                "service", "location", "service_at_location", name="schedule_belongs_somewhere"
            )
        ]

    def __str__(self) -> str:
        return self.description


class Attribute(models.Model):
    """A service's place in a taxonomy (HSDS `attribute` with `link_entity` service)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="attributes")
    term = models.ForeignKey(TaxonomyTerm, on_delete=models.CASCADE, related_name="attributes")
    link_type = models.CharField(max_length=120, blank=True)
    value = models.TextField(blank=True)
    label = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["service", "term"], name="service_has_a_term_once")
        ]

    def __str__(self) -> str:
        return f"{self.service_id}: {self.term_id}"


class Capacity(models.Model):
    """How many places there are and how many are free (HSDS `service_capacity`)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="capacities")
    unit = models.JSONField(default=dict)
    available = models.FloatField()
    maximum = models.FloatField(null=True, blank=True)
    description = models.TextField(blank=True)
    updated = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.available} {self.unit.get('name', '')}"
