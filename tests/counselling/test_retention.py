"""What is closed is deleted in time, after a warning; what is deleted stays deleted."""

import json
import resource
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from accounts.models import Membership, Organisation
from audit import trail
from audit.models import TrailEntry
from counselling.models import Attachment, Case, Deletion, Message, Tally
from counselling.operations import cases, remains, retention
from counselling.states import CaseState
from tests import factories
from tests.counselling.pages import come_back, words
from tests.factories import Asked
from vault.models import KeyWrap

pytestmark = pytest.mark.django_db

MAY = datetime(2026, 5, 4, 9, tzinfo=UTC)
DAY = timedelta(days=1)
THREAD = "/nordhafen/gespraech/"


@pytest.fixture
def nordhafen() -> Organisation:
    return factories.organisation("nordhafen")


@pytest.fixture
def katrin(nordhafen: Organisation) -> Membership:
    return factories.enrol(nordhafen, "Katrin Petersen")


@pytest.fixture
def closed(nordhafen: Organisation, katrin: Membership) -> Asked:
    """A question that was asked, answered and closed on the fourth of May."""
    asked = factories.ask(nordhafen, "Meine Tochter lügt.", at=MAY)
    factories.reply(asked, katrin, at=MAY + timedelta(hours=3))
    factories.close(asked, katrin, at=MAY + timedelta(hours=3))
    return asked


@pytest.fixture(autouse=True)
def the_list(tmp_path: Path, settings: LazySettings) -> Path:
    """A deletion list of this test's own."""
    settings.DELETION_LIST = tmp_path / "kept apart" / "deletions.jsonl"
    path: Path = settings.DELETION_LIST
    return path


def sweep(at: datetime) -> tuple[int, int, int]:
    """Run what the worker runs; return how many were closed, warned of, deleted."""
    return retention.close_quiet(at=at), retention.warn(at=at), retention.delete_due(at=at)


# --- In time -----------------------------------------------------------------------------------
def test_a_closed_case_is_warned_of_after_166_days_and_deleted_after_180(closed: Asked) -> None:
    end = MAY + timedelta(hours=3)
    assert sweep(end + 165 * DAY) == (0, 0, 0)
    assert sweep(end + 166 * DAY) == (0, 1, 0)
    assert sweep(end + 179 * DAY) == (0, 0, 0)
    assert sweep(end + 180 * DAY) == (0, 0, 1)
    assert not Case.objects.exists()
    assert not Message.objects.exists()
    assert not KeyWrap.objects.filter(subject=closed.pk).exists()
    actions = list(
        TrailEntry.objects.filter(case=closed.pk).order_by("pk").values_list("action", "actor_kind")
    )
    assert actions[-2:] == [("case.deletion_warned", "system"), ("case.deleted", "system")]


def test_a_worker_that_slept_for_a_year_still_gives_the_client_14_days(closed: Asked) -> None:
    late = MAY + 400 * DAY
    assert sweep(late) == (0, 1, 0)
    assert sweep(late + 13 * DAY) == (0, 0, 0)
    assert sweep(late + 14 * DAY) == (0, 0, 1)


def test_a_shorter_time_set_later_still_gives_the_client_14_days(
    closed: Asked, nordhafen: Organisation
) -> None:
    nordhafen.retention_days = 30
    nordhafen.save()
    assert sweep(MAY + 100 * DAY) == (0, 1, 0)
    assert sweep(MAY + 113 * DAY) == (0, 0, 0)
    assert sweep(MAY + 114 * DAY) == (0, 0, 1)


def test_a_longer_time_set_after_the_warning_counts(closed: Asked, nordhafen: Organisation) -> None:
    sweep(MAY + 170 * DAY)
    nordhafen.retention_days = 365
    nordhafen.save()
    assert sweep(MAY + 200 * DAY) == (0, 0, 0)
    assert sweep(MAY + 366 * DAY) == (0, 0, 1)


def test_an_answered_case_in_which_nobody_writes_is_closed_and_in_the_end_deleted(
    nordhafen: Organisation, katrin: Membership
) -> None:
    asked = factories.ask(nordhafen, at=MAY)
    factories.reply(asked, katrin, at=MAY)
    assert sweep(MAY + 59 * DAY) == (0, 0, 0)
    assert sweep(MAY + 60 * DAY) == (1, 0, 0)
    assert asked.now().state == CaseState.CLOSED
    assert cases.holder_of(asked.pk) is None
    assert sweep(MAY + 226 * DAY) == (0, 1, 0)
    assert sweep(MAY + 240 * DAY) == (0, 0, 1)


def test_an_open_question_is_never_swept_away(nordhafen: Organisation, katrin: Membership) -> None:
    waiting = factories.ask(nordhafen, at=MAY)
    claimed = factories.ask(nordhafen, at=MAY)
    factories.claim(claimed, katrin, at=MAY)
    assert sweep(MAY + 5000 * DAY) == (0, 0, 0)
    assert {waiting.now().state, claimed.now().state} == {CaseState.WAITING, CaseState.CLAIMED}


