"""The organisation of a simulated week: who works there, and a roster with holes."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from accounts import duties
from accounts.models import Membership, Organisation, Role, Team
from accounts.operations import organisations, staff
from counselling import roster
from counselling.models import Channel
from counselling.operations import absences, on_call, patterns, working
from counselling.operations.shifts import Duty, Hours
from counselling.working_time import at_wall_clock
from vault import staff_keys
from vault.keyring import StaffHolder

PASSWORD = "simuliert-wolke-tisch-lampe"  # noqa: S105 - of people in a database that is thrown away
ZONE = ZoneInfo("Europe/Berlin")
# Name, role, team, first and last weekday (0: Monday), begin and end of the shift in hours.
STAFF = (
    ("Aylin", Role.COUNSELLOR, 0, 0, 4, 7, 15),
    ("Birte", Role.SUPERVISOR, 0, 0, 4, 8, 16),
    ("Cem", Role.COUNSELLOR, 0, 0, 4, 9, 17),
    ("Dana", Role.COUNSELLOR, 0, 0, 3, 13, 21),
    ("Emil", Role.TRAINEE, 0, 0, 4, 9, 15),
    ("Finn", Role.COUNSELLOR, 0, 2, 5, 10, 18),
    ("Gesa", Role.COUNSELLOR, 0, 5, 6, 9, 13),
    ("Hanna", Role.COUNSELLOR, 1, 0, 4, 7, 15),
    ("Ivo", Role.SUPERVISOR, 1, 0, 4, 12, 20),
    ("Jale", Role.COUNSELLOR, 1, 0, 2, 14, 22),
    ("Kim", Role.COUNSELLOR, 1, 3, 6, 22, 30),
)


@dataclass(slots=True)
class Worker:
    """Somebody who works in the simulated week, with what opens cases for them.

    nothing_at: how often cases had moved when there was nothing for them; their page tells them of the next.
    """

    member: Membership
    holder: StaffHolder
    free_at: datetime
    nothing_at: int = -1


@dataclass(frozen=True, slots=True)
class House:
    """The organisation, its teams and the people in it."""

    organisation: Organisation
    teams: list[Team]
    workers: list[Worker]


def midnight(day: date) -> datetime:
    """Return the moment at which a day begins there, in UTC."""
    return at_wall_clock(day, 0, ZONE)


def build(*, first_day: date, days: int, random: Random) -> House:
    """Found the organisation and plan its week: two teams, weekly shifts, absences, two on call.

    Nobody has the first night; the second team is without anybody on some evenings; one person falls
    ill in the middle of a shift.
    """
    before = midnight(first_day) - timedelta(days=30)
    organisation = organisations.found(
        organisation=Organisation(slug="simuliert", name="Simulierte Woche", device_keys=False),
        teams=["Eltern", "Krise"],
        lines=[{"name": "Notruf", "number": "112", "hours": "immer", "note": ""}],
        at=before,
    )
    teams = list(organisation.teams.all())
    people = [_enrol(organisation, teams, entry, before) for entry in STAFF]
    for worker in people:  # the first of each team has its key and hands it on
        duties.do(member=worker.member, holder=worker.holder)
    lead = people[1].member
    for worker, (_name, role, team, first, last, begins, ends) in zip(people, STAFF, strict=True):
        for weekday in range(first, last + 1):
            patterns.plan(
                duty=Duty(
                    teams[team], worker.member, Channel.BOTH, 12, lead=role == Role.SUPERVISOR
                ),
                hours=Hours(begins * 60, ends * 60, ZONE.key),
                weekday=weekday,
                first_day=first_day,
                last_day=None,
                by=lead,
                at=before,
            )
    for worker in (people[1], people[8]):
        on_call.add(organisation=organisation, member=worker.member, by=lead, at=before)
    _absences(people, first_day, days, random)
    rules = roster.house_rules(organisation.pk)
    rules.return_normal_minutes = 240
    working.set_rules(rules=rules, pushed={teams[1].pk}, by=lead, at=before)
    return House(organisation, teams, people)


def _enrol(
    organisation: Organisation, teams: list[Team], entry: tuple[object, ...], at: datetime
) -> Worker:
    name, role, team = str(entry[0]), Role(str(entry[1])), int(str(entry[2]))
    member = staff.enrol(
        organisation=organisation,
        name=name,
        email=f"{name.lower()}@simuliert.example",
        password=PASSWORD,
        role=role,
        teams=[teams[team]],
        totp_key="31" * 20,
        at=at,
    )
    unlocked = staff_keys.unlock(user=member.user_id, password=PASSWORD)
    return Worker(member, StaffHolder(unlocked), at)


def _absences(people: list[Worker], first_day: date, days: int, random: Random) -> None:
    """Let one be away from the beginning and others fall ill at a random moment of a working day."""
    start = midnight(first_day)
    away = [(people[2], start, start + timedelta(days=2))]
    for worker in random.sample(people, 3):
        day = first_day + timedelta(days=random.randrange(days))
        falls = at_wall_clock(day, random.randrange(9, 15) * 60, ZONE)
        away.append((worker, falls, falls + timedelta(hours=random.randrange(6, 40))))
    for worker, starts_at, ends_at in away:
        absences.enter(
            member=worker.member,
            starts_at=starts_at,
            ends_at=ends_at,
            by=worker.member,
            at=start - timedelta(days=1),
        )
