"""Referrals are listed by their team, and that is the case's: also where the release before has written it."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership, Role, Team
from audit import trail
from counselling.models import Case
from counselling.operations import cases
from referrals.models import Decline, Necessity, Referral
from referrals.operations import necessities, partner_moves, referring
from referrals.queries import handoff as queries
from tests import factories
from tests.counselling.waiting_for_each_other import at_once
from tests.factories import handoff
from tests.factories.handoff import Handed
from tests.factories.people import holder_of
from tests.factories.sessions import signed_in

pytestmark = pytest.mark.django_db
migration = import_module("referrals.migrations.0063_fill_teams")
NOW = timezone.now()


def team(name: str) -> Team:
    return Team.objects.get(name=name, organisation__slug="nordhafen")


def suggested() -> Handed:
    """Let Katrin, who is of the team Erziehung alone, suggest a service."""
    here = factories.organisation()
    katrin = factories.enrol(here, teams=["Erziehung"])
    return handoff.suggested(asked=factories.ask(here, at=NOW), counsellor=katrin, at=NOW)


def of_krise(handed: Handed) -> Membership:
    """Return a counsellor of the team Krise alone."""
    return factories.enrol(handed.counsellor.organisation, "Kim Albers", teams=["Krise"])


def listed(member: Membership) -> list[Referral]:
    return queries.of_teams(member)


def hand_to_krise(handed: Handed) -> None:
    cases.hand_to_team(
        case=handed.asked.pk,
        to=team("Krise"),
        by=handed.counsellor,
        holder=holder_of(handed.counsellor),
        at=NOW,
    )


def propose(handed: Handed) -> Referral:
    return necessities.propose(
        case=handed.asked.pk,
        service=handoff.service(2),
        ground=Necessity.Ground.CHILD,
        reason="Blaue Flecken, Vater droht.",
        text="Bitte sofort prüfen.",
        told=True,
        not_told="",
        by=handed.counsellor,
        holder=holder_of(handed.counsellor),
        at=NOW,
    )


def forward(handed: Handed) -> Referral:
    """Let the service recommend another, by telephone."""
    return partner_moves.forward(
        referral=handed.referral,
        to=handoff.service(2),
        by=handoff.side(),
        key=None,
        at=NOW + timedelta(hours=1),
    )


def test_referrals_go_with_their_case_to_another_team() -> None:
    handed = suggested()
    kim = of_krise(handed)
    assert handed.now().team == team("Erziehung")
    assert (listed(handed.counsellor), listed(kim)) == ([handed.now()], [])

    hand_to_krise(handed)

    assert handed.now().team == team("Krise") == handed.asked.now().team
    assert (listed(handed.counsellor), listed(kim)) == ([], [handed.now()])
    assert handed.service.name in signed_in(kim).get(reverse("referrals")).content.decode()


def test_whatever_makes_a_referral_gives_it_its_cases_team() -> None:
    handed = handoff.sent(suggested(), at=NOW)
    of_krise(handed)  # somebody who has the team's key
    second = propose(handed)
    assert second.team == team("Erziehung")
    hand_to_krise(handed)
    third = forward(handed)
    assert (handed.now().team, third.team) == (team("Krise"), team("Krise"))


def test_what_declined_goes_with_its_case_too_and_asks_the_new_team_for_a_look() -> None:
    handed = handoff.sent(suggested(), at=NOW)
    kim = of_krise(handed)
    partner_moves.decline(
        referral=handed.referral, reason=Decline.FULL, by=handoff.side(), key=None, at=NOW
    )

    hand_to_krise(handed)

    assert (listed(handed.counsellor), listed(kim)) == ([], [handed.now()])


def test_referrals_of_several_teams_come_in_one_order() -> None:
    here = factories.organisation()
    katrin = factories.enrol(here)
    service = handoff.service()
    made = [
        handoff.suggested(
            asked=factories.ask(here, topic=topic, at=NOW),
            counsellor=katrin,
            to=service,
            at=NOW + timedelta(minutes=minutes),
        ).now()
        for minutes, topic in enumerate(("Gewalt", "", "Gewalt", ""))
    ]
    assert listed(katrin) == made[::-1]


def test_the_list_asks_as_often_for_one_as_for_many(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    handed = suggested()
    with django_assert_num_queries(5):
        assert len(listed(handed.counsellor)) == 1
    for _one in range(4):
        handoff.suggested(
            asked=factories.ask(handed.counsellor.organisation, at=NOW),
            counsellor=handed.counsellor,
            to=handed.service,
            at=NOW,
        )
    with django_assert_num_queries(5):
        assert len(listed(handed.counsellor)) == 5


def test_of_a_deleted_case_no_team_keeps_a_referral() -> None:
    handed = handoff.sent(suggested(), at=NOW)
    cases.delete(case=handed.asked.pk, by=trail.CLIENT, at=NOW)
    assert handed.now().team is None
    assert listed(handed.counsellor) == []


# --- While the release before still runs ---------------------------------------------------------
def test_what_the_release_before_wrote_is_listed_among_the_others() -> None:
    first = suggested()
    second = handoff.suggested(
        asked=factories.ask(first.counsellor.organisation, at=NOW),
        counsellor=first.counsellor,
        to=first.service,
        at=NOW + timedelta(minutes=1),
    )
    kim = of_krise(first)
    Referral.objects.filter(pk=first.referral).update(team=None)

    assert listed(first.counsellor) == [second.now(), first.now()]
    assert listed(kim) == []


def test_of_a_case_that_the_release_before_moved_the_old_team_sees_nothing_and_the_next_act_mends_it() -> (
    None
):
    handed = handoff.sent(suggested(), at=NOW)
    kim = of_krise(handed)
    Case.objects.filter(pk=handed.asked.pk).update(team=team("Krise"))
    assert listed(handed.counsellor) == []

    partner_moves.decline(
        referral=handed.referral, reason=Decline.FULL, by=handoff.side(), key=None, at=NOW
    )

    assert handed.now().team == team("Krise")
    assert (listed(handed.counsellor), listed(kim)) == ([], [handed.now()])


def test_the_migration_fills_in_batches_leaves_what_has_no_case_and_may_run_again(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    monkeypatch.setattr(migration, "BATCH", 2)
    gone = suggested()
    here = gone.counsellor.organisation
    ina = factories.enrol(here, "Ina Beide")
    there = [
        handoff.suggested(
            asked=factories.ask(here, topic=topic, at=NOW), counsellor=ina, to=gone.service, at=NOW
        )
        for topic in ("Gewalt", "", "Gewalt")
    ]
    cases.delete(case=gone.asked.pk, by=trail.CLIENT, at=NOW)
    Referral.objects.update(team=None)

    with django_assert_num_queries(5):  # two batches, and a look whether there is another
        migration.fill(apps, None)

    found = dict(Referral.objects.values_list("pk", "team"))
    assert found == {one.referral: one.asked.now().team_id for one in there} | {gone.referral: None}
    with django_assert_num_queries(1):
        migration.fill(apps, None)


# --- Two at once -------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_a_service_that_recommends_another_waits_for_who_moves_the_case(
    on_postgresql: bool,
) -> None:
    if not on_postgresql:
        pytest.skip("SQLite lets one write at a time anyway")
    handed = handoff.sent(suggested(), at=NOW)

    def move(case: Case) -> None:
        case.team = team("Krise")
        case.save(update_fields=["team"])
        referring.follow(case.pk, team=case.team_id)

    new = at_once(handed.asked.pk, holding=move, other=lambda: forward(handed))

    assert (new.team, handed.now().team) == (team("Krise"), team("Krise"))


@pytest.mark.django_db(transaction=True)
def test_a_second_person_waits_for_who_moves_the_case(on_postgresql: bool) -> None:
    if not on_postgresql:
        pytest.skip("SQLite lets one write at a time anyway")
    handed = suggested()
    second = factories.enrol(
        handed.counsellor.organisation, "Mehmet Aydin", role=Role.SUPERVISOR, teams=["Erziehung"]
    )
    proposed = propose(handed)

    at_once(
        handed.asked.pk,
        holding=lambda case: referring.follow(case.pk, team=case.team_id),
        other=lambda: necessities.confirm(
            referral=proposed.pk, by=second, holder=holder_of(second), at=NOW
        ),
    )

    proposed.refresh_from_db()
    assert proposed.state == Referral.State.SENT
