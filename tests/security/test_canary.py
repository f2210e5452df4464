"""A canary sentence goes all the way through the house; nobody finds it in what the house keeps."""

import base64
import os
import re
import secrets as random
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
import redis
from pikepdf import Pdf

from config.demo.seed import PASSWORD, totp_key
from tests.factories.files import document, photo, saved
from tests.journeys.actors import Authenticator
from tests.security.traces import (
    Secrets,
    everything_in,
    files_since,
    open_files,
    overheard,
    spellings,
)
from tests.servers.lotse import Lotse
from tests.servers.plain_http import PlainBrowser, PlainParent, code_on
from tests.servers.programs import postgresql_program

# Shares its servers with the journeys; needs no browser itself.
pytestmark = pytest.mark.browser

PLACES = [Path("/tmp"), Path("/dev/shm")]
SAID = (
    "question",
    "large question",
    "broken",
    "message",
    "draft",
    "reply",
    "note",
    "rating",
    "consultation",
    "advice",
)
SENT = ("photo", "document", "refused file", "file of a note")
COUNSELLOR = "jonna.petersen@nordhafen.example.org"
COLLEAGUE = "mehmet.aydin@nordhafen.example.org"


def canaries() -> dict[str, str]:
    """Return a word that nobody else has written for each thing that is written."""
    return {name: f"Kanarienvogel{random.token_hex(8)}" for name in (*SAID, *SENT, "not secret")}


@contextmanager
def broken(lotse: Lotse) -> Iterator[None]:
    """Take the messages' table away, so that a question ends in an error of the server."""
    rename(lotse, "counselling_message", "gone_for_a_test")
    try:
        yield
    finally:
        rename(lotse, "gone_for_a_test", "counselling_message")


def rename(lotse: Lotse, table: str, to: str) -> None:
    """Rename a table of a running server."""
    statement = f"ALTER TABLE {table} RENAME TO {to}"
    url = lotse.environment["LOTSE_DATABASE_URL"]
    if url.startswith("postgres"):
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(statement.encode())
    else:
        with closing(sqlite3.connect(lotse.data / "lotse.sqlite3", timeout=20)) as file:
            file.execute("PRAGMA legacy_alter_table=ON")  # else other tables' references follow
            file.execute(statement)


def journey(lotse: Lotse, word: dict[str, str]) -> str:
    """Write something everywhere where somebody can, and return the parent's access code."""

    def sentence(name: str) -> str:
        return f"Der {word[name]} fliegt über den Hafen.\n\n**Abends** kommt er zurück."

    staff = PlainBrowser(lotse.url)
    sign_in(staff)
    parent = PlainParent(PlainBrowser(lotse.url))
    with broken(lotse):
        assert parent.send(parent.form(), sentence("broken"), postcode="24103").status == 500
    # Large enough for Twisted to put it into a temporary file.
    large = PlainParent(PlainBrowser(lotse.url))
    assert large.send(large.form(), sentence("large question") + "ä" * 100_000).status == 200
    before = waiting(staff)
    shown = parent.send(parent.form(), sentence("question"), danger="ja", postcode="24103")
    code = code_on(shown)
    assert code

    (claim,) = waiting(staff) - before
    case = staff.post(claim, staff.get("/team/").hidden(claim))
    actions = case.url.removesuffix("/")
    reply_form = case.hidden('id="reply-form"')
    for action, name in (("entwurf", "draft"), ("vorschau", "draft"), ("antwort", "reply")):
        answer = staff.post(f"{actions}/{action}/", {**reply_form, "text": sentence(name)})
        assert answer.status == 200, f"{action}: {answer.status}"
    note_form = staff.get(case.url).hidden("/notiz/")
    assert staff.post(f"{actions}/notiz/", {**note_form, "text": sentence("note")}).status == 200
    consult(lotse, staff, case.url, {name: sentence(name) for name in ("consultation", "advice")})
    advised = staff.get(case.url).text
    assert word["consultation"] in advised
    assert word["advice"] in advised
    # A draft that is still there at the end.
    assert (
        staff.post(f"{actions}/entwurf/", {**reply_form, "text": sentence("draft")}).status == 200
    )

    assert parent.open(code.lower()).url.endswith("/gespraech/")
    thread = parent.browser.get("/nordhafen/gespraech/")
    assert word["reply"] in thread.text
    assert word["note"] not in thread.text
    written = parent.browser.post(
        "/nordhafen/gespraech/schreiben/",
        {**thread.hidden("/schreiben/"), "text": sentence("message")},
    )
    assert word["message"] in written.text
    attach(parent, staff, case.url, word)
    rated = parent.browser.post(
        "/nordhafen/gespraech/bewerten/",
        {**written.hidden("/bewerten/"), "stars": "4", "text": sentence("rating")},
    )
    assert rated.status == 200
    saved = parent.browser.get("/nordhafen/gespraech/mitnehmen/?als=json").text
    assert all(word[name] in saved for name in ("question", "message", "reply", "rating"))
    invite(lotse, word["not secret"])
    return code


