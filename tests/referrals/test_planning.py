"""Planners see how much help there is and where; the taxonomy names the help."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Role
from referrals.models import Service, TaxonomyTerm
from referrals.operations import taxonomy
from referrals.queries import planning
from tests import factories
from tests.factories import directory
from tests.factories.sessions import signed_in
from tests.referrals.schemas import SHARED

pytestmark = pytest.mark.django_db


def test_supply_is_counted_by_category_and_district() -> None:
    directory.read_in(
        directory.document(1),
        directory.document(2, waiting_weeks=9, service_areas=[{"ags": "01060"}, {"ags": "02000"}]),
        directory.document(3, status="defunct"),
    )
    found = planning.overview(timezone.localdate(directory.READ_IN))
    row = next(r for r in found.rows if r.category == "Erziehungs- und Familienberatung")
    assert found.districts == ["01060", "02000"]
    assert (row.total, row.by_district, row.waiting_weeks) == (2, [1, 2], 6)
    assert (found.services, found.stale, found.hidden) == (2, 0, 0)


def test_stale_entries_are_counted_apart_and_hidden_ones_not_at_all() -> None:
    directory.read_in(directory.document(1), directory.document(2))
    today = timezone.localdate()
    Service.objects.filter(pk=directory.document(1)["id"]).update(
        fresh_until=today - timedelta(days=1)
    )
    Service.objects.filter(pk=directory.document(2)["id"]).update(
        fresh_until=today - timedelta(days=200), hide_from=today
    )
    found = planning.overview(today)
    assert (found.services, found.stale, found.hidden) == (1, 1, 1)


def test_paula_the_planner_reads_the_page_and_saves_the_table() -> None:
    directory.read_in(directory.document(1))
    paula = factories.enrol(factories.organisation(), "Paula", role=Role.PLANNER)
    browser = signed_in(paula)
    assert "Schreiambulanz" in browser.get("/team/planung/").content.decode()
    table = browser.get("/team/planung/tabelle.csv").content.decode("utf-8-sig")
    assert table.splitlines()[0].endswith(";02000")


def test_seeding_again_changes_nothing_and_keeps_terms_of_editors() -> None:
    own = TaxonomyTerm.objects.create(
        taxonomy_id=taxonomy.OWN, code="lotsendienst", name="Lotsendienst"
    )
    before = TaxonomyTerm.objects.count()
    taxonomy.seed()
    assert TaxonomyTerm.objects.count() == before
    assert TaxonomyTerm.objects.filter(pk=own.pk).exists()


@pytest.mark.skipif(
    not (SHARED / "data" / "categories.json").is_file(), reason="the shared categories are not here"
)
def test_the_taxonomy_has_every_category_that_families_need() -> None:
    wanted = json.loads((SHARED / "data" / "categories.json").read_text(encoding="utf-8"))
    there = dict(TaxonomyTerm.objects.filter(taxonomy=taxonomy.OWN).values_list("code", "name"))
    assert there == wanted
    assert not TaxonomyTerm.objects.filter(taxonomy=taxonomy.OWN, description="").exists()
