"""Fill a demo's PostgreSQL with many cases: `python -m benchmarks.growth_fill 1000000`.

Each new case is a copy of one of the demo's that the product made, with everything that hangs on it,
inside the database, since a million questions through the form would take a day. Of every hundred
five wait (more where that were too few to fill the lists), three are answered and rest, the others were closed in
the last 175 days. Their texts open with no key.
"""

import os
import sys
from datetime import timedelta
from typing import Any
from uuid import uuid4

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection, models  # noqa: E402 - needs the settings
from django.utils import timezone  # noqa: E402 - as above

from accounts.models import Membership, Organisation, Role  # noqa: E402 - as above
from audit.models import TrailEntry  # noqa: E402 - as above
from benchmarks.without_indexes import without_indexes  # noqa: E402 - as above
from chat.models import Chat  # noqa: E402 - as above
from counselling.models import (  # noqa: E402 - as above
    Assessment,
    Breach,
    Case,
    Claim,
    Deadline,
    Deletion,
    Escalation,
    EscalationStep,
    Message,
    Rating,
    Review,
)
from counselling.states import CaseState  # noqa: E402 - as above
from outbox.models import Delivery  # noqa: E402 - as above
from referrals.models import Act, Consent, Decline, PartnerDesk, Referral  # noqa: E402 - as above
from referrals.states import ReferralState  # noqa: E402 - as above
from vault.models import KeyWrap  # noqa: E402 - as above

# Of a hundred; and how many wait at least, so that lists are full with few cases as well as with many.
WAITING, ANSWERED = 5, 3
FEWEST_WAITING = 1100
CLOSED = "c.kind = 'closed'"
# Where a copy is not its original moved back in time: column to expression, `one` the original, `c` the
# line of `copies`.
OTHERWISE: dict[type[models.Model], dict[str, str]] = {
    Case: {
        "submission": "gen_random_uuid()",
        "lookup_id": "decode(md5(random()::text) || md5(random()::text), 'hex')",
        "state": f"CASE WHEN {CLOSED} THEN 'closed' ELSE one.state END",
        "closed_at": f"CASE WHEN {CLOSED} THEN now() - c.back END",
        "quiet_since": "CASE WHEN c.kind = 'waiting' THEN NULL ELSE now() - c.back END",
        "waiting_since": f"CASE WHEN {CLOSED} THEN NULL ELSE one.waiting_since - c.back END",
        "due_at": f"CASE WHEN {CLOSED} THEN NULL ELSE one.due_at - c.back END",
        "deletion_warned_at": f"CASE WHEN {CLOSED} AND c.back > interval '166 days'"
        " THEN now() - (c.back - interval '166 days') END",
    },
    Claim: {
        "ended_at": "coalesce(one.ended_at, one.claimed_at + interval '1 hour') - c.back",
        "end": "coalesce(nullif(one.\"end\", ''), 'closed')",
        "returns_at": "NULL",
    },
    Deadline: {
        "ended_at": "CASE WHEN c.kind <> 'waiting' THEN"
        " coalesce(one.ended_at, one.since + interval '1 hour') - c.back ELSE one.ended_at - c.back END",
        "end": "CASE WHEN c.kind <> 'waiting' THEN coalesce(nullif(one.\"end\", ''), 'closed')"
        ' ELSE one."end" END',
        # What is late has been noted: nothing is left for the sweeps to find.
        "warned_at": "CASE WHEN one.warn_at - c.back < now() THEN one.warn_at - c.back END",
        "breached_at": "CASE WHEN one.due_at - c.back < now() THEN one.due_at - c.back END",
    },
    Breach: {"deadline": "-(one.deadline * 10000000 + c.number)"},
    Escalation: {
        "ended_at": f"CASE WHEN {CLOSED} THEN coalesce(one.ended_at, one.moved_at) - c.back"
        " ELSE one.ended_at - c.back END",
        "how": f"CASE WHEN {CLOSED} THEN coalesce(nullif(one.how, ''), 'closed') ELSE one.how END",
        "next_at": f"CASE WHEN {CLOSED} OR one.ended_at IS NOT NULL THEN NULL"
        " ELSE now() + interval '1 day' END",
    },
    KeyWrap: {
        "recipient": "CASE WHEN one.kind = 'code' THEN md5(one.subject::text || c.number)::uuid"
        " ELSE one.recipient END"
    },
    Referral: {
        "arrival_code": "NULL",
        "expires_at": "one.expires_at",
        "due_at": "one.due_at",
    },
}
# Each table, and which column leads to the case: in the table itself, or in the one that it is joined to.
TABLES: tuple[tuple[type[models.Model], str], ...] = (
    (Case, "one.id"),
    (Message, "one.case_id"),
    (Claim, "one.case_id"),
    (Rating, "one.case_id"),
    (Deadline, "one.case_id"),
    (Breach, 'one."case"'),
    (Assessment, "one.case_id"),
    (Escalation, "one.case_id"),
    (
        EscalationStep,
        "(SELECT e.case_id FROM counselling_escalation e WHERE e.id = one.escalation_id)",
    ),
    (KeyWrap, "one.subject"),
    (TrailEntry, 'one."case"'),
    (Chat, "one.case_id"),
    (Referral, "one.case_id"),
    (Act, "(SELECT r.case_id FROM referrals_referral r WHERE r.id = one.referral_id)"),
    (Consent, "(SELECT r.case_id FROM referrals_referral r WHERE r.id = one.referral_id)"),
)
# Of what the demo has more than a house that goes well: of so many copies one has it.
SELDOM = {Breach: 20}
# Ids of what is copied too; every other id stays what it is.
NEW_IDS = {"case_id", "case", "subject", "escalation_id", "referral_id"}


