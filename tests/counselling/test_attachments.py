"""What a parent and a counsellor attach: kept sealed, seen by who may, gone with the case."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from accounts.models import Role
from audit.models import TrailEntry
from counselling import promises, queries
from counselling.models import Attachment, Case, Message
from counselling.operations import attachments
from counselling.uploads.kinds import LARGEST, MOST_FILES, MOST_IN_CASE, Kind
from tests import factories
from tests.counselling.attached import TEXT, ask_page, links, on_disk, upload
from tests.counselling.house import House, open_house
from tests.counselling.pages import box, come_back, errors, hidden, words
from tests.factories.files import document, photo, picture, saved
from tests.factories.sessions import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


@pytest.fixture
def house() -> House:
    return open_house()


# --- The way of a photo ----------------------------------------------------------------------------


def test_a_parent_attaches_a_photo_and_a_pdf_and_katrin_opens_them(
    house: House, media: Path
) -> None:
    mother = Client()
    sent = ask_page(mother, [upload(photo()), upload(saved(document(3)), "Brief.pdf")])
    assert sent.status_code == 302
    case = Case.objects.get()

    thread = mother.get("/nordhafen/gespraech/")
    assert "Bild 1" in words(thread)
    assert "Dokument 1" in words(thread)
    assert "3 Seiten" in words(thread)
    assert "Mustermann" not in thread.content.decode()

    katrin = signed_in(house.katrin)
    page = katrin.get(reverse("case", args=[case.pk]))
    picture_link, pdf_link = links(page)
    given = katrin.get(picture_link)
    assert given["Content-Type"] == "image/jpeg"
    assert given["Content-Disposition"] == 'attachment; filename="bild-1-1.jpg"'
    assert given["X-Content-Type-Options"] == "nosniff"
    assert given["Cache-Control"] == "no-store"
    assert "sandbox" in given["Content-Security-Policy"]
    assert "script-src" not in given["Content-Security-Policy"]
    assert Image.open(BytesIO(given.content)).size == (64, 48)
    assert katrin.get(pdf_link).content.startswith(b"%PDF-")
    read = TrailEntry.objects.filter(action="case.file_read", case=case.pk)
    assert read.count() == 2
    assert len(on_disk(media)) == 2


def test_nothing_readable_lies_on_the_disk_or_in_the_database(house: House, media: Path) -> None:
    asked = factories.ask(house.nordhafen, files=[picture(data=b"Kanarienvogel" * 1000)])
    (file,) = on_disk(media)
    assert b"Kanarienvogel" not in file.read_bytes()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    # Padded: from the length of the file nobody learns that of the picture.
    assert file.stat().st_size - len(b"v") - 24 - 16 == 64 * 1024
    row = Attachment.objects.get()
    assert b"jpeg" not in bytes(row.sealed)
    opened = queries.file(asked.case, row.pk, holder=asked.holder)
    assert opened is not None
    assert opened[1] == b"Kanarienvogel" * 1000


def test_a_parent_writes_again_with_a_photo_and_a_counsellor_answers_with_a_pdf(
    house: House,
) -> None:
    asked = factories.ask(house.nordhafen)
    father = Client()
    come_back(father, asked.code.display())
    page = father.get("/nordhafen/gespraech/")
    written = father.post(
        "/nordhafen/gespraech/schreiben/",
        {"message": hidden(page, "message"), "text": TEXT, "attachments": [upload(photo())]},
    )
    assert written.status_code == 302
    factories.claim(asked, house.katrin)
    katrin = signed_in(house.katrin)
    answered = katrin.post(
        reverse("case-reply", args=[asked.pk]),
        {
            "text": "Hier ist der Antrag.",
            "client_msg_id": str(uuid4()),
            "seen": 99,
            "attachments": [upload(saved(document()), "Antrag.pdf")],
        },
    )
    assert answered.status_code == 302
    thread = father.get("/nordhafen/gespraech/")
    own, answer = links(thread)
    assert father.get(own)["Content-Type"] == "image/jpeg"
    assert father.get(answer)["Content-Disposition"] == 'attachment; filename="dokument-3-1.pdf"'


def test_files_of_a_note_are_for_the_team_only(house: House) -> None:
    asked = factories.ask(house.nordhafen)
    katrin = signed_in(house.katrin)
    noted = katrin.post(
        reverse("case-note", args=[asked.pk]),
        {"text": "Siehe Anlage.", "client_msg_id": str(uuid4()), "attachments": [upload(photo())]},
    )
    assert noted.status_code == 302
    (file,) = asked.files()
    assert katrin.get(reverse("case-attachment", args=[asked.pk, file.id])).status_code == 200
    mother = Client()
    come_back(mother, asked.code.display())
    assert links(mother.get("/nordhafen/gespraech/")) == []
    assert mother.get(reverse("attachment", args=["nordhafen", file.id])).status_code == 404
    with ZipFile(everything(mother)) as archive:
        assert [n for n in archive.namelist() if n.startswith(("bild", "dokument"))] == []


def test_who_may_not_read_the_case_gets_no_file(house: House) -> None:
    asked = factories.ask(house.nordhafen, topic="Schlaf", files=[picture()])
    other = factories.ask(house.nordhafen, topic="Schlaf", files=[picture()])
    (file,) = asked.files()
    address = reverse("case-attachment", args=[asked.pk, file.id])
    for member in house.without_access():
        assert signed_in(member).get(address).status_code == 404, member
    for member in (house.katrin, house.jonas):
        assert signed_in(member).get(address).status_code == 200, member
    # Not under another case either, and not for the parent of another case.
    elsewhere = reverse("case-attachment", args=[other.pk, file.id])
    assert signed_in(house.katrin).get(elsewhere).status_code == 404
    stranger = Client()
    come_back(stranger, other.code.display())
    assert stranger.get(reverse("attachment", args=["nordhafen", file.id])).status_code == 404


def test_a_trainee_may_attach_to_a_note_and_not_to_a_reply(house: House) -> None:
    asked = factories.ask(house.nordhafen, topic="Schlaf")
    factories.claim(asked, house.jonas)
    page = signed_in(house.jonas).get(reverse("case", args=[asked.pk])).content.decode()
    assert 'id="note-attachments"' in page
    assert 'id="reply-attachments"' not in page
    assert house.jonas.role == Role.TRAINEE


# --- Refused, and nothing lost ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (b"", "leer.jpg", "Die Datei „leer.jpg“ ist leer."),
        (b"GIF89a" + b"x" * 100, "bild.jpg", "„bild.jpg“ können wir nicht annehmen."),
        (b"x" * (LARGEST + 1), "urlaub.jpg", "„urlaub.jpg“ ist zu groß. Es gehen höchstens 10 MB."),
        (b"\xff\xd8\xff" + b"x" * 100, "kaputt.jpg", "„kaputt.jpg“ lässt sich nicht öffnen."),
        (b"<svg onload=alert(1)>", "<b id=x>.svg", "„<b id=x>.svg“ können wir nicht annehmen."),
    ],
    ids=["empty", "gif", "too large", "damaged", "a name with markup"],
)
def test_a_refused_file_is_named_with_a_remedy_and_the_text_stays(
    house: House, data: bytes, name: str, sentence: str
) -> None:
    page = ask_page(Client(), [upload(photo()), upload(data, name)], postcode="24103")
    assert page.status_code == 200
    assert sentence in errors(page)
    assert "Bitte wählen Sie alle Dateien noch einmal aus. Ihr Text ist noch da." in errors(page)
    assert "<b id=x>" not in page.content.decode()
    assert box(page, "text") == TEXT
    assert box(page, "postcode") == "24103"
    assert not Case.objects.exists()


def test_when_the_session_has_ended_the_text_stays_and_the_files_are_named_as_gone(
    house: House,
) -> None:
    page = Client().post(
        "/nordhafen/gespraech/schreiben/",
        {"message": str(uuid4()), "text": TEXT, "attachments": [upload(photo())]},
    )
    assert box(page, "text") == TEXT
    assert "Ihre Bilder und Dokumente konnten wir nicht behalten." in words(page)


def test_more_than_five_files_are_refused(house: House) -> None:
    page = ask_page(Client(), [upload(photo()) for _file in range(MOST_FILES + 1)])
    assert "Auf einmal gehen höchstens 5 Dateien. Sie haben 6 ausgewählt." in errors(page)
    assert not Case.objects.exists()


def test_when_the_text_is_missing_the_files_must_be_chosen_again(house: House) -> None:
    page = ask_page(Client(), [upload(photo())], text=" ")
    assert "Hier steht noch nichts." in errors(page)
    assert "Bitte wählen Sie alle Dateien noch einmal aus." in errors(page)


def test_the_form_says_before_that_the_place_is_removed(house: House) -> None:
    page = Client().get("/nordhafen/frage/")
    assert 'enctype="multipart/form-data"' in page.content.decode()
    assert "Wir entfernen vorher, was in der Datei über Ort, Zeit und Gerät steht." in words(page)


def test_a_counsellors_refused_file_keeps_the_reply(house: House) -> None:
    asked = factories.ask(house.nordhafen)
    factories.claim(asked, house.katrin)
    page = signed_in(house.katrin).post(
        reverse("case-reply", args=[asked.pk]),
        {"text": "Meine Antwort.", "seen": 99, "attachments": [upload(b"PK\3\4zip", "a.docx")]},
    )
    assert "„a.docx“ können wir nicht annehmen." in errors(page)
    assert box(page, "text") == "Meine Antwort."
    assert not Message.objects.filter(role=Message.Role.REPLY).exists()


def test_a_preview_without_script_says_that_files_are_chosen_last(house: House) -> None:
    asked = factories.ask(house.nordhafen)
    factories.claim(asked, house.katrin)
    page = signed_in(house.katrin).post(
        reverse("case-preview", args=[asked.pk]),
        {"text": "Meine Antwort.", "attachments": [upload(photo())]},
    )
    assert "Bitte wählen Sie alle Dateien noch einmal aus." in errors(page)
    assert box(page, "text") == "Meine Antwort."


def test_only_forms_with_files_may_be_large(house: House) -> None:
    asked = factories.ask(house.nordhafen)
    mother = Client()
    come_back(mother, asked.code.display())

    def send(page: str, *sizes: int) -> Any:
        files = [upload(b"x" * size) for size in sizes]
        return mother.post(f"/nordhafen/{page}/", {"text": "x", "attachments": files})

    seven = 7 * 1024 * 1024
    assert send("gespraech/bewerten", seven).status_code == 413
    assert send("zurueck", seven).status_code == 413
    assert send("gespraech/schreiben", seven).status_code == 200
    answer = send("gespraech/schreiben", *[LARGEST] * 6)
    assert answer.status_code == 413
    assert "Die Dateien sind zu groß" in words(answer)


def test_a_case_has_an_end_of_files(house: House) -> None:
    asked = factories.ask(house.nordhafen, files=[picture()] * MOST_FILES)
    row = Attachment.objects.first()
    assert row is not None
    message = row.message
    Attachment.objects.bulk_create(
        Attachment(message=message, position=position, file=f"x{position}", sealed=b"x")
        for position in range(MOST_FILES + 1, MOST_IN_CASE + 1)
    )
    with pytest.raises(attachments.TooManyFiles):
        factories.client_writes(asked, files=[picture()])
    assert Message.objects.filter(case=asked.pk).count() == 1


# --- Taking everything along -----------------------------------------------------------------------


def everything(client: Client) -> BytesIO:
    answer: Any = client.get("/nordhafen/gespraech/mitnehmen/?als=zip")
    assert answer.status_code == 200
    return BytesIO(b"".join(answer.streaming_content))


def test_a_parent_takes_everything_along(house: House) -> None:
    asked = factories.ask(house.nordhafen, files=[picture(data=b"\xff\xd8one"), picture()])
    factories.reply(asked, house.katrin, files=[picture(Kind.PDF, b"%PDF-two")])
    mother = Client()
    come_back(mother, asked.code.display())
    assert "mit Bildern und Dokumenten (ZIP)" in words(mother.get("/nordhafen/gespraech/"))
    with ZipFile(everything(mother)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            *("notizen.html", "notizen.json"),
            *("bild-1-1.jpg", "bild-1-2.jpg", "dokument-2-1.pdf"),
        ]
        assert archive.read("bild-1-1.jpg") == b"\xff\xd8one"
        assert archive.read("dokument-2-1.pdf") == b"%PDF-two"
        assert 'href="bild-1-1.jpg"' in archive.read("notizen.html").decode()
        listed = json.loads(archive.read("notizen.json"))["messages"]
        assert listed[1]["files"] == [
            {"name": "dokument-2-1.pdf", "type": "application/pdf", "bytes": 8}
        ]


# --- Cost ------------------------------------------------------------------------------------------


def test_a_thread_with_many_files_costs_as_many_queries_as_with_one(house: House) -> None:
    asked = factories.ask(house.nordhafen, files=[picture()])
    katrin = signed_in(house.katrin)

    def count() -> int:
        promises.forget()  # what is remembered for two seconds would count for one of them only
        with CaptureQueriesContext(connection) as captured:
            assert katrin.get(reverse("case", args=[asked.pk])).status_code == 200
        return len(captured)

    count()  # what is remembered after the first page
    with_one = count()
    for _message in range(4):
        factories.client_writes(asked, files=[picture()] * 3)
    assert count() == with_one
