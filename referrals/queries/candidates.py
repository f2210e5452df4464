"""Candidates for a case: what the search finds, weighed by how the services answer."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from counselling.models import Case
from referrals.handoff.candidates import Judged, Known, Record, judge
from referrals.models import PartnerDesk, Referral, Service
from referrals.queries import entry_page
from referrals.queries.entry_page import Place
from referrals.search import places, searching
from referrals.search.ranking import Filters

LOOKED_AT = 25  # of the search's order
SHOWN = 8
YEAR = timedelta(days=365)
AGES = {
    "schwanger": 0.0,
    "0-1": 0.5,
    "1-3": 2.0,
    "3-6": 4.0,
    "6-10": 8.0,
    "10-14": 12.0,
    "14-18": 16.0,
}  # the middle of each band, in years


@dataclass(frozen=True, slots=True)
class Candidate:
    """A service to suggest, with what is known and why it stands here."""

    service: Service
    kinds: Sequence[str]
    places: Sequence[Place]
    known: Known
    judged: Judged
    is_suggested: bool


def candidates(
    *, case: Case, words: str, place: str, language: str = "", at: datetime
) -> list[Candidate]:
    """Return the best services for what a case needs, the best first, each with its reasons.

    words: the need as the counsellor puts it. place: town or postcode. language: its code.
    """
    found = searching.search(
        words,
        at=at,
        near=places.named(place) if place else None,
        filters=Filters(),
        limit=LOOKED_AT,
    )
    hits = [hit for hit in found.hits if hit.service.accepts_referrals is not False]
    ids = [hit.service.pk for hit in hits]
    records = records_of(ids, at=at)
    desks = set(PartnerDesk.objects.filter(services__in=ids).values_list("services", flat=True))
    languages = _speaking(ids, language)
    where = entry_page.places_of(ids)
    names = entry_page.topic_names()
    there = set(
        Referral.objects.filter(case=case, service__in=ids, ended_at__isnull=True).values_list(
            "service", flat=True
        )
    )
    age = AGES.get(case.age_band)
    judged = []
    for rank, hit in enumerate(hits):
        service = hit.service
        known = Known(
            rank=rank,
            fits_need=bool(hit.via),
            distance=hit.distance_km,
            fits_age=_fits(service, age),
            fits_language=(service.pk in languages) if language else None,
            capacity=service.capacity_code,
            weeks=service.waiting_weeks,
            has_desk=service.pk in desks,
            is_stale=hit.is_stale,
            record=records.get(service.pk, Record()),
        )
        kinds = [names.get(code, code) for code in hit.categories]
        judged.append(
            Candidate(
                service, kinds, where.get(service.pk, ()), known, judge(known), service.pk in there
            )
        )
    return sorted(judged, key=lambda one: -one.judged.score)[:SHOWN]


def records_of(services: Collection[UUID], *, at: datetime) -> dict[UUID, Record]:
    """Return how services have answered within a year; one query however many."""
    rows = (
        Referral.objects.filter(
            service__in=services, sent_at__gte=at - YEAR, answered_at__isnull=False
        )
        .values_list("service", "accepted_at", "arrived_at")
        .annotate(taken=F("answered_at") - F("sent_at"))
    )
    times: dict[UUID, list[timedelta]] = defaultdict(list)
    accepted: dict[UUID, int] = defaultdict(int)
    for service, accepted_at, arrived_at, taken in rows:
        times[service].append(taken)
        accepted[service] += bool(accepted_at or arrived_at)
    return {
        service: Record(
            len(taken),
            accepted[service],
            timedelta(seconds=median(t.total_seconds() for t in taken)),
        )
        for service, taken in times.items()
    }


def services(ids: Sequence[str], *, at: datetime) -> list[Service]:
    """Return the chosen services that pages show, in the order chosen."""
    chosen: list[UUID] = []
    for one in ids:
        try:
            chosen.append(UUID(one))
        except ValueError:
            continue
    there = Service.objects.visible(timezone.localdate(at)).in_bulk(chosen)
    return [there[one] for one in dict.fromkeys(chosen) if one in there]


def _fits(service: Service, age: float | None) -> bool | None:
    if age is None or (service.minimum_age is None and service.maximum_age is None):
        return None
    youngest = service.minimum_age or 0
    oldest = service.maximum_age if service.maximum_age is not None else 200
    return youngest <= age < oldest + 1


def _speaking(ids: Sequence[UUID], language: str) -> set[UUID]:
    if not language:
        return set()
    return set(
        Service.objects.filter(pk__in=ids, languages__code=language).values_list("pk", flat=True)
    )
