"""Mail by SMTP."""

from datetime import datetime
from email.utils import parseaddr
from smtplib import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from django.conf import settings
from django.core.mail import EmailMessage

from outbox.failures import Failed
from outbox.models import Delivery

_NO_SERVER = "django.core.mail.backends.dummy.EmailBackend"


def send(delivery: Delivery, _at: datetime) -> bool:
    """Send one mail; nobody acknowledges by that. Raises Failed.

    Its Message-ID is made of the delivery's id, so that what is sent twice arrives as one.
    """
    if settings.EMAIL_BACKEND == _NO_SERVER:
        raise Failed(Delivery.Failure.NOT_SET_UP, again=False)
    message = EmailMessage(
        subject=delivery.subject,
        body=delivery.body,
        to=[delivery.to],
        headers={
            "Message-ID": message_id(delivery),
            "Auto-Submitted": "auto-generated",
        },
    )
    try:
        message.send()
    except SMTPRecipientsRefused as refused:
        codes = [code for code, _words in refused.recipients.values()]
        raise Failed(Delivery.Failure.REFUSED, again=not all(c >= 500 for c in codes)) from None
    except SMTPAuthenticationError:
        raise Failed(Delivery.Failure.UNREACHABLE, way_is_closed=True) from None
    except SMTPResponseException as answered:
        raise Failed(Delivery.Failure.REFUSED, again=answered.smtp_code < 500) from None
    except (SMTPException, OSError):
        raise Failed(Delivery.Failure.UNREACHABLE, way_is_closed=True) from None
    except ValueError:  # an address or subject that no mail can have
        raise Failed(Delivery.Failure.REFUSED, again=False) from None
    return False


def message_id(delivery: Delivery) -> str:
    """Return the mail's Message-ID, the same for every try."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{delivery.pk}@{domain}>"
