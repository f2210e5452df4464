"""What staff templates may use."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import queries
from accounts.models import Membership
from accounts.rules import allows

# Address name, permission, label of each entry of the staff's main menu, in order.
MENU = (
    ("queue", "queue.see", _("Warteschlange")),
    ("my-cases", "queue.see", _("Meine Fälle")),
    ("team-cases", "queue.see", _("Alle Fälle")),
    ("reviews", "triage.review", _("Einstufung prüfen")),
    ("approvals", "reply.approve", _("Freigaben")),
    ("shifts", "shift.see", _("Dienstplan")),
    ("partner-desk", "partner.desk", _("Postfach")),
    ("partner-people", "partner.desk", _("Kolleginnen und Kollegen")),
    ("referrals", "referral.list", _("Vermittlungen")),
    ("staff-directory", "directory.search", _("Hilfe suchen")),
    ("directory-entries", "directory.edit", _("Verzeichnis")),
    ("directory-planning", "directory.plan", _("Planung")),
    ("supervision", "supervision.see", _("Leitung")),
    ("figures", "figures.see", _("Zahlen")),
    ("referral-figures", "referral.figures", _("Zahlen der Vermittlung")),
    ("staff-list", "staff.see", _("Personen")),
    ("settings", "organisation.change", _("Einstellungen")),
)
# The same for the pages of the settings, shown as tabs there.
SETTINGS = (
    ("settings", "organisation.change", _("Allgemein")),
    ("crisis-lines", "organisation.change", _("Notfallnummern")),
    ("topics", "topic.change", _("Themen")),
    ("calendars", "promise.change", _("Arbeitszeiten")),
    ("service-levels", "promise.change", _("Antwortzeiten")),
    ("ladders", "ladder.change", _("Alarme")),
    ("chat-rules", "chat.change", _("Chat")),
    ("text-modules", "text_module.change", _("Textbausteine")),
    ("model-comparison", "triage.compare", _("Modelle vergleichen")),
)
# Their pages stand for everything below them.
_SECTIONS = frozenset(
    [
        "directory-entries",
        "staff-directory",
        "directory-planning",
        "supervision",
        "staff-list",
        "shifts",
        "crisis-lines",
        "topics",
        "calendars",
        "service-levels",
        "ladders",
        "text-modules",
    ]
)


def staff(request: HttpRequest) -> dict[str, Any]:
    """Return organisation, menu and name of the signed-in member, on pages of staff only."""
    member = getattr(request, "member", None)
    if member is None:
        return {}
    return {
        "org": member.organisation,
        "member": member,
        "user": request.user,
        "role_label": member.get_role_display(),
        "home_url": reverse("desk"),
        "account_url": reverse("choose-organisation"),
        "logout_url": reverse("logout"),
        "nav": _menu(member, request.path),
        "settings_tabs": _entries(SETTINGS, member, request.path),
        "waiting_device_url": _waiting_device(member, request.path),
    }


def _waiting_device(member: Membership, path: str) -> str:
    """Return where to let in a device that waits for this person, or nothing."""
    address = reverse("devices")
    if path == address or not member.organisation.device_keys:
        return ""
    waits = queries.waiting_devices(member.user, timezone.now()).exists()
    return address if waits else ""


def _menu(member: Membership, path: str) -> list[dict[str, Any]]:
    menu = _entries(MENU, member, path)
    tabs = _entries(SETTINGS, member, path)
    settings = {"label": _("Einstellungen"), "current": any(tab["current"] for tab in tabs)}
    if tabs and menu and menu[-1]["name"] == "settings":
        menu[-1] |= settings
    elif tabs:
        # Who may change only a part of the settings starts at that part.
        menu.append({**tabs[0], **settings})
    return menu


def _entries(
    table: tuple[tuple[str, str, Promise], ...], member: Membership, path: str
) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "label": label,
            "url": reverse(name),
            "current": path == reverse(name)
            or (name in _SECTIONS and path.startswith(reverse(name))),
        }
        for name, permission, label in table
        if allows(member, permission)
    ]
