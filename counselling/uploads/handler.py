"""Keeps an uploaded file in memory while its form is read: nothing of it ever has a name on a disk."""

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from counselling.uploads.kinds import LARGEST


class MemoryUploads(FileUploadHandler):
    """Django's own handler for memory gives a large file on to one that writes to disk; this does not.

    Of a file that is too large only its size is kept, so that the form can say so.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin with the next file of the form."""
        super().new_file(*args, **kwargs)
        self._data = BytesIO()
        self._size = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Take the next part of it."""
        self._size += len(raw_data)
        if self._size <= LARGEST:
            self._data.write(raw_data)
        elif self._data.tell():
            self._data = BytesIO()

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        """Return the file; `size` is what was sent, also when nothing of it was kept."""
        self._data.seek(0)
        return InMemoryUploadedFile(
            file=self._data,
            field_name=self.field_name,
            name=self.file_name,
            content_type=self.content_type,
            size=self._size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )
