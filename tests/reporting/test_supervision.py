"""The supervisor's pages: what is now, how long answers take, and the same numbers for programs."""

import csv
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from random import Random
from uuid import UUID

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse

from accounts.models import Membership, Role, Team
from counselling.models import Deadline, Topic
from counselling.operations import cases, sweep
from counselling.sla import Urgency
from counselling.states import CaseState, IllegalMove
from counselling.ticks import Ticks
from reporting import exports, supervision
from reporting.response_times import percentile, response_times
from tests import factories
from tests.counselling.house import House
from tests.counselling.pages import words
from tests.factories.sessions import signed_in

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)  # ten o'clock in Berlin
TOKEN = "a-long-and-random-token-for-tests"


def visit(member: Membership, name: str, moment: datetime, **headers: str) -> HttpResponse:
    """Open a page at a moment."""
    with time_machine.travel(moment, tick=False):
        return signed_in(member).get(reverse(name), headers=headers)  # type: ignore[return-value]  # the test client's


def run_sweep(moment: datetime) -> None:
    """Sweep until nothing is left."""
    while sweep.once(at=moment, ticks=Ticks("", 0)):
        pass


def test_lea_sees_who_waits_what_is_late_and_who_is_there(house: House) -> None:
    normal = factories.ask(house.nordhafen, at=MONDAY)
    danger = factories.ask(house.nordhafen, in_danger=True, topic="Gewalt", at=MONDAY)
    factories.claim(danger, house.lea, at=MONDAY + timedelta(minutes=2))
    theirs = factories.ask(house.suedstadt, at=MONDAY)
    run_sweep(MONDAY + timedelta(hours=22))

    page = words(visit(house.lea, "supervision", MONDAY + timedelta(hours=22)))

    assert "2 warten auf Antwort" in page or "warten auf Antwort 2" in page
    assert f"Fall {normal.case.reference}" in page
    assert f"Fall {danger.case.reference}" in page
    assert theirs.case.reference not in page
    assert "überfällig seit 21 Std." in page
    assert "noch 2 Std." in page
    assert "Lea Sommer Krise 1 von" in page
    assert "sofort erste Antwort 1 1 1" in page
    assert "Offene Alarme" in page
    # Of a case of a team that is not hers she learns that it is late; the way in stays closed.
    html = visit(house.lea, "supervision", MONDAY + timedelta(hours=22)).content.decode()
    assert reverse("case", args=[danger.pk]) in html
    assert reverse("case", args=[normal.pk]) not in html


def test_katrin_counsels_and_sees_none_of_it(house: House) -> None:
    for name in ("supervision", "response-times", "supervision-export"):
        assert visit(house.katrin, name, MONDAY).status_code == 404


def test_the_page_renews_only_its_part(house: House) -> None:
    part = visit(house.lea, "supervision", MONDAY, **{"HX-Request": "true"}).content.decode()

    assert 'id="supervision-live"' in part
    assert "<html" not in part


def test_waiting_is_counted_by_age_and_claimed_or_not(house: House) -> None:
    for hours in (0.5, 3, 20, 30, 60):
        factories.ask(house.nordhafen, at=MONDAY - timedelta(hours=hours))
    held = factories.ask(house.nordhafen, at=MONDAY - timedelta(hours=2))
    factories.claim(held, house.katrin, at=MONDAY)
    answered = factories.ask(house.nordhafen, at=MONDAY - timedelta(hours=2))
    factories.reply(answered, house.katrin, at=MONDAY)

    sofort, dringend, normal = supervision.waiting(house.nordhafen.pk, at=MONDAY)

    assert (sofort.total, dringend.total, normal.total, normal.unclaimed) == (0, 0, 6, 5)
    assert normal.ages == {"1h": 1, "4h": 2, "24h": 1, "48h": 1, "older": 1}


def test_what_waits_is_counted_as_a_look_at_every_case_counts_it(house: House) -> None:
    """Whatever happened to cases: the sums that no case is read for are those of all of them."""
    chance = Random(9)
    kim = factories.enrol(house.nordhafen, "Kim Albers")
    moment = MONDAY
    for _case in range(16):
        moment += timedelta(minutes=chance.randrange(5, 200))
        topic, danger = chance.choice(["", "Gewalt"]), chance.random() < 0.3
        asked = factories.ask(house.nordhafen, topic=topic, in_danger=danger, at=moment)
        for _act in range(chance.randrange(5)):
            moment += timedelta(minutes=chance.randrange(1, 30))
            with suppress(IllegalMove, cases.NotHolder, cases.ClaimedByOther, cases.SameTeam):
                chance.choice(ACTS)(asked, kim, moment)
    factories.ask(house.suedstadt, at=MONDAY)

    counted = supervision.waiting(house.nordhafen.pk, at=moment)

    assert counted == _plainly(house.nordhafen.pk, at=moment)
    sums = [(sum(row.ages.values()), row.total) for row in counted]
    assert all(total == of_ages for of_ages, total in sums)
    assert all(0 < row.unclaimed < row.total for row in counted if row.urgency != Urgency.DRINGEND)


