"""Attachments are kept once and whole, or not at all; what was altered, moved or lost is an alarm."""

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit import trail
from audit.models import TrailEntry
from counselling import queries
from counselling.models import Attachment, Case, Message
from counselling.operations import attachments, cases, entries, messages
from counselling.uploads import storage
from counselling.uploads.kinds import Kind
from tests import factories
from tests.counselling.attached import TEXT, ask_page, on_disk, upload
from tests.counselling.house import House, open_house
from tests.counselling.pages import box, come_back, errors, hidden, words
from tests.factories import Asked
from tests.factories.files import photo, picture
from tests.factories.sessions import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


@pytest.fixture
def house() -> House:
    return open_house()


# --- Once, and never half --------------------------------------------------------------------------


def test_the_same_form_twice_is_one_case_with_one_photo(house: House, media: Path) -> None:
    mother, image = Client(), photo()
    form = mother.get("/nordhafen/frage/")

    def send(data: bytes) -> Any:
        fields = {"ticket": hidden(form, "ticket"), "text": TEXT, "attachments": [upload(data)]}
        return mother.post("/nordhafen/frage/", fields)

    assert send(image).status_code == 302
    assert send(image).status_code == 302
    assert Case.objects.count() == Attachment.objects.count() == len(on_disk(media)) == 1
    # The same text with another photo is not the same.
    again = send(photo())
    assert "Dieses Formular haben Sie schon einmal abgeschickt." in errors(again)
    assert Case.objects.count() == Attachment.objects.count() == len(on_disk(media)) == 1


def test_the_same_message_twice_is_one_message_with_one_photo(house: House, media: Path) -> None:
    asked, token, image = factories.ask(house.nordhafen), uuid4(), picture()

    def write(files: list[Any]) -> entries.Appended:
        return messages.write(
            case=asked.pk,
            text=TEXT,
            client_msg_id=token,
            in_danger=False,
            holder=asked.holder,
            at=timezone.now(),
            files=files,
        )

    assert write([image]).is_new
    assert not write([image]).is_new
    for other in ([], [picture()], [image, image]):
        with pytest.raises(entries.DifferentText):
            write(other)
    assert Attachment.objects.count() == len(on_disk(media)) == 1


def test_a_refused_reply_leaves_no_file(house: House, media: Path) -> None:
    asked = factories.ask(house.nordhafen)
    with pytest.raises(cases.NotHolder):
        messages.reply(
            case=asked.pk,
            text="Nicht meine.",
            client_msg_id=uuid4(),
            by=house.katrin,
            holder=asked.holder,
            at=timezone.now(),
            files=[picture()],
        )
    assert on_disk(media) == []


def test_a_storage_that_is_full_refuses_with_a_sentence_and_keeps_the_text(
    house: House, media: Path
) -> None:
    media.write_text("a file where the folder should be")
    page = ask_page(Client(), [upload(photo())])
    assert "Die Dateien konnten gerade nicht gespeichert werden." in errors(page)
    assert box(page, "text") == TEXT
    assert not Case.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_deleting_a_case_removes_its_files_and_no_others(house: House, media: Path) -> None:
    asked = factories.ask(house.nordhafen, files=[picture(), picture(Kind.PDF)])
    factories.ask(house.nordhafen, files=[picture()])
    assert len(on_disk(media)) == 3
    cases.delete(case=asked.pk, by=trail.CLIENT, at=timezone.now())
    (left,) = on_disk(media)
    assert Attachment.objects.get().file == str(left.relative_to(media))


@pytest.fixture
def orphan(media: Path) -> str:
    """A sealed file that a crash left without its row."""
    return storage.attachments().save(storage.fresh_name(), ContentFile(b"sealed"))


def test_the_sweep_removes_what_a_crash_left_and_nothing_else(
    house: House, media: Path, orphan: str
) -> None:
    asked = factories.ask(house.nordhafen, files=[picture()])
    part = media / f"{orphan}.part"
    part.write_bytes(b"half")
    now = timezone.now()
    # Young ones may belong to a message that is just being written.
    assert attachments.sweep(at=now) == 0
    for path in on_disk(media):
        os.utime(path, (time.time() - 7200, time.time() - 7200))
    assert attachments.sweep(at=now + timedelta(minutes=1)) == 2
    assert TrailEntry.objects.get(action="attachments.swept").detail == {"files": 2}
    (file,) = asked.files()
    assert queries.file(asked.case, file.id, holder=asked.holder) is not None


def test_there_is_nothing_to_sweep_before_anybody_attached_anything() -> None:
    assert attachments.sweep(at=timezone.now()) == 0


# --- Altered, moved, lost --------------------------------------------------------------------------


def broken(house: House, asked: Asked) -> Any:
    (file,) = asked.files()
    mother = Client()
    come_back(mother, asked.code.display())
    answer = mother.get(reverse("attachment", args=["nordhafen", file.id]))
    assert answer.status_code == 302
    assert TrailEntry.objects.filter(action="case.file_broken", case=asked.pk).count() == 1
    katrin = signed_in(house.katrin)
    assert katrin.get(reverse("case-attachment", args=[asked.pk, file.id])).status_code == 302
    return words(mother.get("/nordhafen/gespraech/"))


def test_a_flipped_bit_is_an_alarm_and_never_a_picture(house: House, media: Path) -> None:
    asked = factories.ask(house.nordhafen, topic="Schlaf", files=[picture()])
    (file,) = on_disk(media)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert "Diese Datei lässt sich leider nicht mehr öffnen." in broken(house, asked)


def test_a_file_cut_short_exchanged_or_lost_is_an_alarm(house: House, media: Path) -> None:
    for do in ("cut", "exchange", "lose"):
        asked = factories.ask(house.nordhafen, topic="Schlaf", files=[picture()])
        other = factories.ask(house.nordhafen, files=[picture()])
        mine = media / Attachment.objects.get(message__case=asked.pk).file
        theirs = media / Attachment.objects.get(message__case=other.pk).file
        if do == "cut":
            mine.write_bytes(mine.read_bytes()[:-100])
        elif do == "exchange":
            mine.write_bytes(theirs.read_bytes())
        else:
            mine.unlink()
        assert "lässt sich leider nicht mehr öffnen" in broken(house, asked), do


def test_a_row_moved_to_another_message_does_not_open(house: House) -> None:
    asked = factories.ask(house.nordhafen, files=[picture()])
    seq = factories.client_writes(asked)
    row = Attachment.objects.get()
    row.message = Message.objects.get(case=asked.pk, seq=seq)
    row.save()
    with pytest.raises(Exception, match="does not open here"):
        asked.files()