def attach(parent: PlainParent, staff: PlainBrowser, case: str, word: dict[str, str]) -> None:
    """Attach a photo, a document, something that is refused, and a file to a note; open them."""

    def write(text: str, file: bytes) -> str:
        form = parent.browser.get("/nordhafen/gespraech/").hidden("/schreiben/")
        return parent.browser.post_files(
            "/nordhafen/gespraech/schreiben/", {**form, "text": text}, [file]
        ).text

    page = write("Mit Foto.", photo() + word["photo"].encode())
    assert "Bild 1" in page
    page = write(
        "Mit Brief.", saved(document(words=word["document"].encode()), compress_streams=False)
    )
    assert "Dokument 1" in page
    assert "können wir nicht annehmen" in write("Oh.", b"GIF89a" + word["refused file"].encode())
    note = {**staff.get(case).hidden("/notiz/"), "text": "Siehe Anlage."}
    words = word["file of a note"].encode()
    noted = staff.post_files(
        f"{case}notiz/", note, [saved(document(words=words), compress_streams=False)]
    )
    links = re.findall(r'href="(/team/faelle/[^"]+/datei/[^"]+)"', noted.text)
    assert len(links) == 3
    # The controls: what the search looks for was really taken in, and comes out for who may.
    documents = [staff.save(link) for link in links]
    for name in ("document", "file of a note"):
        assert any(word[name] in opened(data) for data in documents), name
    zipped = parent.browser.save("/nordhafen/gespraech/mitnehmen/?als=zip")
    assert zipped.startswith(b"PK")


def opened(data: bytes) -> str:
    """Return what stands on the first page of a PDF; nothing for a picture."""
    if not data.startswith(b"%PDF"):
        return ""
    with Pdf.open(BytesIO(data)) as pdf:
        return pdf.pages[0].obj.Contents.read_bytes().decode()


def consult(lotse: Lotse, staff: PlainBrowser, case: str, texts: dict[str, str]) -> None:
    """Ask a colleague inside the case, and let him answer."""
    form = staff.get(f"{case}konsultation/")
    (to,) = re.findall(r'value="(member:[^"]+)"[^>]*>Mehmet', form.text)
    checked = dict.fromkeys(("names", "places", "dates"), "on")
    data = {**form.hidden('id="consult-form"'), **checked, "to": to, "act": "send"}
    staff.post(f"{case}konsultation/", {**data, "text": texts["consultation"]})
    colleague = PlainBrowser(lotse.url)
    sign_in(colleague, COLLEAGUE)
    listed = colleague.get("/team/konsultationen/").text
    asked = re.findall(r'href="(/team/konsultationen/[0-9a-f-]{36}/)"', listed)[0]
    form = colleague.get(asked)
    colleague.post(asked, {**form.hidden('id="advice-form"'), "text": texts["advice"]})


def sign_in(staff: PlainBrowser, email: str = COUNSELLOR) -> None:
    form = staff.get("/team/anmelden/").hidden("method")
    second = staff.post("/team/anmelden/", {**form, "email": email, "password": PASSWORD})
    code = Authenticator().code(totp_key(email))
    entered = staff.post("/team/anmelden/code/", {**second.hidden("/code/"), "code": code})
    assert entered.url.endswith("/team/"), entered.url


def waiting(staff: PlainBrowser) -> set[str]:
    """Return the addresses at which the waiting cases are claimed."""
    return set(re.findall(r'action="([^"]+/uebernehmen/)"', staff.get("/team/").text))


def invite(lotse: Lotse, name: str) -> None:
    """Invite somebody: names of staff are not sealed, so this one is found."""
    admin = PlainBrowser(lotse.url)
    demo = admin.get("/demo/")
    place = demo.text.rindex("/demo/als/", 0, demo.text.index("soeren.claasen@"))
    action = demo.text[place : demo.text.index('"', place)]
    admin.post(action, demo.hidden(action))
    page = admin.get("/team/personen/einladen/")
    data = {**page.hidden("/einladen/"), "name": name, "role": "admin"}
    assert name in admin.post("/team/personen/einladen/", data).text


