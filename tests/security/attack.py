"""An attack script: somebody has everything that lay around, and the source code, and tries to read.

They have all rows of the database, the environment, what was in Redis, the queue, the logs and the data
folder. They know how every key is derived and what every seal is bound to. From every value that they
have they make every key that the code could make of it, and try each on every seal; whatever opens gives
new keys, and they go round again.

Given one thing that did not lie around, an access code or a password, the same script reads: that is the
proof that it can.
"""

import base64
import binascii
import hashlib
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from nacl._sodium import ffi, lib  # type: ignore[import-not-found]  # compiled, without stubs
from nacl.public import PrivateKey
from nacl.pwhash import argon2id

from counselling import places
from vault.boxes import Binding, BoxBroken, collect
from vault.sealing import CaseKey, Place, SealBroken, open_sealed

Row = dict[str, Any]
PERSONS = (
    b"",
    b"lotse-code",
    b"lotse-wrap",
    b"lotse-ticket",
    b"lotse-server",
    b"lotse-invite",
    b"lotse-staff-kek",
    b"lotse-sess-key",
    b"lotse-card",
    b"lotse-parcel",
    b"lotse-link-key",
)
OF_PARCELS = ("case", "desk", "peer", "link")
OF_PAIRS = ("team", "staff", "desk", "peer")  # sealed for a key pair
WORD = re.compile(rb"[A-Za-z0-9_\-+/=.]{16,200}")
MOST_WORDS = 600  # values tried of all files
PUBLIC_TABLES = ("django_migrations", "django_content_type", "sqlite_", "counselling_textmodule")


@dataclass
class Loot:
    """What was stolen. `guesses`: what did not lie around but the attacker knows all the same.

    `only_guesses`: begin with the guesses alone; that the rest opens nothing has been tried then.
    """

    tables: dict[str, list[Row]]
    environment: dict[str, str]
    files: list[bytes] = field(default_factory=list)
    guesses: list[str] = field(default_factory=list)
    only_guesses: bool = False


@dataclass
class Spoils:
    """What could be read: texts, case keys by case, parcels' keys, secrets; and what it took."""

    texts: list[str] = field(default_factory=list)
    case_keys: dict[UUID, bytes] = field(default_factory=dict)
    parcel_keys: dict[UUID, bytes] = field(default_factory=dict)
    secrets: dict[str, bytes] = field(default_factory=dict)
    sessions: list[dict[str, Any]] = field(default_factory=list)
    tried: int = 0
    seals: int = 0
    keys: int = 0

    @property
    def is_empty(self) -> bool:
        """Say whether nothing at all was opened."""
        opened = self.texts or self.case_keys or self.parcel_keys
        return not (opened or self.secrets or self.sessions)


