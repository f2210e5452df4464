"""The case page: what a member sees of a case and may do with it now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import uuid4

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import marks
from accounts.models import Membership
from accounts.rules import allows
from counselling import alarms, claims, consulting, glances, markup, queries, roster, second_eyes
from counselling.access import CaseRequest
from counselling.forms.reviews import UrgencyForm
from counselling.forms.staff import ApprovalForm, HandOverForm, NoteForm, ReplyForm
from counselling.models import Approval, Assessment, Case, Claim, Message, Review
from counselling.operations import reading
from counselling.queries import Entry
from counselling.states import CaseState, Move, sources
from counselling.views import consultation_rows, rows
from counselling.views.refusals import LOCKED, words_for
from counselling.wording import by_when, file_words, system_words_for_team, when


@dataclass(frozen=True, slots=True)
class Standing:
    """Who has the case, and what the member may do with it in its present state."""

    claim: Claim | None
    holds: bool
    may_claim: bool
    may_release: bool
    may_hand_over: bool
    may_close: bool
    may_reopen: bool
    may_write: bool
    may_send: bool
    may_submit: bool
    may_note: bool
    may_consult: bool
    may_rate: bool


@dataclass(frozen=True, slots=True)
class Filled:
    """What a member typed and gets back: bound forms, a preview, a text that has no form any more."""

    reply: ReplyForm | None = None
    note: NoteForm | None = None
    hand_over: HandOverForm | None = None
    urgency: UrgencyForm | None = None
    approval: ApprovalForm | None = None
    preview: str = ""
    kept: str = ""
    refusal: str = ""


def standing(request: CaseRequest) -> Standing:
    """Work out what the member may do with the case: by the table, by state, by who holds it."""
    case, member = request.case, request.member
    claim = claims.open_claim(case.pk)
    holds = claim is not None and claim.member_id == member.pk

    def may(permission: str, move: Move) -> bool:
        return CaseState(case.state) in sources(move) and allows(member, permission, case)

    waits = second_eyes.waiting_in(case) is not None
    writes = holds and not waits and CaseState(case.state) in CaseState.held()
    second = writes and roster.needs_second_person(case, member)
    return Standing(
        claim=claim,
        holds=holds,
        may_claim=may("case.claim", Move.CLAIM),
        may_release=holds and may("case.release", Move.RELEASE),
        may_hand_over=(holds or case.state == CaseState.WAITING)
        and may("case.hand_over", Move.HAND_TO_TEAM),
        may_close=holds and may("case.close", Move.CLOSE),
        may_reopen=may("case.reopen", Move.REOPEN),
        may_write=writes and allows(member, "case.draft", case),
        may_send=writes and not second and may("case.reply", Move.REPLY),
        may_submit=second and CaseState(case.state) in sources(Move.REPLY),
        may_note=allows(member, "case.note", case),
        may_consult=holds
        and CaseState(case.state) in CaseState.held()
        and allows(member, "case.consult", case),
        may_rate=case.state in CaseState.open() and allows(member, "case.set_urgency", case),
    )


def case_page(
    request: CaseRequest, filled: Filled | None = None, *, at: datetime, status: int = 200
) -> HttpResponse:
    """Show a case whole, with what the member has typed; the trail notes the reading.

    A case whose texts do not open is shown with its facts and a sentence.
    """
    filled = filled or Filled()
    for form in (filled.reply, filled.note):
        if form is not None and form.is_bound:
            form.choose_again()
    case = request.case
    mark = mark_of(request, at=at)
    now = standing(request)
    reading.note_reading(case=case, by=request.member, at=at)
    found = queries.assessments(case)
    context = {
        "case": case,
        "heading": rows.title(case),
        "row": rows.row(case, at=at),
        "standing": now,
        "live_url": f"/ws/cases/{case.pk}/",
        "refresh_url": refresh_url(case, now),
        "mark": mark,
        "hand_over_form": filled.hand_over
        or HandOverForm(member=request.member, case=case, holds=now.holds),
        "urgency_form": filled.urgency
        or UrgencyForm(initial={"urgency": case.urgency, "seen": case.last_seq}),
        "alarm": alarm_words(found),
        "filled": filled,
        "client_waits": case.state in CaseState.client_waits(),
        "facts": facts(case, now, at=at),
        "given": _given(case),
    }
    try:
        opened = _opened(request, now, filled, found, at=at)
    except LOCKED as locked:
        opened = {"locked": words_for(locked)}
    return render(request, "counselling/staff/case.html", context | opened, status=status)


def shown(
    entry: Entry, places: Sequence[tuple[int, int]] = (), *, case: Case, state: str = ""
) -> dict[str, object]:
    """Return an entry as components/message.html wants it. places: which characters alarmed."""
    view: dict[str, object] = {
        "kind": entry.role.value,
        "author": entry.author,
        "at": entry.created_at,
        "id": f"eintrag-{entry.seq}",
        "state": state,
        "files": [
            file_words(file) | {"url": reverse("case-attachment", args=[case.pk, file.id])}
            for file in entry.files
        ],
    }
    if entry.role is Message.Role.REPLY:
        return view | {"html": markup.render_reply(entry.text)}
    if entry.role is Message.Role.SYSTEM:
        return view | {"text": system_words_for_team(entry.text)}
    # A note may quote the client: its addresses are no safer.
    segments = []
    offset = 0
    for span in markup.spans(entry.text):
        segments.append(
            {"text": alarms.marked(span.text, places, offset=offset), "url": span.address}
        )
        offset += len(span.text)
    return view | {"segments": segments}


def alarm_words(found: Sequence[Assessment]) -> dict[str, list[str]]:
    """Return what the machine says about the case that no human has reviewed yet."""
    return {
        "reasons": [alarms.signal_words(code) for code in alarms.codes(found)],
        "unrated": [alarms.unrated_words(code) for code in alarms.unrated_codes(found)],
    }


def mark_of(request: CaseRequest, *, at: datetime) -> str:
    """Return the mark of how a case stands, in two halves: what changes with it, and what by the clock alone."""
    case, member = request.case, request.member
    seen = glances.case(case)
    times = rows.clock([case.due_at], [case.waiting_since, *seen.sinces], at=at)
    return f"{marks.of(request, member, seen)}.{marks.of(request, member, times)}"


def refresh_url(case: Case, now: Standing) -> str:
    """Return the address at which an open page asks what is new."""
    return f"{reverse('case', args=[case.pk])}?{urlencode({'seen': marker(case, now)})}"


def fresh_reply(case: Case, *, text: str = "") -> ReplyForm:
    """Return a form for a new reply that knows what the page shows."""
    return ReplyForm(
        case=case, initial={"text": text, "client_msg_id": uuid4(), "seen": case.last_seq}
    )


def _opened(
    request: CaseRequest,
    now: Standing,
    filled: Filled,
    found: Sequence[Assessment],
    *,
    at: datetime,
) -> dict[str, object]:
    """Open what is sealed in the case and put it as the page wants it."""
    case, holder = request.case, request.holder
    draft = queries.draft(case, holder=holder) if now.may_write else None
    places = alarms.places_by_message(found)
    return {
        "entries": [
            shown(entry, places.get(entry.seq, ()), case=case)
            for entry in queries.thread(case, holder=holder)
        ],
        "given": _given(
            case,
            opened=queries.facts(case, holder=holder),
            rating=queries.rating(case, holder=holder),
        ),
        "draft": draft[0] if draft else None,
        "draft_saved": rows.due_words(draft[0].saved_at, at=at) if draft else "",
        "reply_form": filled.reply or fresh_reply(case, text=draft[1] if draft else ""),
        "note_form": filled.note or NoteForm(initial={"client_msg_id": uuid4()}),
        "modules": filled_modules(request.member, placeholders(request)) if now.may_write else [],
        **_approvals(request, filled, at=at),
        "consultations": consultations_of(request, at=at),
    }


def _approvals(request: CaseRequest, filled: Filled, *, at: datetime) -> dict[str, object]:
    """Return the replies that a second person read or is to read, and the form for who may decide."""
    found = second_eyes.of_case(request.case, holder=request.holder)
    waits = next((one for one in found if one.row.state == Approval.State.WAITING), None)
    form = None
    if waits is not None and second_eyes.may_approve(waits.row, request.member):
        initial = {"approval": waits.row.pk, "seen": request.case.last_seq, "text": waits.text}
        if allows(request.member, "reply.approve", request.case):
            form = filled.approval or ApprovalForm(initial=initial)
    return {
        "approvals": [
            {
                "state": one.row.state,
                "state_label": one.row.get_state_display(),
                "author": one.row.author.name,
                "when": rows.due_words(
                    one.row.decided_at
                    or (one.row.due_at if one is waits else one.row.submitted_at),
                    at=at,
                ),
                "html": markup.render_reply(one.text),
                "comment": one.comment,
                "pieces": one.changes,
                "decided_by": one.row.decided_by.name if one.row.decided_by else "",
                "is_newest": one is found[-1],
            }
            for one in found
        ],
        "approval_form": form,
        "may_withdraw": waits is not None and waits.row.author_id == request.member.pk,
    }


def consultations_of(request: CaseRequest, *, at: datetime) -> list[dict[str, object]]:
    """Return what colleagues were asked in the case and what they answered, the newest first."""
    found = consulting.of_case(request.case, holder=request.holder)
    return [consultation_rows.in_case(one, at=at) for one in reversed(found)]


def placeholders(request: CaseRequest) -> dict[str, str]:
    """Return what the placeholders of text modules stand for in this case."""
    values = placeholders_of(request.member)
    if request.case.due_at is not None:
        # It goes into an answer: as the client reads it, whatever language the page speaks.
        with translation.override(request.member.organisation.language):
            values["frist"] = by_when(request.case.due_at)
    return values


def placeholders_of(member: Membership) -> dict[str, str]:
    """Return what the placeholders stand for that hold in every case of a member."""
    return {"beratung": member.name, "organisation": member.organisation.name}


def filled_modules(member: Membership, values: Mapping[str, str]) -> list[dict[str, object]]:
    """Return the text modules that a member may insert, their placeholders filled."""
    return [
        {
            "id": module.pk,
            "title": module.title,
            "body": markup.fill_placeholders(module.body, values),
        }
        for module in queries.text_modules(member.organisation)
    ]


def facts(case: Case, now: Standing, *, at: datetime) -> list[dict[str, object]]:
    """Return how the case stands, for beside the thread: what changes while a page lies open.

    Nothing that is sealed is among it, so that it can be said anew without opening the case.
    """
    row = rows.row(case, at=at)
    return _listed(
        [
            (_("Antwort fällig"), row.due, row.due_left),
            (_("Warum hier"), row.why, ""),
            *_reviewed(queries.last_review(case)),
            (_("Wartet seit"), _waiting(case, at=at), ""),
            (_("Bei"), now.claim.member.name if now.claim else "", _since(now.claim, at=at)),
            (_("Thema"), case.topic.name if case.topic else "", ""),
            (_("Team"), case.team.name, ""),
        ]
    )


def _given(
    case: Case, *, opened: dict[str, str] | None = None, rating: tuple[int, str] | None = None
) -> list[dict[str, object]]:
    """Return what the client gave beside the texts."""
    return _listed(
        [
            (_("Alter des Kindes"), case.get_age_band_display() if case.age_band else "", ""),
            (_("Postleitzahl"), (opened or {}).get("postcode", ""), ""),
            (_("Eingegangen"), when(case.created_at), ""),
            (_("Bewertung"), _stars(rating), rating[1] if rating else ""),
        ]
    )


def _listed(pairs: Sequence[tuple[str, object, str]]) -> list[dict[str, object]]:
    return [{"label": label, "value": value, "hint": hint} for label, value, hint in pairs]


def _reviewed(review: Review | None) -> list[tuple[str, object, str]]:
    if review is None:
        return []
    words = _("%(name)s: %(level)s") % {
        "name": review.by.name,
        "level": review.get_new_display(),
    }
    reason = review.get_reason_display() if review.reason else ""
    return [(_("Zuletzt eingestuft"), words, reason)]


def _waiting(case: Case, *, at: datetime) -> str:
    return rows.span_since(at - case.waiting_since) if case.waiting_since else ""


def _since(claim: Claim | None, *, at: datetime) -> str:
    if claim is None:
        return ""
    return _("seit %(span)s") % {"span": rows.span_since(at - claim.claimed_at)}


def _stars(rating: tuple[int, str] | None) -> str:
    return _("%(stars)d von 5") % {"stars": rating[0]} if rating else ""


def marker(case: Case, now: Standing) -> str:
    """Return what a page says that it shows of a case: up to where, and how it stood."""
    return f"{case.last_seq}.{case.urgency}.{consulting.mark(case)}.{standing_mark(case, now)}"


def standing_mark(case: Case, now: Standing) -> str:
    """Return what decides which actions a page offers: if it changes, the page is out of date."""
    held = CaseState(case.state) in CaseState.held()
    where = "held" if held else case.state
    holder = now.claim.member_id.hex if now.claim else ""
    warned = "w" if now.claim and now.claim.return_warned_at else ""
    return f"{where}.{holder}.{case.team_id.hex}{warned}"