def test_each_organisation_has_its_own_time(closed: Asked) -> None:
    lindental = factories.organisation("lindental")
    lindental.retention_days = 365
    lindental.save()
    mehmet = factories.enrol(lindental, "Mehmet Aydın")
    elsewhere = factories.ask(lindental, at=MAY)
    factories.reply(elsewhere, mehmet, at=MAY)
    factories.close(elsewhere, mehmet, at=MAY)
    sweep(MAY + 170 * DAY)
    assert sweep(MAY + 190 * DAY) == (0, 0, 1)
    assert Case.objects.get() == elsewhere.case


# --- What the client sees ------------------------------------------------------------------------
def test_sabine_reads_when_it_is_deleted_and_may_keep_it(client: Client, closed: Asked) -> None:
    with time_machine.travel(MAY + 10 * DAY, tick=False):
        come_back(client, closed.code.display())
        assert "Am 31. Oktober 2026 wird es gelöscht." in words(client.get(THREAD))
        assert "Gespräch noch behalten" not in words(client.get(THREAD))
    warned = MAY + 170 * DAY
    sweep(warned)
    with time_machine.travel(warned, tick=False):
        come_back(client, closed.code.display())
        page = words(client.get(THREAD))
        assert "Dieses Gespräch wird am 4. November 2026 gelöscht." in page
        kept = client.post(f"{THREAD}behalten/", follow=True)
        assert "Gut. Das Gespräch bleibt erst einmal stehen." in words(kept)
        assert "Am 19. April 2027 wird es gelöscht." in words(client.get(THREAD))
    assert sweep(warned + 30 * DAY) == (0, 0, 0)


def test_writing_again_ends_the_countdown(client: Client, closed: Asked) -> None:
    sweep(MAY + 170 * DAY)
    factories.client_writes(closed, at=MAY + 171 * DAY)
    assert closed.now().deletion_warned_at is None
    assert closed.now().quiet_since is None
    assert sweep(MAY + 400 * DAY) == (0, 0, 0)


def test_keeping_an_open_conversation_changes_nothing(
    client: Client, nordhafen: Organisation, katrin: Membership
) -> None:
    asked = factories.ask(nordhafen)
    come_back(client, asked.code.display())
    assert client.post(f"{THREAD}behalten/").headers["Location"] == THREAD
    assert asked.now().quiet_since is None
    with pytest.raises(retention.NotClosed):
        retention.keep_longer(case=asked.pk, at=MAY)


# --- Counts survive --------------------------------------------------------------------------------
def counts() -> dict[tuple[str, str], int]:
    """Return what is counted in May."""
    return {
        (row.what, row.value): row.count
        for row in Tally.objects.filter(month=MAY.date().replace(day=1))
    }


def test_counts_survive_and_nothing_else(nordhafen: Organisation, katrin: Membership) -> None:
    for hours in (3, 30):
        asked = factories.ask(nordhafen, topic="Schlaf", age_band="0-1", at=MAY)
        factories.reply(asked, katrin, at=MAY + timedelta(hours=hours))
        cases.delete(case=asked.pk, by=katrin.actor, at=MAY + 2 * DAY)
    unanswered = factories.ask(nordhafen, in_danger=True, at=MAY)
    cases.delete(case=unanswered.pk, by=katrin.actor, at=MAY + 2 * DAY)
    assert counts() == {
        ("asked", ""): 3,
        ("urgency", "2"): 2,
        ("urgency", "0"): 1,
        ("topic", "Schlaf"): 2,
        ("topic", ""): 1,
        ("age_band", "0-1"): 2,
        ("age_band", ""): 1,
        ("answered", "4h"): 1,
        ("answered", "48h"): 1,
        ("answered", "none"): 1,
    }


# --- The deletion list ---------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_what_is_deleted_stands_in_the_list_at_once(closed: Asked, the_list: Path) -> None:
    cases.delete(case=closed.pk, by=trail.SYSTEM, at=MAY)
    assert listed(the_list) == [str(closed.pk)]
    assert the_list.stat().st_mode & 0o077 == 0
    assert Deletion.objects.get().listed_at == MAY
    assert remains.list_deletions(at=MAY) == 0


@pytest.mark.django_db(transaction=True)
def test_a_full_disk_loses_no_deletion(
    closed: Asked, the_list: Path, caplog: pytest.LogCaptureFixture
) -> None:
    the_list.parent.mkdir()
    the_list.mkdir()  # a folder in its place cannot be written, as a full disk cannot
    cases.delete(case=closed.pk, by=trail.SYSTEM, at=MAY)
    assert not Case.objects.exists()
    assert "The deletion list cannot be written" in caplog.text
    assert str(closed.pk) not in caplog.text
    the_list.rmdir()
    assert remains.list_deletions(at=MAY) == 1
    assert listed(the_list) == [str(closed.pk)]


