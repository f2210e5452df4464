"""Documents follow the directory's rows, in every process."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks

from referrals.models import SearchDocument, Service
from referrals.operations import documents
from referrals.search import index, searching
from referrals.search.searching import search
from referrals.signals import services_changed
from tests.referrals.search.conftest import AT, Directory, entry

Capture = DjangoCaptureOnCommitCallbacks


def found(text: str) -> list[str]:
    return [hit.service.name for hit in search(text, at=AT).hits]


def test_an_import_is_found_as_soon_as_it_is_committed(
    directory: Directory, django_capture_on_commit_callbacks: Capture
) -> None:
    directory()
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        service = Service.objects.create(
            name="Haus Klarheit",
            last_modified=AT,
            seen_on=AT,
            fresh_until="2027-06-01",
            hide_from="2028-01-01",
        )
        services_changed.send(sender=None, services=[service.pk], at=AT)
        assert found("Klarheit") == []
    assert len(callbacks) == 1
    assert found("Klarheit") == ["Haus Klarheit"]


def test_a_changed_name_is_found_and_the_old_one_is_not(directory: Directory) -> None:
    directory(entry("Haus Efeublick", "suchtberatung"))
    assert found("Efeublick") == ["Haus Efeublick"]
    Service.objects.update(name="Haus Tannenblick")
    documents.rebuild(services=[Service.objects.get().pk])
    assert found("Tannenblick") == ["Haus Tannenblick"]
    assert found("Efeublick") == []


def test_what_is_closed_for_good_or_deleted_is_found_no_more(directory: Directory) -> None:
    directory(entry("Eins", "suchtberatung"), entry("Zwei", "suchtberatung"))
    assert sorted(found("suchtberatung")) == ["Eins", "Zwei"]
    one = Service.objects.get(name="Eins")
    Service.objects.filter(pk=one.pk).update(status="defunct")
    documents.rebuild(services=[one.pk])
    assert found("suchtberatung") == ["Zwei"]
    two = Service.objects.get(name="Zwei")
    pk = two.pk
    two.delete()
    documents.rebuild(services=[pk])
    assert found("suchtberatung") == []


def test_a_sweep_finds_what_a_crash_left_out(directory: Directory) -> None:
    directory(entry("Eins", "suchtberatung"))
    SearchDocument.objects.all().delete()
    index.forget()
    assert found("suchtberatung") == []
    assert documents.catch_up() == 1
    assert found("suchtberatung") == ["Eins"]
    Service.objects.all().delete()
    documents.catch_up()
    assert found("suchtberatung") == []


def test_after_a_start_the_first_search_reads_no_more_than_the_next(directory: Directory) -> None:
    directory(entry("Eins", "suchtberatung"), entry("Zwei", "suchtberatung"))
    search("Sucht", at=AT)  # what is read once in the life of a process, as places, is not meant
    index.forget()
    searching.warm_up()
    with CaptureQueriesContext(connection) as first:
        search("Sucht", at=AT)
    with CaptureQueriesContext(connection) as second:
        search("Sucht", at=AT)
    assert len(first) == len(second)
    index.forget()
    with CaptureQueriesContext(connection) as cold:
        search("Sucht", at=AT)
    assert len(cold) > len(second)


def test_another_process_asks_only_for_what_has_changed(
    directory: Directory, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    directory(entry("Eins", "suchtberatung"), entry("Zwei", "suchtberatung"))
    before = index.current()
    assert index.current() is before
    documents.rebuild(services=[Service.objects.get(name="Eins").pk])
    after = index.current()
    assert after.documents == before.documents + 1
    assert after.meaning is before.meaning
    assert len(after.columns) == 2
