"""Logs without content: what went wrong and where in the code, never with what."""

import json
import logging
import re
import threading
import traceback
from collections.abc import ItemsView
from datetime import UTC, datetime
from typing import Any

from django.views.debug import SafeExceptionReporterFilter

# Up to the first argument, quotation, bracket, address or end of a line.
PLAIN_WORDS = re.compile(r"""[^%'"`<({\[/:=?\n]*""")


class ContentFreeFormatter(logging.Formatter):
    """Format a record for an operator who must not read what a client wrote.

    Messages of our own loggers (`lotse.…`) are kept, since they carry ids and codes only. Of anybody
    else's the first plain words are, without arguments and without what they quote: that may be a path,
    a header or a form's value. An exception is shown by its type and the code's places, without its
    text, which often quotes the value at fault.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, and the places of an exception below it."""
        lines = [f"{self.formatTime(record)} {record.levelname} {record.name}: {_said(record)}"]
        if (kind := _kind(record)) is not None:
            lines.append(f"  {kind}")
            lines += [f"  at {place}" for place in _places(record)]
        return "\n".join(lines)


class JsonFormatter(logging.Formatter):
    """The same as one line of JSON, for a collector of logs (`LOTSE_LOG_FORMAT=json`)."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a line with time (UTC), level, logger, message, process, and an exception's places."""
        said: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _said(record),
            "process": record.process,
        }
        if (kind := _kind(record)) is not None:
            said |= {"exception": kind, "places": _places(record)}
        return json.dumps(said, ensure_ascii=False)


def formatter(name: str) -> logging.Formatter:
    """Return the formatter of this name, `plain` or `json`, for a server with a log of its own."""
    return JsonFormatter() if name == "json" else ContentFreeFormatter()


def of_a_thread(ended: threading.ExceptHookArgs) -> None:
    """Log what ended a thread. Python's own hook would print the error's text past every formatter."""
    if ended.exc_value is not None and ended.exc_type is not SystemExit:
        told = (ended.exc_type, ended.exc_value, ended.exc_traceback)
        logging.getLogger("lotse.thread").error("a thread has ended", exc_info=told)


def _said(record: logging.LogRecord) -> str:
    if record.name == "lotse" or record.name.startswith("lotse."):
        return record.getMessage()
    said = str(record.msg)
    # Django logs some errors as their text, asyncio puts it below its own words.
    error = str(record.exc_info[1]) if record.exc_info else ""
    if error:
        said = said.partition(error)[0]
    plain = PLAIN_WORDS.match(said)
    # Of a refused request Django's words are all arguments; its status says at least which kind.
    return (plain.group().strip() if plain else "") or str(getattr(record, "status_code", ""))


def _kind(record: logging.LogRecord) -> str | None:
    if not record.exc_info or record.exc_info[0] is None:
        return None
    kind = record.exc_info[0]
    return f"{kind.__module__}.{kind.__qualname__}"


def _places(record: logging.LogRecord) -> list[str]:
    trace = record.exc_info[2] if record.exc_info else None
    return [
        f"{place.filename}:{place.lineno} in {place.name}"
        for place in traceback.extract_tb(trace)[-12:]
    ]


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