def tables_of(url: str) -> dict[str, list[Row]]:
    """Return all rows of all tables of a database."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
            file.row_factory = sqlite3.Row
            names = [
                row[0]
                for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            return {
                name: [dict(row) for row in file.execute(f'SELECT * FROM "{name}"')]
                for name in names
            }
    with psycopg.connect(url, row_factory=psycopg.rows.dict_row) as server:
        names = [
            row["tablename"]
            for row in server.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ]
        return {name: list(server.execute(f'SELECT * FROM "{name}"'.encode())) for name in names}


def attack(loot: Loot) -> Spoils:
    """Try everything, and again with what was found, until nothing new opens."""
    spoils = Spoils()
    values = list(_values(loot))
    keys = _Keys(set(_derived(values)))
    spoils.keys = len(keys.fresh)
    _stretch_passwords(loot, keys)
    while keys.fresh:
        batch, keys.fresh = keys.fresh, set()
        _try_all(loot, batch, keys, spoils)
    _read(loot, spoils)
    return spoils


class _Keys:
    """Keys that were tried, and those that still must be."""

    def __init__(self, first: set[bytes]) -> None:
        self.known = set(first)
        self.fresh = set(first)

    def add(self, key: bytes) -> None:
        if key not in self.known:
            self.known.add(key)
            self.fresh.add(key)


def _values(loot: Loot) -> Iterator[bytes]:
    """Yield every value that could be a key or the beginning of one."""
    for guess in loot.guesses:
        yield guess.encode()
        yield guess.replace("-", "").encode()
    if loot.only_guesses:
        return
    for value in loot.environment.values():
        yield value.encode()
    for name, rows in loot.tables.items():
        if name.startswith(PUBLIC_TABLES):
            continue
        for row in rows:
            for value in row.values():
                yield from _of_cell(value)
    words = {word for blob in loot.files for word in WORD.findall(blob)}
    yield from sorted(words, key=len, reverse=True)[:MOST_WORDS]


def _of_cell(value: Any) -> Iterator[bytes]:
    if isinstance(value, bytes | memoryview):
        data = bytes(value)
        if len(data) <= 64:
            yield data
    elif isinstance(value, UUID):
        yield value.hex.encode()
    elif isinstance(value, str) and 16 <= len(value) <= 90:
        yield value.encode()


def _derived(values: Iterable[bytes]) -> Iterator[bytes]:
    """Yield every key of 32 bytes that the code, or a careless variant of it, makes of a value."""
    for value in dict.fromkeys(values):
        for form in {value, *_decoded(value)}:
            if len(form) >= 32:
                yield form[:32]
                yield form[-32:]
            yield hashlib.sha256(form).digest()
            for person in PERSONS:
                yield hashlib.blake2b(form, digest_size=32, person=person).digest()
        if 0 < len(value) <= 64:
            yield hashlib.blake2b(key=value, digest_size=32, person=b"lotse-staff-kek").digest()
        # The access code's own way: root, then a subkey.
        root = hashlib.blake2b(value, digest_size=32, person=b"lotse-code").digest()
        yield hashlib.blake2b(key=root, digest_size=32, person=b"lotse-wrap").digest()


def _decoded(value: bytes) -> Iterator[bytes]:
    with suppress(ValueError, binascii.Error):
        yield bytes.fromhex(value.decode("ascii"))
    with suppress(ValueError, binascii.Error):
        yield base64.urlsafe_b64decode(value + b"=" * (-len(value) % 4))


def _stretch_passwords(loot: Loot, keys: _Keys) -> None:
    """Try what is known as everybody's password."""
    for row in loot.tables["vault_staffkeywrap"]:
        if not row["salt"]:
            continue  # of a printed card: 120 random bits, which nothing stretches
        for password in loot.guesses:
            stretched = argon2id.kdf(
                32,
                password.encode(),
                bytes(row["salt"]),
                opslimit=row["passes"],
                memlimit=row["memory_kib"] * 1024,
            )
            keys.add(hashlib.blake2b(stretched, digest_size=32, person=b"lotse-staff-kek").digest())


