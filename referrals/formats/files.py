"""Files that somebody hands in: one file, a folder or a zip, on disk or uploaded; and their letters.

What a clerk's spreadsheet saves is not always UTF-8, and not always one encoding throughout.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from django.utils.translation import gettext as _

from referrals.reports import NotReadable, Place, Report

MOST_UNPACKED = 2 * 1024**3  # bytes of all files in a zip together
csv.field_size_limit(10_000_000)


@dataclass(slots=True)
class Files:
    """Named byte streams. name: what was handed in; `parts`: its files by lower-case name."""

    name: str
    parts: dict[str, "Part"] = field(default_factory=dict)

    @property
    def only(self) -> "Part":
        """Return the file that was handed in. Raises NotReadable when there are several."""
        if len(self.parts) != 1:
            raise NotReadable(_("Hier wird eine einzelne Datei gebraucht, kein Ordner."))
        return next(iter(self.parts.values()))


@dataclass(frozen=True, slots=True)
class Part:
    """One file: on disk, in memory or in a zip."""

    name: str
    path: Path | None = None
    data: bytes | None = None
    archive: zipfile.ZipFile | None = None
    member: str = ""

    def open(self) -> IO[bytes]:
        """Open the file for reading bytes."""
        if self.data is not None:
            return io.BytesIO(self.data)
        if self.archive is not None:
            return self.archive.open(self.member)
        assert self.path is not None
        return self.path.open("rb")

    def start(self, length: int = 4096) -> bytes:
        """Return the first bytes."""
        with self.open() as stream:
            return stream.read(length)


def on_disk(path: Path) -> Files:
    """Return a file, a folder's files or a zip's. Raises NotReadable."""
    if path.is_dir():
        parts = {
            p.name.lower(): Part(p.name, path=p) for p in sorted(path.iterdir()) if p.is_file()
        }
        return Files(path.name, parts)
    if not path.is_file():
        raise NotReadable(_("Die Datei „{name}“ gibt es nicht.").format(name=path.name))
    if is_zip(path.name, path.open("rb")):
        return _zip(path.name, zipfile.ZipFile(path))
    return Files(path.name, {path.name.lower(): Part(path.name, path=path)})


def uploaded(name: str, data: bytes) -> Files:
    """Return an uploaded file, or the files of an uploaded zip. Raises NotReadable."""
    if is_zip(name, io.BytesIO(data)):
        return _zip(name, zipfile.ZipFile(io.BytesIO(data)))
    return Files(name, {name.lower(): Part(name, data=data)})


def is_zip(name: str, stream: IO[bytes]) -> bool:
    """Say whether a file is a zip of tables; an XLSX is a zip of another kind."""
    with stream:
        return zipfile.is_zipfile(stream) and not name.lower().endswith((".xlsx", ".xlsm"))


def _zip(name: str, archive: zipfile.ZipFile) -> Files:
    members = [m for m in archive.infolist() if not m.is_dir() and "__MACOSX" not in m.filename]
    if sum(member.file_size for member in members) > MOST_UNPACKED:
        raise NotReadable(_("Ausgepackt ist die Datei zu groß."))
    parts = {}
    for member in members:
        plain = PurePosixPath(member.filename).name
        parts[plain.lower()] = Part(plain, archive=archive, member=member.filename)
    return Files(name, parts)


def text_lines(part: Part, report: Report, *, named: bool = False) -> Iterator[str]:
    """Yield a text file's lines with their ends, each in the encoding that it can be read in.

    named: say in reports which file it is.
    """
    with part.open() as stream:
        start = stream.read(2)
        if start in (b"\xff\xfe", b"\xfe\xff"):
            stream.seek(0)
            yield from io.StringIO(stream.read().decode("utf-16", "replace"), newline="")
            return
        stream.seek(0)
        odd: list[int] = []
        plain = 0  # lines that only UTF-8 explains
        for number, raw in enumerate(stream, 1):
            line = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
            try:
                text = line.decode()
                plain += not line.isascii()
            except UnicodeDecodeError:
                text = line.decode("cp1252", "replace")
                odd.append(number)
            yield text
    if odd and not plain:
        report.notes.append(
            _("Die Datei „{name}“ ist nicht in UTF-8; sie wurde als Windows-Text gelesen.").format(
                name=part.name
            )
        )
    else:
        for number in odd:
            report.add(Place(number, part=part.name if named else ""), "encoding")


@dataclass(slots=True)
class Table:
    """A table's head and its rows with the lines on which they begin."""

    name: str
    head: list[str]
    rows: Iterator[tuple[int, list[str]]]


def table(part: Part, report: Report, *, named: bool = False) -> Table:
    """Return a CSV file as head and rows, whatever separates its cells. Raises NotReadable."""
    lines = text_lines(part, report, named=named)
    first = next(lines, "")
    if not first.strip():
        raise NotReadable(_("Die Datei „{name}“ ist leer.").format(name=part.name))
    separator = max(";,\t|", key=first.count)
    counter = _Counter(lines, first)
    reader = csv.reader(counter, delimiter=separator, strict=False)
    head = [cell.strip() for cell in next(reader)]
    return Table(part.name, head, _rows(reader, counter, len(head), part, report, named))


class _Counter:
    """Hands lines on and knows on which one the row that comes next begins."""

    def __init__(self, lines: Iterator[str], first: str) -> None:
        self._lines = lines
        self._first: str | None = first
        self.line = 0

    def __iter__(self) -> "_Counter":
        return self

    def __next__(self) -> str:
        text = self._first if self._first is not None else next(self._lines)
        self._first = None
        self.line += 1
        return text.replace("\0", "\ufffd")


def _rows(
    reader: Iterator[list[str]],
    counter: _Counter,
    width: int,
    part: Part,
    report: Report,
    named: bool,
) -> Iterator[tuple[int, list[str]]]:
    name = part.name if named else ""
    while True:
        line = counter.line + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as broken:
            report.add(Place(line, part=name), "unreadable", hint=str(broken))
            continue
        if not any(cell.strip() for cell in row):
            continue
        if len(row) > width and any(cell.strip() for cell in row[width:]):
            report.add(Place(line, row[1][:60] if len(row) > 1 else "", name), "too-many-cells")
            report.left_out += 1
            report.read += 1
            continue
        yield line, row
