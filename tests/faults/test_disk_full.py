"""The disk is full: a clear page, nothing half written, and it goes on when there is room."""

import json
import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db.backends.sqlite3._functions import register  # type: ignore[import-untyped]

from tests.factories.files import photo
from tests.faults.mixed_work import Work, unclear
from tests.faults.test_killed import wait_for
from tests.servers.disk import NotPermitted, SmallDisk, small_disk
from tests.servers.folders import new_folder
from tests.servers.lotse import Lotse, running_lotse
from tests.servers.plain_http import Answer, PlainBrowser, PlainParent, code_on

PATIENCE = 60.0
FULL = 3.0  # seconds that it stays full


@dataclass
class House:
    """A server whose data and log are on one small disk and whose attachments are on another."""

    lotse: Lotse
    disk: SmallDisk
    media: SmallDisk

    def ask_with_photo(self) -> Answer:
        """Ask with a photo of about 200 kB."""
        parent = PlainParent(PlainBrowser(self.lotse.url))
        form = {**parent.form(), "text": "Mit Foto."}
        return parent.browser.post_files("/nordhafen/frage/", form, [photo(1600, 1200)])

    def rows_without_file(self) -> list[str]:
        """Return the attachments in the database whose file is missing."""
        with closing(sqlite3.connect(self.lotse.data / "lotse.sqlite3", timeout=20)) as database:
            names = [row[0] for row in database.execute("SELECT file FROM counselling_attachment")]
        return [name for name in names if not (self.media.folder / "media" / name).is_file()]

    def parts(self) -> list[Path]:
        """Return what was written in part."""
        return list(self.media.folder.rglob("*.part"))


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with ExitStack() as stack:
        folder = new_folder()
        try:
            disk = stack.enter_context(small_disk(folder / "disk", megabytes=120))
            media = stack.enter_context(small_disk(folder / "media", megabytes=4))
        except NotPermitted as reason:
            pytest.skip(str(reason))
        options = json.dumps({"location": str(media.folder / "media")})
        data = disk.folder / "lotse"
        lotse = stack.enter_context(running_lotse(data, LOTSE_ATTACHMENTS_OPTIONS=options))
        yield House(lotse, disk, media)


def test_without_room_for_files_texts_still_arrive(house: House, figures: list[str]) -> None:
    assert code_on(house.ask_with_photo())
    house.media.fill()
    refused = house.ask_with_photo()
    assert not code_on(refused)
    assert refused.status == 200
    assert "Mit Foto." in refused.text, "the text is still in the form"
    parent = PlainParent(PlainBrowser(house.lotse.url))
    assert code_on(parent.send(parent.form(), "Ohne Foto."))
    assert house.parts() == []
    house.media.make_room()
    assert code_on(house.ask_with_photo())
    assert house.rows_without_file() == []
    figures.append(
        "disk of attachments full: the form says so and keeps the text, texts still arrive"
    )


def test_without_room_for_database_and_log_a_page_says_so_and_it_goes_on(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    work = Work(lambda: PlainBrowser(house.lotse.url))
    try:
        work.everybody_works()
        house.disk.fill_until(lambda: bool(work.ledger.errors["503"]), patience=PATIENCE)
        # Whoever looks after the processes must not fall over its own log.
        killed = wait_for(house.lotse, "worker")
        os.kill(killed, signal.SIGKILL)
        wait_for(house.lotse, "worker", other_than=killed)
        house.disk.fill_for(FULL)
        page = PlainBrowser(house.lotse.url).get("/nordhafen/")
        house.disk.make_room()
        again = work.everybody_works()
    finally:
        work.dismiss()
    ledger = work.stop()
    found = work.found()
    with capsys.disabled():
        print(
            f"\n  disk of database, queue and log full: people saw {dict(ledger.errors)}; all worked again "
            f"{again:.1f} s after there was room; {ledger.words} acknowledged, found {dict(found)}"
        )
    assert page.status == 200 or not unclear(page)
    assert found.keys() == {"once"}
    assert not ledger.unclear
    with closing(sqlite3.connect(house.lotse.data / "lotse.sqlite3", timeout=20)) as database:
        register(database)  # what our indices and checks are made with
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert "Zeichen " not in house.lotse.log.read_text(errors="replace")
