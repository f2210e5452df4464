"""One value at a time: what a file says, made what a field may hold, or a problem's code. Pure."""

import re
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.dateparse import parse_datetime
from django.utils.encoding import iri_to_uri

from accounts import text as plain
from referrals import hours, identifiers
from referrals.hsds.shape import Field, Kind

YES = frozenset(["ja", "j", "yes", "y", "true", "wahr", "1", "x"])
NO = frozenset(["nein", "n", "no", "false", "falsch", "0", "-"])
# What a spreadsheet would run. „+49 30 …“ and „- für Eltern“ are no formulas.
FORMULA = re.compile(r"\s*(=|@\w+\(|[+-]\s*[A-Za-z_]+[(!|])")
# What RFC 3986 lets stand in an address on the web; a stray bracket or percent sign does not.
_CHARS = r"(?:[A-Za-z0-9\-._~:/@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*"
_ADDRESS = re.compile(
    rf"https?://[A-Za-z0-9.\-]+(?::\d{{1,5}})?(?:/{_CHARS})?(?:\?{_CHARS})?(?:#{_CHARS})?"
)
_GERMAN_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_AMERICAN_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
# UTF-8 that was read as Windows-1252 and saved again: „Ã¤“ for „ä“.
_GARBLED = re.compile(r"Ã[\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€[“”žœ™˜š¦]|Â[§°·«»\xa0]")


class Read(NamedTuple):
    """A value (None: nothing) and a problem's code with its hint, or empty strings."""

    value: Any = None
    problem: str = ""
    hint: str = ""


def read(field: Field, raw: Any) -> Read:
    """Read what a source says of a field. raw: from JSON, a cell or a form; also nonsense."""
    if raw is None or raw == "" or raw == []:
        return Read()
    if field.kind == Kind.OBJECT:
        return Read(raw) if isinstance(raw, dict) else Read(problem="no-code")
    if isinstance(raw, dict) or (isinstance(raw, list) and field.kind != Kind.CODES):
        return Read(problem="damaged")
    cleaned, problem = clean(raw) if isinstance(raw, str) else (raw, "")
    if isinstance(cleaned, str) and cleaned.startswith("'") and FORMULA.match(cleaned[1:]):
        cleaned = cleaned[1:]  # the mark that our own exports set: a text, not a formula
    elif isinstance(cleaned, str) and FORMULA.match(cleaned):
        return Read(problem="formula")
    if cleaned == "":
        return Read(problem=problem)
    found = READERS[field.kind](field, cleaned)
    return found if found.problem else found._replace(problem=problem)


def clean(typed: str) -> tuple[str, str]:
    """Return a text without what no reader sees, umlauts restored, and a problem's code."""
    problem = ""
    if _GARBLED.search(typed):
        restored = _GARBLED.sub(_restored, typed)
        typed, problem = restored, "garbled" if restored != typed else ""
    cleaned = plain.clean(typed)
    return cleaned.text, "damaged" if cleaned.removed else problem


def _restored(match: re.Match[str]) -> str:
    """Return the letter that a garbled pair stood for; only the pair, its neighbours may be in order."""
    try:
        return match[0].encode("cp1252").decode()
    except UnicodeError:
        return match[0]


