"""What a backup is made of, and how it goes into sealed files and comes out again.

Every file is encrypted with `age` for a public key whose private half is not on this machine. A file is
written under another name and renamed when it is complete. Nothing is on a disk unencrypted, except,
with SQLite, a copy of the database in memory or beside the original for that moment.
"""

import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import connection
from django.db.backends.postgresql.client import DatabaseClient

from config.processes import MEMORY
from counselling.uploads import storage

DATABASE, FILES, SECRETS = "database", "files", "secrets"
PIECE = 2**20  # bytes
# Also what a newer release has added is away then. A process that still runs would be waited for without end.
EMPTY = (
    b"BEGIN; SET LOCAL client_min_messages = warning; SET LOCAL lock_timeout = '20s';"
    b" DROP SCHEMA public CASCADE; CREATE SCHEMA public;\n"
)


class BackupFailed(Exception):
    """A program that takes part ended with an error; the text says which, and never with what."""


def write_database(target: Path, recipient: str) -> None:
    """Write the database. Raises BackupFailed."""
    if connection.vendor == "postgresql":
        arguments, environment = _postgresql("pg_dump", "--format=custom", "--no-owner")
        _through(arguments, environment, target, recipient)
    else:
        with _copy_of_sqlite() as copy:
            _through(["cat", str(copy)], {}, target, recipient)


def write_files(target: Path, recipient: str) -> bool:
    """Write the sealed attachments; return False where they do not lie in a folder. Raises BackupFailed."""
    folder = files_folder()
    if folder is None:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    # A file that is deleted meanwhile is no failure: its row goes too.
    command = ["tar", "--create", "--warning=no-file-changed", "--ignore-failed-read"]
    _through([*command, "--directory", str(folder), "."], {}, target, recipient, good=(0, 1))
    return True


def write_secrets(target: Path, recipient: str, variables: Mapping[str, str]) -> None:
    """Write what the environment says of Lotse, a line each. Raises BackupFailed."""
    lines = "".join(f"{name}={text}\n" for name, text in sorted(variables.items()))
    with _encrypting(target, recipient) as age:
        _feed(age, lines.encode())


def look_at(source: Path, identity: Path) -> None:
    """Decrypt a part to nowhere: whether the key opens it, and whether it is whole. Raises BackupFailed."""
    with _decrypting(source, identity) as age:
        assert age.stdout is not None
        while age.stdout.read(PIECE):
            pass


def read_database(source: Path, identity: Path) -> None:
    """Put the database back in place of the one that is there. Raises BackupFailed."""
    if connection.vendor == "postgresql":
        _replace_postgresql(source, identity)
        return
    connection.close()
    name = Path(str(connection.settings_dict["NAME"]))
    name.parent.mkdir(parents=True, exist_ok=True)
    fresh = name.with_name(f"{name.name}.restored")
    with fresh.open("wb") as file:
        fresh.chmod(0o600)
        _decrypt(source, identity, file)
    for suffix in ("-wal", "-shm"):
        Path(f"{name}{suffix}").unlink(missing_ok=True)
    fresh.replace(name)


def read_files(source: Path, identity: Path) -> None:
    """Put the sealed attachments back. Raises BackupFailed, also for a path that leads elsewhere."""
    folder = files_folder()
    if folder is None:
        raise BackupFailed("attachments do not lie in a folder here; restore them where they lie")
    folder.mkdir(parents=True, exist_ok=True)
    with _decrypting(source, identity) as age:
        assert age.stdout is not None
        try:
            with tarfile.open(fileobj=age.stdout, mode="r|") as archive:
                archive.extractall(folder, filter="data")
        except (tarfile.TarError, OSError) as error:
            raise BackupFailed(f"the archive of files ({type(error).__name__})") from None


def is_empty() -> bool:
    """Say whether there is no table in the database."""
    return not connection.introspection.table_names()


def files_folder() -> Path | None:
    """Return the folder of attachments, or None where they lie elsewhere."""
    location = getattr(storage.attachments(), "location", None)
    return Path(location) if location else None


