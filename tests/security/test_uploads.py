"""A corpus of hostile and of ordinary files: refused or neutralised, and the house still stands."""

import os
import resource
import socket
import struct
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pikepdf import Array, Dictionary, Name, ObjectStreamMode, Pdf, StreamDecodeLevel, String
from PIL import Image

from counselling.uploads import sandbox
from counselling.uploads.cleaning import images
from counselling.uploads.kinds import LARGEST, Kind, Reason, Refused
from counselling.uploads.receiving import Received, receive
from tests.factories.files import document, noise, photo, saved, written
from tests.security.corpus import EICAR, Sent, corpus, strangers


def taken(sent: Sent) -> Received | Reason:
    """Send a file as a browser does; return what is kept, or why nothing is."""
    try:
        return receive(SimpleUploadedFile(sent.name, sent.data, "image/jpeg"))
    except Refused as refused:
        return refused.reason


def laid_open(file: Received) -> bytes:
    """Return a clean file so that everything in it can be searched: a PDF with its streams unpacked."""
    if file.kind is not Kind.PDF:
        return file.data
    out = BytesIO()
    with Pdf.open(BytesIO(file.data)) as pdf:
        pdf.save(
            out,
            object_stream_mode=ObjectStreamMode.disable,
            stream_decode_level=StreamDecodeLevel.generalized,
            compress_streams=False,
        )
    return file.data + out.getvalue()