def _hand_to_other_team(asked: factories.Asked, by: Membership, at: datetime) -> None:
    other = Team.objects.filter(organisation=by.organisation).exclude(pk=asked.now().team_id)
    holder = factories.holder_of(by)
    cases.hand_to_team(case=asked.pk, to=other[0], by=by, holder=holder, at=at)


def _reopen(asked: factories.Asked, by: Membership, at: datetime) -> None:
    cases.reopen(case=asked.pk, by=by, holder=factories.holder_of(by), at=at)


ACTS: list[Callable[[factories.Asked, Membership, datetime], object]] = [
    lambda asked, by, at: factories.claim(asked, by, at=at),
    lambda asked, by, at: factories.claim(asked, by, at=at),
    lambda asked, by, at: factories.reply(asked, by, at=at),
    lambda asked, _by, at: factories.client_writes(asked, at=at),
    lambda asked, _by, at: factories.client_writes(asked, in_danger=True, at=at),
    lambda asked, by, at: cases.release(case=asked.pk, by=by, at=at),
    lambda asked, by, at: factories.close(asked, by, at=at),
    _hand_to_other_team,
    _reopen,
]


def _plainly(organisation: UUID, *, at: datetime) -> list[supervision.Waiting]:
    """Count who waits by reading every running answer with its case."""
    rows = Deadline.objects.filter(
        organisation=organisation, ended_at=None, kind__in=Deadline.Kind.answers()
    ).select_related("case")
    counted = {
        urgency: supervision.Waiting(
            urgency, dict.fromkeys([*dict(supervision.AGES), supervision.OLDER], 0), 0, 0, 0
        )
        for urgency in Urgency
    }
    for row in rows:
        so_far = counted[Urgency(row.urgency)]
        fits = (name for name, longest in supervision.AGES if row.since > at - longest)
        so_far.ages[next(fits, supervision.OLDER)] += 1
        counted[so_far.urgency] = replace(
            so_far,
            total=so_far.total + 1,
            unclaimed=so_far.unclaimed + (row.case.state == CaseState.WAITING),
            late=so_far.late + (row.due_at < at),
        )
    return list(counted.values())


def test_the_forecast_goes_on_as_the_last_working_hours_did(house: House) -> None:
    for number in range(4):
        asked = factories.ask(house.nordhafen, at=MONDAY - timedelta(hours=5))
        factories.reply(asked, house.katrin, at=MONDAY - timedelta(hours=4 - number))
    for _ in range(3):  # due in four hours, and answered one every two hours
        factories.ask(house.nordhafen, at=MONDAY - timedelta(hours=20))
    Deadline.objects.filter(ended_at__isnull=True).update(
        due_at=MONDAY + timedelta(hours=4), warn_at=MONDAY
    )

    forecast = supervision.overview(house.nordhafen, at=MONDAY).forecast

    assert (forecast.answered, forecast.missed, forecast.reckoned) == (4, 1, 3)


def test_without_any_answer_everything_that_is_due_will_be_missed(house: House) -> None:
    for _ in range(3):
        factories.ask(house.nordhafen, at=MONDAY)

    assert supervision.overview(house.nordhafen, at=MONDAY).forecast.missed == 3


def test_the_page_costs_the_same_with_one_case_and_with_many(house: House) -> None:
    browser = signed_in(house.lea)

    def cost() -> int:
        moment = MONDAY + timedelta(hours=1)
        with time_machine.travel(moment, tick=False), CaptureQueriesContext(connection) as captured:
            browser.get(reverse("supervision"))
        return len(captured)

    def fill() -> None:
        factories.claim(factories.ask(house.nordhafen, at=MONDAY), house.katrin, at=MONDAY)
        factories.ask(house.nordhafen, in_danger=True, at=MONDAY)

    fill()
    run_sweep(MONDAY + timedelta(minutes=30))
    cost()
    one = cost()
    for _ in range(8):
        fill()
    run_sweep(MONDAY + timedelta(minutes=30))
    assert cost() == one


# --- Response times ----------------------------------------------------------------------------------
def answered(house: House, minutes: int, *, topic: str = "Schlaf", hour: int = 9) -> None:
    """Ask and answer so many minutes later. hour: of the day, in UTC."""
    began = MONDAY.replace(hour=hour)
    asked = factories.ask(house.nordhafen, topic=topic, at=began)
    by = house.katrin if topic == "Schlaf" else house.lea
    factories.reply(asked, by, at=began + timedelta(minutes=minutes))


