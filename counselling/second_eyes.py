"""What is read about replies that a second person reads first."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from re import split

from accounts.models import Membership, Role
from accounts.queries import team_ids
from counselling import places, roster
from counselling.models import Approval, Case
from vault import keyring
from vault.keyring import Holder
from vault.sealing import CaseKey, open_sealed

LISTED = 100


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a changed text. kind: `same`, `out` or `in`."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A reply with what the second person made of it, opened. changes: nothing if they changed none."""

    row: Approval
    text: str
    comment: str
    changes: Sequence[Piece]


def waiting_for(member: Membership) -> list[Approval]:
    """Return the replies in the member's teams that wait and that they may approve, first due first."""
    rows = (
        Approval.objects.filter(state=Approval.State.WAITING, case__team__in=team_ids(member))
        .select_related("case__topic", "case__team", "author")
        .order_by("due_at", "pk")[:LISTED]
    )
    # One question for all of them: whether they learn themselves does not depend on the reply.
    listed = list(rows)
    others = [row for row in listed if row.author_id != member.pk]
    return others if others and may_approve(others[0], member) else []


def waiting_in(case: Case) -> Approval | None:
    """Return the reply of a case that waits for a second person, or None."""
    return Approval.objects.filter(case=case, state=Approval.State.WAITING).first()


def of_case(case: Case, *, holder: Holder) -> list[Opened]:
    """Return every reply of a case that a second person read or is to read, oldest first.

    Raises keyring.KeyUnavailable or sealing.SealBroken.
    """
    rows = list(Approval.objects.filter(case=case).select_related("author", "decided_by"))
    if not rows:
        return []
    key = keyring.open_case_key(subject=case.pk, holder=holder)
    return [_opened(row, key) for row in rows]


def _opened(row: Approval, key: CaseKey) -> Opened:
    case = row.case_id
    text = open_sealed(bytes(row.sealed), key=key, place=places.approval(case, row.pk))
    comment = ""
    if row.comment is not None:
        place = places.approval_comment(case, row.pk)
        comment = open_sealed(bytes(row.comment), key=key, place=place)
    if row.edited is None:
        return Opened(row, text, comment, ())
    edited = open_sealed(bytes(row.edited), key=key, place=places.approval_edit(case, row.pk))
    return Opened(row, text, comment, changes(text, edited))


def may_approve(approval: Approval, member: Membership) -> bool:
    """Say whether a member may be the second person: not the author, and not themselves learning."""
    return (
        approval.author_id != member.pk
        and member.role != Role.TRAINEE
        and not roster.is_learning(member)
    )


def changes(before: str, after: str) -> list[Piece]:
    """Return how one text became another, word by word."""
    old, new = split(r"(\s+)", before), split(r"(\s+)", after)
    pieces = []
    for what, first, last, begin, end in SequenceMatcher(None, old, new, False).get_opcodes():
        if what == "equal":
            pieces.append(Piece("same", "".join(old[first:last])))
            continue
        if last > first:
            pieces.append(Piece("out", "".join(old[first:last])))
        if end > begin:
            pieces.append(Piece("in", "".join(new[begin:end])))
    return pieces
