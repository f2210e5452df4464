"""Queries that are written once: they answer as Django would, whatever ids are asked about."""

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import Count, Exists, F, OuterRef, QuerySet
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, Organisation, Team
from accounts.written import (
    ID,
    MOMENT,
    NAME,
    NUMBER,
    OTHER_ID,
    Written,
    WrittenChange,
    WrittenForMany,
    WrittenRows,
    ask,
    at_once,
)
from audit.models import TrailEntry
from tests.counselling.house import House
from vault.models import KeyWrap

pytestmark = pytest.mark.django_db


def test_it_answers_as_django_does_for_any_ids(house: House) -> None:
    people = [house.katrin.pk, house.lea.pk, house.boris.pk]
    ask = Membership.objects.filter(ended_at__isnull=True).order_by("pk")
    pairs = WrittenForMany(lambda ids: ask.filter(pk__in=ids).values_list("pk", "organisation_id"))
    for asked in (people, people[:1], people[1:], [*people[1:], uuid4()], [uuid4()]):
        wanted = list(ask.filter(pk__in=asked).values_list("pk", "organisation_id"))
        assert pairs.rows(asked) == wanted
        assert pairs.rows(asked) == wanted
    assert len(pairs.rows(people)) == 3


def test_several_collections_keep_their_places(house: House) -> None:
    both = WrittenForMany(
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
    houses = WrittenForMany(lambda ids: Organisation.objects.filter(pk__in=ids))
    (found,) = houses.instances([house.nordhafen.pk])
    stored = Organisation.objects.get(pk=house.nordhafen.pk)
    assert found == stored
    for field in Organisation._meta.concrete_fields:
        assert getattr(found, field.attname) == getattr(stored, field.attname), field
    with CaptureQueriesContext(connection) as asked:
        assert found.name == house.nordhafen.name
    assert not asked.captured_queries


def test_nothing_is_asked_about_nothing(house: House) -> None:
    houses = WrittenForMany(lambda ids: Organisation.objects.filter(pk__in=ids))
    with CaptureQueriesContext(connection) as asked:
        assert houses.instances([]) == []
        assert houses.rows(set()) == []
    assert not asked.captured_queries


def test_statements_are_written_for_few_numbers_and_once(house: House) -> None:
    made: list[int] = []

    def ask(ids: list[UUID]) -> QuerySet[Organisation]:
        made.append(len(ids))
        return Organisation.objects.filter(pk__in=ids)

    houses = WrittenForMany(ask)
    for _again in range(3):
        assert houses.instances([house.nordhafen.pk]) == [house.nordhafen]
        assert houses.instances([house.suedstadt.pk]) == [house.suedstadt]
        assert len(houses.instances([house.nordhafen.pk, house.suedstadt.pk])) == 2
    assert made == [1, 2]
    for number in range(3, 70):
        assert houses.instances([house.nordhafen.pk] * number) == [house.nordhafen]
    assert made == [1, 2, 4, 8, 16, 32, 64, 128]


def test_a_query_with_holes_of_every_kind_answers_as_django_does(house: House) -> None:
    katrin, boris = house.katrin, house.boris

    def ask(person: Any, other: Any, moment: Any, number: Any, name: Any) -> QuerySet[Membership]:
        some = Membership.objects.annotate(sits=Count("teams")).filter(sits__gte=number)
        return some.filter(pk__in=[person, other], joined_at__lt=moment, name=name).order_by("pk")

    written = Written(ask, ID, OTHER_ID, MOMENT, NUMBER, NAME)
    later = katrin.joined_at + timedelta(seconds=1)
    for asked in (
        (katrin.pk, boris.pk, later, 1, katrin.name),
        (katrin.pk, boris.pk, later, 1, boris.name),
        (katrin.pk, boris.pk, later, 50, katrin.name),
        (katrin.pk, boris.pk, katrin.joined_at, 1, katrin.name),
        (boris.pk, boris.pk, later, 1, katrin.name),
    ):
        wanted = list(ask(*asked))
        assert written.instances(*asked) == wanted
        assert written.first(*asked) == (wanted[0] if wanted else None)
    assert written.instances(katrin.pk, boris.pk, later, 1, katrin.name) == [katrin]


def test_instances_come_with_what_they_are_related_to(house: House) -> None:
    in_team = Team.objects.filter(members=OuterRef("pk"))
    written = Written(
        lambda member: (
            Membership.objects.filter(pk=member)
            .select_related("organisation__intake_team", "user")
            .annotate(sits=Exists(in_team))
        ),
        ID,
    )
    for member in (house.katrin, house.ada):
        stored = Membership.objects.get(pk=member.pk)
        assert stored.organisation.intake_team is not None
        with CaptureQueriesContext(connection) as asked:
            (found,) = written.instances(member.pk)
            assert found.user.pk == member.user_id
            assert found.organisation.name == house.nordhafen.name
            assert found.organisation.intake_team == stored.organisation.intake_team
        assert len(asked) == 1
        assert vars(found)["sits"] == member.teams.exists()
    Organisation.objects.filter(pk=house.nordhafen.pk).update(intake_team=None)
    (found,) = written.instances(house.katrin.pk)
    assert found.organisation.intake_team is None


def test_a_change_changes_what_it_names_and_nothing_else(house: House) -> None:
    people = [house.katrin, house.lea, house.boris]
    before = {one.pk: one.joined_at for one in people}
    change = WrittenChange(
        lambda ids: Membership.objects.filter(pk__in=ids, ended_at__isnull=True),
        joined_at=F("joined_at") + timedelta(days=1),
    )
    ended = house.katrin.joined_at + timedelta(days=9)
    for some, name, moment in (
        (people[:2], "Zwei", None),
        (people, "Drei", None),
        (people[:1], "Eine", ended),
        (people, "Rest", None),  # katrin has ended
    ):
        change.make([one.pk for one in some], name=name, ended_at=moment)
    stored = {one.pk: one for one in Membership.objects.filter(pk__in=before)}
    assert [stored[one.pk].name for one in people] == ["Eine", "Rest", "Rest"]
    assert [stored[one.pk].ended_at for one in people] == [ended, None, None]
    days = [(stored[one.pk].joined_at - before[one.pk]).days for one in people]
    assert days == [3, 3, 2]
    with CaptureQueriesContext(connection) as asked:
        change.make([], name="Niemand", ended_at=None)
    assert not asked.captured_queries


def test_new_rows_are_as_bulk_create_stores_them(house: House) -> None:
    at = house.katrin.joined_at
    rows = [
        TrailEntry(
            at=at + timedelta(seconds=number),
            organisation=house.nordhafen.pk if number else None,
            actor_kind=TrailEntry.ActorKind.SYSTEM,
            action="case.read",
            detail={"a": ["ä\\{}\"'", number, None, True]} if number else {},
        )
        for number in range(3)
    ]
    stored = []
    written = WrittenRows(TrailEntry)
    for store in (
        TrailEntry.objects.bulk_create,
        written.add,
        lambda some: list(map(written.add, ([one] for one in some))),
    ):
        before = set(TrailEntry.objects.values_list("pk", flat=True))
        store(rows)
        new = TrailEntry.objects.exclude(pk__in=before).order_by("at")
        stored.append([vars(one) | {"id": 0, "_state": None} for one in new])
    assert stored[0] == stored[1] == stored[2]
    assert len(stored[0]) == 3


def test_who_is_there_already_is_an_error_or_left_out(house: House) -> None:
    subject, at = uuid4(), house.katrin.joined_at

    def wrap(recipient: UUID) -> KeyWrap:
        sealed = b'\x00{}",\\\xff' * 9
        kind = KeyWrap.Kind.STAFF
        return KeyWrap(
            subject=subject, kind=kind, recipient=recipient, sealed=sealed, created_at=at
        )

    first, second, third = wrap(uuid4()), wrap(uuid4()), wrap(uuid4())
    wraps, stored = WrittenRows(KeyWrap), KeyWrap.objects.filter(subject=subject)
    wraps.add([first])
    with pytest.raises(IntegrityError), transaction.atomic():
        wraps.add([second, first])
    assert [bytes(one.sealed) for one in stored] == [bytes(first.sealed)]
    for at_the_end in (False, True):
        how = at_once() if at_the_end else nullcontext()
        with pytest.raises(KeyError), transaction.atomic(), how:
            wraps.add_all_or(KeyError, [second, first])
        assert stored.all().count() == 1
    wraps.add_all_or(KeyError, [second, third])
    wraps.add_all_or(KeyError, [])
    assert stored.all().count() == 3


def test_what_is_too_long_is_an_error_and_not_cut(house: House) -> None:
    for many in (1, 2):
        rows = [
            TrailEntry(at=house.katrin.joined_at, actor_kind="x" * 99, action=f"case.{many}")
            for _ in range(many)
        ]
        if connection.vendor == "postgresql":  # SQLite knows no lengths
            with pytest.raises(DataError), transaction.atomic():
                WrittenRows(TrailEntry).add(rows)
        else:
            WrittenRows(TrailEntry).add(rows)
            assert TrailEntry.objects.filter(actor_kind="x" * 99, action=f"case.{many}").exists()


def test_questions_that_are_put_together_have_their_own_answers(house: House) -> None:
    people = WrittenForMany(lambda ids: Membership.objects.filter(pk__in=ids).order_by("name"))
    names = WrittenForMany(
        lambda ids: Organisation.objects.filter(pk__in=ids).order_by("name").values_list("name")
    )
    some = [house.katrin.pk, house.boris.pk]
    whole = people.asked(some).then(lambda rows: [one.name for one in rows])
    nobody, unknown = people.asked([]), people.asked([uuid4()])
    houses = names.asked_rows([house.nordhafen.pk, house.suedstadt.pk])
    percent = WrittenForMany(
        lambda ids: Membership.objects.filter(pk__in=ids, name="50 % '; SELECT 1")
    ).asked(some)
    with CaptureQueriesContext(connection) as asked:
        ask(whole, nobody, unknown, houses, percent)
    assert whole.answer == sorted([house.katrin.name, house.boris.name])
    assert (nobody.answer, unknown.answer, percent.answer) == ([], [], [])
    assert houses.answer == [(house.nordhafen.name,), (house.suedstadt.name,)]
    assert len(asked) == (1 if connection.vendor == "postgresql" else 4)


def test_changes_that_are_sent_together_are_made_or_none_of_them(house: House) -> None:
    rename = WrittenChange(lambda ids: Membership.objects.filter(pk__in=ids))
    entries, before = WrittenRows(TrailEntry), TrailEntry.objects.count()
    entry = TrailEntry(at=house.katrin.joined_at, actor_kind="system", action="case.read")

    def change(name: str, wraps: Sequence[KeyWrap]) -> None:
        with transaction.atomic(), at_once():
            rename.make([house.katrin.pk], name=f"{name} %s; '")
            entries.add([entry])
            WrittenRows(KeyWrap).add(wraps)

    wrap = KeyWrap(
        subject=uuid4(),
        kind=KeyWrap.Kind.STAFF,
        recipient=uuid4(),
        sealed=b"x",
        created_at=house.katrin.joined_at,
    )
    change("Eins", [wrap])
    with pytest.raises(IntegrityError):
        change("Zwei", [wrap])  # it is there
    with pytest.raises(AttributeError):
        change("Drei", [Membership()])  # type: ignore[list-item]  # fails before anything is sent
    assert Membership.objects.get(pk=house.katrin.pk).name == "Eins %s; '"
    assert TrailEntry.objects.count() == before + 1
    rename.make([house.katrin.pk], name="Vier")  # nothing is gathered any more
    assert Membership.objects.get(pk=house.katrin.pk).name == "Vier"