# --- Programs ------------------------------------------------------------------------------------
def _postgresql(*command: str) -> tuple[list[str], dict[str, str]]:
    """Return a command for the server, and its environment: a password stands in no argument."""
    described = dict(connection.settings_dict)
    described["OPTIONS"] = {
        key: value for key, value in described["OPTIONS"].items() if key != "pool"
    }
    arguments, environment = DatabaseClient.settings_to_cmd_args_env(described, [])
    # `psql …options… name`: the name is the last one.
    return [*command, *_options_last(arguments[1:], command)], dict(environment or {})


def _options_last(arguments: Sequence[str], command: Sequence[str]) -> list[str]:
    *options, name = arguments
    if command[-1] == "--dbname":
        return [name, *options]
    return [*options, name]


def _through(
    command: list[str],
    environment: Mapping[str, str],
    target: Path,
    recipient: str,
    *,
    good: Sequence[int] = (0,),
) -> None:
    with (
        _encrypting(target, recipient) as age,
        subprocess.Popen(command, stdout=age.stdin, env=os.environ | environment) as source,
    ):
        code = source.wait()
        if code not in good:
            with suppress(subprocess.TimeoutExpired):
                if age.wait(1):  # it ended first, and broke the pipe
                    raise BackupFailed(f"age ended with {age.returncode}: is that a recipient?")
            age.kill()
            raise BackupFailed(f"{command[0]} ended with {code}")


@contextmanager
def _encrypting(target: Path, recipient: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run age, and give its file the right name when all went well."""
    partial = target.with_name(f"{target.name}.part")
    command = ["age", "--encrypt", "--recipient", recipient, "--output", str(partial)]
    try:
        with subprocess.Popen(command, stdin=subprocess.PIPE) as age:
            yield age
            if age.stdin is not None and not age.stdin.closed:
                age.stdin.close()
            if age.wait():
                raise BackupFailed(f"age ended with {age.returncode}: is that a recipient?")
        partial.chmod(0o600)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _feed(age: "subprocess.Popen[bytes]", data: bytes) -> None:
    assert age.stdin is not None
    try:
        age.stdin.write(data)
        age.stdin.close()
    except BrokenPipeError:
        pass  # it has said why, and its code says that it failed


def _replace_postgresql(source: Path, identity: Path) -> None:
    """Put a dump in place of all tables, in one transaction: what was there stays if anything fails."""
    options = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname")
    arguments, environment = _postgresql("psql", *options)
    with subprocess.Popen(
        arguments,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env=os.environ | environment,
    ) as psql:
        assert psql.stdin is not None
        psql.stdin.write(EMPTY)
        psql.stdin.flush()
        with _decrypting(source, identity) as age:
            command = ["pg_restore", "--no-owner", "--file=-"]
            code = subprocess.run(
                command, stdin=age.stdout, stdout=psql.stdin, check=False
            ).returncode
            if code:  # psql gets no COMMIT, and rolls back
                raise BackupFailed(f"psql or {command[0]} ended, as it says above")
        _feed(psql, b"\nCOMMIT;\n")
    if psql.returncode:
        raise BackupFailed(f"psql ended with {psql.returncode}")


def _decrypt(source: Path, identity: Path, target: IO[bytes]) -> None:
    with _decrypting(source, identity) as age:
        assert age.stdout is not None
        shutil.copyfileobj(age.stdout, target)


@contextmanager
def _decrypting(source: Path, identity: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run age the other way round. It gives out nothing that was altered without saying so at the end."""
    command = ["age", "--decrypt", "--identity", str(identity), str(source)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as age:
        yield age
        assert age.stdout is not None
        age.stdout.read()
        if age.wait():
            raise BackupFailed(
                f"age ended with {age.returncode}: is that the key, and the file whole?"
            )


@contextmanager
def _copy_of_sqlite() -> Iterator[Path]:
    """Copy a database that is written to, as of one moment."""
    name = Path(str(connection.settings_dict["NAME"]))
    place = MEMORY if _fits(name, MEMORY) else settings.DATA_DIR
    with tempfile.TemporaryDirectory(dir=place) as folder:
        copy = Path(folder) / "copy.sqlite3"
        with closing(sqlite3.connect(name)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target, pages=2000, sleep=0.01)
        yield copy


def _fits(file: Path, folder: Path) -> bool:
    return folder.is_dir() and file.stat().st_size * 2 < shutil.disk_usage(folder).free
