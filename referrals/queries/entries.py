"""What editors read: their entries in full, with what everybody else must not see."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from accounts.models import Membership, Organisation
from referrals import freshness
from referrals.hsds.tables import Nest, Row
from referrals.identifiers import OWN_TAXONOMY
from referrals.models import AssuranceRequest, Finding, ImportRun, Service, TaxonomyTerm, Version
from referrals.queries import rows as stored


def document(service: Service) -> Row:
    """Return a service's full HSDS document, confidential address included: for its editors."""
    tables = stored.tables([service.pk])
    return Nest(tables, stored.terms(tables)).service(str(service.pk))


def editable(member: Membership) -> QuerySet[Service]:
    """Return the entries that a member's organisation may change, the stalest first."""
    ours = Q(owner=member.organisation_id) | Q(owner__isnull=True, confidential=False)
    return (
        Service.objects.filter(ours)
        .select_related("provider")
        .annotate(problems=Count("findings", distinct=True))
        .order_by("fresh_until", "name", "pk")
    )


def found(entries: QuerySet[Service], words: str) -> QuerySet[Service]:
    """Return the entries whose name or provider hold every word."""
    for word in words.split():
        entries = entries.filter(Q(name__icontains=word) | Q(provider__name__icontains=word))
    return entries


def entry(service: UUID) -> Service | None:
    """Return one entry, or None."""
    return Service.objects.filter(pk=service).select_related("provider", "owner").first()


def versions(service: Service) -> QuerySet[Version]:
    """Return the changes of an entry, the newest first."""
    return service.versions.select_related("by__organisation")


def version(service: Service, number: int) -> Version | None:
    """Return one change of an entry, or None."""
    return service.versions.select_related("service__owner").filter(number=number).first()


def findings(service: Service) -> QuerySet[Finding]:
    """Return what the last check found wrong."""
    return service.findings.all()


def categories() -> QuerySet[TaxonomyTerm]:
    """Return the terms of Lotse's own taxonomy, those that editors choose from."""
    return TaxonomyTerm.objects.filter(taxonomy=OWN_TAXONOMY)


def due_for_assurance(on: date) -> QuerySet[Service]:
    """Return the entries whose keeper should be asked now: soon stale or stale, not asked lately."""
    asked = AssuranceRequest.objects.filter(
        created_at__date__gt=on - freshness.REMINDER / 2, sent_at__isnull=False
    )
    return (
        Service.objects.visible(on)
        .filter(fresh_until__lte=on + freshness.REMINDER)
        .exclude(assurer_email="")
        .exclude(pk__in=asked.values("service"))
        .order_by("assurer_email", "name", "pk")
    )


def assurance_request(token_hash: bytes) -> AssuranceRequest | None:
    """Return the request that a link belongs to, open or not, or None."""
    return (
        AssuranceRequest.objects.filter(token_hash=token_hash)
        .select_related("service__provider")
        .first()
    )


def import_runs(organisation: Organisation) -> QuerySet[ImportRun]:
    """Return the files that an organisation handed in, the newest first."""
    return ImportRun.objects.filter(organisation=organisation).select_related("by").defer("content")


def import_run(organisation: Organisation, run: UUID) -> ImportRun | None:
    """Return one file that an organisation handed in, or None."""
    return ImportRun.objects.filter(organisation=organisation, pk=run).first()


def freshness_of(service: Service, on: date) -> dict[str, Any]:
    """Return how an editor should look at an entry: `state` and the days until it changes."""
    if service.is_hidden(on):
        return {"state": "hidden", "days": 0}
    if service.is_stale(on):
        return {"state": "stale", "days": (service.hide_from - on).days}
    if service.fresh_until - on <= timedelta(days=28):
        return {"state": "due", "days": (service.fresh_until - on).days}
    return {"state": "fresh", "days": (service.fresh_until - on).days}
