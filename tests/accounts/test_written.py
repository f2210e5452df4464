"""Queries that are written once: they answer as Django would, whatever ids are asked about."""

from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, Organisation
from accounts.written import WrittenForMany
from tests.counselling.house import House

pytestmark = pytest.mark.django_db


def test_it_answers_as_django_does_for_any_ids(house: House) -> None:
    people = [house.katrin.pk, house.lea.pk, house.boris.pk]
    ask = Membership.objects.filter(ended_at__isnull=True).order_by("pk")
    pairs = WrittenForMany(
        Membership, lambda ids: ask.filter(pk__in=ids).values_list("pk", "organisation_id")
    )
    for asked in (people, people[:1], people[1:], [*people[1:], uuid4()], [uuid4()]):
        wanted = list(ask.filter(pk__in=asked).values_list("pk", "organisation_id"))
        assert pairs.rows(asked) == wanted
        assert pairs.rows(asked) == wanted
    assert len(pairs.rows(people)) == 3


def test_several_collections_keep_their_places(house: House) -> None:
    both = WrittenForMany(
        Membership,
        lambda people, houses: Membership.objects.filter(
            pk__in=people, organisation__in=houses
        ).values_list("pk"),
    )
    katrin, boris = house.katrin, house.boris
    assert both.rows([katrin.pk], [katrin.organisation_id]) == [(katrin.pk,)]
    assert both.rows([katrin.pk], [boris.organisation_id]) == []
    people = {katrin.pk, boris.pk}
    assert both.rows(people, [boris.organisation_id]) == [(boris.pk,)]
    assert both.rows([boris.pk], {katrin.organisation_id, boris.organisation_id}) == [(boris.pk,)]


def test_instances_are_whole(house: House) -> None:
    houses = WrittenForMany(Organisation, lambda ids: Organisation.objects.filter(pk__in=ids))
    (found,) = houses.instances([house.nordhafen.pk])
    stored = Organisation.objects.get(pk=house.nordhafen.pk)
    assert found == stored
    for field in Organisation._meta.concrete_fields:
        assert getattr(found, field.attname) == getattr(stored, field.attname), field
    with CaptureQueriesContext(connection) as asked:
        assert found.name == house.nordhafen.name
    assert not asked.captured_queries


def test_nothing_is_asked_about_nothing(house: House) -> None:
    houses = WrittenForMany(Organisation, lambda ids: Organisation.objects.filter(pk__in=ids))
    with CaptureQueriesContext(connection) as asked:
        assert houses.instances([]) == []
        assert houses.rows(set()) == []
    assert not asked.captured_queries


def test_statements_are_written_for_few_numbers_and_once(house: House) -> None:
    made: list[int] = []

    def ask(ids: list[UUID]) -> QuerySet[Organisation]:
        made.append(len(ids))
        return Organisation.objects.filter(pk__in=ids)

    houses = WrittenForMany(Organisation, ask)
    for _again in range(3):
        assert houses.instances([house.nordhafen.pk]) == [house.nordhafen]
        assert houses.instances([house.suedstadt.pk]) == [house.suedstadt]
        assert len(houses.instances([house.nordhafen.pk, house.suedstadt.pk])) == 2
    assert made == [1, 2]
    for number in range(3, 70):
        assert houses.instances([house.nordhafen.pk] * number) == [house.nordhafen]
    assert made == [1, 2, 4, 8, 16, 32, 64, 128]
