"""Fill the demo: organisations, staff and questions, all through the operations that the pages use.

The texts are in `content/`; ages are counted back from now, so that the demo is always of today.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from accounts import duties, queries
from accounts.models import Membership, Organisation, Role, Team
from accounts.operations import organisations, staff
from chat.models import ChatRules
from chat.operations import settings as chat_settings
from config.demo import partners
from counselling import triaging
from counselling.models import Escalation, TextModule, Topic, WorkCalendar
from counselling.operations import asking, cases, escalations, messages, ratings
from counselling.operations.promises import save_calendar
from counselling.operations.settings import furnish
from counselling.sla import Urgency
from referrals.formats.detection import Format
from referrals.formats.files import uploaded
from referrals.operations import imports
from vault import staff_keys
from vault.codes import AccessCode
from vault.keyring import ClientHolder, StaffHolder, holder_by_code

CONTENT = Path(__file__).parent / "content"
PASSWORD = "lotse-demo-wolke-tisch"  # noqa: S105 - of the demo's fictitious staff, printed at its start


def totp_key(email: str) -> str:
    """Return a demo person's TOTP secret, 40 hexadecimal digits, the same at every start."""
    return hashlib.sha1(f"lotse-demo {email}".encode(), usedforsecurity=False).hexdigest()


def is_seeded() -> bool:
    """Say whether the demo's organisations are there."""
    return Organisation.objects.exists()


@transaction.atomic
def seed(*, now: datetime, progress: Callable[[str], None]) -> None:
    """Fill an empty database, and note one access code per organisation to try.

    progress: called with a line for every step that takes long.
    """
    triaging.warm_up()  # or the first questions would count as too slow to rate
    codes: dict[str, str] = {}
    for entry in _load("organisations.json"):
        began = now - timedelta(days=120)
        organisation = _found(entry, began)
        people = _enrol(organisation, entry, began)
        if entry.get("chats"):
            _open_chat(organisation, people, began)
        stories = _load(f"cases_{organisation.slug}.json")
        progress(f"{organisation.name}: {len(people)} people, {len(stories)} questions")
        for story in stories:
            code = _tell(organisation, people, story, now)
            if story["state"] == "answered":
                codes.setdefault(organisation.slug, code.display())
        _confirm_alarms(organisation, people, now)
    _codes_file().write_text(json.dumps(codes, indent=1))
    progress("The directory")
    _fill_directory(now)
    partners.let_in(password=PASSWORD, totp_key=totp_key(partners.EMAIL), now=now)


def _fill_directory(now: datetime) -> None:
    """Read in help around Bremerhaven, all of it made up; a few entries are soon to be confirmed."""
    for name, at in (
        ("services.json", now),
        ("directory.json", now - timedelta(days=350)),
    ):
        imports.take_over(
            files=uploaded(name, (CONTENT / name).read_bytes()),
            kind=Format.HSDS,
            source="demo",
            owner=Organisation.objects.get(slug=_load("organisations.json")[0]["slug"]),
            by=None,
            at=at,
        )


def code_to_try(slug: str) -> str:
    """Return the access code of an answered question of an organisation, or nothing."""
    file = _codes_file()
    codes: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    return codes.get(slug, "")


def _codes_file() -> Path:
    return Path(settings.DATA_DIR) / "demo-codes.json"


def _load(name: str) -> Any:
    return json.loads((CONTENT / name).read_text(encoding="utf-8"))


def _found(entry: dict[str, Any], at: datetime) -> Organisation:
    organisation = organisations.found(
        organisation=Organisation(
            slug=entry["slug"],
            name=entry["name"],
            address=entry["address"],
            accent=entry["accent"],
            land=entry["land"],
            welcome=entry["welcome"],
            about=entry["about"],
            device_keys=False,  # anybody looks around from any device
        ),
        teams=entry["teams"],
        lines=[
            {key: line.get(key, "") for key in ("name", "number", "hours", "note")}  # type: ignore[misc]
            for line in entry["crisis_lines"]
        ],
        at=at,
    )
    teams = {team.name: team for team in organisation.teams.all()}
    furnish(
        organisation=organisation,
        topics=[
            Topic(organisation=organisation, name=topic["name"], team=teams[topic["team"]])
            for topic in entry["topics"]
        ],
        modules=[
            TextModule(organisation=organisation, title=module["title"], body=module["body"])
            for module in entry["text_modules"]
        ],
        at=at,
    )
    return organisation


def _enrol(
    organisation: Organisation, entry: dict[str, Any], at: datetime
) -> dict[str, Membership]:
    teams = {team.name: team for team in organisation.teams.all()}
    people = {
        person["email"]: staff.enrol(
            organisation=organisation,
            name=person["name"],
            email=person["email"],
            password=PASSWORD,
            role=Role(person["role"]),
            teams=[teams[name] for name in person["teams"]],
            totp_key=totp_key(person["email"]),
            at=at,
        )
        for person in entry["staff"]
    }
    # The first of each team has its key and hands it on, as at their next request.
    for member in people.values():
        duties.do(member=member, holder=holder_of(member))
    return people


def holder_of(member: Membership) -> StaffHolder:
    """Return what opens cases for one of the demo's people: everybody has the same password."""
    return StaffHolder(_unlocked(member.user_id))


