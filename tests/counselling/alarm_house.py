"""The organisation that the tests of alarms play in, whom it alarms, and who sweeps."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from accounts.models import Membership, Organisation, Role, Team, User
from counselling.models import Escalation, OnCall
from counselling.operations import escalations
from outbox.models import Delivery
from tests.factories import enrol, organisation
from tests.factories.people import FOUNDED
from tests.factories.roster import shift

BERLIN = ZoneInfo("Europe/Berlin")
TUESDAY = date(2026, 6, 2)
NOON = datetime(2026, 6, 2, 12, tzinfo=BERLIN)
NIGHT = datetime(2026, 6, 2, 3, tzinfo=BERLIN)


@dataclass(frozen=True, slots=True)
class AlarmHouse:
    """Nordhafen. katrin and aylin answer in the team Erziehung, lea leads it; pia leads elsewhere, omar
    answers elsewhere; ada administers.
    """

    nordhafen: Organisation
    katrin: Membership
    aylin: Membership
    lea: Membership
    pia: Membership
    omar: Membership
    ada: Membership

    def named(self, name: str) -> Membership:
        """Return a member by the beginning of their name."""
        member: Membership = getattr(self, name.lower())
        return member


def open_alarm_house() -> AlarmHouse:
    """Found it and let everybody in. Only Katrin has keys: nobody else opens anything here."""
    nordhafen = organisation("nordhafen", land="BE")
    katrin = enrol(nordhafen, "Katrin Petersen", teams=["Erziehung"])
    here, elsewhere = (
        Team.objects.get(organisation=nordhafen, name=n) for n in ("Erziehung", "Krise")
    )

    def joins(name: str, role: Role, team: Team) -> Membership:
        member = Membership.objects.create(
            user=User.objects.create(email=f"{name.lower()}@nordhafen.example"),
            organisation=nordhafen,
            role=role,
            name=name,
            joined_at=FOUNDED,
        )
        member.teams.set([team])
        return member

    return AlarmHouse(
        nordhafen,
        katrin,
        joins("Aylin", Role.COUNSELLOR, here),
        joins("Lea", Role.SUPERVISOR, here),
        joins("Pia", Role.SUPERVISOR, elsewhere),
        joins("Omar", Role.COUNSELLOR, elsewhere),
        joins("Ada", Role.ADMIN, here),
    )


def on_call(house: AlarmHouse, *names: str) -> None:
    """Put people on the on-call list, in this order."""
    for position, name in enumerate(names):
        OnCall.objects.create(
            organisation=house.nordhafen, member=house.named(name), position=position
        )


def on_shift(house: AlarmHouse, name: str, begins: str, ends: str, *, lead: bool = False) -> None:
    """Give somebody a shift on Tuesday."""
    shift(
        house.named(name),
        TUESDAY,
        begins,
        ends,
        by=house.lea,
        lead=lead,
        at=NOON - timedelta(days=3),
    )


def sweep(at: datetime) -> int:
    """Sweep as a worker does."""
    escalations.settle_clock(at=at)
    taken = 0
    while more := escalations.move_on(at=at):
        taken += more
    return taken


def mailed(alarm: Escalation, number: int) -> list[str]:
    """Return whom a step's mails are for, by name."""
    rows = Delivery.objects.filter(
        key__startswith=f"escalation:{alarm.pk.hex}:{number}:", channel="mail"
    )
    names = Membership.objects.filter(user__email__in=rows.values("to"))
    return sorted(name.partition(" ")[0] for name in names.values_list("name", flat=True))


def ladder_of(alarm: Escalation, start: datetime) -> list[str]:
    """Return the steps that were taken, in words: minute, whom, who instead, and who had a mail."""
    return [
        _words(
            alarm, step.number, step.whom, step.instead, (step.at - start) / timedelta(minutes=1)
        )
        for step in alarm.steps.order_by("number")
    ]


def _words(alarm: Escalation, number: int, whom: str, instead: str, minute: float) -> str:
    for_whom = f"{whom}>{instead}" if instead else whom
    return f"{minute:g} {for_whom}: {' '.join(mailed(alarm, number))}".rstrip()


def minutes(start: datetime, last: int) -> Iterable[datetime]:
    """Return each minute after a start."""
    return (start + timedelta(minutes=number) for number in range(1, last + 1))
