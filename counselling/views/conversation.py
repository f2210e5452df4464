"""The conversation as its client sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.text import LONGEST_TEXT
from counselling import markup, promises, queries, wording
from counselling.access import ClientRequest, kept_code
from counselling.forms.client import RatingForm, WriteForm
from counselling.models import Message
from counselling.queries import Entry
from counselling.sla import Urgency
from counselling.states import CaseState


@dataclass(frozen=True, slots=True)
class Shown:
    """One entry as components/message.html wants it."""

    id: str
    kind: str
    author: str
    at: datetime
    text: str = ""
    html: SafeString | str = ""
    state: str = ""
    files: Sequence[dict[str, str]] = ()


def page(
    request: ClientRequest,
    *,
    at: datetime,
    write: WriteForm | None = None,
    token: UUID | None = None,
    rating: RatingForm | None = None,
    wait: str = "",
) -> HttpResponse:
    """Show the conversation.

    wait: why what was sent is not taken now. write, rating: forms with errors, to be shown again.
    token: the id of the message form if it still holds; None for a fresh one.
    """
    case = request.case
    if write is not None:
        write.choose_again()
    shown_entries = shown(request)
    last = next((e for e in reversed(shown_entries) if e.kind != Message.Role.SYSTEM), None)
    rated = queries.rating(case, holder=request.holder)
    has_reply = any(e.kind == Message.Role.REPLY for e in shown_entries)
    waits_now = (
        case.urgency < Urgency.NORMAL
        and case.state in CaseState.client_waits()
        and (last is None or last.kind == Message.Role.CLIENT)
    )
    return render(
        request,
        "counselling/client/thread.html",
        {
            "entries": shown_entries,
            "has_files": any(e.files for e in shown_entries),
            "first_new": next((e.id for e in shown_entries if e.state), ""),
            "standing": wording.standing(
                case,
                Message.Role(last.kind if last else Message.Role.CLIENT),
                deleted_at=queries.deleted_at(case, at=at),
                at=at,
                told=promises.told_before(case),
            ),
            "can_keep": case.deletion_warned_at is not None,
            "urgent": waits_now,
            "wait": wait,
            "write_form": write or WriteForm(),
            "token": token or uuid4(),
            "longest": LONGEST_TEXT,
            "has_reply": has_reply,
            "rated": rated,
            "rating_form": rating or _rating_form(rated),
            "show_rating": rating is not None,
            "code_not_noted": kept_code(request) is not None,
        },
    )


def shown(request: ClientRequest) -> list[Shown]:
    """Return what the client may see of the case, in order; answers to their last words are new."""
    opened = queries.thread(request.case, holder=request.holder, roles=Message.Role.for_client())
    own = max((entry.seq for entry in opened if entry.role == Message.Role.CLIENT), default=0)
    slug = request.organisation.slug
    return [_shown(entry, slug, is_new=entry.seq > own) for entry in opened]


def _shown(entry: Entry, slug: str, *, is_new: bool) -> Shown:
    is_reply = entry.role == Message.Role.REPLY
    if entry.role == Message.Role.SYSTEM:
        text = wording.system_words(entry.text)
    else:
        text = "" if is_reply else entry.text
    return Shown(
        id=f"nachricht-{entry.seq}",
        kind=entry.role.value,
        author=entry.author,
        at=entry.created_at,
        text=text,
        html=markup.render_reply(entry.text) if is_reply else "",
        state=_("neu") if is_new and is_reply else "",
        files=[
            wording.file_words(file)
            | {"url": reverse("attachment", args=[slug, file.id]), "saved_as": file.saved_as}
            for file in entry.files
        ],
    )


def _rating_form(rated: tuple[int, str] | None) -> RatingForm:
    if rated is None:
        return RatingForm()
    return RatingForm(initial={"stars": str(rated[0]), "text": rated[1]})
