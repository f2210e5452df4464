"""What client templates may use of the directory."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from referrals.models import Service


def directory(request: HttpRequest) -> dict[str, Any]:
    """Return the address of the directory's search, or nothing while it has no entries."""
    organisation = getattr(request, "organisation", None)
    if organisation is None:
        return {}
    address = reverse("directory", args=[organisation.slug])
    # Asked for once and only by a page that shows it.
    return {"directory_url": SimpleLazyObject(lambda: address if _has_entries() else "")}


def _has_entries() -> bool:
    return Service.objects.visible(timezone.localdate()).exists()
