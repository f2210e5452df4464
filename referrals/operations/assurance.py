"""Asking the keepers of entries whether these are still true; one click answers."""

import hashlib
import logging
import secrets
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from referrals.models import AssuranceRequest, Service
from referrals.operations import entries
from referrals.queries import entries as queries

LINK_LASTS = timedelta(days=60)
AT_ONCE = 200  # mails of one run; the next run goes on

logger = logging.getLogger("lotse.referrals")


class RequestClosed(Exception):
    """The link was used already or has run out."""


def send_due(*, at: datetime) -> int:
    """Send a mail for each entry that is due; return how many left the house.

    A mail that cannot be sent is tried again in the next run. Each entry has a mail of its own, because
    each may be kept by somebody else although the address is the same.
    """
    if not settings.EMAIL_HOST:
        return 0
    due = list(queries.due_for_assurance(timezone.localdate(at))[:AT_ONCE])
    if not due:
        return 0
    try:
        with get_connection() as connection:
            return sum(_send(service, connection, at=at) for service in due)
    except (SMTPException, OSError) as failed:
        logger.warning("no mail server: %s", type(failed).__name__)
        return 0


@transaction.atomic
def confirm_by_link(*, request: AssuranceRequest, at: datetime) -> Service:
    """Confirm the entry of a link, once. Raises RequestClosed."""
    used = AssuranceRequest.objects.filter(
        pk=request.pk, used_at__isnull=True, expires_at__gt=at
    ).update(used_at=at)
    if used != 1:
        raise RequestClosed
    return entries.confirm(service=request.service, by=None, at=at)


def hash_of(token: str) -> bytes:
    """Return what is stored of a link's secret."""
    return hashlib.sha256(token.encode()).digest()


def _send(service: Service, connection: BaseEmailBackend, *, at: datetime) -> bool:
    """Send one entry's mail; say whether the server took it."""
    request, token = _ask(service, at=at)
    try:
        _mail(service, token, connection).send()
    except (SMTPException, OSError) as failed:
        logger.warning("assurance mail not sent: %s", type(failed).__name__)
        return False
    AssuranceRequest.objects.filter(pk=request.pk).update(sent_at=at)
    return True


def _ask(service: Service, *, at: datetime) -> tuple[AssuranceRequest, str]:
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        AssuranceRequest.objects.filter(service=service, used_at__isnull=True).delete()
        request = AssuranceRequest.objects.create(
            service=service,
            email=service.assurer_email,
            token_hash=hash_of(token),
            created_at=at,
            expires_at=at + LINK_LASTS,
        )
    return request, token


def _mail(service: Service, token: str, connection: BaseEmailBackend) -> EmailMessage:
    with translation.override("de"):
        link = settings.PUBLIC_URL + reverse("directory-confirm", args=[token])
        body = _(
            "Guten Tag,\n\nim Verzeichnis steht dieser Eintrag, um den Sie sich kümmern:\n\n    {name}\n\n"
            "Stimmen die Angaben noch? Auf dieser Seite sehen Sie alle und bestätigen sie mit einem Klick:\n\n"
            "{link}\n\nDer Link gilt 60 Tage und nur einmal. Wenn etwas nicht mehr stimmt, melden Sie sich bitte "
            "bei der Stelle, die das Verzeichnis pflegt.\n\nVielen Dank. Familien verlassen sich darauf.\n"
        ).format(name=service.name, link=link)
        return EmailMessage(
            subject=_("Bitte prüfen: Ihr Eintrag im Verzeichnis"),
            body=body,
            to=[service.assurer_email],
            headers={"Auto-Submitted": "auto-generated"},
            connection=connection,
        )
