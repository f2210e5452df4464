"""Handing out what was attached: never shown inside a page of ours, always saved as a file."""

import io
from collections.abc import Iterator
from typing import cast
from uuid import UUID
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from django.contrib import messages as notices
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from audit import trail
from counselling import queries
from counselling.access import CaseRequest, ClientRequest, client_case, staff_case
from counselling.files import File, FileMissing
from counselling.models import Message
from counselling.operations import reading
from vault.sealing import SealBroken

# Nothing that a file says about itself counts, and nothing in it may act, wherever it is opened.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_BROKEN = (SealBroken, FileMissing)


@require_GET
@client_case
def attachment(request: HttpRequest, attachment: UUID) -> HttpResponse:
    """Give the client one file of their conversation; those of notes are not there."""
    request = cast(ClientRequest, request)
    try:
        found = queries.file(
            request.case, attachment, holder=request.holder, roles=Message.Role.for_client()
        )
    except _BROKEN:
        reading.note_broken_file(
            case=request.case, attachment=attachment, by=trail.CLIENT, at=timezone.now()
        )
        notices.error(request, _("Diese Datei lässt sich leider nicht mehr öffnen."))
        return HttpResponseRedirect(reverse("thread", args=[request.organisation.slug]))
    if found is None:
        raise Http404
    return _handed_out(*found)


@require_GET
@staff_case("case.read")
def case_attachment(request: HttpRequest, attachment: UUID) -> HttpResponse:
    """Give a member one file of a case; the trail notes it."""
    request = cast(CaseRequest, request)
    at = timezone.now()
    try:
        found = queries.file(request.case, attachment, holder=request.holder)
    except _BROKEN:
        reading.note_broken_file(
            case=request.case, attachment=attachment, by=request.member.actor, at=at
        )
        notices.error(
            request,
            _("Diese Datei lässt sich nicht öffnen. Bitte sagen Sie Ihrer Leitung Bescheid."),
        )
        return HttpResponseRedirect(reverse("case", args=[request.case.pk]))
    if found is None:
        raise Http404
    reading.note_file(case=request.case, attachment=attachment, by=request.member, at=at)
    return _handed_out(*found)


def _handed_out(file: File, data: bytes) -> HttpResponse:
    return HttpResponse(
        data,
        content_type=file.kind.media_type,
        headers=HEADERS | {"Content-Disposition": f'attachment; filename="{file.saved_as}"'},
    )


def zipped(request: ClientRequest, texts: dict[str, str], files: list[File]) -> HttpResponse:
    """Return texts (by file name) and files of a case as one ZIP.

    It is made while it is sent, one file at a time, and never stands anywhere as a whole.
    """
    return cast(
        HttpResponse,
        StreamingHttpResponse(
            _archive(request, texts, files),
            content_type="application/zip",
            headers=HEADERS | {"Content-Disposition": 'attachment; filename="notizen.zip"'},
        ),
    )


def _archive(request: ClientRequest, texts: dict[str, str], files: list[File]) -> Iterator[bytes]:
    out = _Pipe()
    with ZipFile(out, "w", ZIP_STORED) as archive:
        for name, text in texts.items():
            archive.writestr(ZipInfo(name), text.encode())
            yield out.taken()
        for file in files:
            try:
                found = queries.file(
                    request.case,
                    file.id,
                    holder=request.holder,
                    roles=Message.Role.for_client(),
                )
            except _BROKEN:
                continue  # the others are still the client's
            if found is not None:
                archive.writestr(ZipInfo(file.saved_as), found[1])
                yield out.taken()
    yield out.taken()


class _Pipe(io.RawIOBase):
    """What is written to it is taken out at once."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # zipfile writes bytes
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)
