"""To which place each kind of text is sealed. Pure; the roles are part of the sealed format."""

from uuid import UUID

from vault.sealing import Place


def message(case: UUID, seq: int, role: str, client_msg_id: UUID) -> Place:
    """Return the place of one message."""
    return Place(case, seq, role, client_msg_id)


def facts(case: UUID) -> Place:
    """Return the place of what the client gave beside the text."""
    return Place(case, 0, "facts")


def draft(case: UUID) -> Place:
    """Return the place of the reply that is being written."""
    return Place(case, 0, "draft")


def approval(case: UUID, approval: UUID) -> Place:
    """Return the place of a reply that waits for a second person."""
    return Place(case, 0, "approval", approval)


def approval_edit(case: UUID, approval: UUID) -> Place:
    """Return the place of such a reply as the second person changed it."""
    return Place(case, 0, "approval-edit", approval)


def approval_comment(case: UUID, approval: UUID) -> Place:
    """Return the place of the second person's words to the author."""
    return Place(case, 0, "approval-comment", approval)


def consultation(consultation: UUID) -> Place:
    """Return the place of what a colleague or a team is asked; under the consultation's own key."""
    return Place(consultation, 0, "consultation")


def consultation_answer(consultation: UUID, answer: UUID) -> Place:
    """Return the place of one answer to a consultation."""
    return Place(consultation, 0, "consult-answer", answer)


def rating(case: UUID) -> Place:
    """Return the place of the client's words to their rating."""
    return Place(case, 0, "rating")


def review(case: UUID, review: UUID) -> Place:
    """Return the place of a member's words to a review."""
    return Place(case, 0, "review", review)


def file(case: UUID, attachment: UUID) -> Place:
    """Return the place of an attached file's bytes, which lie outside the database."""
    return Place(case, 0, "file", attachment)


def attachment(case: UUID, seq: int, role: str, attachment: UUID) -> Place:
    """Return the place of an attachment's key and facts: one file of one message of one role."""
    return Place(case, seq, f"file-{role}", attachment)