def neutral(cell: str) -> str:
    """Return a cell's text so that no spreadsheet runs it; `read` takes the mark off again."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def _text(field: Field, raw: Any) -> Read:
    text = _written(raw)
    if len(text) > field.longest:
        return Read(text[: field.longest].rstrip(), "too-long", str(field.longest))
    return Read(text)


def _uuid(field: Field, raw: Any) -> Read:
    found = identifiers.as_uuid(raw)
    return Read(str(found)) if found else Read(problem="dangling")


def _uri(field: Field, raw: Any) -> Read:
    written = _written(raw)
    if "://" not in written:
        written = f"https://{written}"
    try:
        parts = urlsplit(written)
        host = (parts.hostname or "").encode("idna").decode()
        _ = parts.port
    except (ValueError, UnicodeError):
        return Read(problem="no-link")
    if parts.scheme not in {"http", "https"} or "." not in host or " " in written:
        return Read(problem="no-link")
    address = iri_to_uri(written.replace(parts.hostname or "", host, 1))
    if len(address) > field.longest or not _ADDRESS.fullmatch(address):
        return Read(problem="no-link")
    return Read(address)


def _email(field: Field, raw: Any) -> Read:
    written = _written(raw).removeprefix("mailto:")
    try:
        validate_email(written)
    except ValidationError:
        return Read(problem="no-email")
    return Read(written) if len(written) <= field.longest else Read(problem="no-email")


def _number(field: Field, raw: Any) -> Read:
    try:
        number = float(_written(raw).replace(",", "."))
    except ValueError:
        return Read(problem="no-number")
    if number != number or abs(number) > 1e12:
        return Read(problem="no-number")
    return Read(int(number) if number.is_integer() else number)


def _count(field: Field, raw: Any) -> Read:
    found = _number(field, raw)
    if found.problem or not isinstance(found.value, int) or not 0 <= found.value < 2**31:
        return Read(problem="no-number")
    return found


def _date(field: Field, raw: Any) -> Read:
    if isinstance(raw, date):
        return Read(raw.isoformat()[:10])
    written = _written(raw)
    try:
        if german := _GERMAN_DATE.fullmatch(written):
            return Read(date(int(german[3]), int(german[2]), int(german[1])).isoformat())
        if american := _AMERICAN_DATE.fullmatch(written):
            return Read(date(int(american[3]), int(american[1]), int(american[2])).isoformat())
        return Read(date.fromisoformat(written[:10]).isoformat())
    except ValueError:
        return Read(problem="no-date")


def _datetime(field: Field, raw: Any) -> Read:
    try:
        found = parse_datetime(_written(raw))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        return Read(problem="no-date")
    return Read(found.astimezone(UTC).isoformat())


def _boolean(field: Field, raw: Any) -> Read:
    word = _written(raw).lower()
    if word in YES:
        return Read(value=True)
    return Read(value=False) if word in NO else Read(problem="no-yes-or-no")


def _code(field: Field, raw: Any) -> Read:
    word = _written(raw)
    known = {code.lower(): code for code in field.codes}
    if word.lower() in known:
        return Read(known[word.lower()])
    return Read(problem="no-code", hint=", ".join(field.codes))


def _codes(field: Field, raw: Any) -> Read:
    words = raw if isinstance(raw, list) else re.split(r"[,;|]", _written(raw))
    found = [_code(field, str(word).strip()) for word in words if str(word).strip()]
    codes = sorted({read.value for read in found if read.value})
    unknown = any(read.problem for read in found)
    return Read(codes or None, "no-code" if unknown else "", ", ".join(field.codes))


def _ags(field: Field, raw: Any) -> Read:
    digits = "".join(_written(raw).split())
    # A spreadsheet drops the leading zero of the keys of the first nine Länder.
    if digits.isdecimal() and len(digits) in {1, 4, 7}:
        digits = f"0{digits}"
    if not digits.isdecimal() or len(digits) not in {2, 5, 8} or not 1 <= int(digits[:2]) <= 16:
        return Read(problem="no-ags")
    return Read(digits)


def _hours(field: Field, raw: Any) -> Read:
    written = _written(raw)
    found = hours.read(written)
    if len(found.osm) > field.longest:
        return Read(problem="no-hours")
    return Read(found.osm or None, found.problem, found.hint)


def _written(raw: Any) -> str:
    """Return a raw value as a person would have typed it."""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, float) and raw.is_integer():
        return str(int(raw))
    if isinstance(raw, datetime | date | time):
        return raw.isoformat()
    return str(raw).strip()


READERS = {
    Kind.TEXT: _text,
    Kind.UUID: _uuid,
    Kind.URI: _uri,
    Kind.EMAIL: _email,
    Kind.NUMBER: _number,
    Kind.COUNT: _count,
    Kind.DATE: _date,
    Kind.DATETIME: _datetime,
    Kind.BOOLEAN: _boolean,
    Kind.CODE: _code,
    Kind.CODES: _codes,
    Kind.AGS: _ags,
    Kind.HOURS: _hours,
}