def test_every_file_is_refused_or_neutralised(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A busy machine is no reason: what counts is the kernel's limit of processor time.
    monkeypatch.setattr(sandbox, "PATIENCE", 300.0)
    wrong: list[str] = []
    results = Counter[str]()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for sent in corpus():
        result = taken(sent)
        if isinstance(result, Reason):
            results["refused"] += 1
            if isinstance(sent.becomes, Kind) or result not in sent.becomes:
                wrong.append(f"{sent.name}: refused as {result}, not {sent.becomes}")
            continue
        results["neutralised or harmless"] += 1
        if result.kind is not sent.becomes:
            wrong.append(f"{sent.name}: kept as {result.kind}, not {sent.becomes}")
        wrong += [
            f"{sent.name}: {word!r} is left" for word in sent.gone if word in laid_open(result)
        ]
        if len(result.data) > LARGEST + LARGEST // 4:
            wrong.append(f"{sent.name}: grew to {len(result.data)} bytes")
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    with capsys.disabled():
        print(
            f"\n  {results.total()} files: {dict(results)}; "
            f"this process grew by {grown} MB (with making them), cleaning took up to {largest} MB"
        )
    assert not wrong, "\n".join(wrong)
    assert results["refused"] > 40
    assert results["neutralised or harmless"] > 40


def test_what_is_kept_of_a_jpeg_is_only_what_decoding_needs() -> None:
    exif = Image.Exif()
    exif[0x010E] = "x" * 500
    kept = taken(Sent("a.jpg", written(noise(), exif=exif.tobytes(), comment=b"c"), Kind.JPEG))
    assert isinstance(kept, Received)
    segments, at = [], 2
    while kept.data[at + 1] != 0xDA:
        segments.append(kept.data[at + 1])
        at += 2 + int.from_bytes(kept.data[at + 2 : at + 4], "big")
    assert {marker for marker in segments if marker >= 0xE0} == {0xE0}  # JFIF and nothing else


def test_what_is_kept_of_a_png_is_only_what_decoding_needs() -> None:
    kept = taken(Sent("a.png", written(noise(), "PNG", dpi=(72, 72)), Kind.PNG))
    assert isinstance(kept, Received)
    names, at = set(), 8
    while at < len(kept.data):
        names.add(kept.data[at + 4 : at + 8])
        at += 12 + int.from_bytes(kept.data[at : at + 4], "big")
    assert names == {b"IHDR", b"IDAT", b"IEND"}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_upright_before_it_forgets_how_it_was_held(orientation: int) -> None:
    upright = Image.new("RGB", (64, 32), "white")
    upright.paste((200, 0, 0), (0, 0, 16, 16))  # a red corner at the top left
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # what undoes each turn
    held = upright
    if orientation > 1:
        held = upright.transpose(Image.Transpose(back[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    sent = written(held, quality=95, exif=exif.tobytes())
    kept = taken(Sent("a.jpg", sent, Kind.JPEG))
    assert isinstance(kept, Received)
    shown = Image.open(BytesIO(kept.data))
    assert shown.size == (64, 32)
    corner = shown.getpixel((5, 5))
    assert isinstance(corner, tuple)
    assert corner[0] > 150
    assert corner[1] < 80


def test_what_was_filled_into_a_form_can_still_be_read() -> None:
    pdf = document()
    field = pdf.make_indirect(
        Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Tx,
            T=String("name"),
            V=String("Antrag auf Hilfe"),
            Rect=Array([72, 600, 300, 620]),
            DA=String("/Helv 12 Tf 0 g"),
            F=4,
        )
    )
    helvetica = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    pdf.pages[0].obj.Annots = Array([field])
    pdf.Root.AcroForm = Dictionary(
        Fields=Array([field]),
        NeedAppearances=True,
        DR=Dictionary(Font=Dictionary(Helv=helvetica)),
        DA=String("/Helv 12 Tf 0 g"),
    )
    kept = taken(Sent("form.pdf", saved(pdf), Kind.PDF))
    assert isinstance(kept, Received)
    assert b"Antrag auf Hilfe" in laid_open(kept)
    assert b"Guten Tag" in laid_open(kept)
    assert b"AcroForm" not in laid_open(kept)


def test_a_photo_of_many_megapixels_is_kept_smaller() -> None:
    kept = taken(Sent("a.jpg", written(Image.new("RGB", (9000, 7000), "teal")), Kind.JPEG))
    assert isinstance(kept, Received)
    assert kept.width * kept.height <= images.KEPT_PIXELS
    assert kept.width * kept.height > images.KEPT_PIXELS // 5


# --- The process that takes files apart -----------------------------------------------------------


def test_it_is_locked_in_by_the_kernel() -> None:
    assert sandbox.clean(photo(), Kind.JPEG).locked_in
    assert sandbox.clean(written(noise(), "HEIF"), Kind.HEIC).locked_in
    assert sandbox.clean(saved(document()), Kind.PDF).locked_in


# What smuggled-in code would try; each line must fail.
ATTEMPTS = """
import ctypes, os, socket, subprocess, sys
from counselling.uploads.cleaning import confinement
confinement.limit()
parent = os.getppid()
assert confinement.lock_in()
def attempt(name, do):
    try:
        do()
    except (OSError, MemoryError):
        return
    os.write(1, (name + " ").encode())
attempt("open", lambda: os.open("/etc/passwd", os.O_RDONLY))
attempt("write", lambda: os.open("/tmp/x", os.O_WRONLY | os.O_CREAT))
attempt("network", lambda: socket.socket())
attempt("unix", lambda: socket.socketpair())
attempt("fork", os.fork)
attempt("start", lambda: os.execv("/bin/true", ["true"]))
attempt("kill", lambda: os.kill(parent, 0))
attempt("memory", lambda: bytearray(2 << 30))
libc = ctypes.CDLL(None, use_errno=True)
if libc.ptrace(16, parent, 0, 0) == 0: os.write(1, b"ptrace ")
os.write(1, b"done")
"""


def test_code_in_it_can_open_reach_and_start_nothing() -> None:
    root = str(Path(sandbox.__file__).resolve().parents[2])
    result = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {root!r})\n{ATTEMPTS}"],
        capture_output=True,
        check=False,
        env={},
    )
    assert result.stdout == b"done", result.stderr


def test_it_knows_no_secret_of_the_house(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_PROGRAM", "import os; print(sorted(os.environ), flush=True)")
    monkeypatch.setattr(sandbox, "_read", lambda answer: answer)
    seen: Any = sandbox.clean(b"", Kind.JPEG)
    assert b"LOTSE" not in seen
    assert b"[" in seen


@pytest.mark.parametrize(
    "program",
    [
        "import time; time.sleep(60)",
        "while True: pass",
        "import os; os.kill(os.getpid(), 11)",
        "import sys; sys.exit(3)",
        'print(\'{"kind": "exe"}\')',
        "print('not json')",
        'print(\'{"kind": "jpeg", "surprise": 1}\')',
        "import sys\nwhile True: sys.stdout.write('x' * 65536)",
    ],
    ids=["sleeps", "spins", "crashes", "ends", "other kind", "no json", "more", "floods"],
)
def test_whatever_it_does_the_file_is_refused(
    program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "_PROGRAM", program)
    monkeypatch.setattr(sandbox, "PATIENCE", 1.0)
    with pytest.raises(Refused) as refused:
        sandbox.clean(photo(500, 400), Kind.JPEG)
    assert refused.value.reason is Reason.TOO_COMPLEX


def test_when_too_many_are_sent_at_once_the_next_is_asked_to_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turns = threading.BoundedSemaphore(1)
    turns.acquire()
    monkeypatch.setattr(sandbox, "_turns", turns)
    monkeypatch.setattr(sandbox, "QUEUE", 0.05)
    with pytest.raises(Refused) as refused:
        sandbox.clean(photo(), Kind.JPEG)
    assert refused.value.reason is Reason.BUSY


# --- The virus scanner ----------------------------------------------------------------------------


class Daemon:
    """A small server that speaks clamd's protocol and knows one virus, EICAR."""

    def __init__(self, listener: socket.socket, answer: bytes | None = None) -> None:
        self.seen: list[bytes] = []
        self._listener = listener
        self._answer = answer
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as incoming:
                assert incoming.read(10) == b"zINSTREAM\0"
                data = b""
                while length := struct.unpack(">I", incoming.read(4))[0]:
                    data += incoming.read(length)
                self.seen.append(data)
                verdict = b"stream: Eicar-Signature FOUND" if EICAR in data else b"stream: OK"
                connection.sendall((verdict if self._answer is None else self._answer) + b"\0")


@contextmanager
def daemon(address: str, path: Path, answer: bytes | None = None) -> Iterator[tuple[str, Daemon]]:
    """Run the daemon on a `unix` or `tcp` socket; yield its address as LOTSE_CLAMD_URL wants it."""
    family = socket.AF_UNIX if address == "unix" else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.bind(str(path) if address == "unix" else ("127.0.0.1", 0))
        listener.listen()
        port = "" if address == "unix" else listener.getsockname()[1]
        url = f"unix://{path}" if address == "unix" else f"tcp://127.0.0.1:{port}"
        yield url, Daemon(listener, answer)


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_the_daemon_sees_what_was_sent_and_its_word_counts(
    kind: str, tmp_path: Path, settings: Any
) -> None:
    with daemon(kind, tmp_path / "clamd.ctl") as (url, running):
        settings.CLAMD_URL = url
        image = photo(700, 500)
        assert isinstance(taken(Sent("a.jpg", image, Kind.JPEG)), Received)
        assert running.seen == [image]
        infected = saved(document()) + b"%" + EICAR
        assert taken(Sent("a.pdf", infected, Kind.PDF)) is Reason.INFECTED


@pytest.mark.parametrize(
    "answer", [b"INSTREAM size limit exceeded. ERROR", b"", b"stream: maybe", b"FOUND OK"]
)
def test_an_answer_that_is_no_all_clear_refuses(
    answer: bytes, tmp_path: Path, settings: Any
) -> None:
    with daemon("unix", tmp_path / "clamd.ctl", answer) as (url, _running):
        settings.CLAMD_URL = url
        assert taken(Sent("a.jpg", photo(), Kind.JPEG)) is Reason.NOT_SCANNED


@pytest.mark.parametrize("url", ["unix:///nowhere/clamd.ctl", "tcp://127.0.0.1:1", "nonsense"])
def test_a_daemon_that_is_away_refuses(url: str, settings: Any) -> None:
    settings.CLAMD_URL = url
    assert taken(Sent("a.jpg", photo(), Kind.JPEG)) is Reason.NOT_SCANNED


def test_what_is_no_picture_does_not_even_reach_the_daemon(settings: Any) -> None:
    settings.CLAMD_URL = "unix:///nowhere/clamd.ctl"
    assert {taken(sent) for sent in strangers()} == {Reason.UNKNOWN}
    assert os.environ.get("LOTSE_CLAMD_URL") is None
