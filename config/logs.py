"""Logs without content: what went wrong and where in the code, never with what."""

import logging
import traceback
from collections.abc import ItemsView
from typing import Any

from django.views.debug import SafeExceptionReporterFilter


class ContentFreeFormatter(logging.Formatter):
    """Format a record for an operator who must not read what a client wrote.

    Messages of our own loggers (`lotse.…`) are kept, since they carry ids and codes only. Anybody
    else's arguments are left out: they may hold a path, a header or a form's value. An exception is
    shown by its type and the code's places, without its text, which often quotes the value at fault.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, and the places of an exception below it."""
        own = record.name == "lotse" or record.name.startswith("lotse.")
        message = record.getMessage() if own else str(record.msg).partition("%")[0].strip()
        lines = [f"{self.formatTime(record)} {record.levelname} {record.name}: {message}"]
        if record.exc_info and record.exc_info[0] is not None:
            kind, _error, trace = record.exc_info
            lines.append(f"  {kind.__module__}.{kind.__qualname__}")
            lines += [
                f"  at {place.filename}:{place.lineno} in {place.name}"
                for place in traceback.extract_tb(trace)[-12:]
            ]
        return "\n".join(lines)


class NothingReporterFilter(SafeExceptionReporterFilter):
    """Keep settings, forms, cookies and local variables out of Django's error reports."""

    def is_active(self, request: Any) -> bool:
        """Hide values in every environment, also while debugging."""
        return True

    def get_post_parameters(self, request: Any) -> dict[str, Any]:
        """Return nothing of what was posted."""
        return {}

    def get_traceback_frame_variables(self, request: Any, tb_frame: Any) -> ItemsView[str, Any]:
        """Return no local variables."""
        return {}.items()