def test_percentiles_are_counted_by_each_thing_and_few_are_hidden(house: House) -> None:
    for minutes in (10, 20, 30, 40, 50, 60, 70, 80, 90, 100):
        answered(house, minutes)
    for _ in range(2):
        answered(house, 1, topic="Gewalt", hour=2)

    times = response_times(house.nordhafen.pk, at=MONDAY + timedelta(days=1))

    [urgency] = times.urgency
    assert (urgency.count, urgency.half, urgency.most) == (12, 40, 90)
    by_topic = {one.value: (one.count, one.half, one.most) for one in times.topic}
    assert by_topic == {"Schlaf": (10, 50, 90), "Gewalt": (None, None, None)}
    assert [one.value for one in times.hour] == ["03", "09"]
    page = words(visit(house.lea, "response-times", MONDAY + timedelta(days=1)))
    assert "Schlaf 50 Min. 90 Min. rund 10" in page
    assert "Gewalt – – unter 5" in page
    assert "Katrin" not in page


def test_a_percentile_is_one_of_the_values() -> None:
    assert percentile([1, 2, 3, 4], 50) == 2
    assert percentile([1, 2, 3, 4], 90) == 4
    assert percentile([7], 50) == 7


# --- For programs --------------------------------------------------------------------------------------
def test_page_export_command_and_metrics_say_the_same(house: House, client: Client) -> None:
    for _ in range(3):
        factories.ask(house.nordhafen, at=MONDAY)
    factories.ask(house.nordhafen, in_danger=True, at=MONDAY)
    moment = MONDAY + timedelta(hours=2)
    run_sweep(moment)
    out = StringIO()
    with override_settings(METRICS_TOKEN=TOKEN), time_machine.travel(moment, tick=False):
        call_command("service_levels", "--json", "--organisation", "nordhafen", stdout=out)
        [numbers] = json.loads(out.getvalue())
        table = signed_in(house.lea).get(reverse("supervision-export"))
        metrics = client.get(reverse("metrics"), headers={"Authorization": f"Bearer {TOKEN}"})

    assert numbers["totals"]["waiting"] == 4
    assert numbers["totals"]["late"] == 1
    rows = list(csv.reader(StringIO(table.content.decode("utf-8-sig")), delimiter=";"))
    assert ["totals", "", "waiting", "4"] in rows
    assert ["waiting", "sofort", "late", "1"] in rows
    text = metrics.content.decode()
    assert 'lotse_late{organisation="nordhafen",urgency="sofort"} 1' in text
    assert 'lotse_waiting{organisation="nordhafen",urgency="normal",age="4h"} 3' in text
    assert (
        'lotse_breaches{organisation="nordhafen",urgency="sofort",kind="ack",span="24h"} 1' in text
    )
    assert 'organisation="suedstadt"' in text


def test_the_command_speaks_plainly_and_names_what_is_not_there(house: House) -> None:
    out = StringIO()
    call_command("service_levels", stdout=out)
    assert "nordhafen at " in out.getvalue()
    assert "waiting: 0" in out.getvalue()
    with pytest.raises(CommandError, match="no organisation"):
        call_command("service_levels", "--organisation", "nirgends")


def test_without_a_token_there_are_no_metrics_and_with_a_wrong_one_no_answer(
    house: House, client: Client
) -> None:
    with override_settings(METRICS_TOKEN=""):
        headers = {"Authorization": "Bearer "}
        assert client.get(reverse("metrics"), headers=headers).status_code == 404
    for shown in ("", "Bearer ", "Bearer falsch", f"Basic {TOKEN}", TOKEN, "Bearer ü"):
        with override_settings(METRICS_TOKEN=TOKEN):
            response = client.get(reverse("metrics"), headers={"Authorization": shown})
        assert response.status_code == 401


def test_a_spreadsheet_runs_nothing_and_prometheus_reads_every_name(house: House) -> None:
    evil = '=HYPERLINK("http://boese.example";"Klick")'
    team = Team.objects.get(organisation=house.nordhafen, name="Erziehung")
    Topic.objects.create(organisation=house.nordhafen, name=evil, team=team)
    for _ in range(5):
        asked = factories.ask(house.nordhafen, topic=evil, at=MONDAY)
        factories.reply(asked, house.katrin, at=MONDAY + timedelta(minutes=9))
    moment = MONDAY + timedelta(hours=1)
    numbers = exports.as_json(
        house.nordhafen,
        supervision.overview(house.nordhafen, at=moment),
        response_times(house.nordhafen.pk, at=moment),
    )

    for row in csv.reader(StringIO(exports.as_csv(numbers)), delimiter=";"):
        assert not any(value.lstrip("\ufeff").startswith("=") for value in row)
    assert r'value="=HYPERLINK(\"http://boese.example\";\"Klick\")"' in exports.as_prometheus(
        [numbers]
    )


def test_a_planner_sees_figures_and_not_who_waits(house: House) -> None:
    petra = factories.enrol(house.nordhafen, "Petra Plan", role=Role.PLANNER, teams=[])

    assert visit(petra, "figures", MONDAY).status_code == 200
    assert visit(petra, "supervision", MONDAY).status_code == 404