def test_a_house_in_which_nothing_was_deleted_has_a_list_too(
    the_list: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else its first restore would end at a list that is missing."""
    assert remains.list_deletions(at=MAY) == 0
    call_command("restore_check")
    assert "0 deletions in the list" in capsys.readouterr().out
    assert the_list.stat().st_mode & 0o077 == 0


@pytest.mark.django_db(transaction=True)
def test_a_list_that_was_lost_is_written_anew(closed: Asked, the_list: Path) -> None:
    cases.delete(case=closed.pk, by=trail.SYSTEM, at=MAY)
    the_list.unlink()
    assert remains.list_deletions(at=MAY + DAY) == 0
    assert listed(the_list) == [str(closed.pk)]


def test_a_disk_with_room_for_half_a_line_gets_none_and_nothing_is_marked(
    the_list: Path,
) -> None:
    first, second = (
        Deletion.objects.create(case=uuid4(), deleted_at=MAY + moment)
        for moment in (timedelta(), DAY)
    )
    remains.list_deletions(at=MAY, most=1)
    room = the_list.stat().st_size + 10
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        with pytest.raises(OSError, match="No space"):
            remains._append([second])  # the sweep itself would write to SQLite under this limit
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert listed(the_list) == [str(first.pk)]
    assert remains.list_deletions(at=MAY) == 1
    assert listed(the_list) == [str(first.pk), str(second.pk)]


def test_half_a_line_left_by_a_power_cut_takes_no_other_with_it(the_list: Path) -> None:
    write_list(the_list, uuid4())
    with the_list.open("a") as file:
        file.write('{"case": "3fa8')
    row = Deletion.objects.create(case=uuid4(), deleted_at=MAY)
    remains.list_deletions(at=MAY)
    with pytest.raises(CommandError, match=r":2$"):
        call_command("restore_check")
    assert str(row.pk) in the_list.read_text().splitlines()[2]


def test_a_case_that_comes_back_is_deleted_again(
    closed: Asked, nordhafen: Organisation, the_list: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = factories.ask(nordhafen)
    write_list(the_list, closed.pk, "3fa85f64-5717-4562-b3fc-2c963f66afa6")
    call_command("restore_check")
    assert "2 deletions in the list. 1 had come back" in capsys.readouterr().out
    assert Case.objects.get() == other.case
    assert not KeyWrap.objects.filter(subject=closed.pk).exists()
    call_command("restore_check", lists=[the_list])
    assert "0 had come back" in capsys.readouterr().out


def test_every_session_of_the_backup_is_ended(
    client: Client, closed: Asked, the_list: Path
) -> None:
    come_back(client, closed.code.display())
    assert client.get(THREAD).status_code == 200
    write_list(the_list)
    call_command("restore_check")
    assert client.get(THREAD).status_code == 302


def test_a_missing_or_damaged_list_is_an_error_with_a_remedy(closed: Asked, the_list: Path) -> None:
    with pytest.raises(CommandError, match="Bring the newest copy"):
        call_command("restore_check")
    write_list(the_list, closed.pk)
    with the_list.open("a") as file:
        file.write('{"case": "3fa8\n[]\n{"case": 7}\n\n')
    with pytest.raises(CommandError, match=r":2, .*:3, .*:4$"):
        call_command("restore_check")
    assert not Case.objects.exists()  # what could be read was applied


def test_files_that_the_backup_lacks_are_counted(closed: Asked, the_list: Path) -> None:
    write_list(the_list)
    picture = Attachment.objects.create(
        message=closed.now().messages.get(seq=1), position=1, file="ab/abcdef", sealed=b"sealed"
    )
    with pytest.raises(CommandError, match="1 attachments have no file"):
        call_command("restore_check")
    picture.delete()
    call_command("restore_check")


@pytest.mark.django_db(transaction=True)
def test_of_several_workers_each_case_is_warned_of_and_deleted_once(
    nordhafen: Organisation, katrin: Membership
) -> None:
    for _ in range(6):
        asked = factories.ask(nordhafen, at=MAY)
        factories.reply(asked, katrin, at=MAY)
        factories.close(asked, katrin, at=MAY)
    done: dict[str, list[int]] = {"warn": [], "delete": []}

    def work(name: str, sweep: Any, at: datetime) -> None:
        done[name].append(sweep(at=at))
        connection.close()

    for name, sweep, at in (
        ("warn", retention.warn, MAY + 170 * DAY),
        ("delete", retention.delete_due, MAY + 190 * DAY),
    ):
        threads = [Thread(target=work, args=(name, sweep, at)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(done["warn"]) == sum(done["delete"]) == 6
    assert counts()["asked", ""] == 6
    assert TrailEntry.objects.filter(action="case.deleted").count() == 6


def listed(path: Path) -> list[str]:
    """Return the cases in the list."""
    return [json.loads(line)["case"] for line in path.read_text().splitlines()]


def write_list(path: Path, *cases: object) -> None:
    """Write a deletion list as it was kept elsewhere."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        "".join(json.dumps({"case": str(c), "at": MAY.isoformat()}) + "\n" for c in cases)
    )
