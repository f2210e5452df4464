"""What lists and pages show of a consultation, in words."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Membership
from accounts.rules import allows
from counselling import consulting
from counselling.models import Consultation
from counselling.views import rows


def in_case(opened: consulting.Opened, *, at: datetime) -> dict[str, Any]:
    """Return a consultation as the case page shows it."""
    row = opened.row
    return {
        **shown(row, at=at),
        "id": row.pk,
        "text": opened.text,
        "answers": answers(opened, at=at),
        "may_close": row.state == Consultation.State.ANSWERED,
        "may_withdraw": row.state == Consultation.State.ASKED,
    }


def answers(opened: consulting.Opened, *, at: datetime) -> list[dict[str, str]]:
    """Return the answers to a consultation, in order."""
    return [
        {"author": one.author, "when": rows.due_words(one.at, at=at), "text": one.text}
        for one in opened.answers
    ]


def way_to_case(member: Membership, row: Consultation) -> str:
    """Return the case's address for who may read the case anyway, and nothing for everybody else."""
    return reverse("case", args=[row.case_id]) if allows(member, "case.read", row.case) else ""


def shown(row: Consultation, *, at: datetime) -> dict[str, Any]:
    """Return a consultation as a list shows it; nothing that leads to the case."""
    return {
        "url": reverse("consultation", args=[row.pk]),
        "asker": row.asker.name,
        "to": row.to,
        "to_team": row.team.name if row.team is not None else "",
        "when": rows.due_words(row.asked_at, at=at),
        "state": row.state,
        "state_label": row.get_state_display(),
        "is_new": row.state == Consultation.State.ASKED,
    }


def own(row: Consultation, *, reads: bool, at: datetime) -> dict[str, Any]:
    """Return a consultation as who asked it sees it. reads: whether they still may read its case."""
    way = reverse("case", args=[row.case_id]) if reads else ""
    return {
        **shown(row, at=at),
        "url": f"{way}#konsultation" if way else "",
        "title": rows.title(row.case) if way else _("Ein Fall, den Sie nicht mehr haben"),
        "reference": row.case.reference if way else "",
        "is_answered": row.state == Consultation.State.ANSWERED,
    }
