"""The one writer of drafts."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Membership
from counselling import places
from counselling.models import Draft
from counselling.operations import cases, entries
from vault import keyring
from vault.keyring import Holder
from vault.sealing import seal


@transaction.atomic
def save(*, case: UUID, text: str, by: Membership, holder: Holder, at: datetime) -> None:
    """Keep the reply that is being written, sealed; an empty text drops the draft.

    No trail entry: a draft is saved every few seconds and changes no state. Raises cases.NotHolder or
    entries.CaseGone.
    """
    row = entries.locked(case)
    cases.must_hold(row, by)
    if not text.strip():
        Draft.objects.filter(case=row).delete()
        return
    key = keyring.open_case_key(subject=case, holder=holder)
    Draft.objects.update_or_create(
        case=row,
        defaults={
            "author": by,
            "sealed": seal(text, key=key, place=places.draft(case)),
            "saved_at": at,
        },
    )
