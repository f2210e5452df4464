"""Which format a file has, when nobody says so."""

from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum

from django.utils.translation import gettext as _

from referrals.formats import flat, hsds_csv, hsds_json, ohana
from referrals.formats.documents import Found
from referrals.formats.files import Files
from referrals.reports import NotReadable, Report


class Format(StrEnum):
    """The formats that the directory reads."""

    HSDS = "hsds"
    HSDS_CSV = "hsds-csv"
    OHANA = "ohana"
    FLAT = "flat"


def detect(files: Files) -> Format:
    """Return the format of what was handed in. Raises NotReadable when it is none."""
    if "services.csv" in files.parts:
        head = files.parts["services.csv"].start().partition(b"\n")[0]
        return Format.OHANA if b"location_id" in head else Format.HSDS_CSV
    if len(files.parts) == 1:
        name = files.only.name.lower()
        if name.endswith((".json", ".ndjson", ".jsonl")):
            return Format.HSDS
        if name.endswith((".csv", ".tsv", ".txt", ".xlsx", ".xlsm")):
            return Format.FLAT
        if files.only.start().lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"[", b"{"):
            return Format.HSDS
    raise NotReadable(
        _(
            "Lotse erkennt das Format von „{name}“ nicht. Möglich sind HSDS als JSON, HSDS oder Ohana als Ordner oder ZIP mit services.csv, und eine Tabelle als CSV oder XLSX."
        ).format(name=files.name)
    )


def documents(
    files: Files, kind: Format, report: Report
) -> tuple[Mapping[str, Collection[str]] | None, Iterator[Found]]:
    """Return which columns the file speaks of (None: all), and its entries. Raises NotReadable."""
    if kind == Format.FLAT:
        head, found = flat.read(files, report)
        return head.fields, found
    readers = {
        Format.HSDS: hsds_json.read,
        Format.HSDS_CSV: hsds_csv.read,
        Format.OHANA: ohana.read,
    }
    return None, readers[kind](files, report)
