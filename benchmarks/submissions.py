"""How many questions a second arrive, sealing included, against a bare form that inserts one row."""

import statistics
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import load, servers

QUESTIONS = 400  # per round
ROUNDS = 3
THREADS = 8
TARGET = 0.4
FORM = "/nordhafen/frage/"
# About 110 words that alarm nobody: what is urgent starts a ladder, and few questions are.
TEXT = (
    "Unsere Tochter kommt im August in die Krippe, dann ist sie anderthalb. Wir fragen uns, wie die Eingewöhnung am "
    "besten gelingt. Die Leiterin hat uns gesagt, dass wir uns vier Wochen Zeit nehmen sollen, aber mein Mann und ich "
    "arbeiten beide und haben zusammen nur drei Wochen Urlaub. Bei ihrem Bruder ging es damals schnell, er war nach "
    "acht Tagen gern dort. Sie ist eher vorsichtig und schaut sich alles erst einmal von meinem Schoß aus an. Meine "
    "Mutter könnte an zwei Tagen in der Woche mitkommen, die beiden mögen sich sehr. Ist es gut, wenn wir uns "
    "abwechseln, oder soll immer dieselbe Person dabei sein? Und was können wir vorher zu Hause schon üben?"
)


def measure(kind: str, folder: Path) -> dict[str, float | str]:
    """Return both rates a second and their ratio, medians of rounds that alternate."""
    ours, bare = [], []
    with (
        servers.databases(kind, folder) as (first, second),
        servers.bare_form(first) as bare_port,
        servers.lotse(second, folder) as running,
    ):
        # Not measured: what each process does once (imports, connections, templates).
        load.rate([_bare_jobs(bare_port)[:20]])
        load.rate([_lotse_jobs(running.port)[:20]])
        for _ in range(ROUNDS):
            bare.append(load.rate([_bare_jobs(bare_port) for _ in range(THREADS)]))
            ours.append(load.rate([_lotse_jobs(running.port) for _ in range(THREADS)]))
    ratio = statistics.median(ours) / statistics.median(bare)
    return {
        "what": f"questions submitted a second, {kind}",
        "ours": round(statistics.median(ours), 1),
        "yardstick": round(statistics.median(bare), 1),
        "ratio": round(ratio, 2),
        "target": f"at least {TARGET}",
        "met": "yes" if ratio >= TARGET else "no",
    }


def _bare_jobs(port: int) -> list[Callable[[], int]]:
    visitor = load.Visitor(port)
    visitor.get("/")
    fields = visitor.hidden | {"text": TEXT}
    return [lambda: visitor.post("/", fields)[0]] * (QUESTIONS // THREADS)


def _lotse_jobs(port: int) -> list[Callable[[], int]]:
    """Fetch the forms beforehand, since each has a ticket of its own; only sending is timed."""
    visitor = load.Visitor(port)
    forms = []
    for _ in range(QUESTIONS // THREADS):
        visitor.get(FORM)
        forms.append(visitor.hidden | {"text": TEXT, "danger": "nein"})
    before = dict(visitor.cookies)

    def send(fields: dict[str, str]) -> int:
        # Every question comes from somebody new: without the session of the one before.
        visitor.cookies = dict(before)
        return visitor.post(FORM, fields)[0]

    return [partial(send, fields) for fields in forms]
