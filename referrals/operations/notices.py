"""Mails to services: that something waits, never what. They leave through the outbox."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Membership, Role
from outbox.models import Channel
from outbox.operations import deliveries
from referrals.models import HandoffLink, Referral

NEW = "new"
NEWS = "news"
REMINDER = "reminder"
RETURNED = "returned"
WITHDRAWN = "withdrawn"
APPOINTMENT = "appointment"

_SUBJECTS: dict[str, Promise] = {
    NEW: gettext_lazy("Eine neue Anfrage wartet auf Sie"),
    NEWS: gettext_lazy("Es gibt Neues zu einer Anfrage"),
    REMINDER: gettext_lazy("Erinnerung: Eine Anfrage wartet auf Ihre Antwort"),
    RETURNED: gettext_lazy("Eine Anfrage sucht jetzt auch anderswo Hilfe"),
    WITHDRAWN: gettext_lazy("Eine Anfrage wurde zurückgenommen"),
    APPOINTMENT: gettext_lazy("Erinnerung: Sie haben bald einen Termin aus einer Anfrage"),
}
_BODIES: dict[str, Promise] = {
    NEW: gettext_lazy("in Ihrem Postfach bei Lotse wartet eine neue Anfrage."),
    NEWS: gettext_lazy("zu einer Anfrage in Ihrem Postfach bei Lotse gibt es Neues."),
    REMINDER: gettext_lazy(
        "eine Anfrage in Ihrem Postfach bei Lotse wartet noch auf Ihre Antwort. Eine kurze Antwort "
        "genügt, auch eine Absage."
    ),
    RETURNED: gettext_lazy(
        "auf eine Anfrage kam keine Antwort. Die Beratung sucht jetzt auch bei anderen Stellen. "
        "Antworten können Sie weiterhin."
    ),
    WITHDRAWN: gettext_lazy("eine Anfrage wurde zurückgenommen. Es ist nichts mehr zu tun."),
    APPOINTMENT: gettext_lazy(
        "in den nächsten 24 Stunden haben Sie einen Termin, den Sie über Lotse angeboten haben."
    ),
}


def tell_partner(row: Referral, what: str, *, at: datetime, key: str = "") -> int:
    """Promise a mail to everybody at the desk, or to where the last link went. Returns how many.

    key: what makes this news another than the last; the same again is not sent twice.
    """
    with translation.override("de"):
        found = _desk(row) if row.desk_id else _by_link(row)
        for to, way in found:
            body = _("Guten Tag,\n\n%(what)s\n\n%(way)s") % {"what": _BODIES[what], "way": way}
            body = f"{body.rstrip()}\n"
            _promise(row, f"{what}:{key}:{to}", to, str(_SUBJECTS[what]), body, at)
    return len(found)


def send_link(row: Referral, link: HandoffLink, token: str, *, at: datetime, first: bool) -> None:
    """Promise the mail with a link. first: the code comes by telephone; later they have it."""
    with translation.override("de"):
        address = settings.PUBLIC_URL + reverse("handoff-link", args=[token])
        if first and row.basis == Referral.Basis.NECESSITY:
            said = _(
                "über Lotse wartet eine Mitteilung auf Sie. Es geht darum, eine akute Gefahr abzuwenden; "
                "bitte lesen Sie sie gleich.\n\nSie öffnen sie mit diesem Link und einem kurzen Code. Den "
                "Code sagt Ihnen die Beratungsstelle am Telefon."
            )
        elif first:
            said = _(
                "über Lotse wartet eine Anfrage auf Sie. Jemand möchte bei Ihnen Hilfe bekommen und hat "
                "eingewilligt, dass Sie den Text lesen.\n\nSie öffnen ihn mit diesem Link und einem "
                "kurzen Code. Den Code sagt Ihnen die Beratungsstelle am Telefon."
            )
        else:
            said = _(
                "dies ist Ihr nächster Link zu der Anfrage, die Sie gerade geöffnet haben. Der alte Link "
                "gilt nicht mehr, der Code bleibt derselbe."
            )
        body = _(
            "Guten Tag,\n\n%(said)s\n\n%(link)s\n\nDer Link gilt einmal und bis %(until)s.\n"
        ) % {
            "said": said,
            "link": address,
            "until": f"{link.expires_at:%d.%m.%Y}",
        }
        subject = _SUBJECTS[NEW] if first else _("Ihr nächster Link zu einer Anfrage")
        _promise(row, f"link:{link.pk}", link.email, str(subject), body, at)


def withdraw_all(row: Referral, *, at: datetime) -> None:
    """Take back what has not left yet."""
    deliveries.withdraw_all(prefix=f"referral:{row.pk}:", at=at)


def _promise(row: Referral, key: str, to: str, subject: str, body: str, at: datetime) -> None:
    deliveries.promise(
        key=f"referral:{row.pk}:{key}"[:200],
        channel=Channel.MAIL,
        to=to,
        subject=subject,
        body=body,
        at=at,
        organisation=row.organisation_id,
    )


def _desk(row: Referral) -> list[tuple[str, str]]:
    way = _("Zum Postfach: %(address)s") % {
        "address": settings.PUBLIC_URL + reverse("partner-desk")
    }
    people = Membership.objects.filter(
        teams=row.desk_id, role=Role.PARTNER, ended_at__isnull=True
    ).values_list("user__email", flat=True)
    return [(email, way) for email in people]


def _by_link(row: Referral) -> list[tuple[str, str]]:
    link = HandoffLink.objects.filter(referral=row).order_by("-created_at").first()
    if link is None:
        return []
    if link.closed_at is not None:
        return [(link.email, "")]
    way = _(
        "Sie öffnen sie mit dem Link aus unserer letzten Mail und Ihrem Code. Der Link gilt bis "
        "%(until)s."
    ) % {"until": f"{link.expires_at:%d.%m.%Y}"}
    return [(link.email, way)]