def _id(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(str(value))


def _boxes(loot: Loot) -> Iterator[tuple[str, str, Row, Binding, bool]]:
    """Yield each sealed key: what it is, its name, its row, its binding, whether it needs a key pair."""
    for row in loot.tables["vault_keywrap"]:
        subject, recipient = _id(row["subject"]), _id(row["recipient"])
        binding = Binding(f"case-{row['kind']}", subject, recipient, row["generation"])
        what = "parcel" if row["kind"] in OF_PARCELS else "case"
        # A parcel is also sealed under its case's key, or for a link.
        yield what, str(subject), row, binding, row["kind"] in OF_PAIRS
    team_keys = {_id(row["id"]): row for row in loot.tables["vault_teamkey"]}
    for row in loot.tables["vault_teamkeyseal"]:
        key = team_keys[_id(row["team_key_id"])]
        binding = Binding(
            f"team-{row['kind']}", _id(key["team"]), _id(row["recipient"]), key["generation"]
        )
        yield (
            "team",
            f"{key['team']}.{key['generation']}",
            row,
            binding,
            row["kind"] != "invitation",
        )
    for row in loot.tables["vault_staffkeywrap"]:
        device = _id(row["device"]) if row["device"] else UUID(int=0)
        binding = Binding(f"staff-{row['way']}", _id(row["staff_key_id"]), device)
        yield "staff", str(row["staff_key_id"]), row, binding, False


def _try_all(loot: Loot, batch: set[bytes], keys: _Keys, spoils: Spoils) -> None:
    publics = {bytes(PrivateKey(key).public_key): key for key in batch}
    owners = {
        bytes(row["public"]): row
        for name in ("vault_staffkey", "vault_teamkey", "vault_escrowkey")
        for row in loot.tables[name]
    }
    matching = [publics[public] for public in publics.keys() & owners.keys()]
    sealed = list(_boxes(loot))
    spoils.seals = max(spoils.seals, len(sealed) + len(loot.tables["django_session"]))
    for what, name, row, binding, needs_pair in sealed:
        # A SealedBox opens only with the secret half of its recipient's public half, which is known:
        # of any number of keys those that do not make that public half need not be tried.
        spoils.tried += len(batch)
        if needs_pair:
            found = _collected(bytes(row["sealed"]), binding, matching)
        else:
            found = _unlocked(bytes(row["sealed"])[1:], binding.data(), batch)
        for opened in found:
            keys.add(opened)
            if what == "case":
                spoils.case_keys[UUID(name)] = opened
                keys.add(_subkey(opened))
            elif what == "parcel":
                spoils.parcel_keys[UUID(name)] = opened
            else:
                spoils.secrets[f"{what} {name}"] = opened
    for row in loot.tables["django_session"]:
        spoils.tried += len(batch)
        for data in _unlocked(base64.urlsafe_b64decode(row["session_data"]), b"", batch):
            session = json.loads(data)
            spoils.sessions.append(session)
            if "case-key" in session:
                spoils.case_keys[UUID(session["case"])] = base64.b64decode(session["case-key"])
                keys.add(_subkey(spoils.case_keys[UUID(session["case"])]))
            if "staff-key" in session:
                keys.add(base64.b64decode(session["staff-key"]["secret"]))


def _subkey(case_key: bytes) -> bytes:
    """Return under what the parcels of a case are sealed."""
    return hashlib.blake2b(key=case_key, digest_size=32, person=b"lotse-parcel").digest()


def _collected(sealed: bytes, binding: Binding, secrets: Iterable[bytes]) -> Iterator[bytes]:
    for secret in secrets:
        with suppress(BoxBroken):
            yield collect(sealed, secret=secret, binding=binding)


def _unlocked(sealed: bytes, bound: bytes, keys: Iterable[bytes]) -> Iterator[bytes]:
    """Open what is sealed under a shared key.

    Straight through libsodium, five times as fast as by PyNaCl: there are millions of tries.
    """
    nonce, text = sealed[:24], sealed[24:]
    if len(text) < 16:  # shorter than its tag: nothing sealed
        return
    opened = ffi.new("unsigned char[]", max(len(text), 1))
    size = ffi.new("unsigned long long *")
    for key in keys:
        failed = lib.crypto_aead_xchacha20poly1305_ietf_decrypt(
            opened, size, ffi.NULL, text, len(text), bound, len(bound), nonce, key
        )
        if not failed:
            yield bytes(ffi.buffer(opened, size[0]))


def _texts(loot: Loot) -> Iterator[tuple[UUID, bytes, Place]]:
    for row in loot.tables["counselling_message"]:
        case = _id(row["case_id"])
        place = places.message(case, row["seq"], row["role"], _id(row["client_msg_id"]))
        yield case, bytes(row["sealed"]), place
    for name, column, place_of in (
        ("counselling_draft", "sealed", places.draft),
        ("counselling_rating", "sealed", places.rating),
    ):
        for row in loot.tables[name]:
            case = _id(row["case_id"])
            yield case, bytes(row[column] or b""), place_of(case)
    for row in loot.tables["counselling_consultation"]:
        consultation = _id(row["id"])
        yield consultation, bytes(row["sealed"]), places.consultation(consultation)
    for row in loot.tables["counselling_consultationanswer"]:
        consultation = _id(row["consultation_id"])
        place = places.consultation_answer(consultation, _id(row["id"]))
        yield consultation, bytes(row["sealed"]), place
    for row in loot.tables["counselling_case"]:
        case = _id(row["id"])
        yield case, bytes(row["facts"] or b""), places.facts(case)


def _read(loot: Loot, spoils: Spoils) -> None:
    for case, sealed, place in _texts(loot):
        known = {spoils.case_keys.get(case), spoils.parcel_keys.get(case)}
        for key in {*known, *_bare_keys(loot)} - {None}:
            with suppress(SealBroken):
                spoils.texts.append(open_sealed(sealed, key=CaseKey(key or b""), place=place))


def _bare_keys(loot: Loot) -> set[bytes]:
    """Return values of the environment as case keys: nobody would, but it costs nothing to look."""
    values = [value.encode() for value in loot.environment.values()]
    return {hashlib.blake2b(value, digest_size=32).digest() for value in values}


def everything_below(folder: Path) -> list[bytes]:
    """Return the contents of every file below a folder; a database is read row by row instead."""
    return [
        path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and "static" not in path.parts
        and not path.name.startswith("lotse.sqlite")
    ]
