"""The trail only grows."""

import pytest
from django.db import Error, connection, transaction
from django.utils import timezone

from audit import trail
from audit.models import TrailEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry() -> TrailEntry:
    trail.record("case.claimed", by=trail.SYSTEM, at=timezone.now(), organisation=None)
    return TrailEntry.objects.get()


def test_an_entry_cannot_be_saved_again(entry: TrailEntry) -> None:
    with pytest.raises(TypeError):
        entry.save()


def test_an_entry_cannot_be_deleted(entry: TrailEntry) -> None:
    with pytest.raises(TypeError):
        entry.delete()


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_trailentry SET action = 'x'", "DELETE FROM audit_trailentry"],
)
def test_the_database_itself_refuses_to_change_the_trail(entry: TrailEntry, statement: str) -> None:
    with pytest.raises(Error, match="append-only"), transaction.atomic():
        connection.cursor().execute(statement)
    assert TrailEntry.objects.get().action == "case.claimed"
