"""A Wednesday in the house, what Katrin has open in her browser, and whatever may happen to it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Organisation, Role, Team
from counselling.models import Assessment, Case, Claim, Consultation, Escalation, Review, Topic
from counselling.operations import cases, escalations
from counselling.operations.claims import SecondPersonReads
from counselling.operations.entries import CaseGone
from counselling.sla import Urgency
from counselling.states import CaseState, IllegalMove
from tests.counselling.house import House, open_house
from tests.counselling.parts import Part, ask_again, bare, drawn, part_of
from tests.factories import (
    Asked,
    advise,
    ask,
    claim,
    client_writes,
    close,
    consult,
    holder_of,
    note,
    reply,
    review,
)
from tests.factories.sessions import signed_in

WEDNESDAY = datetime(2026, 6, 3, 10, 0, 20, tzinfo=UTC)  # 12:00:20 in Berlin
EARLIER = WEDNESDAY - timedelta(hours=2, minutes=30)
SAID = r'id="eintrag-\d+"|class="consultations__\w+"'
IDS = {
    "queue": "queue-live",
    "my-cases": "my-cases-live",
    "team-cases": "team-cases-live",
    "alarm-board": "alarm-board",
    "case": "case-live",
}


@dataclass
class Day:
    """A Wednesday in the house, and what Katrin has open in her browser."""

    house: House
    waiting: Asked
    mine: Asked
    answered: Asked
    theirs: Asked
    browser: Client
    parts: dict[str, Part] = field(default_factory=dict)
    shows: dict[str, str] = field(default_factory=dict)

    def open(self) -> None:
        """Open every page."""
        for name in IDS:
            self.note(name, self.page(name))

    def note(self, name: str, html: str) -> None:
        """Take a part as the browser now has it."""
        self.parts[name] = part_of(html, IDS[name])
        self.shows[name] = self.drawn(name)

    def page(self, name: str) -> str:
        """Return the whole page that a part stands on."""
        address = "queue" if name == "alarm-board" else name
        arguments = [self.mine.pk] if name == "case" else []
        return self.browser.get(reverse(address, args=arguments)).content.decode()

    def drawn(self, name: str) -> str:
        """Return what a part would show if it were drawn now."""
        if name != "case":
            return drawn(self.browser, self.parts[name])
        html = bare(self.page(name))
        pieces = (
            r'id="case-standing">(.*?)<div id="case-moved"',
            r'id="case-alarm">(.*?)<div class="workbench"',
            r'id="case-facts">(.*?)<div class="case-given"',
        )
        shown = [found.group(1) for piece in pieces if (found := re.search(piece, html, re.DOTALL))]
        assert len(shown) == len(pieces)
        return "".join([*shown, *re.findall(SAID, html)])

    def changed(self) -> set[str]:
        """Return which parts would be drawn otherwise than they are shown."""
        return {name for name in IDS if self.drawn(name) != self.shows[name]}

    def told(self) -> set[str]:
        """Return which parts are drawn anew when all ask again."""
        return {
            name for name in IDS if ask_again(self.browser, self.parts[name]).status_code != 204
        }


def open_day() -> Day:
    """Open the house and every page, when it is Wednesday by the clock."""
    house = open_house()
    where = house.nordhafen
    made = Day(
        house,
        waiting=ask(where, topic="Schlaf", age_band="1-3", at=EARLIER),
        mine=ask(where, "Ich will nicht mehr leben.", topic="Schlaf", at=EARLIER),
        answered=ask(where, topic="Schlaf", at=EARLIER),
        theirs=ask(where, "Ich will nicht mehr leben.", topic="Schlaf", at=EARLIER),
        browser=signed_in(house.katrin),
    )
    ask(where, topic="Gewalt", at=EARLIER)
    claim(made.mine, house.katrin, at=EARLIER)
    reply(made.answered, house.katrin, at=EARLIER)
    claim(made.theirs, house.aylin, at=EARLIER)
    _goes_back(made, returns_at=WEDNESDAY + timedelta(minutes=30), return_warned_at=EARLIER)
    ask(where, topic="Schlaf", in_danger=True, at=EARLIER)
    made.page("case")  # reading ends what only wanted to be read
    made.open()
    return made


def _rename(what: type[Any], to: str, **which: object) -> None:
    what.objects.filter(**which).update(name=to)


def _goes_back(day: Day, **fields: object) -> None:
    """Change when the open case goes back to the queue, or that Katrin was warned of it."""
    Claim.objects.filter(case=day.mine.pk, ended_at=None).update(**fields)


def _alone(asked: Asked, **fields: object) -> None:
    """Change something of a case whose client waits and nothing else, which no operation does."""
    Case.objects.filter(pk=asked.pk, state__in=CaseState.client_waits()).update(**fields)


def _replace(day: Day) -> None:
    """Let another case just like it take the place of the one that waits."""
    ask(day.house.nordhafen, topic="Schlaf", age_band="1-3", at=EARLIER)
    cases.delete(case=day.waiting.pk, by=day.house.katrin.actor, at=timezone.now())


def _advised(day: Day) -> None:
    asked = Consultation.objects.filter(case=day.mine.pk).first()
    advise(asked or consult(day.mine, day.house.katrin, day.house.lea), day.house.lea)


def _alarm() -> Escalation:
    return Escalation.objects.filter(ended_at=None, urgency=Urgency.SOFORT).earliest("started_at")


def _acknowledge(day: Day) -> None:
    escalations.acknowledge(
        escalation=_alarm().pk, by=day.house.aylin, how=Escalation.How.PAGE, at=timezone.now()
    )


Change = Callable[[Day], object]
# What happens, and what of Katrin's open pages shows it, at least.
CHANGES: dict[str, tuple[Change, set[str]]] = {
    "a question comes": (lambda day: ask(day.house.nordhafen), {"queue"}),
    "one that cannot wait comes": (
        lambda day: ask(day.house.nordhafen, in_danger=True),
        {"queue", "alarm-board"},
    ),
    "one comes to another team": (lambda day: ask(day.house.nordhafen, topic="Gewalt"), set()),
    "the client writes": (lambda day: client_writes(day.mine), {"case"}),
    "a client who was answered writes": (
        lambda day: client_writes(day.answered),
        {"queue", "my-cases"},
    ),
    "a colleague notes something": (lambda day: note(day.mine, day.house.aylin), {"case"}),
    "Katrin claims": (lambda day: claim(day.waiting, day.house.katrin), {"queue", "my-cases"}),
    "Aylin claims": (lambda day: claim(day.waiting, day.house.aylin), {"queue", "team-cases"}),
    "Aylin closes": (lambda day: close(day.theirs, day.house.aylin), {"team-cases"}),
    "Katrin answers": (
        lambda day: reply(day.mine, day.house.katrin),
        {"queue", "my-cases", "case"},
    ),
    "Katrin lets go": (
        lambda day: cases.release(case=day.mine.pk, by=day.house.katrin, at=timezone.now()),
        {"queue", "my-cases", "case"},
    ),
    "Katrin hands over to Aylin": (
        lambda day: cases.hand_to_colleague(
            case=day.mine.pk,
            to=day.house.aylin,
            by=day.house.katrin,
            holder=holder_of(day.house.katrin),
            at=timezone.now(),
        ),
        {"queue", "my-cases", "team-cases", "case"},
    ),
    "a human lowers the urgency": (
        lambda day: review(day.mine, day.house.aylin, Urgency.DRINGEND, reason="wording"),
        {"queue", "my-cases", "case"},
    ),
    "only what the machine found is another": (
        lambda day: Assessment.objects.filter(case=day.mine.pk).update(signals=["threat"]),
        {"case"},
    ),
    "only the last review is another": (
        lambda day: Review.objects.create(
            case_id=day.mine.pk, by=day.house.aylin, at=timezone.now(), seq=1, old=1, new=1
        ),
        {"case"},
    ),
    "a human confirms the urgency": (
        lambda day: review(day.mine, day.house.aylin, Urgency(day.mine.now().urgency)),
        {"case"},
    ),
    "an answer is due sooner": (
        lambda day: _alone(day.waiting, due_at=WEDNESDAY + timedelta(hours=2)),
        {"queue"},
    ),
    "an answer is due later": (
        lambda day: _alone(day.mine, due_at=WEDNESDAY + timedelta(days=2)),
        {"queue", "my-cases", "case"},
    ),
    "only the reason is another": (
        lambda day: _alone(day.waiting, reason=Case.Reason.RELEASED),
        {"queue"},
    ),
    "only the signal of the open case is another": (
        lambda day: _alone(day.mine, signal="farewell"),
        {"case"},
    ),
    "only the signal of a colleague's case is another": (
        lambda day: _alone(day.theirs, signal="farewell"),
        {"team-cases"},
    ),
    "only the age band is another": (lambda day: _alone(day.waiting, age_band="14-18"), {"queue"}),
    "only the urgency is another": (
        lambda day: _alone(day.waiting, urgency=Urgency.DRINGEND),
        {"queue"},
    ),
    "only the state is another": (
        lambda day: _alone(day.theirs, state=Case.State.ANSWERED, quiet_since=EARLIER),
        {"team-cases"},
    ),
    "only the urgency of the open case is another": (
        lambda day: _alone(day.mine, urgency=Urgency.NORMAL),
        {"queue", "my-cases", "case"},
    ),
    "only the reason of the open case is another": (
        lambda day: _alone(day.mine, reason=Case.Reason.RELEASED),
        {"case"},
    ),
    "only since when somebody waits is another": (
        lambda day: _alone(day.mine, waiting_since=EARLIER - timedelta(days=1)),
        {"my-cases", "case"},
    ),
    "another case takes the place of one": (_replace, {"queue"}),
    "a topic gets another name": (
        lambda _day: _rename(Topic, "Schlafen", name="Schlaf"),
        {"queue", "my-cases", "team-cases", "case"},
    ),
    "a topic is dropped": (
        lambda _day: Topic.objects.filter(name="Schlaf").delete(),
        {"queue", "my-cases", "team-cases", "case"},
    ),
    "a team gets another name": (
        lambda _day: _rename(Team, "Familie", name="Erziehung"),
        {"queue", "my-cases", "team-cases", "case", "alarm-board"},
    ),
    "Aylin gets another name": (
        lambda day: _rename(Membership, "Aylin Kaya", pk=day.house.aylin.pk),
        {"team-cases"},
    ),
    "Katrin gets another name": (
        lambda day: _rename(Membership, "Katrin Voss", pk=day.house.katrin.pk),
        {"case"},
    ),
    "Katrin joins another team": (
        lambda day: day.house.katrin.teams.set(day.house.nordhafen.teams.all()),
        {"queue"},
    ),
    "Katrin becomes a lead": (
        lambda day: Membership.objects.filter(pk=day.house.katrin.pk).update(role=Role.SUPERVISOR),
        {"alarm-board"},
    ),
    "Katrin is in training": (
        lambda day: Membership.objects.filter(pk=day.house.katrin.pk).update(role=Role.TRAINEE),
        set(),
    ),
    "the house says du": (
        lambda day: Organisation.objects.filter(pk=day.house.nordhafen.pk).update(address="du"),
        set(),
    ),
    "only when a case goes back is another": (
        lambda day: _goes_back(day, returns_at=WEDNESDAY + timedelta(minutes=50)),
        {"queue", "my-cases", "case"},
    ),
    "only the warning is taken back": (
        lambda day: _goes_back(day, return_warned_at=None),
        {"queue", "my-cases", "case"},
    ),
    "an alarm takes a step": (
        lambda _day: escalations.move_on(at=timezone.now() + timedelta(minutes=10)),
        {"alarm-board"},
    ),
    "an alarm is another's reason": (
        lambda _day: Escalation.objects.filter(ended_at=None).update(why=Escalation.Why.BREACH),
        {"alarm-board"},
    ),
    "an alarm is confirmed": (_acknowledge, {"alarm-board"}),
    "a colleague is asked": (
        lambda day: consult(day.mine, day.house.katrin, day.house.lea),
        {"case"},
    ),
    "a colleague advises": (_advised, {"case"}),
    "a case is deleted": (
        lambda day: cases.delete(case=day.waiting.pk, by=day.house.katrin.actor, at=timezone.now()),
        {"queue"},
    ),
}


# What an earlier change has made impossible.
NOT_ANY_MORE = (
    cases.ClaimedByOther,
    cases.NotHolder,
    CaseGone,
    IllegalMove,
    SecondPersonReads,
    Escalation.DoesNotExist,
    Topic.DoesNotExist,
)
