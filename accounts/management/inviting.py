"""What commands that invite somebody say: the link, once."""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import Invitation


def link_of(invitation: Invitation, token: str) -> str:
    """Return the sentences that hand the link over, as wide as the link is."""
    until = timezone.localtime(invitation.expires_at)
    return (
        f"{invitation.name} opens this link until {until:%Y-%m-%d %H:%M}; it works once and is shown "
        "only here:\n\n"
        f"  {settings.PUBLIC_URL}{reverse('invitation', args=[token])}\n"
    )