def code_spellings(code: str) -> dict[str, str]:
    """Return the access code as it may be kept."""
    bare = code.replace("-", "")
    return {
        "access code": code,
        "access code without dashes": bare,
        "access code in lower case": code.lower(),
        "access code in lower case without dashes": bare.lower(),
    }


def test_on_sqlite(live_lotse: Lotse) -> None:
    began = time.time() - 1
    word = canaries()
    control = word.pop("not secret")
    code = journey(live_lotse, {**word, "not secret": control})
    secret = Secrets({**word, **code_spellings(code)})
    planted = Secrets({"control": control})

    main = live_lotse.data / "lotse.sqlite3"
    database = [main, main.with_name(f"{main.name}-wal")]
    queue = live_lotse.data / "queue.sqlite3"
    kept = [*database, queue, live_lotse.log, *files_since([live_lotse.data], 0)]
    assert all(path.exists() for path in kept)
    assert not secret.in_files(kept)
    assert not secret.in_files(open_files(live_lotse.data))
    assert not secret.in_files(files_since(PLACES, began))
    # The search can fail: what is not sealed is in the database, and what is planted is found.
    assert planted.in_files(database)
    with planted_files(live_lotse, control) as files:
        found = planted.in_files(files_since(PLACES, began))
        assert {str(file) for file in files} <= set(found)


@contextmanager
def planted_files(lotse: Lotse, word: str) -> Iterator[list[Path]]:
    """Put a word where a careless program would: into the data, the log, temporary folders."""
    names = [lotse.data / "careless.txt", *(folder / f"careless-{word}" for folder in PLACES)]
    for number, file in enumerate(names):
        file.write_bytes(b"x" * 100 + sorted(spellings(word))[number] + b"y" * 100)
    try:
        yield names
    finally:
        for file in names:
            file.unlink()


def test_on_postgresql_and_redis(live_fleet: Lotse) -> None:
    began = time.time() - 1
    database, keys = (live_fleet.environment[f"LOTSE_{n}_URL"] for n in ("DATABASE", "REDIS"))
    word = canaries()
    control = word.pop("not secret")
    with overheard(keys) as heard:
        code = journey(live_fleet, {**word, "not secret": control})
    secret = Secrets({**word, **code_spellings(code)})
    planted = Secrets({"control": control})

    dump = dump_of(database)
    assert planted.within(dump), "a name that is not sealed should be in the dump"
    assert not secret.within(dump)
    assert b"PUBLISH" in b"\n".join(heard).upper(), "nothing was published meanwhile"
    assert not secret.within(b"\n".join(heard))
    assert not secret.within(everything_in(keys))
    assert not secret.in_files([live_fleet.log, *files_since([live_fleet.data], 0)])
    assert not secret.in_files(open_files(live_fleet.data))
    # The server's own files and its log are below /tmp as well.
    assert not secret.in_files(files_since(PLACES, began))
    with redis.Redis.from_url(keys) as client:
        client.lpush("careless", f"Der {control} fliegt.")
        assert planted.within(everything_in(keys))
        client.delete("careless")


def dump_of(url: str) -> bytes:
    """Return a dump of a PostgreSQL database."""
    parts = urlsplit(url)
    result = subprocess.run(
        [
            *(postgresql_program("pg_dump"), "--no-owner", "--inserts"),
            *("--host", unquote(parts.hostname or ""), "--username", parts.username or ""),
            parts.path.removeprefix("/"),
        ],
        env={**os.environ, "PGPASSWORD": parts.password or ""},
        stdout=subprocess.PIPE,
        check=True,
    )
    return result.stdout


@pytest.mark.parametrize("before", range(4))
def test_a_secret_is_found_in_every_spelling(before: int, tmp_path: Path) -> None:
    secret = Secrets({"it": "Kanarienvogel"})
    text = ("z" * before + "Kanarienvogel" + "z" * 5).encode()
    for spelled in (
        text,
        text.decode().encode("utf-16-le"),
        text.hex().encode(),
        text.hex().upper().encode(),
        base64.b64encode(text),
        base64.urlsafe_b64encode(text),
    ):
        file = tmp_path / "file"
        file.write_bytes(b"\0" * 1000 + spelled)
        assert secret.in_file(file) == {"it"}, spelled
    assert not secret.within(b"Kanarienvo\0gel")