def fill(count: int) -> None:
    """Add so many cases to the demo's first organisation."""
    organisation = Organisation.objects.order_by("created_at", "name")[0]
    _add_what_the_demo_lacks(organisation)
    tables = [model for model, _case in TABLES]
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no checks of foreign keys
        cursor.execute("SET maintenance_work_mem = '512MB'")
        _list_copies(cursor, organisation, count)
        with without_indexes(cursor, *tables, Review):
            # All originals are read before the first copy is written among them.
            for model, _case in TABLES:
                table = model._meta.db_table
                cursor.execute(f"CREATE TEMP TABLE was_{table} AS SELECT * FROM {table}")
                cursor.execute(f"ANALYZE was_{table}")
            for model, case in TABLES:
                _copy(cursor, model, case)
            _review(cursor, organisation)
        _forget_and_send(cursor, organisation, count)
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE")


def _add_what_the_demo_lacks(organisation: Organisation) -> None:
    """Give some of the demo's cases a chat that is over, and referrals at its first desk."""
    now = timezone.now()
    desk = PartnerDesk.objects.order_by("pk").first()
    assert desk is not None, "the demo has a desk"
    service = desk.services.first()
    by = Membership.objects.filter(organisation=organisation, role=Role.SUPERVISOR)[0]
    quiet = Case.objects.filter(organisation=organisation, state__in=sorted(CaseState.quiet()))
    for case in quiet.order_by("created_at")[:6]:
        times = {"taken_at": case.created_at, "over_at": case.created_at + timedelta(minutes=30)}
        Chat.objects.create(
            organisation=organisation,
            case=case,
            state=Chat.State.ENDED,
            why=Chat.Why.CLIENT,
            entered_at=case.created_at,
            kept_until=case.created_at + timedelta(minutes=30),
            **times,
        )
    waiting = Case.objects.filter(organisation=organisation, state=CaseState.WAITING)
    first, second, third = quiet.order_by("-created_at")[:3]
    of = {
        first: ReferralState.COMPLETED,
        second: ReferralState.DECLINED,
        third: ReferralState.COMPLETED,
    }
    # So many that lists are full pages with few cases as well as with many.
    for number, case in enumerate(waiting.order_by("created_at")[:8]):
        of[case] = (ReferralState.SENT, ReferralState.RETURNED)[number % 2]
    for case, state in of.items():
        sent = case.created_at + timedelta(hours=3)
        referral = Referral.objects.create(
            organisation=organisation,
            case=case,
            team_id=case.team_id,
            service=service,
            way=Referral.Way.DESK,
            desk_id=desk.team_id,
            state=state,
            land="BE",
            created_at=case.created_at,
            changed_at=sent,
            sent_at=sent,
            answered_at=sent,
            ended_at=sent if state in ReferralState.ended() else None,
            due_at=now + timedelta(days=20) if state == ReferralState.SENT else None,
            expires_at=now + timedelta(days=90),
            payload=os.urandom(1200),
            decline=Decline.FULL if state == ReferralState.DECLINED else "",
            handled_at=sent if state == ReferralState.DECLINED else None,
            handled_by=by if state == ReferralState.DECLINED else None,
        )
        Consent.objects.create(
            referral=referral,
            recipient=service.pk if service else uuid4(),
            recipient_name="Beratungsstelle",
            fields=["text"],
            about=Consent.About.SELF,
            digest=os.urandom(32),
            confirmed_at=sent,
            expires_at=now + timedelta(days=90),
        )
        for number, move in enumerate((Act.Move.SUGGEST, Act.Move.PREPARE, Act.Move.CONFIRM), 1):
            Act.objects.create(
                referral=referral,
                number=number,
                move=move,
                new=state,
                actor_kind=TrailEntry.ActorKind.CLIENT,
                at=sent,
            )


