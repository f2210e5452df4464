"""The house's own numbers in the text format that Prometheus reads."""

from collections import Counter
from collections.abc import Callable, Iterator
from math import inf

from reporting.house import House
from reporting.traffic import BOUNDS, KINDS

Samples = Iterator[tuple[str, dict[str, str], float]]


def as_prometheus(house: House) -> str:
    """Return the numbers with a line of help and type for each metric, also for one without numbers."""
    lines: list[str] = []
    for name, kind, help_text, samples in _METRICS:
        lines += [f"# HELP {name} {help_text}", f"# TYPE {name} {kind}"]
        lines += [
            f"{name}{end}{_labels(labels)} {number:g}" for end, labels, number in samples(house)
        ]
    return "\n".join(lines) + "\n"


def _labels(labels: dict[str, str]) -> str:
    inside = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return "{" + inside + "}" if inside else ""


def _one(read: Callable[[House], float | None]) -> Callable[[House], Samples]:
    def samples(house: House) -> Samples:
        number = read(house)
        if number is not None:
            yield "", {}, number

    return samples


def _deliveries(house: House) -> Samples:
    for (channel, state), count in sorted(house.deliveries.items()):
        yield "", {"channel": channel, "state": state}, count


def _overdue(house: House) -> Samples:
    for channel, seconds in sorted(house.overdue.items()):
        yield "", {"channel": channel}, seconds


def _statuses(house: House) -> Samples:
    counted: Counter[tuple[str, str, str]] = house.requests or Counter()
    for kind, status in sorted({(kind, status) for kind, status, _bound in counted}):
        number = sum(counted[key] for key in counted if key[:2] == (kind, status))
        yield "", {"kind": kind, "status": status}, number


def _times(house: House) -> Samples:
    counted: Counter[tuple[str, str, str]] = house.requests or Counter()
    for kind in KINDS:
        of_kind = dict.fromkeys((*map(str, BOUNDS), "+Inf"), 0)
        for (other, _status, bound), number in counted.items():
            if other == kind:
                of_kind[bound] += number
        if not any(of_kind.values()):
            continue
        so_far = 0
        for bound, number in of_kind.items():
            so_far += number
            yield "_bucket", {"kind": kind, "le": bound}, so_far
        yield "_count", {"kind": kind}, so_far


_METRICS = (
    (
        "lotse_worker_silent_seconds",
        "gauge",
        "Since the last sweep of any worker.",
        _one(lambda house: house.swept if house.swept < inf else None),
    ),
    (
        "lotse_sweep_lag_seconds",
        "gauge",
        "How long a missed promise has waited to be noticed.",
        _one(lambda house: house.behind),
    ),
    (
        "lotse_alarms_late",
        "gauge",
        "1 while ladders do not climb.",
        _one(lambda house: float(house.alarms_late)),
    ),
    (
        "lotse_without_on_call",
        "gauge",
        "Organisations in which nobody is on call.",
        _one(lambda house: house.without_on_call),
    ),
    (
        "lotse_deliveries",
        "gauge",
        "Deliveries that are open or dead, by channel and state.",
        _deliveries,
    ),
    ("lotse_delivery_overdue_seconds", "gauge", "Since the first open delivery was due.", _overdue),
    ("lotse_tasks", "gauge", "Tasks that wait for a worker.", _one(lambda house: house.tasks)),
    ("lotse_sockets", "gauge", "Open sockets.", _one(lambda house: house.sockets)),
    ("lotse_requests_total", "counter", "Answered requests by kind of page.", _statuses),
    ("lotse_request_seconds", "histogram", "How long they took.", _times),
)
