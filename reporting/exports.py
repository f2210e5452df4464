"""The supervisor's numbers for programs: JSON types, CSV, and Prometheus' text format."""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import Any

from accounts.models import Organisation
from counselling.sla import Urgency
from referrals.formats.writing import cell
from reporting.response_times import ResponseTimes
from reporting.supervision import Overview, totals

COLUMNS = ("what", "of", "value", "number")


def as_json(organisation: Organisation, seen: Overview, times: ResponseTimes) -> dict[str, Any]:
    """Return all numbers as JSON types; minutes where times are meant. No person, no case."""
    return {
        "organisation": organisation.slug,
        "at": seen.at.isoformat(),
        "totals": dict(totals(seen)),
        "waiting": [
            {
                "urgency": row.urgency.name.lower(),
                "total": row.total,
                "unclaimed": row.unclaimed,
                "late": row.late,
                "ages": row.ages,
            }
            for row in seen.waiting
        ],
        "breaches": [
            {"urgency": Urgency(urgency).name.lower(), "kind": kind, **counts}
            for (urgency, kind), counts in seen.breaches.items()
        ],
        "forecast": {
            "missed": seen.forecast.missed,
            "answered": seen.forecast.answered,
            "working_hours": seen.forecast.hours,
        },
        "coverage_gaps": [
            {
                "team": gap.team.name,
                "starts_at": gap.starts_at.isoformat(),
                "ends_at": gap.ends_at.isoformat(),
            }
            for gap in seen.gaps
        ],
        "response_minutes": {
            what: [
                {"value": one.value, "count": one.count, "p50": one.half, "p90": one.most}
                for one in table
            ]
            for what, table in times.tables().items()
        },
    }


def as_csv(numbers: dict[str, Any]) -> str:
    """Return the numbers as CSV, a line each; no cell is run by a spreadsheet."""
    text = StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in _lines(numbers):
        writer.writerow([cell(part) for part in line])
    return "\ufeff" + text.getvalue()


def _lines(numbers: dict[str, Any]) -> Iterator[tuple[object, ...]]:
    yield from (("totals", "", name, number) for name, number in numbers["totals"].items())
    for row in numbers["waiting"]:
        for name in ("total", "unclaimed", "late"):
            yield "waiting", row["urgency"], name, row[name]
        yield from (("waiting", row["urgency"], f"age {age}", n) for age, n in row["ages"].items())
    for row in numbers["breaches"]:
        of = f"{row['urgency']} {row['kind']}"
        yield from (("breaches", of, span, row[span]) for span in ("24h", "7d", "30d"))
    for gap in numbers["coverage_gaps"]:
        yield "coverage_gap", gap["team"], gap["starts_at"], gap["ends_at"]
    yield from _time_lines(numbers["response_minutes"])


def _time_lines(tables: dict[str, Any]) -> Iterator[tuple[object, ...]]:
    for what, table in tables.items():
        for row in table:
            for name in ("count", "p50", "p90"):
                yield f"response_minutes {name}", what, row["value"], _shown(row[name])


def _shown(number: float | None) -> float | str:
    return "" if number is None else round(number, 1)


def as_prometheus(organisations: Sequence[dict[str, Any]]) -> str:
    """Return the numbers of organisations in the text format that Prometheus reads."""
    lines: list[str] = []
    for name, help_text, of_one in _METRICS:
        lines += [f"# HELP {name} {help_text}", f"# TYPE {name} gauge"]
        for numbers in organisations:
            for labels, number in of_one(numbers):
                named = {"organisation": numbers["organisation"], **labels}
                lines.append(f"{name}{_labels(named)} {number:g}")
    return "\n".join(lines) + "\n"


def _labels(labels: dict[str, str]) -> str:
    inside = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return "{" + inside + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


Samples = Iterator[tuple[dict[str, str], float]]


def _waiting(numbers: dict[str, Any]) -> Samples:
    for row in numbers["waiting"]:
        for age, number in row["ages"].items():
            yield {"urgency": row["urgency"], "age": age}, number


def _late(numbers: dict[str, Any]) -> Samples:
    for row in numbers["waiting"]:
        yield {"urgency": row["urgency"]}, row["late"]


def _breaches(numbers: dict[str, Any]) -> Samples:
    for row in numbers["breaches"]:
        for span in ("24h", "7d", "30d"):
            yield {"urgency": row["urgency"], "kind": row["kind"], "span": span}, row[span]


def _totals(numbers: dict[str, Any]) -> Samples:
    for name in ("on_duty", "alarms", "unrated", "unreviewed", "gaps", "forecast"):
        yield {"what": name}, numbers["totals"].get(name, 0)


def _times(numbers: dict[str, Any]) -> Samples:
    for what, table in numbers["response_minutes"].items():
        for row in table:
            for quantile, name in (("0.5", "p50"), ("0.9", "p90")):
                if row[name] is not None:
                    labels = {"by": what, "value": row["value"], "quantile": quantile}
                    yield labels, row[name] * 60


_METRICS = (
    ("lotse_waiting", "Clients who wait for an answer, by urgency and how long.", _waiting),
    ("lotse_late", "Clients whose answer is late.", _late),
    ("lotse_breaches", "Promises missed in the last time.", _breaches),
    ("lotse_supervision", "On duty, open alarms, unrated, unreviewed, gaps, forecast.", _totals),
    ("lotse_response_seconds", "How long answers took in the last thirty days.", _times),
)
