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

Table = tuple[tuple[str, str, Promise], ...]

# The staff's main menu in order: the name of each group, and address name, permission and label of its
# entries. A group with several entries that the member may see is one entry with a second row below
# it, so that nobody has more than seven to choose from; any other shows its entry itself.
MENU: tuple[tuple[Promise, Table], ...] = (
    (_("Warteschlange"), (("queue", "queue.see", _("Warteschlange")),)),
    (_("Meine Fälle"), (("my-cases", "queue.see", _("Meine Fälle")),)),
    (_("Alle Fälle"), (("team-cases", "queue.see", _("Alle Fälle")),)),
    (
        _("Im Team"),
        (
            ("consultations", "consultation.see", _("Kollegiale Beratung")),
            ("approvals", "reply.approve", _("Freigaben")),
            ("reviews", "triage.review", _("Einstufung prüfen")),
        ),
    ),
    (_("Dienstplan"), (("shifts", "shift.see", _("Dienstplan")),)),
    (_("Postfach"), (("partner-desk", "partner.desk", _("Postfach")),)),
    (
        _("Kolleginnen und Kollegen"),
        (("partner-people", "partner.desk", _("Kolleginnen und Kollegen")),),
    ),
    (
        _("Hilfe vor Ort"),
        (
            ("staff-directory", "directory.search", _("Hilfe suchen")),
            ("referrals", "referral.list", _("Vermittlungen")),
            ("directory-entries", "directory.edit", _("Verzeichnis")),
            ("directory-planning", "directory.plan", _("Planung")),
        ),
    ),
    (
        _("Organisation"),
        (
            ("supervision", "supervision.see", _("Leitung")),
            ("figures", "figures.see", _("Zahlen")),
            ("referral-figures", "referral.figures", _("Zahlen der Vermittlung")),
            ("staff-list", "staff.see", _("Personen")),
            ("settings", "organisation.change", _("Einstellungen")),
        ),
    ),
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
        "consultations",
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
    menu = _menu(member, request.path)
    return {
        "org": member.organisation,
        "member": member,
        "user": request.user,
        "role_label": member.get_role_display(),
        "home_url": reverse("desk"),
        "account_url": reverse("choose-organisation"),
        "logout_url": reverse("logout"),
        "nav": menu,
        "subnav": next((item["below"] for item in menu if item["current"] and item["below"]), []),
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
    tabs = _entries(SETTINGS, member, path)
    menu: list[dict[str, Any]] = []
    for label, table in MENU:
        found = _entries(table, member, path)
        if table[-1][0] == "settings":
            found = _with_settings(found, tabs)
        if len(found) == 1:
            menu.append({**found[0], "below": []})
        elif found:
            current = any(one["current"] for one in found)
            names = [one["name"] for one in found]
            menu.append(
                {
                    "name": " ".join(names),
                    "label": label,
                    "url": found[0]["url"],
                    "current": current,
                    "below": found,
                }
            )
    return menu


def _with_settings(found: list[dict[str, Any]], tabs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Let the entry of the settings stand for all its tabs."""
    settings = {"label": _("Einstellungen"), "current": any(tab["current"] for tab in tabs)}
    if tabs and found and found[-1]["name"] == "settings":
        return [*found[:-1], {**found[-1], **settings}]
    # Who may change only a part of the settings starts at that part.
    return [*found, {**tabs[0], **settings}] if tabs else found


def _entries(table: Table, member: Membership, path: str) -> list[dict[str, Any]]:
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
