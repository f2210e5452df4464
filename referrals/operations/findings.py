"""The one writer of findings: what a check of numbers, mail addresses and links found wrong."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from referrals.hsds.checking import valid_phone
from referrals.models import Finding, Service

LinkCheck = Callable[[str], str]


def check(*, services: Iterable[Service], at: datetime, link_problem: LinkCheck | None) -> int:
    """Check entries and replace what was found before; return how many problems there are now.

    services: with phones prefetched. link_problem: asks the network about one address (None: links are
    not checked, and what was found about them stays). A place's numbers are not looked at here: of a
    confidential one nothing may be kept elsewhere.
    """
    count = 0
    for service in services:
        found = [*_phones(service), *_emails(service)]
        kinds = [Finding.Kind.PHONE, Finding.Kind.EMAIL]
        if link_problem is not None:
            kinds.append(Finding.Kind.LINK)
            problem = link_problem(service.url) if service.url else ""
            if problem:
                found.append((Finding.Kind.LINK, service.url, problem))
        with transaction.atomic():
            Finding.objects.filter(service=service, kind__in=kinds).delete()
            Finding.objects.bulk_create(
                Finding(service=service, kind=kind, value=value, problem=problem, found_at=at)
                for kind, value, problem in found
            )
        count += len(found)
    return count


def _phones(service: Service) -> Iterable[tuple[Finding.Kind, str, str]]:
    for phone in service.phones.all():
        if not valid_phone(phone.number):
            yield Finding.Kind.PHONE, phone.number, "no-phone"


def _emails(service: Service) -> Iterable[tuple[Finding.Kind, str, str]]:
    for written in filter(None, (service.email, service.assurer_email)):
        try:
            validate_email(written)
        except ValidationError:
            yield Finding.Kind.EMAIL, written, "no-email"
