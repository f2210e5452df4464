"""Attach files on pages, and look where they went."""

from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.counselling.pages import hidden

TEXT = "Auf dem Foto sehen Sie den Brief von der Schule."


def upload(data: bytes, name: str = "Max Mustermann Attest.jpg") -> SimpleUploadedFile:
    """Return a file as a browser sends it."""
    return SimpleUploadedFile(name, data, "application/octet-stream")


def ask_page(client: Client, files: list[SimpleUploadedFile], **data: Any) -> Any:
    """Send the form for a question with files, as a browser without JavaScript does."""
    form = client.get("/nordhafen/frage/")
    return client.post(
        "/nordhafen/frage/",
        {"ticket": hidden(form, "ticket"), "text": TEXT, "attachments": files, **data},
    )


def on_disk(media: Path) -> list[Path]:
    """Return the files that lie there."""
    return [path for path in media.rglob("*") if path.is_file()]


def links(page: Any) -> list[str]:
    """Return the addresses of the attachments on a page."""
    return [
        part.split('"')[0]
        for part in page.content.decode().split('href="')
        if "/datei/" in part.split('"')[0]
    ]
