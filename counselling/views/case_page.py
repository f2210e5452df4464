"""The case page: what a member sees of a case and may do with it now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import uuid4

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Membership
from accounts.rules import allows
from counselling import alarms, consulting, markup, queries, roster, second_eyes
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
    claim = queries.open_claim(case)
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
        "hand_over_form": filled.hand_over
        or HandOverForm(member=request.member, case=case, holds=now.holds),
        "urgency_form": filled.urgency
        or UrgencyForm(initial={"urgency": case.urgency, "seen": case.last_seq}),
        "alarm": _alarm(found),
        "filled": filled,
        "client_waits": case.state in CaseState.client_waits(),
        "facts": _facts(case, now, at=at),
    }
    try:
        opened = _opened(request, now, filled, found, at=at)
    except LOCKED as locked:
        opened = {"locked": words_for(locked)}
    return render(request, "counselling/staff/case.html", context | opened, status=status)


def case_news(request: CaseRequest, *, at: datetime) -> HttpResponse:
    """Bring an open page what is new since it was made, or 204.

    Only what is opened anew is noted as read, so that looking again every few seconds fills no
    trail and no text gets out without an entry. A page that nobody can tell the state of is loaded
    anew.
    """
    case = request.case
    now = standing(request)
    marker = _marker(case, now)
    seen = request.GET.get("seen", "")
    if seen == marker:
        return HttpResponse(status=204)
    seen_seq, _dot, rest = seen.partition(".")
    seen_asked, _dot, seen_standing = rest.partition(".")[2].partition(".")
    if not (seen_seq.isascii() and seen_seq.isdigit() and len(seen_seq) < 9):
        return HttpResponse(headers={"HX-Refresh": "true"})
    reading.note_reading(case=case, by=request.member, at=at)
    try:
        new = queries.thread(case, holder=request.holder, after=int(seen_seq))
        found = queries.assessments(case)
        places = alarms.places_by_message(found)
        facts = _facts(case, now, at=at, opened=queries.facts(case, holder=request.holder))
        consulted = seen_asked != consulting.mark(case)
        consultations = _consultations(request, at=at) if consulted else []
    except LOCKED:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(
        request,
        "counselling/staff/_case_news.html",
        {
            "case": case,
            "row": rows.row(case, at=at),
            "standing": now,
            "refresh_url": refresh_url(case, now),
            "new": [
                shown(entry, places.get(entry.seq, ()), case=case, state=_("neu")) for entry in new
            ],
            "alarm": _alarm(found),
            "client_wrote": [entry for entry in new if entry.role is Message.Role.CLIENT],
            "moved": seen_standing != _standing_mark(case, now),
            "announcement": _announcement(new)
            or (_("Bei den Konsultationen hat sich etwas geändert.") if consulted else ""),
            "facts": facts,
            "consulted": consulted,
            "consultations": consultations,
        },
    )


def shown(
    entry: Entry, marks: Sequence[tuple[int, int]] = (), *, case: Case, state: str = ""
) -> dict[str, object]:
    """Return an entry as components/message.html wants it. marks: which characters alarmed."""
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
            {"text": alarms.marked(span.text, marks, offset=offset), "url": span.address}
        )
        offset += len(span.text)
    return view | {"segments": segments}


def _alarm(found: Sequence[Assessment]) -> dict[str, list[str]]:
    """Return what the machine says about the case that no human has reviewed yet."""
    return {
        "reasons": [alarms.signal_words(code) for code in alarms.codes(found)],
        "unrated": [alarms.unrated_words(code) for code in alarms.unrated_codes(found)],
    }


def refresh_url(case: Case, now: Standing) -> str:
    """Return the address at which an open page asks what is new."""
    return f"{reverse('case', args=[case.pk])}?{urlencode({'seen': _marker(case, now)})}"


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
        "facts": _facts(
            case,
            now,
            at=at,
            opened=queries.facts(case, holder=holder),
            rating=queries.rating(case, holder=holder),
        ),
        "draft": draft[0] if draft else None,
        "draft_saved": rows.due_words(draft[0].saved_at, at=at) if draft else "",
        "reply_form": filled.reply or fresh_reply(case, text=draft[1] if draft else ""),
        "note_form": filled.note or NoteForm(initial={"client_msg_id": uuid4()}),
        "modules": filled_modules(request.member, placeholders(request)) if now.may_write else [],
        **_approvals(request, filled, at=at),
        "consultations": _consultations(request, at=at),
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


def _consultations(request: CaseRequest, *, at: datetime) -> list[dict[str, object]]:
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


def _facts(
    case: Case,
    now: Standing,
    *,
    at: datetime,
    opened: dict[str, str] | None = None,
    rating: tuple[int, str] | None = None,
) -> list[dict[str, object]]:
    row = rows.row(case, at=at)
    listed: list[tuple[str, object, str]] = [
        (_("Antwort fällig"), row.due, row.due_left),
        (_("Warum hier"), row.why, ""),
        *_reviewed(queries.last_review(case), at=at),
        (_("Wartet seit"), _waiting(case, at=at), ""),
        (_("Bei"), now.claim.member.name if now.claim else "", _since(now.claim, at=at)),
        (_("Thema"), case.topic.name if case.topic else "", ""),
        (_("Alter des Kindes"), case.get_age_band_display() if case.age_band else "", ""),
        (_("Postleitzahl"), (opened or {}).get("postcode", ""), ""),
        (_("Team"), case.team.name, ""),
        (_("Eingegangen"), when(case.created_at), ""),
        (_("Bewertung"), _stars(rating), rating[1] if rating else ""),
    ]
    return [{"label": label, "value": value, "hint": hint} for label, value, hint in listed]


def _reviewed(review: Review | None, *, at: datetime) -> list[tuple[str, object, str]]:
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


def _marker(case: Case, now: Standing) -> str:
    return f"{case.last_seq}.{case.urgency}.{consulting.mark(case)}.{_standing_mark(case, now)}"


def _standing_mark(case: Case, now: Standing) -> str:
    """Return what decides which actions a page offers: if it changes, the page is out of date."""
    held = CaseState(case.state) in CaseState.held()
    where = "held" if held else case.state
    holder = now.claim.member_id.hex if now.claim else ""
    warned = "w" if now.claim and now.claim.return_warned_at else ""
    return f"{where}.{holder}.{case.team_id.hex}{warned}"


def _announcement(new: Iterable[Entry]) -> str:
    """Return a sentence for who cannot see that entries were added."""
    count = dict.fromkeys(Message.Role, 0)
    for entry in new:
        count[entry.role] += 1
    if count[Message.Role.CLIENT]:
        return ngettext(
            "Eine neue Nachricht der ratsuchenden Person.",
            "%(count)d neue Nachrichten der ratsuchenden Person.",
            count[Message.Role.CLIENT],
        ) % {"count": count[Message.Role.CLIENT]}
    if count[Message.Role.NOTE]:
        return _("Eine neue interne Notiz.")
    return _("Ein neuer Eintrag im Fall.") if sum(count.values()) else ""
