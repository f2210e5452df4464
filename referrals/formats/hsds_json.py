"""HSDS 3.1 as JSON: a list of full services, one a line, a page of the API, or a single object."""

import codecs
import json
from collections.abc import Iterator, Mapping
from typing import IO, Any

from django.utils.translation import gettext as _

from referrals.formats import hsds_csv
from referrals.formats.documents import Found
from referrals.formats.files import Files, Part
from referrals.reports import NotReadable, Place, Report

CHUNK = 1 << 20  # characters read at once
LARGEST = 64 << 20  # characters of one service; whoever sends more sends no service


def read(files: Files, report: Report) -> Iterator[Found]:
    """Yield the services (and providers) of a file. Raises NotReadable for what is no JSON."""
    part = files.only
    encoding = _encoding(part, report)
    with part.open() as stream:
        text = _Text(stream, encoding)
        first = text.peek()
        try:
            if first == "[":
                yield from (
                    found for line, value in text.array() for found in _found(line, value, report)
                )
            elif first == "{":
                yield from _objects(text, report)
            else:
                raise NotReadable(_("Die Datei ist kein JSON: Sie beginnt weder mit [ noch mit {."))
        except json.JSONDecodeError as broken:
            raise NotReadable(
                _("Ab Zeile {line} ist die Datei kein gültiges JSON: {why}.").format(
                    line=text.line + broken.lineno - 1, why=broken.msg
                )
            ) from broken


def _objects(text: "_Text", report: Report) -> Iterator[Found]:
    """Yield what objects one after the other hold: NDJSON, or one object that may be a page."""
    for line, value in text.sequence():
        if isinstance(value, Mapping) and "services.csv" in value:
            yield from hsds_csv.read_json(value, report)
        elif isinstance(value, Mapping) and isinstance(value.get("contents"), list):
            for inner in value["contents"]:
                yield from _found(line, inner, report)
        else:
            yield from _found(line, value, report)


def _found(line: int, value: Any, report: Report) -> Iterator[Found]:
    if not isinstance(value, Mapping):
        report.add(Place(line), "unreadable", hint=_("kein Objekt"))
        report.left_out += 1
        report.read += 1
    elif isinstance(value.get("service"), Mapping):
        # A service at a location: the service with this one place.
        place = {key: inner for key, inner in value.items() if key != "service"}
        yield Found(line, {**value["service"], "service_at_locations": [place]})
    elif _is_provider(value):
        services = [s for s in value.get("services") or [] if isinstance(s, Mapping)]
        alone = {key: inner for key, inner in value.items() if key != "services"}
        for service in services:
            yield Found(line, {**service, "organization": alone})
        if not services:
            yield Found(line, alone, is_provider=True)
    else:
        yield Found(line, value)


def _is_provider(value: Mapping[str, Any]) -> bool:
    told = {"services", "tax_status", "legal_status", "year_incorporated", "locations", "website"}
    return "status" not in value and bool(told & set(value))


def _encoding(part: Part, report: Report) -> str:
    """Return the encoding in which the whole file can be read."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    with part.open() as stream:
        if stream.read(2) in (b"\xff\xfe", b"\xfe\xff"):
            return "utf-16"
        stream.seek(0)
        try:
            while block := stream.read(CHUNK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            report.notes.append(
                _(
                    "Die Datei „{name}“ ist nicht in UTF-8; sie wurde als Windows-Text gelesen."
                ).format(name=part.name)
            )
            return "cp1252"
    return "utf-8-sig"


class _Text:
    """JSON values out of a stream, one after the other; a file of gigabytes never stands in memory."""

    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        self._chunks = codecs.getreader(encoding)(stream, "replace")
        self._decoder = json.JSONDecoder()
        self._rest = ""
        self._at = 0
        self._ended = False
        self.line = 1

    def peek(self) -> str:
        """Return the next character that is no space, or nothing at the end."""
        while True:
            start = self._at
            while self._at < len(self._rest) and self._rest[self._at] in " \t\r\n\ufeff":
                self._at += 1
            self.line += self._rest.count("\n", start, self._at)
            if self._at < len(self._rest):
                return self._rest[self._at]
            if not self._more():
                return ""

    def array(self) -> Iterator[tuple[int, Any]]:
        """Yield (line, value) of each element of an array."""
        self._at += 1
        while True:
            following = self.peek()
            if following == ",":
                self._at += 1
            elif following == "]":
                return
            elif following == "":
                raise json.JSONDecodeError(_("die Liste endet nicht mit ]"), "", 0)
            else:
                yield self._value()

    def sequence(self) -> Iterator[tuple[int, Any]]:
        """Yield (line, value) of values that stand one after the other."""
        while self.peek():
            yield self._value()

    def _value(self) -> tuple[int, Any]:
        line = self.line
        while True:
            try:
                value, end = self._decoder.raw_decode(self._rest, self._at)
            except json.JSONDecodeError as broken:
                if len(self._rest) - self._at > LARGEST or not self._more():
                    raise json.JSONDecodeError(
                        broken.msg, self._rest[self._at :], broken.pos - self._at
                    ) from None
                continue
            self.line += self._rest.count("\n", self._at, end)
            self._at = end
            return line, value

    def _more(self) -> bool:
        """Read on; each time twice as much, so that a long value is not tried too often."""
        if self._ended:
            return False
        block = self._chunks.read(max(CHUNK, len(self._rest) - self._at))
        self._rest, self._at = self._rest[self._at :] + block, 0
        self._ended = not block
        return bool(block)
