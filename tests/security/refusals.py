"""Every address of the house and whom it refuses. The build fails on an address that is not here.

`PAGES` and `SOCKETS` are read by `tests/architecture/test_doors.py` (is everything listed?) and by
`test_refusals.py` (is everybody refused who should be?).
"""

from dataclasses import dataclass

from accounts.models import Role

EVERYBODY = frozenset(Role)
COUNSELLING = Role.counselling()
SENDING = COUNSELLING - {Role.TRAINEE}


@dataclass(frozen=True)
class Page:
    """How an address is tried.

    `kind`: `public`, `organisation` (a page of one organisation), `client` (needs the code), `signed in` (needs both factors, no membership), `staff`.
    `permission` and `roles`: what a staff page asks, and who has it. `method`: the one that does what
    the page is for. `of`: the thing in its address: `case`, `topic`, `module`, `member`,
    `invitation`, `review`, `shift`, `swap`, `absence`, `pattern`, `service`, `run`, `escalation`,
    `referral`, `consultation`,
    `delivery`, `token`, `ticket`; several are separated by spaces. `part`: what of
    that thing or of the client's case is in the address too: `attachment`. `shared`: every
    organisation has the thing.
    """

    kind: str
    permission: str = ""
    roles: frozenset[Role] = frozenset()
    method: str = "get"
    of: str = ""
    part: str = ""
    shared: bool = False


def _staff(
    permission: str,
    roles: frozenset[Role],
    *,
    method: str = "get",
    of: str = "",
    part: str = "",
    shared: bool = False,
) -> Page:
    return Page("staff", permission, roles, method, of, part, shared)


ADMIN = frozenset([Role.ADMIN])
SUPERVISING = frozenset([Role.SUPERVISOR])
LEADING = frozenset([Role.ADMIN, Role.SUPERVISOR])
ROSTER = COUNSELLING | {Role.ADMIN}
PLANNING = LEADING | {Role.PLANNER}

PARTNER = frozenset([Role.PARTNER])