@cache
def _unlocked(user: UUID) -> staff_keys.Unlocked:
    return staff_keys.unlock(user=user, password=PASSWORD)


def _open_chat(organisation: Organisation, people: dict[str, Membership], at: datetime) -> None:
    """Offer chats around the clock, so that the demo's chat is open whenever somebody looks.

    Nobody has planned shifts, so the whole team counts as on duty.
    """
    admin = next(person for person in people.values() if person.role == Role.ADMIN)
    around_the_clock: list[list[list[int]]] = [[[0, 24 * 60]]] * 7
    save_calendar(
        calendar=WorkCalendar(
            organisation=organisation, zone="Europe/Berlin", weekly=around_the_clock
        ),
        by=admin,
        at=at,
    )
    chat_settings.set_rules(
        rules=ChatRules(organisation=organisation, offered=True, last_entry_minutes=0),
        by=admin,
        at=at,
    )


def _tell(
    organisation: Organisation,
    people: dict[str, Membership],
    story: dict[str, Any],
    now: datetime,
) -> AccessCode:
    """Play a story through the operations, each step at its time, and return its access code."""
    start = now - timedelta(hours=story["age_hours"])
    code = AccessCode.generate()
    case = asking.ask(
        organisation=organisation,
        question=asking.Question(
            text=story["thread"][0]["text"],
            topic=organisation.topics.filter(name=story["topic"]).first(),
            age_band=story["age_band"] or "",
            postcode=story["postcode"] or "",
            in_danger=story["danger"],
        ),
        code=code,
        submission=uuid4(),
        at=start,
    )
    client = holder_by_code(subject=case.pk, code=code)
    at = start
    for entry in story["thread"][1:]:
        at = min(start + timedelta(hours=entry["after_hours"]), now)
        _write(client, entry, people.get(entry["author"] or ""), at)
    _bring_to(case.pk, story, people, min(at + timedelta(minutes=7), now))
    if story.get("rating"):
        rating = story["rating"]
        ratings.rate(
            case=case.pk, stars=rating["stars"], text=rating["text"], holder=client, at=now
        )
    return code


def _write(
    client: ClientHolder, entry: dict[str, Any], author: Membership | None, at: datetime
) -> None:
    common = {
        "case": client.subject,
        "text": entry["text"],
        "client_msg_id": uuid4(),
        "at": at,
    }
    if entry["role"] == "client":
        messages.write(**common, in_danger=False, holder=client)
    elif author is not None and entry["role"] == "note":
        if not _reads(author, client.subject):
            _hold(client.subject, author, at)
        messages.note(**common, by=author, holder=holder_of(author))
    elif author is not None and entry["role"] == "reply":
        _hold(client.subject, author, at)
        messages.reply(**common, by=author, holder=holder_of(author))


def _confirm_alarms(
    organisation: Organisation, people: dict[str, Membership], now: datetime
) -> None:
    """Let a lead have seen every alarm but the newest that cannot wait."""
    lead = next(person for person in people.values() if person.role == Role.SUPERVISOR)
    alarms = Escalation.objects.filter(organisation=organisation, ended_at__isnull=True)
    loud = alarms.filter(urgency=Urgency.SOFORT).order_by("-started_at").first()
    for alarm in alarms:
        if alarm == loud:
            continue
        at = min(now, alarm.started_at + timedelta(minutes=3))
        escalations.acknowledge(escalation=alarm.pk, by=lead, how=Escalation.How.PAGE, at=at)


def _readers(case: UUID) -> QuerySet[Membership]:
    return queries.may_have_key(Team.objects.get(cases=case))


def _reads(member: Membership, case: UUID) -> bool:
    return _readers(case).filter(pk=member.pk).exists()


def _hold(case: UUID, member: Membership, at: datetime) -> None:
    """Let a member hold the case, whoever does now; from another team they get it from a colleague."""
    current = cases.holder_of(case)
    if current is None and _reads(member, case):
        cases.claim(case=case, by=member, at=at)
        return
    if current is None:
        current = next(one for one in _readers(case) if one.role == Role.SUPERVISOR)
        cases.claim(case=case, by=current, at=at)
    if current.pk != member.pk:
        cases.hand_to_colleague(case=case, to=member, by=current, holder=holder_of(current), at=at)


def _bring_to(
    case: UUID, story: dict[str, Any], people: dict[str, Membership], at: datetime
) -> None:
    """Bring the case to the state that the story ends in."""
    someone = next(person for person in people.values() if person.role == Role.SUPERVISOR)
    if Urgency[story["urgency"].upper()] is not (
        Urgency.SOFORT if story["danger"] else Urgency.NORMAL
    ):
        cases.set_urgency(case=case, urgency=Urgency[story["urgency"].upper()], by=someone, at=at)
    holder = cases.holder_of(case)
    if story["state"] == "waiting":
        if holder is not None:
            cases.release(case=case, by=holder, at=at)
        return
    _hold(case, people[story["claimed_by"]] if story["claimed_by"] else holder or someone, at)
    if story["state"] == "closed":
        by = cases.holder_of(case)
        assert by is not None  # held just above
        cases.close(case=case, by=by, holder=holder_of(by), at=at)
