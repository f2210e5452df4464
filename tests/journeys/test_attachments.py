"""A parent attaches a photo on the phone; a counsellor opens it."""

import json
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from counselling.uploads.kinds import LARGEST
from tests.factories.files import document, noise, photo, saved, written
from tests.journeys.actors import Colleague, Parent
from tests.journeys.conftest import OpenVisitor

LETTER = "Auf dem Foto ist der Brief von der Schule."


def from_phone() -> FilePayload:
    """Return a photo that says where it was taken."""
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x0110] = "Telefon von Max Mustermann"
    return {
        "name": "Max Mustermann zu Hause.jpg",
        "mimeType": "image/jpeg",
        "buffer": written(noise(800, 600), exif=exif.tobytes()),
    }


def choose(page: Page, box: str, *files: FilePayload) -> None:
    page.locator(box).set_input_files(list(files))


@pytest.mark.parametrize("js", [True, False], ids=["with script", "without script"])
def test_a_parent_attaches_a_photo_and_a_counsellor_opens_it(
    visit: OpenVisitor, *, js: bool
) -> None:
    jonna = Colleague(visit("desktop").page(), "de", "" if js else None)
    jonna.enter()
    jonna.open_queue()
    before = jonna.waiting_ids()

    parent = Parent(visit("phone", js=js).page(), "de-du", "" if js else None)
    page = parent.page
    parent.land()
    parent.open_form()
    parent.fill_in(LETTER)
    choose(page, "#id_attachments", from_phone())
    if js:
        expect(page.locator("[data-files-status]")).to_contain_text("zu Hause.jpg")
    parent.look("ask-with-photo")
    parent.send()
    parent.note_code()
    own = parent.messages.locator(".attachment")
    expect(own).to_have_count(1)
    expect(own).to_contain_text("Bild 1")
    parent.look("thread-with-photo")
    assert "Mustermann" not in page.content()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    with page.expect_download() as started:
        own.click()
    assert started.value.suggested_filename == "bild-1-1.jpg"

    jonna.open_queue()
    (row,) = jonna.waiting_ids() - before
    jonna.claim(row)
    link = jonna.page.locator("#thread .message--client .attachment")
    with jonna.page.expect_download() as started:
        link.click()
    data = started.value.path().read_bytes()
    assert Image.open(BytesIO(data)).size == (800, 600)
    assert b"Exif" not in data
    jonna.page.locator("#reply-text").fill("Danke. Der Antrag liegt bei.")
    letter: FilePayload = {
        "name": "Antrag.pdf",
        "mimeType": "application/pdf",
        "buffer": saved(document(2)),
    }
    choose(jonna.page, "#reply-attachments", letter)
    jonna.look("case-with-photo")
    jonna.send_reply()

    page.reload()
    expect(parent.replies.locator(".attachment")).to_contain_text("Dokument 1")
    with page.expect_download() as started:
        page.locator("a[href$='?als=zip']").click()
    assert started.value.suggested_filename == "notizen.zip"


def test_what_is_too_large_is_said_before_it_travels(visit: OpenVisitor, tmp_path: Path) -> None:
    parent = Parent(visit("phone").page(), "de-du", "")
    page = parent.page
    parent.land()
    parent.open_form()
    parent.fill_in(LETTER)
    film = tmp_path / "Urlaub.mp4"
    film.write_bytes(bytes(LARGEST + 1))
    page.locator("#id_attachments").set_input_files(film)
    status = page.locator("[data-files-status]")
    expect(status).to_contain_text("„Urlaub.mp4“ ist zu groß")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    parent.button("Frage absenden").click()
    expect(page.locator("#id_attachments")).to_be_focused()
    assert "POST" not in sent
    expect(page.locator("#id_text")).to_have_value(LETTER)
    parent.look("ask-file-too-large")


def test_a_refused_file_keeps_the_text_without_script(visit: OpenVisitor) -> None:
    parent = Parent(visit("phone", js=False).page(), "de-du", "-no-script")
    page = parent.page
    parent.land()
    parent.open_form()
    parent.fill_in(LETTER)
    good: FilePayload = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    bad: FilePayload = {
        "name": "Liste.docx",
        "mimeType": "image/jpeg",
        "buffer": b"PK\3\4" + json.dumps({"not": "a picture"}).encode(),
    }
    choose(page, "#id_attachments", good, bad)
    parent.button("Frage absenden").click()
    expect(page.locator(".field__error")).to_contain_text("„Liste.docx“ können wir nicht annehmen")
    expect(page.locator("#id_text")).to_have_value(LETTER)
    parent.look("ask-file-refused")
