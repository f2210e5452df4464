"""Where sealed files lie: a Django storage, by default a folder that survives a power cut."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage, storages

ALIAS = "attachments"  # in STORAGES


def attachments() -> Storage:
    """Return the storage of attachments."""
    return storages[ALIAS]


def fresh_name() -> str:
    """Return a random name that says nothing; two letters spread the files over 256 folders."""
    name = uuid4().hex
    return f"{name[:2]}/{name}"


def names(storage: Storage) -> Iterator[str]:
    """Yield the name of every file in a storage of attachments."""
    folders, loose = storage.listdir("")
    yield from loose
    for folder in folders:
        yield from (f"{folder}/{name}" for name in storage.listdir(folder)[1])


class SealedFolder(FileSystemStorage):
    """A folder whose files are on the disk, name and all, before `save` returns.

    Files are readable by the service only. They come sealed; nothing plain is ever given to `save`.
    """

    def _save(self, name: str, content: "File[bytes]") -> str:
        path = Path(self.path(name))
        for folder in (path.parent.parent, path.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        try:
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(handle, "wb") as file:  # noqa: PTH123 - it is open already
                file.writelines(content.chunks())
                file.flush()
                os.fsync(file.fileno())
            part.rename(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        for folder in (path.parent, path.parent.parent):
            _sync(folder)
        return name


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