def _list_copies(cursor: Any, organisation: Organisation, count: int) -> None:
    """Write down for each new case which one it copies, as what, and how far back in time."""
    waiting = max(WAITING, -(-100 * FEWEST_WAITING // count))
    cursor.execute(
        f"""
        CREATE TEMP TABLE copies AS
        WITH originals AS (
            SELECT id, state = 'waiting' AS waits,
                row_number() OVER (PARTITION BY state = 'waiting' ORDER BY id) - 1 AS place,
                count(*) OVER (PARTITION BY state = 'waiting') AS places
            FROM counselling_case
            WHERE organisation_id = %s AND state IN ('waiting', 'answered', 'closed')
        ), numbers AS (
            SELECT number, number %% 100 < {waiting} AS waits,
                CASE WHEN number %% 100 < {waiting} THEN 'waiting'
                    WHEN number %% 100 < {waiting + ANSWERED} THEN 'answered' ELSE 'closed' END AS kind
            FROM generate_series(1, %s) AS number
        )
        SELECT number, o.id AS case_id, CASE WHEN kind = 'answered' AND o.id IN
                (SELECT id FROM counselling_case WHERE state = 'closed') THEN 'closed' ELSE kind END AS kind,
            random() * CASE kind WHEN 'waiting' THEN interval '1 day'
                WHEN 'answered' THEN interval '50 days' ELSE interval '175 days' END AS back
        FROM numbers n JOIN originals o
            ON o.waits = n.waits AND o.place = (n.number / 100 * 7 + n.number) %% o.places
        """,
        [organisation.pk, count],
    )
    cursor.execute("ANALYZE copies")


def _copy(cursor: Any, model: type[models.Model], case: str) -> None:
    columns = {}
    for field in model._meta.concrete_fields:
        column = field.column
        if column == "id" and isinstance(field, models.AutoField | models.BigAutoField):
            continue
        same = f'one."{column}"'
        if column in OTHERWISE.get(model, {}):
            columns[column] = OTHERWISE[model][column]
        elif column == "id" or column in NEW_IDS:
            columns[column] = f"md5({same}::text || c.number)::uuid"
        elif isinstance(field, models.DateTimeField):
            columns[column] = f"{same} - c.back"
        else:
            columns[column] = same
    table = model._meta.db_table
    named = ", ".join(f'"{column}"' for column in columns)
    cursor.execute(
        f"INSERT INTO {table} ({named}) SELECT {', '.join(columns.values())}"
        f" FROM was_{table} one JOIN copies c ON c.case_id = {case}"
        f" WHERE c.number % {SELDOM.get(model, 1)} = 0"
    )


def _review(cursor: Any, organisation: Organisation) -> None:
    """Let a supervisor have reviewed nine of ten alarms in closed cases; in eight of a hundred it was a miss."""
    member = Membership.objects.filter(organisation=organisation, role=Role.SUPERVISOR)[0]
    cursor.execute(
        """
        INSERT INTO counselling_review (id, case_id, by_id, at, seq, old, new, machine, reason)
        SELECT md5('review' || a.id)::uuid, a.case_id, %s, a.created_at + interval '1 hour', a.seq,
            a.level, CASE WHEN a.id %% 100 < 8 AND a.level > 0 THEN a.level - 1 ELSE a.level END,
            a.level, ''
        FROM counselling_assessment a JOIN counselling_case c ON c.id = a.case_id
        WHERE c.state = 'closed' AND a.level < 3 AND a.review_id IS NULL AND a.id %% 10 > 0
            AND a.level IN (SELECT DISTINCT urgency FROM counselling_case)
            AND a.level < (SELECT max(urgency) FROM counselling_case)
        """,
        [member.pk],
    )
    cursor.execute(
        "UPDATE counselling_assessment a SET review_id = r.id FROM counselling_review r"
        " WHERE r.id = md5('review' || a.id)::uuid"
    )


def _forget_and_send(cursor: Any, organisation: Organisation, count: int) -> None:
    """Write what goes with the traffic: cases that are deleted by now, mails that were sent."""
    deletion, delivery = Deletion._meta.db_table, Delivery._meta.db_table
    cursor.execute(
        f"INSERT INTO {deletion} (case_id, deleted_at, listed_at) SELECT gen_random_uuid(),"
        " now() - random() * interval '2 years', now() FROM generate_series(1, %s)".replace(
            "case_id", '"case"'
        ),
        [count // 2],
    )
    cursor.execute(
        f'INSERT INTO {delivery} (id, key, organisation, channel, "to", subject, body, state,'
        " attempts, failure, promised_at, due_at, touched_at, sent_at)"
        " SELECT gen_random_uuid(), 'growth ' || n, %s, 'mail', '', '', '', 'sent', 1, '',"
        " at, NULL, at, at FROM (SELECT n, now() - random() * interval '29 days' AS at"
        " FROM generate_series(1, %s) AS n) AS one",
        [organisation.pk, count // 10],
    )


if __name__ == "__main__":
    fill(int(sys.argv[1]))