PAGES = {
    "home": Page("public"),
    "health": Page("public"),
    "ready": Page("public"),
    "metrics": Page("public"),
    # Clients
    "landing": Page("organisation"),
    "organisation-colours": Page("organisation"),
    "quick-exit": Page("organisation"),
    "ask": Page("organisation"),
    "return": Page("organisation"),
    "code": Page("client"),
    "thread": Page("client"),
    "write": Page("client", method="post"),
    "rate": Page("client", method="post"),
    "download": Page("client"),
    "delete": Page("client"),
    "keep": Page("client", method="post"),
    "attachment": Page("client", part="attachment"),
    "leave": Page("organisation", method="post"),
    "chat": Page("organisation"),
    "chat-room": Page("client"),
    "chat-begin": Page("client"),
    "chat-say": Page("client", method="post"),
    "chat-go": Page("client", method="post"),
    "chat-poll": Page("client", method="post"),
    "help-referral": Page("client", part="referral"),
    "help-consent": Page("client", part="referral"),
    "help-calendar": Page("client", part="referral"),
    "help-card": Page("client", part="referral"),
    "directory": Page("organisation"),
    "directory-widget": Page("organisation"),
    "entry": Page("organisation", of="service"),
    "entry-leaflet": Page("organisation", of="service"),
    # Signing in and joining
    "login": Page("public"),
    "login-code": Page("public"),
    "login-passkey": Page("public", method="post"),
    "login-device": Page("public"),
    "logout": Page("public", method="post"),
    "invitation": Page("public", of="token"),
    "desk": _staff("desk.enter", EVERYBODY),
    "choose-organisation": Page("signed in"),
    "security": Page("signed in"),
    "sessions": Page("signed in"),
    "authenticator": Page("signed in"),
    "passkeys": Page("signed in"),
    "password": Page("signed in"),
    "devices": Page("signed in"),
    "recovery-card": Page("signed in"),
    "recover": Page("public", of="token"),
    # Cases
    "queue": _staff("queue.see", COUNSELLING),
    "my-cases": _staff("queue.see", COUNSELLING),
    "team-cases": _staff("queue.see", COUNSELLING),
    "case": _staff("case.read", COUNSELLING, of="case"),
    "case-attachment": _staff("case.read", COUNSELLING, of="case", part="attachment"),
    "case-claim": _staff("case.claim", COUNSELLING, method="post", of="case"),
    "case-release": _staff("case.release", COUNSELLING, method="post", of="case"),
    "case-hand-over": _staff("case.hand_over", COUNSELLING, method="post", of="case"),
    "case-urgency": _staff("case.set_urgency", COUNSELLING, method="post", of="case"),
    "case-close": _staff("case.close", SENDING, method="post", of="case"),
    "case-reopen": _staff("case.reopen", SENDING, method="post", of="case"),
    "case-reply": _staff("case.reply", SENDING, method="post", of="case"),
    "case-note": _staff("case.note", COUNSELLING, method="post", of="case"),
    "case-draft": _staff("case.draft", COUNSELLING, method="post", of="case"),
    "case-preview": _staff("case.draft", COUNSELLING, method="post", of="case"),
    "case-stay": _staff("case.claim", COUNSELLING, method="post", of="case"),
    "approvals": _staff("reply.approve", SENDING),
    "consultations": _staff("consultation.see", COUNSELLING),
    "consultation": _staff("consultation.see", COUNSELLING, of="consultation"),
    "case-consult": _staff("case.consult", COUNSELLING, of="case"),
    "case-consultation-end": _staff(
        "case.consult", COUNSELLING, method="post", of="case consultation"
    ),
    "case-submit": _staff("case.draft", COUNSELLING, method="post", of="case"),
    "case-decide": _staff("reply.approve", SENDING, method="post", of="case"),
    "case-withdraw": _staff("case.draft", COUNSELLING, method="post", of="case"),
    # Chats
    "chat-desk": _staff("chat.desk", SENDING),
    "chat-call": _staff("chat.desk", SENDING),
    "chat-take": _staff("chat.answer", SENDING, method="post", of="case"),
    "chat-write": _staff("chat.answer", SENDING, method="post", of="case"),
    "chat-pass-on": _staff("chat.answer", SENDING, method="post", of="case"),
    "chat-finish": _staff("chat.answer", SENDING, method="post", of="case"),
    "chat-beside": _staff("chat.answer", SENDING, of="case"),
    "chat-join": _staff("chat.answer", SENDING, method="post", of="case"),
    "chat-team-poll": _staff("chat.answer", SENDING, method="post", of="case"),
    "chat-rules": _staff("chat.change", ADMIN),
    # Shifts
    "shifts": _staff("shift.see", ROSTER),
    "shift": _staff("shift.see", ROSTER, of="shift"),
    "shift-take": _staff("shift.see", ROSTER, method="post", of="shift"),
    "swap": _staff("shift.see", ROSTER, method="post", of="swap"),
    "absences": _staff("shift.see", ROSTER),
    "absence-drop": _staff("shift.see", ROSTER, method="post", of="absence"),
    "calendar-link": _staff("shift.see", ROSTER),
    "roster-feed": Page("public", of="token"),
    "roster-plan": _staff("shift.plan", LEADING),
    "pattern-end": _staff("shift.plan", LEADING, method="post", of="pattern"),
    "coverage": _staff("shift.plan", LEADING),
    "on-call": _staff("shift.plan", LEADING),
    "working-rules": _staff("shift.plan", LEADING),
    "work-profile": _staff("shift.plan", LEADING, of="member"),
    # Alarms
    "alarms": _staff("alarm.see", COUNSELLING),
    "alarm-board": _staff("alarm.see", COUNSELLING),
    "alarm-acknowledge": _staff("alarm.acknowledge", COUNSELLING, method="post", of="escalation"),
    "alarm-link": Page("public", of="ticket"),
    "deliveries": _staff("delivery.manage", LEADING),
    "delivery-try-again": _staff("delivery.manage", LEADING, method="post", of="delivery"),
    "my-alarms": _staff("alarm.reach", EVERYBODY),
    "push-device": _staff("alarm.reach", EVERYBODY, method="post"),
    "push-worker": Page("public"),
    "ladders": _staff("ladder.change", ADMIN),
    "ladder": _staff("ladder.change", ADMIN, of="number", shared=True),
    "gateway": _staff("ladder.change", ADMIN),
    # Referrals
    "referrals": _staff("referral.list", COUNSELLING),
    "referral-figures": _staff("referral.figures", PLANNING),
    "referral-suggest": _staff("referral.suggest", SENDING, of="case"),
    "referral-necessity": _staff("referral.necessity", SENDING, of="case"),
    "referral-box": _staff("referral.see", COUNSELLING, of="case"),
    "referral": _staff("referral.see", COUNSELLING, of="case referral"),
    "referral-letter": _staff("referral.see", COUNSELLING, of="case referral"),
    "partner-let-in": _staff("partner.let_in", LEADING, of="service"),
    "partner-desk": _staff("partner.desk", PARTNER),
    "partner-people": _staff("partner.desk", PARTNER),
    "partner-programs": _staff("partner.desk", PARTNER),
    "fhir-tasks": Page("public"),
    "fhir-referral": Page("public", of="referral"),
    "partner-entry": _staff("partner.desk", PARTNER, of="service"),
    "partner-referral": _staff("partner.desk", PARTNER, of="referral"),
    "partner-fhir": _staff("partner.desk", PARTNER, of="referral"),
    "handoff-link": Page("public", of="token"),
    "handoff-open": Page("public"),
    "arrival-code": Page("public"),
    # Triage
    "reviews": _staff("triage.review", COUNSELLING),
    "misses": _staff("triage.misses", SUPERVISING),
    "miss": _staff("triage.misses", SUPERVISING, of="review"),
    "model-comparison": _staff("triage.compare", LEADING),
    "figures": _staff("figures.see", LEADING | {Role.PLANNER}),
    "supervision": _staff("supervision.see", LEADING),
    "response-times": _staff("supervision.see", LEADING),
    "supervision-export": _staff("supervision.see", LEADING),
    # The directory
    "staff-directory": _staff("directory.search", EVERYBODY),
    "staff-entry": _staff("directory.search", EVERYBODY, of="service", shared=True),
    # Staff and settings
    "staff-list": _staff("staff.see", LEADING),
    "invite": _staff("staff.invite", LEADING, method="post"),
    "invited": _staff("staff.invite", LEADING),
    "invitation-revoke": _staff("staff.invite", LEADING, method="post", of="invitation"),
    "staff-end": _staff("staff.end", ADMIN, of="member"),
    "recovery": _staff("staff.recover", LEADING, of="member"),
    "recovery-link": _staff("staff.recover", LEADING),
    "settings": _staff("organisation.change", ADMIN),
    "crisis-lines": _staff("organisation.change", ADMIN),
    "calendars": _staff("promise.change", ADMIN),
    "calendar": _staff("promise.change", ADMIN),
    "service-levels": _staff("promise.change", ADMIN),
    "service-level": _staff("promise.change", ADMIN),
    "topics": _staff("topic.change", ADMIN),
    "topic-new": _staff("topic.change", ADMIN),
    "topic": _staff("topic.change", ADMIN, of="topic"),
    "topic-drop": _staff("topic.change", ADMIN, of="topic"),
    "text-modules": _staff("text_module.change", LEADING),
    "text-module-new": _staff("text_module.change", LEADING),
    "text-module": _staff("text_module.change", LEADING, of="module"),
    "text-module-drop": _staff("text_module.change", LEADING, of="module"),
    # The directory
    "hsds-base": Page("public"),
    "hsds-profile": Page("public"),
    "hsds-openapi": Page("public"),
    "hsds-services": Page("public"),
    "hsds-services-one": Page("public"),
    "hsds-organizations": Page("public"),
    "hsds-organizations-one": Page("public"),
    "hsds-service-at-locations": Page("public"),
    "hsds-service-at-locations-one": Page("public"),
    "hsds-locations": Page("public"),
    "hsds-locations-one": Page("public"),
    "hsds-taxonomies": Page("public"),
    "hsds-taxonomies-one": Page("public"),
    "hsds-taxonomy-terms": Page("public"),
    "hsds-taxonomy-terms-one": Page("public"),
    "directory-confirm": Page("public", of="token"),
    "directory-entries": _staff("directory.edit", LEADING),
    "directory-phrases": _staff("directory.edit", LEADING),
    "directory-entry-new": _staff("directory.edit", LEADING),
    "directory-entry": _staff("directory.edit", LEADING, of="service"),
    "directory-capacity": _staff("directory.edit", LEADING, method="post", of="service"),
    "directory-entry-confirm": _staff("directory.edit", LEADING, method="post", of="service"),
    "directory-versions": _staff("directory.edit", LEADING, of="service"),
    "directory-undo": _staff("directory.edit", LEADING, method="post", of="service number"),
    "directory-import": _staff("directory.import", ADMIN),
    "directory-import-run": _staff("directory.import", ADMIN, of="run"),
    "directory-planning": _staff("directory.plan", PLANNING),
    "directory-planning-table": _staff("directory.plan", PLANNING),
}

# A member's role that may listen, and whether the socket is about one case.
SOCKETS = {
    "ws-queue": COUNSELLING,
    "ws-case": COUNSELLING,
    "ws-supervision": LEADING,
    "ws-chat": frozenset(),  # the client's, by the code in their session
    "ws-team-chat": SENDING,
}
