"""The figures of the handoff are what one counts by hand, and no count gives a small one away."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from accounts.models import Organisation, Role
from counselling import keeping
from referrals.models import Decline, Outcome, OwnReport, Referral, Service
from referrals.queries import handoff_figures
from referrals.queries.handoff_figures import Cell
from tests import factories
from tests.factories.directory import document, read_in
from tests.factories.sessions import signed_in

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
S = Referral.State


def rows(where: Organisation, number: int, state: str, **fields: object) -> None:
    """Keep so many referrals as they are when their cases are gone: states and times, no text."""
    for _one in range(number):
        Referral.objects.create(
            organisation=where,
            state=state,
            way=Referral.Way.DESK,
            **{
                "created_at": NOW,
                "changed_at": NOW,
                "sent_at": NOW,
                "expires_at": NOW + timedelta(days=90),
                "district": "02000",
            }
            | fields,
        )


def declined(
    where: Organisation,
    number: int,
    reason: Decline,
    district: str = "02000",
    service: Service | None = None,
) -> None:
    """Keep so many declined referrals."""
    rows(
        where,
        number,
        S.DECLINED,
        decline=reason,
        district=district,
        service=service,
        ended_at=NOW,
        seen_at=NOW,
        answered_at=NOW + HOUR,
    )


def told(cells: Sequence[Cell]) -> dict[str, int | None]:
    """Return cells as a dict."""
    return {cell.label: cell.count for cell in cells}


def test_a_year_counted_by_hand() -> None:
    here = factories.organisation()
    rows(here, 7, S.SENT)  # nobody has looked
    rows(here, 6, S.SENT, seen_at=NOW)
    declined(here, 8, Decline.FULL)
    answered = {"seen_at": NOW, "answered_at": NOW + 3 * HOUR, "accepted_at": NOW + 3 * HOUR}
    rows(here, 9, S.ACCEPTED, **answered)
    there = answered | {"arrived_at": NOW + 40 * HOUR}
    rows(here, 5, S.ARRIVED, **there, report_early=OwnReport.ON_THE_WAY)
    over = there | {"ended_at": NOW + 99 * HOUR}
    rows(here, 6, S.COMPLETED, **over, outcome=Outcome.HELPED, report_late=OwnReport.HELPED)
    rows(here, 5, S.COMPLETED, **over, outcome=Outcome.NOT_FITTING)
    # Not of this house, not of this year, never sent.
    rows(factories.organisation("suedhafen"), 20, S.SENT)
    rows(here, 20, S.SENT, sent_at=NOW - timedelta(days=400))
    rows(here, 20, S.SUGGESTED, sent_at=None)
    found = handoff_figures.figures(here.pk, at=NOW + timedelta(days=8))
    assert told(found.stages) == {
        "sent": 46,  # 7 + 6 + 8 + 9 + 5 + 6 + 5
        "seen": 39,  # all but 7
        "accepted": 25,  # 9 + 5 + 6 + 5
        "arrived": 16,  # 5 + 6 + 5
        "helped": 6,
    }
    assert told(found.own_reports) == {"helped": 6, "on_the_way": 5}
    assert told(found.declines) == {"full": 8}
    assert [(district, told(cells)) for district, cells in found.districts] == [
        ("02000", {"full": 8})
    ]
    assert found.median == 3 * HOUR  # 8 times one hour, 25 times three


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((5, 6), {"full": 5, "area": 6}),
        ((4, 6), {"full": None, "area": None}),  # the other one would not be told by a sum
        ((4, 3), {"full": None, "area": None}),
    ],
)
def test_from_five_on_a_reason_is_told(
    counts: tuple[int, int], expected: dict[str, int | None]
) -> None:
    here = factories.organisation()
    declined(here, counts[0], Decline.FULL)
    declined(here, counts[1], Decline.AREA)
    found = handoff_figures.figures(here.pk, at=NOW + timedelta(days=1))
    assert told(found.declines) == expected


def test_a_small_district_is_not_what_the_total_leaves_over() -> None:
    here = factories.organisation()
    declined(here, 6, Decline.FULL, "02000")
    declined(here, 7, Decline.FULL, "01002")
    declined(here, 2, Decline.FULL, "03241")  # 15 - 6 - 7 would say so
    found = handoff_figures.figures(here.pk, at=NOW + timedelta(days=1))
    assert told(found.declines) == {"full": 15}
    assert [(district, told(cells)) for district, cells in found.districts] == [
        ("01002", {"full": 7}),
        ("02000", {"full": None}),
    ]
    left = 15 - 7
    assert left >= keeping.SMALLEST


def test_reasons_are_told_by_kind_of_help_each_referral_once() -> None:
    here = factories.organisation()
    babies, debts = (
        read_in(document(number, attributes=[{"taxonomy_term": {"code": code}} for code in codes]))[
            0
        ]
        for number, codes in ((1, ["fruehe_hilfen", "schreiambulanz"]), (2, ["schuldnerberatung"]))
    )
    declined(here, 6, Decline.FULL, service=babies)
    declined(here, 5, Decline.AREA, service=babies)
    declined(here, 7, Decline.FULL, service=debts)
    declined(here, 5, Decline.FULL)  # the entry is gone
    found = handoff_figures.figures(here.pk, at=NOW + timedelta(days=1))
    kinds = {kind: told(cells) for kind, cells in found.kinds}
    first = min(babies.attributes.all(), key=lambda one: one.term.code).term.name
    assert kinds == {
        first: {"full": 6, "area": 5},
        debts.attributes.get().term.name: {"full": 7},
        "": {"full": 5},
    }


def test_the_page_shows_a_planner_no_small_count_and_a_counsellor_nothing_at_all() -> None:
    here = factories.organisation()
    declined(here, 3, Decline.LANGUAGE)
    declined(here, 11, Decline.FULL)
    planner = signed_in(factories.enrol(here, "Inken Plan", role=Role.PLANNER))
    page = planner.get(reverse("referral-figures")).content.decode()
    assert "Sprache fehlt hier" in page
    assert "unter 5" in page
    katrin = signed_in(factories.enrol(here))
    assert katrin.get(reverse("referral-figures")).status_code == 404
